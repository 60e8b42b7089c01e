//! The command `mint`.

use sealed_session::{Clock, SystemClock};
use serde_json::json;

use crate::common::{WITH_KEY, inspect, manager, run, run_with_input};

#[test]
fn a_minted_cookie_is_one_that_the_application_opens() {
    let run = run(&["mint", r#"{"z": 1.50, "a": [true]}"#, "--flash", r#"{"notice":"Saved"}"#], &[WITH_KEY]);
    let session = manager(&[WITH_KEY]).load([run.text(0).trim_end()]);
    assert_eq!(session.keys(), ["z", "a"], "in the order given");
    assert_eq!(session.get::<f64>("z").unwrap(), Some(1.5));
    assert_eq!(session.take_flash::<String>("notice").unwrap().as_deref(), Some("Saved"));
    assert!(session.is_persistent());
    assert_eq!(session.expires_at().as_secs() - session.created_at().as_secs(), 86_400);
}

#[test]
fn a_minted_cookie_has_the_times_and_flags_that_are_asked_for() {
    for (args, times) in [
        (&["--created-at", "1700000000"][..], [1_700_000_000, 1_700_000_000, 1_700_086_400]),
        (&["--issued-at", "1700000000"], [1_700_000_000, 1_700_000_000, 1_700_086_400]),
        (
            &["--created-at", "1700000000", "--issued-at", "2023-12-14T22:00:00Z"],
            [1_700_000_000, 1_702_591_200, 1_702_592_000],
        ),
        (
            &["--created-at", "1700000000", "--issued-at", "1700000001", "--expires-at", "1700000002"],
            [1_700_000_000, 1_700_000_001, 1_700_000_002],
        ),
    ] {
        let run = run(&[&["mint", "{}", "--browser-session", "--schema", "3"], args].concat(), &[WITH_KEY]);
        let (cookie, _) = run.warned();
        let session = &inspect(cookie, &[], i32::from(times[1] != 1_700_000_000))["cookies"][0]["session"];
        let found = ["created_at", "issued_at", "expires_at"].map(|time| session[time]["unix"].as_u64().unwrap());
        assert_eq!(found, times, "{args:?}");
        assert_eq!((&session["persistent"], &session["schema"]), (&json!(false), &json!(3)));
    }
}

#[test]
fn a_minted_set_cookie_line_has_the_attributes_of_the_variables() {
    let vars = [
        WITH_KEY,
        ("TIDEWAY_SESSION_COOKIE_NAME", "__Host-s"),
        ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "strict"),
        ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "60"),
    ];
    let line = |args: &[&str]| {
        let run =
            run_with_input(&[&["mint", "--set-cookie", "--created-at", "0"], args].concat(), &vars, b"{\"a\":1}\n");
        let line = run.warned().0.strip_prefix("Set-Cookie: __Host-s=").unwrap().to_owned();
        line.split_once(';').unwrap().1.to_owned()
    };
    assert_eq!(line(&[]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=86400\n");
    assert_eq!(line(&["--expires-at", "7"]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=7\n");
    assert_eq!(line(&["--expires-at", "99999999"]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=34560000\n");
    assert_eq!(line(&["--browser-session"]), " HttpOnly; SameSite=Strict; Secure; Path=/\n");
}

#[test]
fn mint_warns_of_a_cookie_that_the_application_refuses_now_and_why() {
    let cutoff = ("TIDEWAY_SESSION_NOT_BEFORE", "9999-01-01T00:00:00Z");
    for (args, vars, reason) in [
        (&["--created-at", "1700000000"][..], &[][..], "expired_absolute"),
        (&["--expires-at", "4000000000", "--created-at", "0"], &[], "expired_absolute"),
        (&["--issued-at", "4000000000"], &[], "not_yet_valid"),
        (&[], &[cutoff], "before_cutoff"),
    ] {
        for set_cookie in [&[][..], &["--set-cookie"]] {
            let run =
                run(&[&["mint", "{}", "--schema", "9"], args, set_cookie].concat(), &[&[WITH_KEY], vars].concat());
            let (cookie, warning) = run.warned();
            assert!(cookie.contains("tideway_session=AfV8ds"), "{cookie}");
            let expected = format!("the application refuses this cookie ({reason}): ");
            assert!(warning.starts_with(&expected), "{args:?}: {warning}");
        }
    }
    let now = SystemClock.now().as_secs();
    let ended = (now - 1).to_string();
    let run = run(&["mint", "{}", "--created-at", &ended, "--expires-at", &ended], &[WITH_KEY]);
    assert!(run.warned().1.contains("(expired_idle)"), "{}", run.stderr);
}

#[test]
fn mint_refuses_values_that_are_not_utf_8_and_changes_no_character() {
    let latin_1 = b"{\"name\":\"J\xfcrgen\"}";
    let run = run_with_input(&["mint"], &[WITH_KEY], latin_1);
    assert_eq!(run.error(), "standard input is not UTF-8 text");
    let utf_8 = "{\"name\":\"J\u{fc}rgen\"}";
    let run = run_with_input(&["mint"], &[WITH_KEY], utf_8.as_bytes());
    let session = manager(&[WITH_KEY]).load([run.text(0).trim_end()]);
    assert_eq!(session.get::<String>("name").unwrap().as_deref(), Some("J\u{fc}rgen"));
}

#[test]
fn mint_refuses_what_can_not_be_a_session_and_repeats_nothing_of_it() {
    for (args, expected) in [
        (&["[\"hunter2\"]"][..], "DATA must be one JSON object"),
        (&["{\"pass\":\"hunter2\""], "DATA must be one JSON object"),
        (&["{\"a\":1,\"a\":\"hunter2\"}"], "no key stands twice"),
        (&["{}", "--flash", "hunter2"], "--flash must be one JSON object"),
        (&["{\"\":\"hunter2\"}"], "session key must be 1 to 127 bytes"),
        (&["{}", "--created-at", "10", "--issued-at", "9"], "session times must be in order"),
        (&["{}", "--expires-at", "hunter2"], "--expires-at must be RFC 3339"),
        (&["{}", "--created-at", "1099511627776"], "--created-at must be RFC 3339"),
        (&["{}", "--created-at", "9", "--expires-at", "9", "--set-cookie"], "--expires-at must be after"),
        (&["{}", "--schema", "hunter2"], "invalid value '…' for '--schema <NUMBER>'"),
        (&["{}", "hunter2"], "unexpected argument '…'"),
    ] {
        let run = run(&[&["mint"], args].concat(), &[WITH_KEY]);
        assert!(run.error().contains(expected) && !run.stderr.contains("hunter2"), "{args:?}: {}", run.stderr);
    }
    let large = format!("{{\"draft\":\"{}\"}}", "x".repeat(5000));
    assert!(run(&["mint", &large], &[WITH_KEY]).error().contains("must be at most 3500 bytes"));
    assert!(run(&["mint", "{}"], &[("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "1")]).error().contains("is not set"));
}
