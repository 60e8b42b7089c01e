//! Finds cookies in text that people paste: a value, a Cookie or Set-Cookie header, or all headers of a message.

use std::io::Read;

use crate::outcome::{Failure, Result};

/// Returns the text of an argument, or reads standard input when the argument is missing or `-`.
pub(crate) fn input(argument: Option<&str>) -> Result<String> {
    match argument {
        Some(text) if text != "-" => Ok(text.to_owned()),
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .take(INPUT_LIMIT)
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::new(format_args!("standard input can't be read: {}", error.kind())))?;
            Ok(String::from_utf8(bytes).unwrap_or_else(|error| ascii(error.as_bytes())))
        }
    }
}

/// Finds the values of the cookies with this name, in their order.
pub(crate) fn find(text: &str, name: &str) -> Result<Vec<String>> {
    let lines: Vec<_> = text.lines().map(Line::of).filter(|line| !line.body.is_empty()).collect();
    let has_headers = lines.iter().any(|line| line.kind != Kind::Bare || line.body.starts_with("HTTP/"));
    let mut values = Vec::new();
    let mut others = Vec::new();
    for line in lines {
        match line.kind {
            // Among headers, a line that is neither a Cookie nor a Set-Cookie header is another header.
            Kind::Bare if has_headers => {}
            Kind::Bare if is_value(line.body, name) => values.push(line.body.to_owned()),
            Kind::SetCookie => collect(line.body.split(';').take(1), name, &mut values, &mut others),
            Kind::Cookie | Kind::Bare => collect(line.body.split(';'), name, &mut values, &mut others),
        }
    }
    if !values.is_empty() {
        return Ok(values);
    }
    others.truncate(MAX_NAMED);
    Err(Failure::new(if others.is_empty() {
        "the input holds no cookie".to_owned()
    } else {
        format!("the input holds no cookie named {name:?}; it has {}; see --name", others.join(", "))
    }))
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

/// Takes the values of the cookies named `name`, and the names of the other cookies. Names are compared byte for byte,
/// as the library does (RFC 6265bis section 5.6).
fn collect<'t>(pairs: impl Iterator<Item = &'t str>, name: &str, values: &mut Vec<String>, others: &mut Vec<String>) {
    for (found, value) in pairs.filter_map(|pair| pair.split_once('=')) {
        match found.trim_matches(SPACE) {
            found if found == name => values.push(value.trim_matches(SPACE).to_owned()),
            // A longer text is not a name that anyone would look for, and may be a value, which must not be shown.
            found if found.len() <= MAX_NAME_LEN => others.push(format!("{found:?}")),
            _ => {}
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
const MAX_NAMED: usize = 10;
/// In bytes.
const MAX_NAME_LEN: usize = 40;
