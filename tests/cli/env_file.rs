//! The option `--env-file`: which files of variables the command takes, and how it reads them.

use std::fs;

use serde_json::{Value, json};

use crate::common::{Run, WITH_KEY, file, run};
use crate::helpers::{KEY, OTHER_KEY};

/// Returns the report of `doctor` about a file with this text, under the prefix `A_`.
fn doctor(name: &str, text: &str) -> Run {
    let path = file(&format!("{name}.env"), text, 0o600);
    run(&["doctor", "--json", "--prefix", "A_", "--env-file", path.to_str().unwrap()], &[])
}

/// The cookie name that the command reads out of these lines.
fn cookie_name(name: &str, lines: &str) -> Value {
    let report = doctor(name, &format!("{lines}\nA_SESSION_ENCRYPTION_KEY={KEY}\n"));
    serde_json::from_str::<Value>(&report.stdout).unwrap()["cookie_name"].clone()
}

#[test]
fn a_file_of_variables_replaces_the_environment() {
    let text = format!(
        "# a comment\n\n export SHOP_SESSION_ENCRYPTION_KEY='{KEY}'\nSHOP_SESSION_TTL_SECONDS = \"60\"\r\nPATH=/bin\n"
    );
    let path = file("shop.env", &text, 0o600);
    let args = ["doctor", "--json", "--prefix", "SHOP_", "--env-file", path.to_str().unwrap()];
    let report = run(&args, &[("SHOP_SESSION_NONSENSE", "1")]).json(0);
    assert_eq!((&report["key_id"], &report["idle_timeout"]), (&json!("f57c76ce"), &json!(60)));
    let path = file("wrong.env", "A=1\nno assignment\n", 0o600);
    assert!(run(&["doctor", "--env-file", path.to_str().unwrap()], &[]).error().ends_with("line 2 must be NAME=VALUE"));
}

#[test]
fn a_value_is_read_as_the_programs_read_it_that_read_dotenv_files() {
    // Each row is a line and the value in it. Each comment is a rule.
    for (number, (line, expected)) in (0..).zip([
        ("A_SESSION_COOKIE_NAME=sid", "sid"),
        // White space around the name and the value is no part of them.
        (" \tA_SESSION_COOKIE_NAME \t= \tsid \t", "sid"),
        ("A_SESSION_COOKIE_NAME=sid\r", "sid"),
        // `export` is dropped, whatever white space is behind it.
        ("export A_SESSION_COOKIE_NAME=sid", "sid"),
        ("export\tA_SESSION_COOKIE_NAME=sid", "sid"),
        ("  export \t A_SESSION_COOKIE_NAME=sid", "sid"),
        // A byte order mark before the first name is no part of it.
        ("\u{feff}A_SESSION_COOKIE_NAME=sid", "sid"),
        ("\u{feff}# comment\nA_SESSION_COOKIE_NAME=sid", "sid"),
        // A `#` behind white space begins a comment, and no other `#` does.
        ("A_SESSION_COOKIE_NAME=sid # the name", "sid"),
        ("A_SESSION_COOKIE_NAME=sid\t#the name", "sid"),
        ("A_SESSION_COOKIE_NAME=s#id", "s#id"),
        ("A_SESSION_COOKIE_NAME=#sid", "#sid"),
        ("A_SESSION_COOKIE_NAME= # no name", "tideway_session"),
        (" # A_SESSION_COOKIE_NAME=sid", "tideway_session"),
        // One pair of quotes is no part of the value, and a comment may stand behind it.
        ("A_SESSION_COOKIE_NAME='s#id' # the name", "s#id"),
        ("A_SESSION_COOKIE_NAME=\"sid\"# the name", "sid"),
        ("A_SESSION_COOKIE_NAME= \"sid\" ", "sid"),
        // A quote inside of a value is part of it.
        ("A_SESSION_COOKIE_NAME=s'id", "s'id"),
        // In double quotes, a backslash before `$` is no part of the value; nothing is expanded.
        ("A_SESSION_COOKIE_NAME=\"s\\$id\"", "s$id"),
        ("A_SESSION_COOKIE_NAME=s$HOME", "s$HOME"),
        // A quoted value of another program may be several lines long, with `=` and `#` in them.
        ("PEM=\"-----BEGIN\n# x\nA_SESSION_COOKIE_NAME=a\n-----END\"\nA_SESSION_COOKIE_NAME=sid", "sid"),
        ("TEXT=\"a \\\"b\\\" c\"\nA_SESSION_COOKIE_NAME=sid", "sid"),
        // In single quotes, a backslash is a character as any other.
        ("FOLDER='C:\\'\nA_SESSION_COOKIE_NAME=sid", "sid"),
    ]) {
        assert_eq!(cookie_name(&format!("read-{number}"), line), expected, "{line:?}");
    }
}

#[test]
fn a_name_that_stands_twice_is_refused_with_both_lines() {
    let twice = |text: &str| doctor("twice", text).error().to_owned();
    let found = twice(&format!("A_SESSION_ENCRYPTION_KEY={KEY}\n\nexport A_SESSION_ENCRYPTION_KEY='{OTHER_KEY}'\n"));
    assert!(
        found.ends_with("lines 1 and 3 set the same variable, and programs disagree on which one counts"),
        "{found}"
    );
    // A quoted value of several lines counts as the lines that it has, and a commented line sets nothing.
    let found = twice("PEM=\"1\n2\n3\"\n# B=1\nB=1\nB=1\n");
    assert!(found.contains("lines 5 and 6 set"), "{found}");
    // Names are compared as the system compares them.
    assert!(doctor("twice", &format!("a=1\nA=1\nA_SESSION_ENCRYPTION_KEY={KEY}\n")).json(0)["problems"].is_null());
}

#[test]
fn rotate_prints_no_stage_of_a_file_that_sets_the_key_twice() {
    let path = file("rotate-twice.env", &format!("{0}={OTHER_KEY}\n{0}={KEY}\n", WITH_KEY.0), 0o600);
    let run = run(&["rotate", "--env-file", path.to_str().unwrap()], &[]);
    assert!(run.error().contains("lines 1 and 2 set the same variable"), "{}", run.stderr);
}

#[test]
fn a_line_that_programs_read_differently_is_refused_and_not_repeated() {
    for (text, expected) in [
        ("A=1\nhunter2\n", "line 2 must be NAME=VALUE"),
        ("=hunter2", "line 1 must be NAME=VALUE"),
        ("export =hunter2", "line 1 must be NAME=VALUE"),
        ("hunter2 A=1", "line 1 must be NAME=VALUE"),
        ("\n\nA='1' hunter2", "line 3 has text behind the quoted value"),
        ("A=\"1\"\"hunter2\"", "line 1 has text behind the quoted value"),
        ("A=1\nB='hunter2\nC=1\n", "line 2 opens a quote that is never closed"),
        ("A=\"hunter2\\\"", "line 1 opens a quote that is never closed"),
    ] {
        let run = doctor("odd", text);
        assert!(run.error().ends_with(expected) && !run.stderr.contains("hunter2"), "{text:?}: {}", run.stderr);
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let path = file("latin1.env", "", 0o600);
    fs::write(&path, b"A=\xff\n").unwrap();
    let run = run(&["doctor", "--env-file", path.to_str().unwrap()], &[]);
    assert!(run.error().ends_with("can't be read: invalid data"), "{}", run.stderr);
}
