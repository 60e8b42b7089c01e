//! These names count: those with the prefix, bare ones where the program asks for them, and none that Kubernetes made.

use sealed_session::{ConfigError, EnvReader, ProblemKind, SessionConfig, SessionManager};

use crate::common::{FIRST_KEY, SECOND_KEY, key, sealed};
use crate::environment::{KEY, TempFile, problems, read};

fn read_bare(vars: &[(&str, &str)]) -> Result<SessionConfig, ConfigError> {
    EnvReader::default().or_bare().read_vars(vars.iter().copied())
}

fn has_key(manager: &SessionManager, digits: &str) -> bool {
    let ours = SessionConfig::new(key(digits)).build().unwrap();
    ours.load([sealed(manager)]).rejected().is_none()
}

/// Every bare name with a value that would show, if it counted, in the Debug of the configuration or as an error.
const FOREIGN: [(&str, &str); 27] = [
    ("SESSION_BACKEND", "redis://of-another-program"),
    ("SESSION_STORE_URL", "redis://localhost"),
    ("SESSION_STORE_CA_FILE", "/nowhere"),
    ("SESSION_STORE_CERT_FILE", "/nowhere"),
    ("SESSION_STORE_KEY_FILE", "/nowhere"),
    ("SESSION_STORE_SERVER_NAME", "redis.internal"),
    ("SESSION_STORE_REPLICAS", "one"),
    ("SESSION_REVOCATIONS", "in_memory"),
    ("SESSION_REVOCATIONS_URL", "redis://localhost"),
    ("SESSION_SUBJECT", "user"),
    ("SESSION_TTL_SECONDS", "1"),
    ("SESSION_COOKIE_NAME", "session"),
    ("SESSION_COOKIE_PATH", "/admin"),
    ("SESSION_COOKIE_DOMAIN", "example.com"),
    ("SESSION_COOKIE_SECURE", "false"),
    ("SESSION_COOKIE_HTTP_ONLY", "false"),
    ("SESSION_ENCRYPTION_KEY", SECOND_KEY),
    ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere"),
    ("SESSION_ALLOW_INSECURE_KEY", "true"),
    ("SESSION_PREVIOUS_KEYS", SECOND_KEY),
    ("SESSION_PREVIOUS_KEYS_FILE", "/nowhere"),
    ("SESSION_ABSOLUTE_TIMEOUT_SECONDS", "1"),
    ("SESSION_EXTEND_AFTER_SECONDS", "1"),
    ("SESSION_COOKIE_SAME_SITE", "none"),
    ("SESSION_FORMER_COOKIES", "session; Path=/admin"),
    ("SESSION_NOT_BEFORE", "9999-12-31T00:00:00Z"),
    ("SESSION_AUDIENCE", "shop"),
];

#[test]
fn bare_names_of_other_programs_change_nothing() {
    assert!(EnvReader::bare_names().eq(FOREIGN.map(|(name, _)| name)), "the list above has every variable");
    let alone = format!("{:?}", read(&[KEY]).unwrap());
    for foreign in FOREIGN {
        assert_eq!(format!("{:?}", read(&[KEY, foreign]).unwrap()), alone, "{foreign:?}");
    }
    let with_all = read(&[&FOREIGN[..], &[KEY]].concat()).unwrap();
    assert_eq!(format!("{with_all:?}"), alone);
    assert!(has_key(&with_all.build().unwrap(), FIRST_KEY));
}

#[test]
fn a_bare_key_is_no_key_and_the_error_says_why() {
    for bare in [("SESSION_ENCRYPTION_KEY", SECOND_KEY), ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere")] {
        let error = read(&[bare]).unwrap_err();
        assert_eq!(error.problems().len(), 1);
        let text = error.to_string();
        assert!(text.contains("TIDEWAY_SESSION_ENCRYPTION_KEY: is required"), "{text}");
        assert!(text.contains("the variable without the prefix is set"), "{text}");
    }
    assert!(!read(&[]).unwrap_err().to_string().contains("without the prefix"));
    let allowed = ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true");
    assert!(read(&[allowed, ("SESSION_ENCRYPTION_KEY", SECOND_KEY)]).unwrap().has_insecure_key());
}

#[test]
fn a_program_that_asks_for_bare_names_reads_all_of_them_behind_those_with_the_prefix() {
    let alone = format!("{:?}", read(&[KEY]).unwrap());
    for foreign in FOREIGN {
        let counts = read_bare(&[KEY, foreign]).map_or(true, |config| format!("{config:?}") != alone);
        let is_behind = ["SESSION_ENCRYPTION_KEY", "SESSION_ENCRYPTION_KEY_FILE", "SESSION_ALLOW_INSECURE_KEY"];
        assert_eq!(counts, !is_behind.contains(&foreign.0), "{foreign:?}");
    }
    let config = read_bare(&[("SESSION_ENCRYPTION_KEY", SECOND_KEY), ("SESSION_COOKIE_NAME", "sid")]).unwrap();
    assert!(format!("{config:?}").contains("cookie_name: \"sid\""));
    let both = [KEY, ("SESSION_COOKIE_NAME", "bare"), ("TIDEWAY_SESSION_COOKIE_NAME", "ours")];
    assert_eq!(read_bare(&both).unwrap().build().unwrap().codec().cookie_name(), "ours");
    let wrong = read_bare(&[KEY, ("SESSION_TTL_SECONDS", "1h")]).unwrap_err();
    assert_eq!(wrong.problems()[0].setting(), "SESSION_TTL_SECONDS");
}

#[test]
fn a_key_with_the_prefix_goes_before_a_bare_file_and_the_other_way_round() {
    let file = TempFile::new("prefix", SECOND_KEY.as_bytes());
    let by_text = [KEY, ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere")];
    let by_file = [("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", file.path()), ("SESSION_ENCRYPTION_KEY", "abc")];
    for (vars, digits) in [(by_text, FIRST_KEY), (by_file, SECOND_KEY)] {
        for read in [read, read_bare] {
            assert!(has_key(&read(&vars).unwrap().build().unwrap(), digits));
        }
    }
    let vars = [("SESSION_SESSION_ENCRYPTION_KEY", FIRST_KEY), ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere")];
    assert!(EnvReader::new("SESSION_").or_bare().read_vars(vars).is_ok(), "a prefix that bare names begin with");
}

#[test]
fn the_names_that_kubernetes_gives_to_a_service_are_not_ours() {
    for prefix in ["TIDEWAY_", "SHOP_", "A_B_"] {
        for service in ["SESSION_", "SESSION_STORE_", "SESSION_TTL_SECONDS_"] {
            let name = |end: &str| format!("{prefix}{service}{end}");
            let vars = [
                (format!("{prefix}SESSION_ENCRYPTION_KEY"), FIRST_KEY),
                (name("SERVICE_HOST"), "10.96.12.3"),
                (name("SERVICE_PORT"), "6379"),
                (name("SERVICE_PORT_REDIS"), "6379"),
                (name("SERVICE_PORT_REDIS_TLS"), "6380"),
                (name("PORT"), "tcp://10.96.12.3:6379"),
                (name("PORT_6379_TCP"), "tcp://10.96.12.3:6379"),
                (name("PORT_6379_TCP_ADDR"), "10.96.12.3"),
                (name("PORT_6379_TCP_PORT"), "6379"),
                (name("PORT_6379_TCP_PROTO"), "tcp"),
                (name("PORT_53_UDP_PROTO"), "udp"),
                (name("PORT_9_SCTP"), "sctp://10.96.12.3:9"),
            ];
            let read = SessionConfig::from_vars(prefix, vars);
            assert!(read.is_ok(), "{prefix}{service} {read:?}");
        }
    }
    for name in ["SERVICE", "SERVICE_HOSTS", "PORTS", "PORT_6379", "PORT_6379_TCP_ADDRESS", "SUPPORT"] {
        let name = format!("TIDEWAY_SESSION_{name}");
        assert_eq!(problems(&[(&name, "x")]), [(name.clone(), ProblemKind::UnknownVariable { nearest: None })]);
    }
}

#[test]
fn an_unknown_name_under_the_prefix_is_an_error_with_the_known_one_if_it_is_near() {
    for (name, nearest) in [
        ("TTL", Some("TTL_SECONDS")),
        ("COOKIE_SAMESITE", Some("COOKIE_SAME_SITE")),
        ("ENCRYPTON_KEY", Some("ENCRYPTION_KEY")),
        ("PREVIOUS_KEY", Some("PREVIOUS_KEYS")),
        ("REDIS_PASSWORD", None),
        ("NONSENSE", None),
    ] {
        let (name, nearest) =
            (format!("TIDEWAY_SESSION_{name}"), nearest.map(|name| format!("TIDEWAY_SESSION_{name}")));
        let text = read(&[KEY, (&name, "x")]).unwrap_err().to_string();
        assert_eq!(text.contains("did you mean"), nearest.is_some(), "{text}");
        assert_eq!(problems(&[(&name, "x")]), [(name, ProblemKind::UnknownVariable { nearest })]);
    }
    let others =
        [("SESSION_MANAGER", "x"), ("TIDEWAY_PORT", "1"), ("TIDEWAY_SESSIONS", "x"), ("SHOP_SESSION_TTL", "1")];
    assert!(read(&[&[KEY], &others[..]].concat()).is_ok());
    assert!(read_bare(&[&[KEY], &others[..]].concat()).is_ok());
}

#[test]
fn a_byte_order_mark_before_a_name_is_found() {
    let name = "\u{feff}TIDEWAY_SESSION_TTL_SECONDS";
    let nearest = Some("TIDEWAY_SESSION_TTL_SECONDS".to_owned());
    assert_eq!(problems(&[(name, "60")]), [(name.to_owned(), ProblemKind::UnknownVariable { nearest })]);
    assert!(read(&[KEY, (name, "60")]).unwrap_err().to_string().contains(r"\u{feff}TIDEWAY_"));
}
