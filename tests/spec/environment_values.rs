//! These tests put things around a value: white space, quotes and byte order marks, in a variable and in a file. They
//! also read empty variables, and the paths and URLs of stores.

use std::io;

use sealed_session::{EnvReader, KeyError, ProblemKind};

use crate::common::{FIRST_KEY, SECOND_KEY};
use crate::environment::{KEY, TempFile, problems, read};

/// Every variable with a value that it takes. The files are made by the tests.
const GOOD: [(&str, &str); 17] = [
    ("TIDEWAY_SESSION_BACKEND", "cookie"),
    ("TIDEWAY_SESSION_TTL_SECONDS", "7200"),
    ("TIDEWAY_SESSION_COOKIE_NAME", "sid"),
    ("TIDEWAY_SESSION_COOKIE_PATH", "/app"),
    ("TIDEWAY_SESSION_COOKIE_DOMAIN", "example.com"),
    ("TIDEWAY_SESSION_COOKIE_SECURE", "true"),
    ("TIDEWAY_SESSION_COOKIE_HTTP_ONLY", "false"),
    ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "strict"),
    ("TIDEWAY_SESSION_FORMER_COOKIES", "old; Path=/app; Domain=example.com"),
    ("TIDEWAY_SESSION_ENCRYPTION_KEY", FIRST_KEY),
    ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true"),
    ("TIDEWAY_SESSION_PREVIOUS_KEYS", SECOND_KEY),
    ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "90000"),
    ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "5"),
    ("TIDEWAY_SESSION_NOT_BEFORE", "2023-11-14T22:13:20Z"),
    ("TIDEWAY_SESSION_AUDIENCE", "shop"),
    ("TIDEWAY_SESSION_REVOCATIONS", "in_memory"),
];
const FILES: [&str; 2] = ["TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", "TIDEWAY_SESSION_PREVIOUS_KEYS_FILE"];
const STORE_URL: &str = "TIDEWAY_SESSION_STORE_URL";
/// The variables that need another one beside them, whatever their value.
const NOT_ALONE: [(&str, &str); 3] = [
    (STORE_URL, "/var/lib/sessions"),
    ("TIDEWAY_SESSION_REVOCATIONS_URL", "/var/lib/ended.db"),
    ("TIDEWAY_SESSION_SUBJECT", "user_id"),
];
/// The variables of a Redis beside its URL.
const REDIS: [&str; 5] = [
    "TIDEWAY_SESSION_STORE_CA_FILE",
    "TIDEWAY_SESSION_STORE_CERT_FILE",
    "TIDEWAY_SESSION_STORE_KEY_FILE",
    "TIDEWAY_SESSION_STORE_SERVER_NAME",
    "TIDEWAY_SESSION_STORE_REPLICAS",
];

/// The variables that a value of one of them needs beside it: a key, unless it is a key itself.
fn with_key<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let key = (!name.contains("ENCRYPTION_KEY")).then_some(KEY);
    key.into_iter().chain([(name, value)]).collect()
}

fn shown(vars: &[(&str, &str)]) -> String {
    format!("{:?}", read(vars))
}

#[test]
fn the_lists_above_have_every_variable() {
    let names = GOOD.into_iter().chain(NOT_ALONE).map(|(name, _)| name).chain(FILES).chain(REDIS);
    let mut names: Vec<_> = names.map(|name| name.strip_prefix("TIDEWAY_").unwrap()).collect();
    let mut all: Vec<_> = EnvReader::bare_names().collect();
    names.sort_unstable();
    all.sort_unstable();
    assert_eq!(names, all);
}

#[test]
fn an_empty_variable_is_not_set() {
    let names = GOOD
        .into_iter()
        .chain(NOT_ALONE)
        .map(|(name, _)| name)
        .chain(FILES)
        .chain(REDIS)
        .chain(["TIDEWAY_SESSION_TTL"]);
    for name in names.filter(|name| *name != KEY.0) {
        for empty in ["", " ", "\t\r\n", "\u{feff}"] {
            assert_eq!(shown(&[KEY, (name, empty)]), shown(&[KEY]), "{name}={empty:?}");
        }
    }
    for name in [KEY.0, FILES[0]] {
        assert_eq!(read(&[(name, "")]).unwrap_err(), read(&[]).unwrap_err(), "{name}");
        assert!(read(&[(name, ""), ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "1")]).unwrap().has_insecure_key());
    }
    let bare = [(KEY.0, ""), ("SESSION_ENCRYPTION_KEY", FIRST_KEY)];
    assert!(EnvReader::default().or_bare().read_vars(bare).is_ok());
    assert!(read(&[(FILES[0], ""), KEY]).is_ok(), "so the two do not contradict each other");
}

#[test]
fn quotes_around_any_value_are_an_error_that_says_so_and_shows_nothing() {
    let file = TempFile::new("quoted-path", FIRST_KEY.as_bytes());
    let files = FILES.map(|name| (name, file.path()));
    let redis = REDIS.map(|name| (name, "/var/lib/redis.pem"));
    for (name, value) in GOOD.into_iter().chain(files).chain(NOT_ALONE).chain(redis) {
        for (open, close) in [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}')] {
            let quoted = format!(" {open}{value}{close}\n");
            let error = read(&with_key(name, &quoted)).unwrap_err();
            assert_eq!(error.problems().len(), 1, "{error}");
            assert_eq!((error.problems()[0].setting(), error.problems()[0].kind()), (name, &ProblemKind::Quoted));
            let text = error.to_string();
            assert!(text.ends_with("has quotes around its value, or around a key in it: leave them out"), "{text}");
        }
    }
    let empty = read(&[KEY, ("TIDEWAY_SESSION_AUDIENCE", "\"\"")]).unwrap_err();
    assert_eq!(empty.problems()[0].kind(), &ProblemKind::Quoted);
}

#[test]
fn quotes_in_a_file_of_keys_or_around_one_key_of_a_list_are_an_error_too() {
    let quoted = format!("\"{FIRST_KEY}\"");
    for (name, text) in [
        (FILES[0], quoted.clone()),
        (FILES[1], format!("'{SECOND_KEY}'\n")),
        (FILES[1], format!("{SECOND_KEY}\n{quoted}\n")),
    ] {
        let file = TempFile::new("quoted", text.as_bytes());
        let error = read(&with_key(name, file.path())).unwrap_err();
        assert_eq!((error.problems()[0].setting(), error.problems()[0].kind()), (name, &ProblemKind::Quoted));
        assert!(!error.to_string().contains(&SECOND_KEY[..8]));
    }
    let list = format!("{SECOND_KEY}, \"{SECOND_KEY}\"");
    assert_eq!(problems(&[("TIDEWAY_SESSION_PREVIOUS_KEYS", &list)])[0].1, ProblemKind::Quoted);
}

#[test]
fn a_byte_order_mark_and_white_space_around_any_value_are_not_part_of_it() {
    for (name, value) in GOOD {
        let marked = format!("\u{feff} {value}\r\n");
        let (found, expected) = (shown(&with_key(name, &marked)), shown(&with_key(name, value)));
        if name != "TIDEWAY_SESSION_ALLOW_INSECURE_KEY" {
            assert_eq!(found, expected, "{name}");
        }
        assert!(read(&with_key(name, &marked)).is_ok(), "{name} {found}");
    }
    for (name, text) in [
        (FILES[0], format!("\u{feff}{FIRST_KEY}\r\n")),
        (FILES[1], format!("\u{feff}{SECOND_KEY}\r\n")),
        (FILES[1], format!("{SECOND_KEY}\r\n\u{feff}\r\n")),
    ] {
        let file = TempFile::new("mark", text.as_bytes());
        assert!(read(&with_key(name, file.path())).is_ok(), "{text:?}");
    }
    let third = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
    let joined = TempFile::new("joined-marks", format!("\u{feff}{SECOND_KEY}\n\u{feff}{third}\n").as_bytes());
    assert!(read(&[KEY, (FILES[1], joined.path())]).is_ok(), "two such files after each other");
}

#[test]
fn a_file_that_can_not_be_read_is_an_error_with_its_path_and_the_reason() {
    let latin = TempFile::new("latin", b"\xff\xfe");
    let utf16: Vec<u8> = FIRST_KEY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = TempFile::new("utf16", &[b"\xff\xfe", &utf16[..]].concat());
    let long = TempFile::new("long", &vec![b'0'; 1 << 16]);
    #[cfg(unix)]
    let folder = std::env::temp_dir();
    for (path, kind, reason) in [
        ("/nowhere/at/all", io::ErrorKind::NotFound, "names a file that can't be read: entity not found"),
        (r"C:\nowhere\at\all", io::ErrorKind::NotFound, "names a file that can't be read: entity not found"),
        (latin.path(), io::ErrorKind::InvalidData, "names a file that is not UTF-8 text"),
        (utf16.path(), io::ErrorKind::InvalidData, "names a file that is not UTF-8 text"),
        (long.path(), io::ErrorKind::FileTooLarge, "names a file that can't be read: file too large"),
        #[cfg(unix)]
        (folder.to_str().unwrap(), io::ErrorKind::IsADirectory, "names a file that can't be read: is a directory"),
        #[cfg(target_os = "linux")]
        ("/dev/zero", io::ErrorKind::FileTooLarge, "names a file that can't be read: file too large"),
    ] {
        for name in FILES {
            let error = read(&with_key(name, path)).unwrap_err();
            let expected = ProblemKind::File { path: Some(path.to_owned()), kind };
            assert_eq!(error.problems().len(), 1, "{error}");
            assert_eq!((error.problems()[0].setting(), error.problems()[0].kind()), (name, &expected));
            assert!(error.to_string().ends_with(&format!("{name}: {reason}: {path}")), "{error}");
        }
    }
    let short = TempFile::new("short", b"abc");
    let error = read(&[(FILES[0], short.path())]).unwrap_err();
    assert_eq!(error.problems()[0].kind(), &ProblemKind::Key(KeyError::Length { found: 3 }));
}

#[test]
fn a_key_in_the_place_of_a_path_is_not_shown() {
    for secret in [FIRST_KEY, &FIRST_KEY.to_uppercase(), &FIRST_KEY[1..], &format!("{FIRST_KEY},{SECOND_KEY}")] {
        for name in FILES {
            let error = read(&with_key(name, secret)).unwrap_err();
            let text = format!("{error} {error:?} {:?}", error.problems()).to_lowercase();
            assert!(
                !text.contains(&FIRST_KEY[1..9]) && text.contains("not shown, since it looks like a key"),
                "{text}"
            );
        }
    }
}

#[test]
fn of_several_previous_keys_the_bad_ones_are_named_by_their_number() {
    let list = format!("{SECOND_KEY},abc,,{}", &FIRST_KEY[..10]);
    let file = TempFile::new("numbered", list.replace(',', "\n").as_bytes());
    for (name, value) in [("TIDEWAY_SESSION_PREVIOUS_KEYS", list.as_str()), (FILES[1], file.path())] {
        let of =
            |number, found| (name.to_owned(), ProblemKind::PreviousKey { number, error: KeyError::Length { found } });
        assert_eq!(problems(&[(name, value)]), [of(2, 3), of(3, 10)]);
        let text = read(&[KEY, (name, value)]).unwrap_err().to_string();
        assert!(
            text.contains("previous key number 3: key must be 64 hexadecimal digits, found 10 characters"),
            "{text}"
        );
    }
}

#[cfg(all(feature = "file", feature = "sqlite"))]
mod stores {
    use std::fs;

    use super::{STORE_URL, problems, read};
    use crate::backends::{load, login, run, user_id};
    use crate::environment::manager;
    use sealed_session::ProblemKind;

    #[test]
    fn a_store_is_opened_where_its_path_or_url_says() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        for (backend, url, made) in [
            ("file", format!("{root}/files"), "files"),
            ("file", format!("file://{root}/more"), "more"),
            ("file", format!("file:{root}/some"), "some"),
            ("file", format!("FILE://localhost{root}/a%20b"), "a b"),
            ("sqlite", format!("{root}/one.db"), "one.db"),
            ("sqlite", format!("sqlite://{root}/two.db"), "two.db"),
            ("sqlite", format!("sqlite:{root}/three.db"), "three.db"),
            ("sqlite", format!("sqlite://{root}/four.db?mode=rwc"), "four.db"),
            ("sqlite", format!("sqlite://{root}/my%20data.db"), "my data.db"),
        ] {
            let manager = manager(&[("TIDEWAY_SESSION_BACKEND", backend), (STORE_URL, &url)]);
            let cookie = login(&manager, 42);
            assert_eq!(user_id(&load(&manager, &cookie)), Some(42), "{url}");
            assert!(run(manager.is_healthy()));
            assert!(folder.path().join(made).exists(), "{url}");
        }
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_str().unwrap().contains(['%', '?', ':'])));
    }

    #[test]
    fn a_url_that_would_name_a_file_that_nobody_meant_opens_nothing() {
        for (backend, url, reason) in [
            ("sqlite", "sqlite::memory:", "set SESSION_BACKEND to in_memory"),
            ("sqlite", ":memory:", "set SESSION_BACKEND to in_memory"),
            ("sqlite", "sqlite:a.db?mode=memory", "set SESSION_BACKEND to in_memory"),
            ("sqlite", "a.db?mode=rwc", "no query but"),
            ("sqlite", "sqlite:a.db?mode=ro", "no query but"),
            ("file", "file:///a?mode=rwc", "no query but"),
            ("file", "file:///a%2", "%20 is a space"),
            ("file", "~/sessions", "expanded already"),
            ("sqlite", "sqlite:$HOME/a.db", "expanded already"),
            ("sqlite", "postgres://user:secretvalue@host/a", "the path of a database"),
            ("file", "sqlite:a.db", "the path of a folder"),
        ] {
            let vars = [("TIDEWAY_SESSION_BACKEND", backend), (STORE_URL, url)];
            let found = problems(&vars);
            assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == STORE_URL), "{url}: {found:?}");
            let text = read(&[&[crate::environment::KEY], &vars[..]].concat()).unwrap_err().to_string();
            assert!(text.contains(reason) && !text.contains("secretvalue"), "{url}: {text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_store_that_can_not_be_opened_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "no folder and no database").unwrap();
        fs::create_dir(folder.path().join("inside")).unwrap();
        let (root, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
        for (backend, url, reason) in [
            ("file", file, "it is unavailable: can't make the folder: File exists"),
            ("file", &format!("{file}/below"), "it is unavailable: can't make the folder: Not a directory"),
            ("sqlite", file, "it holds damaged data: file is not a database"),
            ("sqlite", &format!("{root}/inside"), "it is unavailable: can't make it: Is a directory"),
            ("sqlite", &format!("{root}/none/a.db"), "it is unavailable: can't make it: No such file or directory"),
        ] {
            let vars = [crate::environment::KEY, ("TIDEWAY_SESSION_BACKEND", backend), (STORE_URL, url)];
            let text = read(&vars).unwrap_err().to_string();
            let expected = format!("{STORE_URL}: names a store that can't be opened: {reason}");
            assert!(text.contains(&expected), "{text}");
        }
    }
}
