//! The configuration from environment variables. The tests say what each variable takes, and that one report names all
//! that is wrong. They pass their own variables and never read those of the process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sealed_session::{ConfigError, EnvReader, KeyError, ProblemKind, SessionConfig, SessionData, SessionManager};

use crate::backends::{load, login, run, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, START, at, commit, cookie_of, fresh, key, sealed};

pub(crate) const KEY: (&str, &str) = ("TIDEWAY_SESSION_ENCRYPTION_KEY", FIRST_KEY);

pub(crate) fn read(vars: &[(&str, &str)]) -> Result<SessionConfig, ConfigError> {
    SessionConfig::from_vars("TIDEWAY_", vars.iter().copied())
}

/// A manager from the key and these variables, at a fixed time.
pub(crate) fn manager(vars: &[(&str, &str)]) -> SessionManager {
    read(&[&[KEY], vars].concat()).unwrap().clock(|| at(START)).build().unwrap()
}

/// The Set-Cookie text under these variables, with `V` in the place of its value.
fn attributes(vars: &[(&str, &str)]) -> String {
    let manager = manager(vars);
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    let line = commit(&manager, &session).unwrap();
    let value = line.split(['=', ';']).nth(1).unwrap();
    line.replace(value, "V")
}

/// Every problem of these variables beside a good key, each as the name of its variable and its kind.
pub(crate) fn problems(vars: &[(&str, &str)]) -> Vec<(String, ProblemKind)> {
    let error = read(&[&[KEY], vars].concat()).unwrap_err();
    error.problems().iter().map(|problem| (problem.setting().to_owned(), problem.kind().clone())).collect()
}

/// A file that is deleted when this value is dropped.
pub(crate) struct TempFile(PathBuf);

impl TempFile {
    pub(crate) fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("sealed-session-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_key_alone_gives_the_defaults() {
    assert_eq!(attributes(&[]), "tideway_session=V; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400");
}

#[test]
fn every_cookie_variable_reaches_the_cookie() {
    let vars = [
        ("TIDEWAY_SESSION_BACKEND", "cookie"),
        ("TIDEWAY_SESSION_TTL_SECONDS", "7200"),
        ("TIDEWAY_SESSION_COOKIE_NAME", "sid"),
        ("TIDEWAY_SESSION_COOKIE_PATH", "/app"),
        ("TIDEWAY_SESSION_COOKIE_DOMAIN", "example.com"),
        ("TIDEWAY_SESSION_COOKIE_SECURE", "false"),
        ("TIDEWAY_SESSION_COOKIE_HTTP_ONLY", "no"),
        ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "Strict"),
    ];
    assert_eq!(attributes(&vars), "sid=V; SameSite=Strict; Path=/app; Domain=example.com; Max-Age=7200");
}

#[test]
fn the_variable_of_former_cookies_reaches_the_deletions() {
    let vars = [("TIDEWAY_SESSION_FORMER_COOKIES", "sid; Path=/app; Domain=example.com, old; Partitioned")];
    let manager = manager(&vars);
    let session = manager.load(None::<&str>);
    session.destroy();
    let lines: Vec<String> = manager.commit(&session).unwrap().into_iter().collect();
    let start = |line: &String| line.split("; Max-Age=0").next().unwrap().to_owned();
    assert_eq!(
        lines.iter().map(start).collect::<Vec<_>>(),
        [
            "sid=; HttpOnly; SameSite=Lax; Secure; Path=/app; Domain=example.com",
            "sid=; HttpOnly; SameSite=Lax; Secure; Path=/app",
            "old=; HttpOnly; SameSite=Lax; Partitioned; Secure; Path=/",
            "tideway_session=; HttpOnly; SameSite=Lax; Secure; Path=/",
        ]
    );
    for value in ["sid; Pfad=/", "two words", "sid; Domain=com"] {
        let found = problems(&[("TIDEWAY_SESSION_FORMER_COOKIES", value)]);
        let [(name, ProblemKind::Invalid { .. })] = &found[..] else { panic!("{found:?}") };
        assert_eq!(name, "TIDEWAY_SESSION_FORMER_COOKIES", "{value}");
    }
}

#[test]
fn the_lifetime_variables_reach_the_session() {
    let manager = manager(&[
        ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "100000"),
        ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "5"),
        ("TIDEWAY_SESSION_NOT_BEFORE", "2023-11-14T22:13:20Z"),
        ("TIDEWAY_SESSION_AUDIENCE", "shop"),
    ]);
    let mut data = manager.codec().create().unwrap();
    let status =
        |data: &SessionData| manager.load([format!("tideway_session={}", manager.codec().encode(data).unwrap())]);
    data.set_times(at(START), at(START), at(START + 10)).unwrap();
    assert_eq!(status(&data).rejected(), None);
    data.set_times(at(START - 1), at(START), at(START + 10)).unwrap();
    assert_eq!(status(&data).rejected().map(|reason| reason.as_str()), Some("before_cutoff"));
    data.set_times(at(START - 100_000), at(START), at(START + 10)).unwrap();
    assert_eq!(status(&data).rejected().map(|reason| reason.as_str()), Some("expired_absolute"));

    for (age, is_due) in [(4, false), (5, true)] {
        data.set_times(at(START), at(START), at(START + 10)).unwrap();
        let vars = [&[KEY, ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "5"), ("TIDEWAY_SESSION_AUDIENCE", "shop")][..]];
        let later = read(&vars.concat()).unwrap().clock(move || at(START + age)).build().unwrap();
        let session = later.load([format!("tideway_session={}", manager.codec().encode(&data).unwrap())]);
        assert_eq!(session.rejected(), None);
        assert_eq!(commit(&later, &session).is_some(), is_due);
    }
}

#[test]
fn the_audience_separates_applications_that_share_a_key() {
    let (shop, blog) =
        (manager(&[("TIDEWAY_SESSION_AUDIENCE", "shop")]), manager(&[("TIDEWAY_SESSION_AUDIENCE", "blog")]));
    let cookie = sealed(&shop);
    assert_eq!(shop.load([&cookie]).rejected(), None);
    assert!(blog.load([&cookie]).rejected().is_some());
}

#[test]
fn previous_keys_open() {
    let old = manager(&[]);
    let cookie = sealed(&old);
    let vars = [("TIDEWAY_SESSION_ENCRYPTION_KEY", SECOND_KEY), ("TIDEWAY_SESSION_PREVIOUS_KEYS", FIRST_KEY)];
    let rotated = read(&vars).unwrap().clock(|| at(START)).build().unwrap();
    let session = rotated.load([cookie]);
    assert_eq!(session.get("user_id"), Ok(Some(1)));
    assert!(commit(&rotated, &session).is_some());
}

#[test]
fn the_prefix_can_be_changed_or_left_out() {
    let vars = [("SHOP_SESSION_ENCRYPTION_KEY", FIRST_KEY), ("SHOP_SESSION_COOKIE_NAME", "shop")];
    let manager = SessionConfig::from_vars("SHOP_", vars).unwrap().build().unwrap();
    assert_eq!(manager.codec().cookie_name(), "shop");
    let vars = [("SESSION_ENCRYPTION_KEY", FIRST_KEY), ("SESSION_MANAGER", "of the desktop")];
    assert!(SessionConfig::from_vars("", vars).is_ok());
    assert!(SessionConfig::from_vars("SHOP_", [KEY]).is_err());
}

#[test]
fn switches_take_eight_words_in_any_case_and_nothing_else() {
    for word in ["true", "1", "yes", "on", "TRUE", "Yes", " on "] {
        assert!(attributes(&[("TIDEWAY_SESSION_COOKIE_SECURE", word)]).contains("; Secure"), "{word:?}");
    }
    for word in ["false", "0", "no", "off", "FALSE", "No", "\toff\n"] {
        assert!(!attributes(&[("TIDEWAY_SESSION_COOKIE_SECURE", word)]).contains("Secure"), "{word:?}");
    }
    for word in ["2", "ja", "truee", "yes please"] {
        for name in ["TIDEWAY_SESSION_COOKIE_SECURE", "TIDEWAY_SESSION_COOKIE_HTTP_ONLY"] {
            let found = problems(&[(name, word)]);
            assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == name), "{word:?} {found:?}");
        }
    }
}

#[test]
fn durations_are_whole_seconds_and_timeouts_above_zero() {
    for name in ["TTL", "ABSOLUTE_TIMEOUT", "EXTEND_AFTER"].map(|name| format!("TIDEWAY_SESSION_{name}_SECONDS")) {
        for value in ["-1", "+1", "1.5", "1h", "ten", "0x10", "18446744073709551616"] {
            let found = problems(&[(&name, value)]);
            assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if *at == name), "{value:?} {found:?}");
        }
    }
    for name in ["TIDEWAY_SESSION_TTL_SECONDS", "TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS"] {
        for value in ["0", "18446744073709551615", "1099511627776"] {
            let found = problems(&[(name, value)]);
            assert!(
                found.iter().any(|(at, kind)| at == name && matches!(kind, ProblemKind::Invalid { .. })),
                "{found:?}"
            );
        }
    }
}

#[test]
fn timeouts_out_of_order_are_named() {
    let found = problems(&[("TIDEWAY_SESSION_TTL_SECONDS", "100"), ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "99")]);
    assert!(
        matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if at == "TIDEWAY_SESSION_TTL_SECONDS"),
        "{found:?}"
    );
    let found = problems(&[("TIDEWAY_SESSION_TTL_SECONDS", "100"), ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "100")]);
    assert!(
        matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if at == "TIDEWAY_SESSION_EXTEND_AFTER_SECONDS"),
        "{found:?}"
    );
}

#[test]
fn the_values_are_in_the_cookie_unless_the_environment_says_in_memory() {
    for backend in ["cookie", " Cookie "] {
        assert!(!manager(&[("TIDEWAY_SESSION_BACKEND", backend)]).has_backend(), "{backend}");
    }
    let manager = manager(&[("TIDEWAY_SESSION_BACKEND", "In_Memory")]);
    let cookie = login(&manager, 42);
    assert!(cookie.len() < 300 && manager.load([&cookie]).rejected().is_some());
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
    assert_eq!(run(manager.all()).unwrap().len(), 1);
}

#[test]
fn a_backend_that_does_not_exist_is_an_error() {
    for backend in ["cookies", "memory"] {
        let found = problems(&[("TIDEWAY_SESSION_BACKEND", backend)]);
        assert!(
            matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == "TIDEWAY_SESSION_BACKEND"),
            "{backend}: {found:?}"
        );
    }
}

#[test]
fn a_store_url_without_a_store_behind_it_is_an_error() {
    for more in [&[][..], &[("TIDEWAY_SESSION_BACKEND", "cookie")], &[("TIDEWAY_SESSION_BACKEND", "in_memory")]] {
        let found = problems(&[more, &[("TIDEWAY_SESSION_STORE_URL", "redis://localhost")]].concat());
        assert!(
            matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if at == "TIDEWAY_SESSION_STORE_URL"),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_said_of_a_redis_without_a_redis_is_an_error() {
    for name in ["STORE_CA_FILE", "STORE_CERT_FILE", "STORE_KEY_FILE", "STORE_REPLICAS"] {
        let name = format!("TIDEWAY_SESSION_{name}");
        for more in [&[][..], &[("TIDEWAY_SESSION_BACKEND", "in_memory")]] {
            let found = problems(&[more, &[(&name, "1")]].concat());
            assert!(matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if *at == name), "{found:?}");
        }
    }
}

#[test]
fn a_store_on_the_server_needs_its_feature_and_a_url_that_can_be_opened() {
    let temporary = TempFile::new("backend", b"no folder and no database");
    let path = temporary.path();
    // Each row is a backend, whether this build has it, URLs that are wrong for it, and whether it opens a file at
    // start-up.
    let rows: [(&str, bool, &[&str], bool); 3] = [
        ("file", cfg!(feature = "file"), &["sqlite:///a", "file://a", "file://"], true),
        ("sqlite", cfg!(feature = "sqlite"), &["file:///a", "sqlite://a", "sqlite://"], true),
        (
            "redis",
            cfg!(feature = "redis"),
            &["localhost", "http://localhost", "file:///a", "rediss://localhost#insecure"],
            false,
        ),
    ];
    for (backend, is_built, wrong, is_opened) in rows {
        let of = |url: &str| problems(&[("TIDEWAY_SESSION_BACKEND", backend), ("TIDEWAY_SESSION_STORE_URL", url)]);
        if !is_built {
            let found = of("");
            assert!(
                matches!(&found[..], [(at, ProblemKind::NeedsFeature { feature })]
                    if at == "TIDEWAY_SESSION_BACKEND" && feature.contains(backend)),
                "{found:?}"
            );
            continue;
        }
        let found = problems(&[("TIDEWAY_SESSION_BACKEND", backend)]);
        assert!(
            matches!(&found[..], [(at, ProblemKind::Missing { .. })] if at == "TIDEWAY_SESSION_STORE_URL"),
            "{found:?}"
        );
        for url in wrong {
            let found = of(url);
            assert!(
                matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == "TIDEWAY_SESSION_STORE_URL"),
                "{backend} {url}: {found:?}"
            );
        }
        if is_opened {
            let found = of(path);
            assert!(matches!(&found[..], [(_, ProblemKind::Backend(_))]), "{backend}: {found:?}");
        }
    }
}

#[cfg(all(feature = "redis", not(feature = "redis-tls")))]
#[test]
fn a_redis_over_tls_needs_a_feature_of_its_own() {
    let vars = [KEY, ("TIDEWAY_SESSION_BACKEND", "redis"), ("TIDEWAY_SESSION_STORE_URL", "rediss://localhost")];
    for reader in [EnvReader::default(), EnvReader::default().without_backend()] {
        let error = reader.read_vars(vars).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].setting(), "TIDEWAY_SESSION_STORE_URL");
        assert!(
            matches!(error.problems()[0].kind(), ProblemKind::NeedsFeature { feature } if feature.contains("redis-tls"))
        );
    }
}

#[test]
fn a_reader_without_backend_checks_the_store_of_any_feature_and_opens_none() {
    let folder = std::env::temp_dir().join(format!("sealed-session-{}-checked", std::process::id()));
    let url = folder.to_str().unwrap();
    let checked = |vars: &[(&str, &str)]| EnvReader::default().without_backend().read_vars([&[KEY], vars].concat());
    // Each row is a backend, its URL, and URLs that are wrong for it.
    for (backend, url, wrong) in [
        ("cookie", None, &[url][..]),
        ("in_memory", None, &[url]),
        ("file", Some(url), &["sqlite:///a", "file://a", ":memory:", "~/a"]),
        ("sqlite", Some(url), &["file:///a", "sqlite://a", ":memory:"]),
        ("redis", Some("redis://127.0.0.1:1"), &["localhost", "http://localhost", url]),
    ] {
        let name = ("TIDEWAY_SESSION_BACKEND", backend);
        let at = |url| [name, ("TIDEWAY_SESSION_STORE_URL", url)];
        let good = url.map_or(vec![name], |url| at(url).to_vec());
        assert!(!checked(&good).unwrap().build().unwrap().has_backend(), "{backend}");
        let wrong = wrong.iter().map(|url| at(url).to_vec()).chain(url.map(|_| vec![name]));
        for vars in wrong {
            let error = checked(&vars).unwrap_err();
            let found: Vec<_> = error.problems().iter().map(|problem| problem.setting().to_owned()).collect();
            assert_eq!(found, ["TIDEWAY_SESSION_STORE_URL"], "{vars:?}");
            // The report is of the store, too, where another variable has a problem.
            let error = checked(&[&vars[..], &[("TIDEWAY_SESSION_TTL_SECONDS", "soon")]].concat()).unwrap_err();
            let is_known = |name: &str| error.problems().iter().any(|problem| problem.setting() == name);
            assert!(url.is_none() || is_known("TIDEWAY_SESSION_STORE_URL"), "{error}");
        }
        assert!(!folder.exists(), "{backend}");
    }
}

#[test]
fn a_store_is_not_made_where_another_variable_is_wrong() {
    let folder = std::env::temp_dir().join(format!("sealed-session-{}-unmade", std::process::id()));
    let url = folder.to_str().unwrap();
    let found = problems(&[
        ("TIDEWAY_SESSION_BACKEND", "file"),
        ("TIDEWAY_SESSION_STORE_URL", url),
        ("TIDEWAY_SESSION_TTL_SECONDS", "soon"),
    ]);
    assert!(!found.is_empty() && !folder.exists());
}

#[test]
fn cookie_rules_are_reported_under_the_name_of_the_variable() {
    for (name, value, kind) in [
        ("TIDEWAY_SESSION_COOKIE_NAME", "a b", 'I'),
        ("TIDEWAY_SESSION_COOKIE_PATH", "app", 'I'),
        ("TIDEWAY_SESSION_COOKIE_DOMAIN", "a;b", 'I'),
        ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "laxx", 'I'),
        ("TIDEWAY_SESSION_NOT_BEFORE", "yesterday", 'I'),
    ] {
        let found = problems(&[(name, value)]);
        assert_eq!(found.len(), 1, "{name} {found:?}");
        assert_eq!(found[0].0, name);
        assert_eq!(matches!(found[0].1, ProblemKind::Invalid { .. }), kind == 'I', "{name} {found:?}");
    }
    let host = ("TIDEWAY_SESSION_COOKIE_NAME", "__Host-sid");
    for (name, value) in [("COOKIE_PATH", "/app"), ("COOKIE_DOMAIN", "example.com"), ("COOKIE_SECURE", "false")] {
        let name = format!("TIDEWAY_SESSION_{name}");
        let found = problems(&[host, (&name, value)]);
        assert!(matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if *at == name), "{found:?}");
    }
    let found = problems(&[("TIDEWAY_SESSION_COOKIE_SAME_SITE", "none"), ("TIDEWAY_SESSION_COOKIE_SECURE", "0")]);
    assert!(
        matches!(&found[..], [(at, ProblemKind::Conflict { .. })] if at == "TIDEWAY_SESSION_COOKIE_SAME_SITE"),
        "{found:?}"
    );
}

#[test]
fn a_missing_key_is_an_error_that_names_the_variable() {
    let error = read(&[]).unwrap_err();
    assert_eq!(error.problems().len(), 1);
    assert_eq!(error.problems()[0].setting(), "TIDEWAY_SESSION_ENCRYPTION_KEY");
    assert!(matches!(error.problems()[0].kind(), ProblemKind::Missing { .. }));
}

#[test]
fn a_missing_key_is_made_up_when_that_is_allowed() {
    let allowed = ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true");
    let config = read(&[allowed]).unwrap();
    assert!(config.has_insecure_key());
    let (one, other) = (config.build().unwrap(), read(&[allowed]).unwrap().build().unwrap());
    assert!(other.load([sealed(&one)]).rejected().is_some(), "two runs have two keys");
    assert!(!read(&[KEY, allowed]).unwrap().has_insecure_key());
    assert!(read(&[("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "false")]).is_err());
    assert!(read(&[("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", "/nowhere"), allowed]).is_err());
}

#[test]
fn a_random_key_is_refused_in_production() {
    let allowed = ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true");
    for app_env in ["production", "Production", "prod", " production ", "prd", "live", "prod-eu"] {
        let names = |vars: &[(&str, &str)]| {
            let error = read(&[vars, &[("APP_ENV", app_env)]].concat()).unwrap_err();
            error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&[allowed]), [allowed.0, KEY.0], "{app_env}");
        assert_eq!(names(&[KEY, allowed]), [allowed.0], "the key may be lost one day");
        assert!(read(&[KEY, (allowed.0, "false"), ("APP_ENV", app_env)]).is_ok());
    }
    for app_env in ["development", "test", ""] {
        assert!(read(&[allowed, ("APP_ENV", app_env)]).unwrap().has_insecure_key());
    }
}

#[test]
fn a_wrong_key_is_an_error_of_its_kind_and_never_shown() {
    let name = "TIDEWAY_SESSION_ENCRYPTION_KEY";
    for (digits, expected) in [
        (&FIRST_KEY[1..], KeyError::Length { found: 63 }),
        (&FIRST_KEY.repeat(2), KeyError::Length { found: 128 }),
        (&FIRST_KEY.replace("00", "zz"), KeyError::NotHex),
        (&"00".repeat(32), KeyError::Repeated),
    ] {
        let error = read(&[(name, digits)]).unwrap_err();
        assert_eq!(error.problems()[0].kind(), &ProblemKind::Key(expected));
        assert!(!format!("{error} {error:?}").contains(&digits[..8]), "{error}");
        let error = read(&[KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS", &format!("{SECOND_KEY},{digits}"))]).unwrap_err();
        assert_eq!(error.problems()[0].setting(), "TIDEWAY_SESSION_PREVIOUS_KEYS");
        assert_eq!(error.problems()[0].kind(), &ProblemKind::PreviousKey { number: 2, error: expected });
    }
    let tideway = read(&[(name, &FIRST_KEY.repeat(2))]).unwrap_err().to_string();
    assert!(tideway.contains("Tideway") && tideway.contains("32 bytes"), "{tideway}");
}

#[test]
fn every_wrong_key_is_in_the_report_with_the_missing_one() {
    let settings = |vars: &[(&str, &str)]| {
        let error = read(vars).unwrap_err();
        error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>()
    };
    let (primary, previous) = ("TIDEWAY_SESSION_ENCRYPTION_KEY", "TIDEWAY_SESSION_PREVIOUS_KEYS");
    assert_eq!(settings(&[(previous, "abc,zz")]), [primary, previous, previous]);
    assert_eq!(settings(&[("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE", "/nowhere")]).len(), 2);
    assert_eq!(settings(&[(primary, "abc"), (previous, "abc")]), [primary, previous]);
}

#[test]
fn a_timeout_that_can_not_be_read_contradicts_no_other() {
    for (wrong, other) in [("TTL_SECONDS", "EXTEND_AFTER_SECONDS"), ("ABSOLUTE_TIMEOUT_SECONDS", "TTL_SECONDS")] {
        let (wrong, other) = (format!("TIDEWAY_SESSION_{wrong}"), format!("TIDEWAY_SESSION_{other}"));
        let found = problems(&[(&wrong, "x"), (&other, "5184000")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, wrong);
    }
}

#[test]
fn a_name_is_shown_without_its_control_characters() {
    let shown = read(&[KEY, ("TIDEWAY_SESSION_X\n\u{1b}[2J", "x")]).unwrap_err().to_string();
    assert!(shown.contains(r"TIDEWAY_SESSION_X\n\u{1b}[2J: "), "{shown}");
}

#[test]
fn a_key_listed_twice_is_an_error() {
    let found = problems(&[("TIDEWAY_SESSION_PREVIOUS_KEYS", FIRST_KEY)]);
    let error = KeyError::Duplicate { id: key(FIRST_KEY).id() };
    let expected = |number| ("TIDEWAY_SESSION_PREVIOUS_KEYS".to_owned(), ProblemKind::PreviousKey { number, error });
    assert_eq!(found, [expected(1)]);
    for (list, number) in [(format!("{SECOND_KEY},{FIRST_KEY}"), 2), (format!("\n{FIRST_KEY},\n,{SECOND_KEY}"), 1)] {
        assert_eq!(problems(&[("TIDEWAY_SESSION_PREVIOUS_KEYS", &list)]), [expected(number)], "{number}");
    }
    let error = KeyError::Duplicate { id: key(SECOND_KEY).id() };
    let twice = problems(&[("TIDEWAY_SESSION_PREVIOUS_KEYS", &format!("{SECOND_KEY},{SECOND_KEY}"))]);
    assert!(matches!(&twice[..], [(_, ProblemKind::PreviousKey { number: 2, error: found })] if *found == error));
}

#[test]
fn keys_are_read_from_files() {
    let primary = TempFile::new("primary", format!("{SECOND_KEY}\n").as_bytes());
    let third = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
    let previous = TempFile::new("previous", format!(" {third} \r\n{FIRST_KEY}\r\n\r\n").as_bytes());
    let vars = [
        ("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", primary.path()),
        ("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE", previous.path()),
    ];
    let rotated = read(&vars).unwrap().clock(|| at(START)).build().unwrap();
    let session = rotated.load([sealed(&manager(&[]))]);
    assert_eq!(session.rejected(), None);
    assert!(commit(&rotated, &session).is_some());
}

#[test]
fn a_key_and_a_file_for_it_contradict_each_other() {
    let file = TempFile::new("both", SECOND_KEY.as_bytes());
    for name in ["ENCRYPTION_KEY", "PREVIOUS_KEYS"].map(|name| format!("TIDEWAY_SESSION_{name}")) {
        let file_name = format!("{name}_FILE");
        let error = read(&[KEY, (&name, SECOND_KEY), (&file_name, file.path())]).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].setting(), file_name);
        assert!(matches!(error.problems()[0].kind(), ProblemKind::Conflict { .. }));
    }
}

#[test]
fn all_problems_come_in_one_report_that_shows_no_value() {
    let vars = [
        ("TIDEWAY_SESSION_BACKEND", "secretvalue"),
        ("TIDEWAY_SESSION_TTL_SECONDS", "secretvalue"),
        ("TIDEWAY_SESSION_COOKIE_NAME", "secret value"),
        ("TIDEWAY_SESSION_COOKIE_PATH", "secretvalue"),
        ("TIDEWAY_SESSION_COOKIE_DOMAIN", "secret value"),
        ("TIDEWAY_SESSION_COOKIE_SECURE", "secretvalue"),
        ("TIDEWAY_SESSION_COOKIE_HTTP_ONLY", "secretvalue"),
        ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "secretvalue"),
        ("TIDEWAY_SESSION_ENCRYPTION_KEY", "secretvalue"),
        ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "secretvalue"),
        ("TIDEWAY_SESSION_PREVIOUS_KEYS", "secretvalue"),
        ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "secretvalue"),
        ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "secretvalue"),
        ("TIDEWAY_SESSION_NOT_BEFORE", "secretvalue"),
        ("TIDEWAY_SESSION_NONSENSE", "secretvalue"),
    ];
    let error = read(&vars).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("session configuration is refused\n  "), "{text}");
    for (name, _) in vars {
        assert_eq!(error.problems().iter().filter(|problem| problem.setting() == name).count(), 1, "{name}: {text}");
    }
    assert_eq!(error.problems().len(), vars.len());
    assert!(!format!("{text} {error:?}").contains("secret"), "{text}");
    assert_eq!(text.lines().count(), vars.len() + 1);
    assert_eq!(format!("{error:?}"), text, "`main` prints the Debug of an error");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_is_an_error_and_one_of_a_foreign_variable_is_not() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let bytes = || OsString::from_vec(vec![0xff]);
    let read = |name: &str| SessionConfig::from_vars("TIDEWAY_", [(KEY.0, KEY.1.into()), (name, bytes())]);
    assert!(read("OTHER").is_ok());
    let error = read("TIDEWAY_SESSION_COOKIE_NAME").unwrap_err();
    assert_eq!(error.problems()[0].setting(), "TIDEWAY_SESSION_COOKIE_NAME");
    let names = [(OsString::from(KEY.0), OsString::from(KEY.1)), (bytes(), bytes())];
    assert!(SessionConfig::from_vars("TIDEWAY_", names).is_ok());
}

#[test]
fn the_configuration_can_be_changed_after_it_was_read_and_shows_no_key() {
    let config = read(&[KEY]).unwrap().cookie_name("__Host-sid").idle_timeout(Duration::from_secs(60));
    let shown = format!("{config:?}");
    assert!(!shown.contains(&FIRST_KEY[..8]), "{shown}");
    assert!(shown.contains("Key(f57c76ce)") && shown.contains("cookie_name: \"__Host-sid\""), "{shown}");
    let manager = config.build().unwrap();
    assert_eq!(manager.codec().cookie_name(), "__Host-sid");
    let rotated = read(&[KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS", SECOND_KEY)]).unwrap().build().unwrap();
    let ids = [key(FIRST_KEY).id(), key(SECOND_KEY).id()];
    assert!(format!("{manager:?}").contains(&format!("key_ids: {:?}", &ids[..1])), "{manager:?}");
    assert!(format!("{rotated:?}").contains(&format!("key_ids: {ids:?}")), "{rotated:?}");
    for digits in [FIRST_KEY, SECOND_KEY] {
        assert!(!format!("{manager:?} {rotated:?}").contains(&digits[..8]));
    }
}

#[test]
fn a_cookie_of_one_run_opens_in_the_next_with_the_same_variables() {
    let session = manager(&[]).load([cookie_of(&sealed(&manager(&[])))]);
    assert_eq!(session.get("user_id"), Ok(Some(1)));
}
