//! The command `sealed-session`, run as a shell runs it. The tests check what it prints, where, and its exit code. They pass
//! their own variables and never those of the process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a test that fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sealed_session::{Key, SessionConfig, SessionData, SessionManager};
use serde_json::{Value, json};

use crate::helpers::{KEY, OTHER_KEY, at};

mod helpers;

const WITH_KEY: (&str, &str) = ("TIDEWAY_SESSION_ENCRYPTION_KEY", KEY);
/// The cookies that docs/wire-format.md gives as known answers.
const FIRST: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWiPWKZd7A0\
                     SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4ILuirQu3Z8m_hUtVkrl0Ys";
const SECOND: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld-xuZyQlDB3J8BiyQUkURDnrbM1zaL1k618V5njvKvqJUmR3ogKKwQ7O7Jaqjje\
                      uzw";
/// A time at which the cookie `FIRST` is good.
const THEN: &str = "2023-11-15T00:00:00Z";

/// The exit code, the standard output and the standard error of a run.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The output of a run that ended with this code and wrote no error.
    fn text(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (code, ""), "{}", self.stdout);
        &self.stdout
    }

    fn json(&self, code: i32) -> Value {
        let text = self.text(code);
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(text).unwrap()
    }

    /// The line of a run that failed with one line of error.
    fn error(&self) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        let line = self.stderr.strip_prefix("sealed-session: ").unwrap().strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line
    }
}

fn command(args: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealed-session"));
    command.args(args).env_clear().envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

fn run(args: &[&str], vars: &[(&str, &str)]) -> Run {
    Run::of(&command(args, vars).output().unwrap())
}

fn run_with_input(args: &[&str], vars: &[(&str, &str)], input: &[u8]) -> Run {
    let mut command = command(args, vars);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Run::of(&child.wait_with_output().unwrap())
}

/// Runs `inspect --json` with the key, at a time at which the cookie `FIRST` is good.
fn inspect(input: &str, more: &[&str], code: i32) -> Value {
    run(&[&["inspect", "--json", "--at", THEN, input], more].concat(), &[WITH_KEY]).json(code)
}

/// Writes a file of this name, which no other test uses, with this text.
fn file(name: &str, text: &str, mode: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    fs::write(&path, text).unwrap();
    set_mode(&path, mode);
    path
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// The names and values of the variables in a file of them, without its comments.
fn variables(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('=').unwrap()).collect()
}

fn manager(vars: &[(&str, &str)]) -> SessionManager {
    SessionConfig::from_vars("TIDEWAY_", vars.iter().copied()).unwrap().build().unwrap()
}

/// A cookie under `KEY` that was sealed at `issued_at`.
fn cookie(issued_at: u64, change: impl FnOnce(&mut SessionData)) -> String {
    let mut data = SessionData::new(at(1_700_000_000), Duration::from_secs(86_400)).unwrap();
    data.set_times(at(1_700_000_000), at(issued_at), at(1_700_090_000)).unwrap();
    change(&mut data);
    let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).schema(data.schema());
    config.build_codec().unwrap().encode(&data).unwrap()
}

// The command `keygen`.

#[test]
fn keygen_prints_a_key_that_the_library_takes_and_never_the_same_one() {
    let keys = [(); 2].map(|()| run(&["keygen"], &[]).text(0).to_owned());
    let ids = keys.map(|key| Key::from_hex(key.strip_suffix('\n').unwrap()).unwrap().id());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn keygen_env_prints_a_variable_with_the_id_of_the_key_above_it() {
    let run = run(&["keygen", "--env", "--prefix", "SHOP_"], &[]);
    let [(name, digits)] = variables(run.text(0))[..] else { panic!("{}", run.stdout) };
    assert_eq!(name, "SHOP_SESSION_ENCRYPTION_KEY");
    let id = Key::from_hex(digits).unwrap().id();
    assert_eq!(run.stdout.lines().next().unwrap(), format!("# key id {id}"));
}

// The command `rotate`.

#[test]
fn a_rotation_through_all_stages_loses_no_session_between_neighbours() {
    let before = [WITH_KEY];
    let first = run(&["rotate"], &before);
    let first = variables(first.text(0));
    let second = run(&["rotate", "--stage", "2"], &first);
    let second = variables(second.text(0));
    let third = run(&["rotate", "--stage", "3"], &second);
    let third = variables(third.text(0));
    for (one, next) in [(&before[..], &first), (&first, &second), (&second, &third)] {
        let (one, next) = (manager(one), manager(next));
        let seal = |manager: &SessionManager| manager.codec().encode(&manager.codec().create().unwrap()).unwrap();
        assert!(one.codec().decode(&seal(&next)).is_ok());
        assert!(next.codec().decode(&seal(&one)).is_ok());
    }
    assert_eq!(first[0], WITH_KEY, "stage 1 still seals with the old key");
    assert_eq!(second, [("TIDEWAY_SESSION_ENCRYPTION_KEY", first[1].1), ("TIDEWAY_SESSION_PREVIOUS_KEYS", KEY)]);
    assert_eq!(third, [second[0], ("TIDEWAY_SESSION_PREVIOUS_KEYS", "")]);
}

#[test]
fn stage_2_says_how_long_to_wait_by_the_timeouts_of_the_variables() {
    let timeouts = [("TIDEWAY_SESSION_TTL_SECONDS", "5400"), ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "604800")];
    let run = run(
        &["rotate", "--stage", "2"],
        &[&[WITH_KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS", OTHER_KEY)], &timeouts[..]].concat(),
    );
    let text = run.text(0);
    assert!(
        text.contains("run with it for 1 h 30 min (the idle") && text.contains("for 7 days (the absolute timeout) if"),
        "{text}"
    );
}

#[test]
fn rotate_asks_for_the_stage_when_the_variables_do_not_tell() {
    let vars = [WITH_KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS", OTHER_KEY)];
    assert!(run(&["rotate"], &vars).error().contains("say --stage 2"));
    assert_eq!(variables(run(&["rotate", "--stage", "1"], &vars).text(0))[1].1.matches(',').count(), 1);
    for stage in ["2", "3"] {
        assert!(run(&["rotate", "--stage", stage], &[WITH_KEY]).error().starts_with("no previous key is set"));
    }
    assert!(run(&["rotate"], &[]).error().starts_with("TIDEWAY_SESSION_ENCRYPTION_KEY: is required"));
    let insecure = [("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true")];
    assert!(run(&["rotate"], &insecure).error().starts_with("TIDEWAY_SESSION_ENCRYPTION_KEY is not set"));
}

#[test]
fn of_several_previous_keys_rotate_promotes_the_one_that_is_named() {
    let (third, id) = ("5f".repeat(31) + "60", |digits: &str| Key::from_hex(digits).unwrap().id().to_string());
    let previous = format!("{OTHER_KEY},{third}");
    let vars = [WITH_KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS", previous.as_str())];
    assert!(run(&["rotate", "--stage", "2"], &vars).error().contains("--promote"));
    let run = run(&["rotate", "--stage", "2", "--promote", &id(&third)], &vars);
    let [(_, primary), (_, previous)] = variables(run.text(0))[..] else { panic!("{}", run.stdout) };
    assert_eq!((primary, previous), (third.as_str(), format!("{KEY},{OTHER_KEY}").as_str()));
    assert!(self::run(&["rotate", "--stage", "2", "--promote", "00000000"], &vars).error().starts_with("no previous"));
}

#[test]
fn rotate_says_into_which_file_a_key_goes() {
    // A `\` in a path is shown once, as it is in every path of Windows.
    let path = file(if cfg!(unix) { r"ro\tated" } else { "rotated" }, KEY, 0o600);
    let run = run(&["rotate"], &[("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", path.to_str().unwrap())]);
    let note = format!("write the value of TIDEWAY_SESSION_ENCRYPTION_KEY to {} instead", path.display());
    assert!(run.text(0).contains(&note), "{}", run.stdout);
    assert_eq!(variables(&run.stdout)[0], WITH_KEY);
}

// The command `inspect`.

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
            "version": 1, "key_id": "f57c76ce", "key": "primary", "characters": 188, "bytes": 141,
            "session": {
                "id": "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                "created_at": time("2023-11-14T22:13:20Z", 1_700_000_000),
                "issued_at": time("2023-11-14T23:13:20Z", 1_700_003_600),
                "expires_at": time("2023-11-15T23:13:20Z", 1_700_090_000),
                "absolute_end": time("2023-12-14T22:13:20Z", 1_702_592_000),
                "persistent": true, "schema": 0,
                "data": {"user_id": "123", "role": "admin"}, "flash": {"notice": "Welcome back"}, "not_json": [],
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
fn inspect_takes_values_and_headers_as_people_paste_them() {
    for input in [
        "V",
        "V\n",
        "tideway_session=V",
        "theme=dark; tideway_session=V; lang=en",
        "Cookie: theme=dark; tideway_session=V",
        "cookie:tideway_session=V",
        "tideway_session=V; HttpOnly; Path=/",
        "Set-Cookie: tideway_session=V; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400",
        "HTTP/1.1 200 OK\r\nDate: today\r\nset-cookie: theme=dark\r\nset-cookie: tideway_session=V; Path=/\r\n\r\n<p>",
        "> Host: localhost\n> Cookie: tideway_session=V\n",
    ] {
        let input = input.replace('V', FIRST);
        let cookies = inspect(&input, &[], 0)["cookies"].as_array().unwrap().len();
        assert_eq!(cookies, 1, "{input}");
        let args = ["inspect", "--json", "--at", THEN];
        assert_eq!(run_with_input(&args, &[WITH_KEY], input.as_bytes()).json(0), inspect(&input, &[], 0));
    }
}

#[test]
fn inspect_takes_bytes_that_are_no_text() {
    let input = [b"theme=\xff; tideway_session=", FIRST.as_bytes()].concat();
    run_with_input(&["inspect", "--at", THEN, "-"], &[WITH_KEY], &input).text(0);
}

#[test]
fn input_without_our_cookie_is_an_error_that_names_the_others() {
    let missing = |input: &str| run(&["inspect", input], &[]).error().to_owned();
    assert_eq!(missing(""), "the input holds no cookie");
    assert_eq!(missing("HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n"), "the input holds no cookie");
    let others = missing("theme=dark; __Host-session=secret");
    assert_eq!(
        others,
        r#"the input holds no cookie named "tideway_session"; it has "theme", "__Host-session"; see --name"#
    );
    // The command compares names as the library does, which is byte for byte.
    for name in ["Tideway_session", "\u{a0}tideway_session", "tideway%5fsession"] {
        assert!(missing(&format!("{name}={FIRST}")).contains("no cookie named"));
    }
    assert!(missing(&format!("Set-Cookie: a=1; tideway_session={FIRST}")).contains("no cookie named"));
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
}

#[test]
fn what_is_refused_on_sight_is_explained_with_and_without_a_key() {
    for (value, reason, because) in [
        ("", "malformed", "it is empty, as in a deletion"),
        ("AfV8", "malformed", "it is cut short: 4 characters, and the shortest cookie has 104"),
        ("\"AfV8\"", "malformed", "character 1 is '\"', which base64url without padding does not have"),
        (&FIRST.replace('_', "%5F"), "malformed", "character 40 is '%', which base64url without padding does not have"),
        (&FIRST[..185], "malformed", "no base64url text has its length: it is cut short, or one character too long"),
        (
            &format!("2~{FIRST}"),
            "malformed",
            "it is the first of two cookies of one session, which this command does not read",
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

#[test]
fn no_control_character_of_a_session_reaches_the_terminal() {
    let value = cookie(1_700_003_600, |data| {
        assert!(data.set("k\u{9b}\u{1b}", "\u{1b}[2J \u{9b}2J").unwrap());
        assert!(data.set_flash("f", serde_json::value::RawValue::from_string("[1,\n2]".into()).unwrap()).unwrap());
    });
    for format in [&[][..], &["--json"]] {
        let run = run(&[&["inspect", &value, "--at", THEN], format].concat(), &[WITH_KEY]);
        let is_bad = |char: char| char.is_control() && char != '\n';
        assert!(!run.text(0).contains(is_bad), "{:?}", run.stdout);
    }
    let session = &inspect(&value, &[], 0)["cookies"][0]["session"];
    assert_eq!(session["data"], json!({"k\u{9b}\u{1b}": "\u{1b}[2J \u{9b}2J"}));
    assert_eq!(session["flash"], json!({"f": [1, 2]}));
}

// The command `mint`.

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
        let session = &inspect(run.text(0), &[], i32::from(times[1] != 1_700_000_000))["cookies"][0]["session"];
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
        let line = run.text(0).strip_prefix("Set-Cookie: __Host-s=").unwrap().to_owned();
        line.split_once(';').unwrap().1.to_owned()
    };
    assert_eq!(line(&[]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=86400\n");
    assert_eq!(line(&["--expires-at", "7"]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=7\n");
    assert_eq!(line(&["--expires-at", "99999999"]), " HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=34560000\n");
    assert_eq!(line(&["--browser-session"]), " HttpOnly; SameSite=Strict; Secure; Path=/\n");
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

// The command `doctor`.

/// Variables of which `doctor` doubts nothing.
const SOUND: [(&str, &str); 4] = [
    WITH_KEY,
    ("TIDEWAY_SESSION_COOKIE_NAME", "__Host-session"),
    ("TIDEWAY_SESSION_TTL_SECONDS", "3600"),
    ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "86400"),
];

/// The names of all doubts about the variables `SOUND` with these in addition.
fn doubts(vars: &[(&str, &str)]) -> Vec<String> {
    let run = run(&["doctor", "--json"], &[&SOUND, vars].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let names: Vec<_> =
        report["doubts"].as_array().unwrap().iter().map(|doubt| doubt["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        (run.code, report["verdict"].as_str().unwrap()),
        if names.is_empty() { (0, "fine") } else { (1, "doubtful") }
    );
    names
}

#[test]
fn doctor_finds_nothing_in_a_sound_configuration() {
    assert_eq!(
        run(&["doctor"], &SOUND).text(0),
        "fine      key f57c76ce, cookie __Host-session, timeouts 1 h idle, 1 day absolute\n"
    );
    assert_eq!(doubts(&[]), [""; 0]);
}

#[test]
fn doctor_doubts_each_weak_choice_by_its_name() {
    let name = |name| ("TIDEWAY_SESSION_COOKIE_NAME", name);
    for (vars, expected) in [
        (&[name("sid")][..], &["cookie_name"][..]),
        (&[name("__host-sid")], &[]),
        (&[name("sid"), ("TIDEWAY_SESSION_COOKIE_DOMAIN", "example.com")], &["cookie_name", "cookie_domain"]),
        (&[name("sid"), ("TIDEWAY_SESSION_COOKIE_SECURE", "off")], &["cookie_name", "secure"]),
        (&[("TIDEWAY_SESSION_COOKIE_HTTP_ONLY", "off")], &["http_only"]),
        (&[("TIDEWAY_SESSION_COOKIE_SAME_SITE", "none")], &["same_site"]),
        (&[("TIDEWAY_SESSION_TTL_SECONDS", "3601")], &["idle_timeout"]),
        (&[("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "86401")], &["absolute_timeout"]),
        (&[("TIDEWAY_SESSION_NOT_BEFORE", "9999-01-01T00:00:00Z")], &["not_before"]),
        (&[("TIDEWAY_SESSION_NOT_BEFORE", "2020-01-01T00:00:00Z")], &[]),
        (&[("TIDEWAY_SESSION_PREVIOUS_KEYS", OTHER_KEY)], &["previous_keys"]),
    ] {
        assert_eq!(doubts(vars), expected, "{vars:?}");
    }
    let without_key = [&SOUND[1..], &[("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true")]].concat();
    let run = run(&["doctor"], &without_key);
    assert!(run.text(1).starts_with("doubtful  insecure_key: "), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn doctor_doubts_a_file_with_keys_that_others_can_read_or_change() {
    for (mode, is_open) in [(0o600, false), (0o440, false), (0o604, true), (0o660, true), (0o602, true)] {
        let path = file(&format!("key-{mode:o}"), KEY, mode);
        let vars = [&SOUND[1..], &[("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", path.to_str().unwrap())]].concat();
        assert_eq!(run(&["doctor"], &vars).stdout.contains("doubtful  file_mode: "), is_open, "{mode:o}");

        let lines = SOUND.map(|(name, value)| format!("{name}={value}\n")).concat();
        let path = file(&format!("env-{mode:o}"), &lines, mode);
        let run = run(&["doctor", "--env-file", path.to_str().unwrap()], &[]);
        assert_eq!(run.stdout.contains("doubtful  file_mode: --env-file names"), is_open, "{mode:o}");
    }
}

#[test]
fn doctor_takes_the_doubts_that_are_allowed_and_no_others() {
    let vars =
        [&SOUND[..], &[("TIDEWAY_SESSION_COOKIE_NAME", "sid"), ("TIDEWAY_SESSION_TTL_SECONDS", "7200")]].concat();
    let allowed = run(&["doctor", "--allow", "cookie_name"], &vars);
    assert!(allowed.text(1).starts_with("doubtful  idle_timeout"), "{}", allowed.stdout);
    run(&["doctor", "--allow", "cookie_name", "--allow", "idle_timeout"], &vars).text(0);
    assert!(run(&["doctor", "--allow", "everything"], &vars).error().contains("possible values: insecure_key"));
}

#[test]
fn doctor_reports_every_problem_at_once() {
    let vars = [
        ("TIDEWAY_SESSION_TTL", "60"),
        ("TIDEWAY_SESSION_COOKIE_SECURE", "maybe"),
        ("TIDEWAY_SESSION_ENCRYPTION_KEY", "abc"),
    ];
    let lines = run(&["doctor"], &vars).text(2).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.starts_with("wrong     TIDEWAY_SESSION_")), "{lines:?}");
    let report = run(&["doctor", "--json"], &vars).json(2);
    assert_eq!(report["verdict"], "wrong");
    assert_eq!(report["problems"].as_array().unwrap().len(), 3);
}

#[test]
fn doctor_names_each_bare_variable_and_whether_it_counts() {
    let bare = [("SESSION_COOKIE_SECURE", "false"), ("SESSION_TTL_SECONDS", "60"), ("SESSION_MANAGER", "x")];
    let vars = [&SOUND[..], &bare].concat();
    let note = |name: &str, what: &str| format!("bare      {name} is set without the prefix, and {what}\n");
    let ignored = note("SESSION_TTL_SECONDS", "doesn't count") + &note("SESSION_COOKIE_SECURE", "doesn't count");
    let run_with = |args: &[&str], vars: &[(&str, &str)]| run(&[&["doctor"], args].concat(), vars);
    let plain = run_with(&[], &vars);
    assert!(plain.text(0).starts_with(&(ignored + "fine ")), "{}", plain.stdout);
    let ours = [WITH_KEY, ("TIDEWAY_SESSION_TTL_SECONDS", "3600")];
    let report = run_with(&["--json", "--bare"], &[&ours[..], &bare].concat()).json(1);
    let expected = [("SESSION_TTL_SECONDS", false), ("SESSION_COOKIE_SECURE", true)];
    assert_eq!(report["bare"], json!(expected.map(|(name, counts)| json!({"name": name, "counts": counts}))));
    assert!(report["doubts"].as_array().unwrap().iter().any(|doubt| doubt["name"] == "secure"), "{report}");
    // The key that is only there without the prefix is named where it is missed.
    let vars = [("SESSION_ENCRYPTION_KEY", KEY), ("TIDEWAY_SESSION_ENCRYPTION_KEY", " ")];
    let lost = run_with(&[], &vars);
    assert!(lost.text(2).contains(&note("SESSION_ENCRYPTION_KEY", "doesn't count")), "{}", lost.stdout);
    let found = run_with(&["--bare"], &vars);
    assert!(found.text(1).contains(&note("SESSION_ENCRYPTION_KEY", "counts")), "{}", found.stdout);
    assert!(found.stdout.contains("key f57c76ce"), "{}", found.stdout);
    let file = [WITH_KEY, ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere"), ("SESSION_PREVIOUS_KEYS", OTHER_KEY)];
    let behind = run_with(&["--bare"], &file);
    assert!(behind.text(1).contains(&note("SESSION_ENCRYPTION_KEY_FILE", "doesn't count")), "{}", behind.stdout);
    assert!(behind.stdout.contains(&note("SESSION_PREVIOUS_KEYS", "counts")), "{}", behind.stdout);
    assert!(run_with(&["--prefix", ""], &[("SESSION_ENCRYPTION_KEY", KEY)]).text(1).starts_with("doubtful"));
}

#[test]
fn rotate_with_bare_names_takes_the_key_that_the_application_takes() {
    let vars = [("SESSION_ENCRYPTION_KEY", KEY)];
    assert!(run(&["rotate"], &vars).error().starts_with("TIDEWAY_SESSION_ENCRYPTION_KEY: is required"));
    let rotated = run(&["rotate", "--bare"], &vars);
    assert!(rotated.text(0).contains(&format!("\nSESSION_ENCRYPTION_KEY={KEY}\n")), "{}", rotated.stdout);
    let ours = [WITH_KEY, ("SESSION_PREVIOUS_KEYS", "of another program")];
    assert!(run(&["rotate"], &ours).text(0).contains("\nTIDEWAY_SESSION_PREVIOUS_KEYS="));
}

// All the commands.

#[test]
fn no_command_but_keygen_and_rotate_prints_a_key_right_or_wrong() {
    let key_file = file("secret", OTHER_KEY, 0o644);
    let vars = [WITH_KEY, ("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE", key_file.to_str().unwrap())];
    let broken = file("broken.env", &format!("{KEY}\n"), 0o600);
    let broken = broken.to_str().unwrap();
    let (flag, pair) = (format!("--{KEY}"), format!("{KEY}=1"));
    let shown = format!("{{\"a\":\"b\",\"a\":\"{KEY}\"}}");
    for args in [
        &["inspect", FIRST][..],
        &["inspect", FIRST, "--json"],
        &["inspect", KEY],
        &["inspect", KEY, "--json"],
        &["inspect", &pair],
        &["inspect", "x", "--at", KEY],
        &["mint", "{}"],
        &["mint", "{}", "--set-cookie"],
        &["mint", KEY],
        &["mint", &shown],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--allow", KEY],
        &["doctor", KEY],
        &["doctor", &flag],
        &["doctor", "--env-file", broken],
        &["completions", KEY],
        &["keygen", KEY],
        &["rotate", KEY],
        &["rotate", "--stage", KEY],
        &["rotate", "--stage", "2", "--promote", KEY],
        &[KEY],
        &[OTHER_KEY, KEY],
    ] {
        let wrong = [("TIDEWAY_SESSION_ENCRYPTION_KEY", &KEY[1..]), ("TIDEWAY_SESSION_PREVIOUS_KEYS", KEY)];
        for vars in [&vars, &wrong] {
            let run = run(args, vars);
            let all = format!("{}{}", run.stdout, run.stderr).to_lowercase();
            assert!(!all.contains(&KEY[1..]) && !all.contains(OTHER_KEY), "{args:?}: {all}");
        }
    }
}

#[test]
fn a_wrong_argument_is_one_line_on_standard_error() {
    for (args, expected) in [
        (&[][..], "a command is required; try '--help'"),
        (&["inspct"], "unrecognized subcommand 'inspct'"),
        (&["completions"], "the following required arguments were not provided: <SHELL>; try '--help'"),
        (&["rotate", "--stage", "4"], "invalid value '…' for '--stage <STAGE>'"),
        (&["rotate", "--promote", "f57c76ce"], "--promote is for --stage 2"),
        (&["keygen", "--prefix", "A_"], "the following required arguments were not provided: --env"),
        (&["inspect", "--jso"], "unexpected argument '--jso' found"),
        (&["doctor", "--env-file", "/nowhere/.env"], "/nowhere/.env can't be read: entity not found"),
    ] {
        let run = run(args, &[WITH_KEY]);
        assert!(run.error().contains(expected), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn each_problem_of_the_environment_is_one_line_on_standard_error() {
    let vars = [("TIDEWAY_SESSION_TTL", "60"), ("TIDEWAY_SESSION_ENCRYPTION_KEY", "abc")];
    for args in [&["inspect", FIRST][..], &["mint", "{}"], &["rotate"]] {
        let run = run(args, &vars);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (2, "", 2), "{args:?}");
        assert!(run.stderr.lines().all(|line| line.starts_with("sealed-session: TIDEWAY_SESSION_")), "{}", run.stderr);
    }
}

#[test]
fn a_file_of_variables_replaces_the_environment() {
    let text = format!(
        "# a comment\n\n export SHOP_SESSION_ENCRYPTION_KEY='{KEY}'\nSHOP_SESSION_TTL_SECONDS = \"60\"\r\nPATH=/bin\n"
    );
    let path = file("shop.env", &text, 0o600);
    let args = ["doctor", "--json", "--prefix", "SHOP_", "--env-file", path.to_str().unwrap()];
    let report = run(&args, &[("SHOP_SESSION_NONSENSE", "1")]).json(1);
    assert_eq!((&report["key_id"], &report["idle_timeout"]), (&json!("f57c76ce"), &json!(60)));
    let path = file("wrong.env", "A=1\nno assignment\n", 0o600);
    assert!(run(&["doctor", "--env-file", path.to_str().unwrap()], &[]).error().ends_with("line 2 must be NAME=VALUE"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    for args in [&["inspect", "--at", THEN][..], &["inspect", "--at", THEN, "--json"]] {
        let mut command = command(args, &[WITH_KEY]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The command waits for its input, so the reader of its output is gone before it writes anything.
        drop(child.stdout.take());
        child.stdin.take().unwrap().write_all(FIRST.as_bytes()).unwrap();
        let run = Run::of(&child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_can_not_be_written_is_an_error() {
    for args in [&["keygen"][..], &["--help"], &["completions", "bash"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::of(
            &command(args, &[]).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap(),
        );
        assert!(run.error().starts_with("standard output can't be written"), "{}", run.stderr);
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = run(&["--help"], &[]);
    assert!(["Exit codes:", "Examples:", "doctor"].iter().all(|part| help.text(0).contains(part)), "{}", help.stdout);
    for command in ["keygen", "rotate", "inspect", "mint", "doctor", "completions"] {
        let help = run(&[command, "--help"], &[]);
        assert!(help.text(0).contains("Examples:\n  "), "{}", help.stdout);
        assert!(help.stdout.lines().all(|line| line.chars().count() <= 125), "{}", help.stdout);
    }
    let (doctor, wrong) = (run(&["doctor", "--help"], &[]), run(&["doctor", "--allow", "everything"], &[]));
    let names = wrong.error().split("[possible values: ").nth(1).unwrap().split(']').next().unwrap();
    for name in names.split(", ") {
        assert!(doctor.text(0).contains(&format!("\n  {name} ")), "{name} is explained");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(run(&["completions", shell], &[]).text(0).contains("sealed-session"), "{shell}");
    }
}

// The page docs/cli.md.

/// Replaces new keys, their ids and new cookies by those that the page shows.
#[cfg(unix)]
fn as_on_the_page(text: &str) -> String {
    let other_id = Key::from_hex(OTHER_KEY).unwrap().id().to_string();
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    let shown = |word: &str| match word {
        KEY | FIRST => word.to_owned(),
        _ if word.len() == 64 && is_hex(word) => OTHER_KEY.to_owned(),
        _ if word.len() == 8 && is_hex(word) && word != "f57c76ce" => other_id.clone(),
        _ if word.len() >= 100 => "AfV8ds5A...".to_owned(),
        _ => word.to_owned(),
    };
    text.split_inclusive(|char| !is_word(char))
        .map(|part| {
            let word = part.trim_end_matches(|char| !is_word(char));
            part.replacen(word, &shown(word), usize::from(!word.is_empty()))
        })
        .collect()
}

#[cfg(unix)]
fn is_hex(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(unix)]
#[test]
fn the_transcripts_of_the_page_are_what_the_command_prints() {
    let page = include_str!("../docs/cli.md");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-page");
    fs::create_dir_all(&folder).unwrap();
    let env = folder.join(".env");
    fs::write(&env, format!("{}={KEY}\nTIDEWAY_SESSION_TTL_SECONDS=7200\n", WITH_KEY.0)).unwrap();
    set_mode(&env, 0o600);
    fs::write(folder.join("cookies.txt"), format!("Cookie: theme=dark; tideway_session={FIRST}\n")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_sealed-session")).parent().unwrap().display();
    let run = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask 077; exec 2>&1; {line}")]).current_dir(&folder).env_clear();
        let output = shell.env("PATH", format!("{programs}:/usr/bin:/bin")).output().unwrap();
        as_on_the_page(&String::from_utf8(output.stdout).unwrap())
    };
    let mut expected = String::new();
    let mut in_transcript = false;
    for line in page.lines() {
        in_transcript = if in_transcript { line != "```" } else { line == "```console" };
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_transcript) {
            expected.extend([line, "\n", &run(command)]);
        } else if !in_transcript || line == "```console" {
            expected.extend([line, "\n"]);
        }
    }
    let written = folder.join("cli.md");
    fs::write(&written, &expected).unwrap();
    assert!(page == expected, "if the change is meant: copy {} to docs/cli.md", written.display());
}
