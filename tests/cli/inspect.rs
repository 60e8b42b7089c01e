//! The command `inspect`.

use sealed_session::{Key, SessionConfig};
use serde_json::{Value, json};

use crate::common::{FIRST, SECOND, THEN, WITH_KEY, cookie, inspect, only, run, run_with_input};
use crate::foreign;
use crate::helpers::{KEY, OTHER_KEY, at};

#[test]
fn without_a_key_inspect_shows_what_anyone_can_see() {
    let run = run(&["inspect", FIRST], &[]);
    let lines: Vec<_> = run.text(0).lines().map(|line| line.split_at(14)).collect();
    assert_eq!(
        lines[1..],
        [("version       ", "1"), ("key id        ", "f57c76ce"), ("size          ", "188 characters, 141 bytes")]
    );
    assert!(lines[0].1.starts_with("unchecked"));
}

#[test]
fn with_the_key_inspect_shows_the_whole_session() {
    let time =
        |rfc3339: &str, unix: i64| json!({"rfc3339": rfc3339, "unix": unix, "seconds_from_now": unix - 1_700_006_400});
    let expected = json!({
        "name": "tideway_session",
        "now": time(THEN, 1_700_006_400),
        "cookies": [{
            "status": "accepted", "reason": null, "message": null, "because": null,
            "version": 1, "key_id": "f57c76ce", "key": "primary", "characters": 188, "bytes": 141, "parts": 1,
            "session": {
                "id": "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                "created_at": time("2023-11-14T22:13:20Z", 1_700_000_000),
                "issued_at": time("2023-11-14T23:13:20Z", 1_700_003_600),
                "expires_at": time("2023-11-15T23:13:20Z", 1_700_090_000),
                "absolute_end": time("2023-12-14T22:13:20Z", 1_702_592_000),
                "persistent": true, "schema": 0,
                "data": {"user_id": "123", "role": "admin"}, "flash": {"notice": "Welcome back"}, "not_json": [],
                "may_be_stored": false,
            },
        }],
    });
    assert_eq!(inspect(FIRST, &[], 0), expected);
    let run = run(&["inspect", FIRST, "--at", "1700006400"], &[WITH_KEY]);
    for line in [
        "status        accepted",
        "key id        f57c76ce (primary)",
        "created at    2023-11-14T22:13:20Z (1 h 46 min ago)",
        "absolute end  2023-12-14T22:13:20Z (in 29 days 22 h)",
        "flags         persistent",
        "data          \"user_id\" = \"123\"",
        "              \"role\" = \"admin\"",
        "flash         \"notice\" = \"Welcome back\"",
    ] {
        assert!(run.text(0).lines().any(|found| found == line), "{line:?} in {}", run.stdout);
    }
}

#[test]
fn inspect_opens_by_name_audience_and_any_schema() {
    let vars = [WITH_KEY, ("TIDEWAY_SESSION_AUDIENCE", "shop")];
    let run = run(&["inspect", SECOND, "--name", "__Host-session", "--at", "0", "--json"], &vars);
    let report = run.json(0);
    let session = &report["cookies"][0]["session"];
    assert_eq!((&session["schema"], &session["persistent"]), (&json!(7), &json!(false)));
    assert_eq!(session["expires_at"]["rfc3339"], Value::Null, "past the year 9999");
    assert_eq!(session["expires_at"]["unix"], 1_099_511_627_775_u64);
    let refused = &inspect(SECOND, &[], 1)["cookies"][0];
    assert_eq!((refused["reason"].as_str(), &refused["session"]), (Some("not_authentic"), &Value::Null));
}

#[test]
fn a_cookie_that_is_over_or_not_yet_valid_or_cut_off_still_shows_its_session() {
    let cutoff = ("TIDEWAY_SESSION_NOT_BEFORE", "2023-11-14T23:00:00Z");
    let lowered = [("TIDEWAY_SESSION_TTL_SECONDS", "1800"), ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "1800")];
    for (time, vars, reason) in [
        ("1700090000", &[WITH_KEY][..], "expired_idle"),
        ("1702592000", &[WITH_KEY], "expired_absolute"),
        ("1700000000", &[WITH_KEY], "not_yet_valid"),
        (THEN, &[WITH_KEY, cutoff], "before_cutoff"),
        // The lowered timeout ends the session before the time at which it was issued last.
        (THEN, &[WITH_KEY, lowered[0], lowered[1]], "expired_absolute"),
    ] {
        let report = run(&["inspect", "--json", FIRST, "--at", time], vars).json(1);
        let cookie = &report["cookies"][0];
        assert_eq!((cookie["status"].as_str(), cookie["reason"].as_str()), (Some("refused"), Some(reason)));
        assert_eq!(cookie["session"]["data"], json!({"user_id": "123", "role": "admin"}));
    }
}

#[test]
fn a_cookie_whose_life_ends_as_it_begins_still_shows_its_session() {
    let value = cookie(1_700_090_000, |data| assert!(data.set("a", 1).unwrap()));
    assert_eq!(inspect(&value, &["--at", "1800000000"][..0], 1)["cookies"][0]["session"]["data"], json!({"a": 1}));
}

#[test]
fn a_refusal_that_may_have_several_causes_says_which_they_are() {
    let because = |vars: &[(&str, &str)], more: &[&str]| {
        let run = run(&[&["inspect", "--json", FIRST, "--at", THEN], more].concat(), vars);
        let report = run.json(1);
        (only(&report)["reason"].clone(), only(&report)["because"].clone())
    };
    let changed = json!("it was changed, or sealed for another cookie name (see --name) or audience");
    assert_eq!(because(&[WITH_KEY], &["--name", "other"]), (json!("not_authentic"), changed));
    let unknown = json!("its key is neither the primary nor a previous one of these variables");
    let vars = [("TIDEWAY_SESSION_ENCRYPTION_KEY", OTHER_KEY)];
    assert_eq!(because(&vars, &[]), (json!("unknown_key"), unknown));
}

#[test]
fn a_value_that_is_no_json_is_shown_as_a_string_and_named() {
    let mut plaintext = vec![1, 0];
    plaintext.extend_from_slice(&[0xa0; 16]);
    for time in [1_700_000_000_u64, 1_700_003_600, 1_700_090_000] {
        plaintext.extend_from_slice(&time.to_be_bytes()[3..]);
    }
    for (key, text) in [("good", "1"), ("raw", "no JSON")] {
        plaintext.push(u8::try_from(key.len()).unwrap());
        plaintext.extend_from_slice(key.as_bytes());
        plaintext.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        plaintext.extend_from_slice(text.as_bytes());
    }
    let cookie = foreign::seal(KEY, "tideway_session", "", &plaintext);
    let report = inspect(&cookie, &[], 0);
    let session = &only(&report)["session"];
    assert_eq!((&session["data"], &session["not_json"]), (&json!({"good": 1, "raw": "no JSON"}), &json!(["raw"])));
    let text = run(&["inspect", &cookie, "--at", THEN], &[WITH_KEY]);
    assert!(text.text(0).contains(r#""raw" is not JSON: "no JSON""#), "{}", text.stdout);
}

#[test]
fn without_the_file_of_the_key_nothing_is_judged() {
    let vars = [("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", "/nowhere/key")];
    let run = run(&["inspect", FIRST], &vars);
    let reason = "TIDEWAY_SESSION_ENCRYPTION_KEY_FILE: names a file that can't be read: entity not found";
    assert!(run.error().starts_with(reason), "{}", run.stderr);
}

#[test]
fn of_several_cookies_each_is_shown_and_the_newest_counts() {
    let [older, newer] = [1_700_004_000, 1_700_005_000].map(|issued_at| cookie(issued_at, |_| ()));
    let input = [FIRST, &newer, &newer, "garbage", &older].map(|value| format!("tideway_session={value}")).join("; ");
    let report = inspect(&input, &[], 0);
    let statuses: Vec<_> =
        report["cookies"].as_array().unwrap().iter().map(|cookie| cookie["status"].clone()).collect();
    assert_eq!(statuses, ["outdone", "accepted", "outdone", "refused", "untried"]);
    let run = run(&["inspect", &input, "--at", THEN], &[WITH_KEY]);
    assert!(run.text(0).starts_with("cookie 1 of 5\nstatus        outdone"), "{}", run.stdout);
    assert!(run.stdout.contains("\n\ncookie 2 of 5\nstatus        accepted"), "{}", run.stdout);
}

#[test]
fn what_is_refused_on_sight_is_explained_with_and_without_a_key() {
    for (value, reason, because) in [
        ("", "malformed", "it is empty, as in a deletion"),
        ("AfV8", "malformed", "it is cut short: 4 characters, and the shortest cookie has 104"),
        ("\"AfV8\"", "malformed", "it is cut short: 4 characters, and the shortest cookie has 104"),
        ("\"\"AfV8\"\"", "malformed", "character 1 is '\"', which base64url without padding does not have"),
        (&FIRST.replace('_', "%5F"), "malformed", "character 40 is '%', which base64url without padding does not have"),
        (&FIRST[..185], "malformed", "no base64url text has its length: it is cut short, or one character too long"),
        (
            &format!("2~{FIRST}"),
            "incomplete",
            "it is the first of two cookies of one session, and the second one is not in the input",
        ),
        (&format!("{}B", &FIRST[..185]), "malformed", "its last character has stray bits: it is cut short, or changed"),
        (&format!("B{}", &FIRST[1..]), "unsupported_version", ""),
        (&"A".repeat(4100), "too_long", ""),
    ] {
        for vars in [&[][..], &[WITH_KEY]] {
            let run = run(&["inspect", "--json", &format!("tideway_session={value}")], vars);
            let cookie = &run.json(1)["cookies"][0];
            let found = (cookie["reason"].as_str().unwrap(), cookie["because"].as_str().unwrap_or_default());
            assert_eq!(found, (reason, because), "{value}");
            assert_eq!((&cookie["session"], &cookie["key_id"]), (&Value::Null, &Value::Null));
        }
    }
}

/// The two pairs `name=value` of a session in two cookies, sealed at this time, in the order of the headers.
fn two_cookies(issued_at: u64) -> [String; 2] {
    two_cookies_named("tideway_session", issued_at)
}

fn two_cookies_named(name: &str, issued_at: u64) -> [String; 2] {
    let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).cookie_name(name).two_cookies(true);
    let manager = config.clock(move || at(issued_at)).build().unwrap();
    let session = manager.load(None::<&str>);
    session.set("draft", "x".repeat(4000)).unwrap();
    let mut pairs: Vec<_> = manager.commit(&session).unwrap().into_iter().collect();
    assert_eq!(pairs.len(), 2);
    pairs.reverse();
    [0, 1].map(|part| pairs[part].split(';').next().unwrap().to_owned())
}

#[test]
fn a_session_in_two_cookies_is_read_when_both_are_there() {
    let [first, second] = two_cookies(1_700_003_600);
    let (one, two) = (first.split_once('=').unwrap().1, second.split_once('=').unwrap().1);
    let jar = format!("h\tFALSE\t/\tTRUE\t0\ttideway_session-2\t{two}\nh\tFALSE\t/\tTRUE\t0\ttideway_session\t{one}");
    for input in [
        format!("{first}; {second}"),
        format!("Cookie: {second}; theme=dark; {first}"),
        format!("Set-Cookie: {second}; Path=/\nSet-Cookie: {first}; Path=/"),
        format!("tideway_session=\"{one}\"; tideway_session-2=\"{two}\""),
        jar,
        // A second part of another session is passed over.
        format!("{first}; {}; {second}", two_cookies(1_700_003_600)[1]),
    ] {
        let report = inspect(&input, &[], 0);
        let cookie = only(&report);
        assert_eq!((cookie["status"].as_str(), &cookie["parts"]), (Some("accepted"), &json!(2)), "{input}");
        assert_eq!(cookie["session"]["data"]["draft"].as_str().unwrap().len(), 4000);
        assert_eq!(cookie["characters"], one.len() - "2~".len() + two.len());
        let text = run_with_input(&["inspect", "--at", THEN], &[WITH_KEY], input.as_bytes());
        assert!(text.text(0).contains(" bytes, in two cookies\n"), "{}", text.stdout);
    }
    // Over, it still shows its session, and without a key what anyone can see.
    let both = format!("{first}; {second}");
    let over = run(&["inspect", "--json", &both, "--at", "1800000000"], &[WITH_KEY]).json(1);
    let over = only(&over);
    assert_eq!(
        (over["reason"].as_str(), over["session"]["data"]["draft"].is_string()),
        (Some("expired_absolute"), true)
    );
    let unchecked = run(&["inspect", "--json", &both, "--at", THEN], &[]).json(0);
    assert_eq!((&only(&unchecked)["status"], &only(&unchecked)["key_id"]), (&json!("unchecked"), &json!("f57c76ce")));
}

#[test]
fn half_of_a_session_in_two_cookies_is_incomplete() {
    let ([first, second], [_, other]) = (two_cookies(1_700_003_600), two_cookies(1_700_003_601));
    for (input, because) in [
        (first.clone(), "it is the first of two cookies of one session, and the second one is not in the input"),
        (format!("{first}; {other}"), "no second cookie of the input belongs to it"),
    ] {
        let report = inspect(&input, &[], 1);
        let cookie = only(&report);
        assert_eq!(cookie["because"], because);
        assert_eq!((cookie["reason"].as_str(), &cookie["session"]), (Some("incomplete"), &Value::Null), "{input}");
    }
    let alone = run(&["inspect", &second], &[WITH_KEY]);
    assert!(alone.error().contains(r#"it has "tideway_session-2""#), "{}", alone.stderr);
}

#[test]
fn a_session_in_two_cookies_is_untried_when_it_would_be_the_fifth_pair() {
    let [[torn, _], [first, second], [_, one], [_, two]] = [0, 1, 2, 3].map(|later| two_cookies(1_700_003_600 + later));
    let statuses = |input: &str, code| {
        let report = inspect(input, &[], code);
        [0, 1].map(|index| report["cookies"][index]["status"].as_str().unwrap().to_owned())
    };
    // A server tries the torn one with each second cookie, then the other one with the first of them, and no more.
    let input = format!("{torn}; {first}; {one}; {two}; {second}");
    assert_eq!(statuses(&input, 1), ["refused", "untried"]);
    let application = SessionConfig::new(Key::from_hex(KEY).unwrap()).two_cookies(true).clock(|| at(1_700_006_400));
    assert!(application.build().unwrap().load([&input]).rejected().is_some());
    assert_eq!(statuses(&format!("{torn}; {first}; {second}; {one}; {two}"), 0), ["refused", "accepted"]);
}

#[test]
fn a_session_in_one_cookie_and_one_in_two_are_judged_together() {
    let [first, second] = two_cookies(1_700_004_000);
    let report = inspect(&format!("tideway_session={FIRST}; {first}; {second}"), &[], 0);
    let statuses = [0, 1].map(|index| report["cookies"][index]["status"].as_str().unwrap().to_owned());
    assert_eq!(statuses, ["outdone", "accepted"]);
}

#[test]
fn a_cookie_name_that_leaves_no_room_for_a_second_one_is_inspected_all_the_same() {
    for (length, code) in [(254, 0), (255, 0), (256, 0), (257, 2)] {
        let name = "n".repeat(length);
        let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).cookie_name(&name).clock(|| at(1_700_000_000));
        let Ok(codec) = config.build_codec() else {
            assert_eq!(code, 2, "{length}");
            continue;
        };
        let value = codec.encode(&codec.create().unwrap()).unwrap();
        let run = run(&["inspect", &value, "--name", &name, "--at", "1700000000"], &[WITH_KEY]);
        assert!(run.text(code).starts_with("status        accepted"), "{}", run.stdout);
    }
}

#[test]
fn a_session_in_two_cookies_is_read_under_the_longest_name_that_they_may_have() {
    let name = "n".repeat(254);
    let pairs = two_cookies_named(&name, 1_700_003_600);
    let report = inspect(&pairs.join("; "), &["--name", &name], 0);
    assert_eq!((&only(&report)["status"], &only(&report)["parts"]), (&json!("accepted"), &json!(2)));
}

#[test]
fn of_a_cookie_without_values_inspect_says_that_they_may_be_in_a_store() {
    let empty = cookie(1_700_003_600, |_| ());
    assert_eq!(only(&inspect(&empty, &[], 0))["session"]["may_be_stored"], true);
    let text = run(&["inspect", &empty, "--at", THEN], &[WITH_KEY]);
    let line = "data          none in the cookie; if the application has a store, it may be there\n";
    assert!(text.text(0).contains(line), "{}", text.stdout);
    let flash = cookie(1_700_003_600, |data| assert!(data.set_flash("a", 1).unwrap()));
    assert_eq!(only(&inspect(&flash, &[], 0))["session"]["may_be_stored"], false);
    assert!(run(&["inspect", &flash, "--at", THEN], &[WITH_KEY]).text(0).contains("data          none\n"));
}

#[test]
fn the_key_of_a_cookie_is_told_by_its_role() {
    for (vars, role, code) in [
        ([("TIDEWAY_SESSION_ENCRYPTION_KEY", OTHER_KEY), ("TIDEWAY_SESSION_PREVIOUS_KEYS", KEY)], "previous", 0),
        ([("TIDEWAY_SESSION_ENCRYPTION_KEY", OTHER_KEY), ("TIDEWAY_SESSION_PREVIOUS_KEYS", "")], "unknown", 1),
        ([("TIDEWAY_SESSION_TTL_SECONDS", "60"), ("TIDEWAY_SESSION_PREVIOUS_KEYS", KEY)], "previous", 0),
    ] {
        let report = run(&["inspect", "--json", FIRST, "--at", THEN], &vars).json(code);
        assert_eq!(report["cookies"][0]["key"], role);
    }
}

/// Characters that a terminal obeys or does not show: controls, bidirectional controls and marks, invisible ones, line
/// separators, tags, private and unassigned ones.
const UNSHOWN: &str = "\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\
                       \u{2068}\u{2069}\u{200b}\u{ad}\u{feff}\u{2028}\u{2029}\u{e0001}\u{e000}\u{378}";
/// Characters that a person reads, an accent that combines among them.
const SHOWN: &str = "Zoe\u{308} Łukasz \u{05d0}\u{05d1} नमस्ते 漢字 🦀";

#[test]
fn no_character_of_a_session_that_a_terminal_obeys_or_hides_reaches_it() {
    let text = format!("{UNSHOWN}[2J{SHOWN}");
    let value = cookie(1_700_003_600, |data| {
        assert!(data.set(UNSHOWN, &text).unwrap());
        assert!(data.set_flash("f", serde_json::value::RawValue::from_string("[1,\n2]".into()).unwrap()).unwrap());
    });
    for format in [&[][..], &["--json"]] {
        let run = run(&[&["inspect", &value, "--at", THEN], format].concat(), &[WITH_KEY]);
        assert!(!run.text(0).contains(|char| UNSHOWN.contains(char)), "{:?}", run.stdout);
        assert!(run.stdout.contains(SHOWN), "{}", run.stdout);
        assert!(run.stdout.contains("\\u202e") && run.stdout.contains("\\udb40\\udc01"), "{}", run.stdout);
    }
    let session = &inspect(&value, &[], 0)["cookies"][0]["session"];
    assert_eq!(session["data"], json!({ UNSHOWN: text }));
    assert_eq!(session["flash"], json!({"f": [1, 2]}));
}

#[test]
fn no_such_character_of_a_foreign_cookie_or_of_a_value_reaches_the_terminal() {
    for input in [format!("a{UNSHOWN}"), format!("{UNSHOWN}{SHOWN}=v"), "a=1; x\u{202e}y=2".to_owned()] {
        for args in [&["inspect", &input][..], &["inspect", "--json", &input], &["inspect", "--name", "b", &input]] {
            let run = run(args, &[]);
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(!all.contains(|char| UNSHOWN.contains(char)), "{all:?}");
        }
    }
}
