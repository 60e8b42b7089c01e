//! The command `doctor`.

use serde_json::{Value, json};

use crate::common::{WITH_KEY, file, run};
use crate::helpers::{KEY, OTHER_KEY};

/// Variables of which `doctor` doubts nothing.
const SOUND: [(&str, &str); 4] = [
    WITH_KEY,
    ("TIDEWAY_SESSION_COOKIE_NAME", "__Host-session"),
    ("TIDEWAY_SESSION_TTL_SECONDS", "3600"),
    ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "86400"),
];

/// The names of the doubts, or of the advice, in a report.
fn names(report: &Value, of: &str) -> Vec<String> {
    report[of].as_array().unwrap().iter().map(|doubt| doubt["name"].as_str().unwrap().to_owned()).collect()
}

/// The names of all doubts about the variables `SOUND` with these in addition.
fn doubts(vars: &[(&str, &str)]) -> Vec<String> {
    let run = run(&["doctor", "--json", "--strict"], &[&SOUND, vars].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let names = names(&report, "doubts");
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
        (&[("TIDEWAY_SESSION_BACKEND", "In_Memory")], &["backend"]),
    ] {
        assert_eq!(doubts(vars), expected, "{vars:?}");
    }
    let without_key = [&SOUND[1..], &[("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true")]].concat();
    let run = run(&["doctor"], &without_key);
    assert!(run.text(1).starts_with("doubtful  insecure_key: "), "{}", run.stdout);
}

#[test]
fn the_defaults_of_the_library_are_fine_and_get_advice() {
    let advised = ["cookie_name", "idle_timeout", "absolute_timeout"];
    let report = run(&["doctor", "--json"], &[WITH_KEY]).json(0);
    assert_eq!(
        (report["verdict"].as_str(), names(&report, "advice")),
        (Some("fine"), advised.map(str::to_owned).into())
    );
    assert_eq!(names(&report, "doubts"), [""; 0]);
    let text = run(&["doctor"], &[WITH_KEY]);
    let labels: Vec<_> = text.text(0).lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(labels, ["advice", "advice", "advice", "fine"]);
    let strict = run(&["doctor", "--json", "--strict"], &[WITH_KEY]).json(1);
    assert_eq!(
        (strict["verdict"].as_str(), names(&strict, "doubts")),
        (Some("doubtful"), advised.map(str::to_owned).into())
    );
    assert_eq!(names(&strict, "advice"), [""; 0]);
}

#[test]
fn what_is_weaker_than_the_default_is_a_doubt_and_what_is_as_strong_is_advice() {
    for (name, value, is_doubt) in [
        ("TIDEWAY_SESSION_COOKIE_NAME", "sid", None),
        ("TIDEWAY_SESSION_TTL_SECONDS", "86400", None),
        ("TIDEWAY_SESSION_TTL_SECONDS", "86401", Some("idle_timeout")),
        ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "2592000", None),
        ("TIDEWAY_SESSION_ABSOLUTE_TIMEOUT_SECONDS", "2592001", Some("absolute_timeout")),
    ] {
        let report = run(&["doctor", "--json"], &[WITH_KEY, (name, value)]).json(i32::from(is_doubt.is_some()));
        assert_eq!(names(&report, "doubts"), is_doubt.into_iter().collect::<Vec<_>>(), "{name} {value}");
    }
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

#[cfg(unix)]
#[test]
fn a_file_of_variables_that_others_can_read_is_doubted_only_if_a_key_is_in_it() {
    let [key, previous] = [("key-apart", KEY), ("previous-apart", OTHER_KEY)].map(|(name, key)| file(name, key, 0o600));
    let key = format!("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE={}\n", key.display());
    let elsewhere = format!("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE={}\n", previous.display());
    let here = format!("TIDEWAY_SESSION_PREVIOUS_KEYS={OTHER_KEY}\n");
    for (previous, is_doubted) in [("", false), (&elsewhere, false), (&here, true)] {
        let path = file("env-apart", &format!("{key}{previous}"), 0o644);
        let run = run(&["doctor", "--env-file", path.to_str().unwrap()], &[]);
        assert_eq!(run.stdout.contains("doubtful  file_mode: "), is_doubted, "{previous}: {}", run.stdout);
    }
}

#[test]
fn doctor_takes_the_doubts_that_are_allowed_and_no_others() {
    let vars =
        [&SOUND[..], &[("TIDEWAY_SESSION_COOKIE_NAME", "sid"), ("TIDEWAY_SESSION_TTL_SECONDS", "7200")]].concat();
    let allowed = run(&["doctor", "--strict", "--allow", "cookie_name"], &vars);
    assert!(allowed.text(1).starts_with("doubtful  idle_timeout"), "{}", allowed.stdout);
    let advised = run(&["doctor", "--allow", "cookie_name"], &vars);
    assert!(advised.text(0).starts_with("advice    idle_timeout"), "{}", advised.stdout);
    let none = run(&["doctor", "--strict", "--allow", "cookie_name", "--allow", "idle_timeout"], &vars);
    assert!(none.text(0).starts_with("fine "), "{}", none.stdout);
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
    assert!(found.text(0).contains(&note("SESSION_ENCRYPTION_KEY", "counts")), "{}", found.stdout);
    assert!(found.stdout.contains("key f57c76ce"), "{}", found.stdout);
    let file = [WITH_KEY, ("SESSION_ENCRYPTION_KEY_FILE", "/nowhere"), ("SESSION_PREVIOUS_KEYS", OTHER_KEY)];
    let behind = run_with(&["--bare"], &file);
    assert!(behind.text(1).contains(&note("SESSION_ENCRYPTION_KEY_FILE", "doesn't count")), "{}", behind.stdout);
    assert!(behind.stdout.contains(&note("SESSION_PREVIOUS_KEYS", "counts")), "{}", behind.stdout);
    assert!(run_with(&["--prefix", ""], &[("SESSION_ENCRYPTION_KEY", KEY)]).text(0).starts_with("advice"));
}
