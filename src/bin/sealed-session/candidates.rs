//! Finds cookies in text that people paste: a value, a Cookie or Set-Cookie header, all headers of a message, or a
//! cookie jar.

use std::io::Read;

use crate::outcome::{Failure, Result};

/// Returns the text of an argument, or reads standard input when the argument is missing or `-`. If the input is no
/// UTF-8, each byte that is not ASCII becomes a `?`.
pub(crate) fn input(argument: Option<&str>) -> Result<String> {
    Ok(String::from_utf8(bytes(argument)?).unwrap_or_else(|error| ascii(error.as_bytes())))
}

/// Returns the same text, if it is UTF-8.
pub(crate) fn exact_input(argument: Option<&str>) -> Result<String> {
    String::from_utf8(bytes(argument)?).map_err(|_| Failure::new("standard input is not UTF-8 text"))
}

fn bytes(argument: Option<&str>) -> Result<Vec<u8>> {
    match argument {
        Some(text) if text != "-" => Ok(text.as_bytes().to_vec()),
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .take(INPUT_LIMIT)
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::new(format_args!("standard input can't be read: {}", error.kind())))?;
            Ok(bytes)
        }
    }
}

/// The values that came under the name of a cookie, in their order. Quotes around a value are no part of it.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) values: Vec<String>,
    /// The values that came under the name of the second cookie of a session in two cookies.
    pub(crate) seconds: Vec<String>,
    /// The names of the other cookies, quoted.
    others: Vec<String>,
}

/// Finds the values of the cookies with this name.
pub(crate) fn find(text: &str, name: &str) -> Result<Found> {
    let mut found = Found::default();
    let is_comment = |line: &&str| line.starts_with('#') && !line.starts_with(HTTP_ONLY);
    let lines: Vec<_> = text.lines().filter(|line| !is_comment(line)).collect();
    let (jar, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| of_jar(line).is_some());
    for (found_name, value) in jar.into_iter().filter_map(of_jar) {
        found.add(found_name, value, name);
    }
    let lines: Vec<_> = lines.into_iter().map(Line::of).filter(|line| !line.body.is_empty()).collect();
    let has_headers = lines.iter().any(|line| line.kind != Kind::Bare || line.body.starts_with("HTTP/"));
    for line in lines {
        match line.kind {
            // Among headers, a line that is neither a Cookie nor a Set-Cookie header is another header.
            Kind::Bare if has_headers => {}
            Kind::Bare if is_value(line.body, name) => found.values.push(unquoted(line.body).to_owned()),
            Kind::SetCookie => found.add_all(line.body.split(';').take(1), name),
            Kind::Cookie | Kind::Bare => found.add_all(line.body.split(';'), name),
        }
    }
    if !found.values.is_empty() {
        return Ok(found);
    }
    found.others.truncate(MAX_NAMED);
    Err(Failure::new(if found.others.is_empty() {
        "the input holds no cookie".to_owned()
    } else {
        format!("the input holds no cookie named {name:?}; it has {}; see --name", found.others.join(", "))
    }))
}

impl Found {
    fn add_all<'t>(&mut self, pairs: impl Iterator<Item = &'t str>, name: &str) {
        for (found, value) in pairs.filter_map(|pair| pair.split_once('=')) {
            self.add(found.trim_matches(SPACE), value.trim_matches(SPACE), name);
        }
    }

    /// Adds a cookie. Names are compared byte for byte, as the library does (RFC 6265bis section 5.6).
    fn add(&mut self, found: &str, value: &str, name: &str) {
        let value = unquoted(value).to_owned();
        if found == name {
            self.values.push(value);
            return;
        }
        if found.strip_suffix(SECOND).is_some_and(|first| first == name) {
            self.seconds.push(value);
        }
        // A longer text is not a name that anyone would look for, and may be a value, which must not be shown.
        if found.len() <= MAX_NAME_LEN {
            self.others.push(format!("{found:?}"));
        }
    }
}

/// Returns the name and the value in a line of a cookie jar, as curl and browsers' exports have it: seven fields with
/// tabs between them. One that begins like a comment is that of a cookie with `HttpOnly`.
fn of_jar(line: &str) -> Option<(&str, &str)> {
    let fields: Vec<_> = line.strip_prefix(HTTP_ONLY).unwrap_or(line).split('\t').collect();
    let is_switch = |text: &str| text == "TRUE" || text == "FALSE";
    let [_, is_for_subdomains, path, is_secure, _, name, value] = fields[..] else { return None };
    (is_switch(is_for_subdomains) && path.starts_with('/') && is_switch(is_secure)).then_some((name, value))
}

/// Takes one pair of quotes from around a value, as the library does: it is no part of the value (RFC 6265bis section
/// 4.1.1), and Java's `CookieManager` puts one around the value of a cookie that has a Max-Age and no Expires.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[derive(PartialEq, Eq)]
enum Kind {
    Cookie,
    SetCookie,
    /// A line without the name of one of the two headers.
    Bare,
}

struct Line<'t> {
    kind: Kind,
    body: &'t str,
}

impl<'t> Line<'t> {
    fn of(line: &'t str) -> Self {
        // `curl -v` begins each line with `<` or `>`, for its direction.
        let line = line.strip_prefix(['<', '>']).unwrap_or(line).trim_matches(SPACE);
        let kind_of = |name: &str| match () {
            () if name.eq_ignore_ascii_case("cookie") => Some(Kind::Cookie),
            () if name.eq_ignore_ascii_case("set-cookie") => Some(Kind::SetCookie),
            () => None,
        };
        match line.split_once(':').and_then(|(name, body)| Some((kind_of(name)?, body))) {
            Some((kind, body)) => Self { kind, body: body.trim_matches(SPACE) },
            None => Self { kind: Kind::Bare, body: line },
        }
    }
}

/// True when a text is a value, good or damaged, and not a list of cookies. A value with base64 padding ends in `=`,
/// and so does the cookie `name=` with an empty value.
fn is_value(text: &str, name: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    !text.contains(';') && !unpadded.contains('=') && unpadded.trim_end_matches(SPACE) != name
}

/// Replaces each byte that is not ASCII by `?`, so that the rest of the input is not lost and the length stays the
/// same.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
}

/// The white space that a Cookie header may have around names and values (RFC 6265bis section 5.6). Other Unicode white
/// space is not trimmed.
const SPACE: [char; 2] = [' ', '\t'];
/// In bytes: 1 MiB, more than the headers of any message.
const INPUT_LIMIT: u64 = 1 << 20;
/// The end of the name of the second cookie (docs/wire-format.md, section 10).
pub(crate) const SECOND: &str = "-2";
/// The beginning of a line of a cookie jar for a cookie with `HttpOnly`.
const HTTP_ONLY: &str = "#HttpOnly_";
const MAX_NAMED: usize = 10;
/// In bytes.
const MAX_NAME_LEN: usize = 40;
