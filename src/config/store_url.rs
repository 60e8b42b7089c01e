//! Reads where a store is from the text of a variable: a path, or a URL that names one.

use std::path::PathBuf;

use crate::error::ProblemKind;

/// Returns the path that a text names. A text without a scheme is the path itself, byte for byte. After `scheme:`
/// stands the path of a URL, in which `%20` is a space. `takes` says what the variable takes, for the errors.
///
/// # Errors
/// Returns the fault of a text that would become the name of a file that nobody meant.
pub(super) fn path(text: &str, scheme: &str, takes: &'static str) -> Result<PathBuf, ProblemKind> {
    let wrong = || ProblemKind::Invalid { takes };
    let path = match split_scheme(text) {
        _ if is_memory(text) => return Err(ProblemKind::Invalid { takes: NOT_MEMORY }),
        // A path of Windows may begin with `\\?\`.
        None if text.trim_start_matches(r"\\?\").contains('?') => return Err(ProblemKind::Invalid { takes: NO_QUERY }),
        None => text.to_owned(),
        Some((found, rest)) if found.eq_ignore_ascii_case(scheme) => {
            let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
            // `mode=rwc` is the one query that asks for what `SqliteStore::open` does.
            if query.is_some_and(|query| scheme != "sqlite" || query != "mode=rwc") {
                return Err(ProblemKind::Invalid { takes: NO_QUERY });
            }
            let path = match path.strip_prefix("//") {
                None => path,
                Some(rest) if cfg!(windows) && begins_with_drive(rest) => rest,
                Some(rest) => without_host(rest).ok_or_else(wrong)?,
            };
            let path = if cfg!(windows) { without_slash_of_drive(path) } else { path };
            decoded(path).ok_or(ProblemKind::Invalid { takes: ESCAPES })?
        }
        Some(_) => return Err(wrong()),
    };
    match path.chars().next() {
        None => Err(wrong()),
        Some('~' | '$') => Err(ProblemKind::Invalid { takes: EXPANDED }),
        Some(_) => Ok(path.into()),
    }
}

/// Returns the scheme of a URL and what follows its colon. A single letter before a colon is a drive of Windows.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = scheme.len() >= 2 && scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (is_scheme && scheme.bytes().all(is_scheme_byte)).then_some((scheme, rest))
}

/// Returns the path after `//`, if the host there is this one (RFC 8089 section 2).
fn without_host(rest: &str) -> Option<&str> {
    let (host, _) = rest.split_once('/')?;
    let is_here = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    rest.get(host.len()..).filter(|_| is_here)
}

/// True for a path that begins with a drive of Windows, such as `C:\` or `C:/`.
fn begins_with_drive(path: &str) -> bool {
    let is_drive = |[letter, colon]: [u8; 2]| letter.is_ascii_alphabetic() && colon == b':';
    path.as_bytes().first_chunk().is_some_and(|start| is_drive(*start))
}

/// Returns `C:/x` of the path `/C:/x`, which a URL has for it (RFC 8089 appendix E.2).
fn without_slash_of_drive(path: &str) -> &str {
    path.strip_prefix('/').filter(|rest| begins_with_drive(rest)).unwrap_or(path)
}

/// True for each of the texts by which SQLite and its libraries name a database in memory.
fn is_memory(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains(":memory:") || text.contains("mode=memory")
}

/// Decodes the percent-encoding of a URL's path. `None` for a wrong one, and for a path that no file can have. In a
/// URL, `#` begins a fragment, which a path has not.
fn decoded(path: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), path.bytes());
    while let Some(byte) = rest.next() {
        let mut decoded = [byte];
        match byte {
            b'%' => hex::decode_to_slice([rest.next()?, rest.next()?], &mut decoded).ok()?,
            b'#' => return None,
            _ => (),
        }
        bytes.extend(decoded);
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

const NOT_MEMORY: &str =
    "a place on a disk; for sessions in the memory of this process, set SESSION_BACKEND to in_memory";
const NO_QUERY: &str = "no query but the `?mode=rwc` of a sqlite URL; a `?` that belongs to a path is %3F in a URL";
const ESCAPES: &str = "a path in which %20 is a space, since this is a URL; write %25 for `%`, and %23 for `#`";
const EXPANDED: &str =
    "a path in which `~` and `$` are expanded already; put ./ before a name that begins with one of them";

#[cfg(test)]
mod tests {
    use super::*;

    const TAKES: &str = "what it takes";

    /// Returns the path, or what the error says that the variable takes.
    fn of(scheme: &str, text: &str) -> Result<String, &'static str> {
        match path(text, scheme, TAKES) {
            Ok(path) => Ok(path.to_str().unwrap().to_owned()),
            Err(ProblemKind::Invalid { takes }) => Err(takes),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_path_and_every_form_of_a_url_are_understood() {
        for (text, expected) in [
            ("/var/lib/a.db", "/var/lib/a.db"),
            ("a.db", "a.db"),
            ("./~a.db", "./~a.db"),
            ("./a:b.db", "./a:b.db"),
            (r"C:\data\a.db", r"C:\data\a.db"),
            (r"\\?\C:\data\a.db", r"\\?\C:\data\a.db"),
            ("/my%20data#1.db", "/my%20data#1.db"),
            ("sqlite:a.db", "a.db"),
            ("SQLite:a.db", "a.db"),
            ("sqlite:./a.db", "./a.db"),
            ("sqlite:/a.db", "/a.db"),
            ("sqlite:///a.db", "/a.db"),
            ("sqlite://localhost/a.db", "/a.db"),
            ("sqlite:///a.db?mode=rwc", "/a.db"),
            ("sqlite:a.db?mode=rwc", "a.db"),
            ("sqlite:///my%20data/%c3%A9.db", "/my data/é.db"),
            ("sqlite:///a%3Fb%23c%25.db", "/a?b#c%.db"),
        ] {
            assert_eq!(of("sqlite", text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(of("file", "file:sessions").as_deref(), Ok("sessions"));
        assert_eq!(of("file", "file:///a%20b/").as_deref(), Ok("/a b/"));
    }

    #[test]
    fn two_letters_before_a_colon_are_a_scheme_and_one_letter_is_a_drive() {
        assert_eq!(of("sqlite", "ab:a.db"), Err(TAKES));
        assert_eq!(of("sqlite", "a:a.db").as_deref(), Ok("a:a.db"));
    }

    #[test]
    fn on_windows_a_url_names_a_drive_as_its_programs_write_it_and_elsewhere_a_folder() {
        for (text, windows, elsewhere) in [
            ("sqlite:///C:/data/a.db", Ok("C:/data/a.db"), Ok("/C:/data/a.db")),
            ("sqlite://localhost/C:/a.db", Ok("C:/a.db"), Ok("/C:/a.db")),
            (r"sqlite://C:\data\a.db", Ok(r"C:\data\a.db"), Err(TAKES)),
            ("sqlite://c:/my%20data/a.db", Ok("c:/my data/a.db"), Err(TAKES)),
            (r"sqlite:C:\data\a.db", Ok(r"C:\data\a.db"), Ok(r"C:\data\a.db")),
            ("sqlite:/C:/a.db", Ok("C:/a.db"), Ok("/C:/a.db")),
            ("sqlite:///data/C:/a.db", Ok("/data/C:/a.db"), Ok("/data/C:/a.db")),
            ("sqlite://CC:/a.db", Err(TAKES), Err(TAKES)),
        ] {
            let expected = if cfg!(windows) { windows } else { elsewhere };
            assert_eq!(of("sqlite", text).as_deref().map_err(|takes| *takes), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_would_name_a_file_that_nobody_meant_is_refused_with_the_reason() {
        for (text, reason) in [
            (":memory:", NOT_MEMORY),
            ("sqlite::memory:", NOT_MEMORY),
            ("sqlite://:memory:", NOT_MEMORY),
            ("sqlite:///:Memory:", NOT_MEMORY),
            ("file::memory:?cache=shared", NOT_MEMORY),
            ("sqlite:a.db?mode=memory", NOT_MEMORY),
            ("a.db?mode=rwc", NO_QUERY),
            ("sqlite:a.db?", NO_QUERY),
            ("sqlite:a.db?mode=ro", NO_QUERY),
            ("sqlite:a.db?mode=rwc&cache=shared", NO_QUERY),
            ("sqlite:///a#b", ESCAPES),
            ("sqlite:///100%", ESCAPES),
            ("sqlite:///a%2", ESCAPES),
            ("sqlite:///a%zz", ESCAPES),
            ("sqlite:///a%00b", ESCAPES),
            ("sqlite:///%ff", ESCAPES),
            ("~/a.db", EXPANDED),
            ("sqlite:~/a.db", EXPANDED),
            ("sqlite:%7E/a.db", EXPANDED),
            ("$HOME/a.db", EXPANDED),
            ("sqlite:${DATA}/a.db", EXPANDED),
            ("", TAKES),
            ("sqlite:", TAKES),
            ("sqlite://", TAKES),
            ("sqlite://a.db", TAKES),
            ("sqlite://host/a.db", TAKES),
            ("sqlite:?mode=rwc", TAKES),
            ("sqlite3:a.db", TAKES),
            ("file:///a.db", TAKES),
            ("postgres://host/a", TAKES),
            ("data:a.db", TAKES),
        ] {
            assert_eq!(of("sqlite", text), Err(reason), "{text}");
        }
        assert_eq!(of("file", "file:///a?mode=rwc"), Err(NO_QUERY));
        assert_eq!(of("file", "sqlite:///a"), Err(TAKES));
    }
}
