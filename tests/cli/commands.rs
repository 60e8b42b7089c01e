//! The rules of all commands: arguments, errors, help, and that no key is printed.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::common::{FIRST, Run, THEN, WITH_KEY, command, file, run};
use crate::helpers::{KEY, OTHER_KEY};

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
        // A name is repeated if it is no longer than the longest option: a longer one may be a key.
        (&["mint", "--browser-sessiom"], "unexpected argument '--browser-sessiom' found"),
        (&["mint", "--browser-sessions"], "unexpected argument '…' found"),
        (&["inspect-my-cookie"], "unrecognized subcommand 'inspect-my-cookie'"),
        (&["inspect-my-cookies"], "unrecognized subcommand '…'"),
        (&["doctor", "--env-file", "C:\\keys\\\u{202e}.env"], "C:\\keys\\\\u202e.env can't be read"),
        (&["inspct\u{202e}"], "unrecognized subcommand 'inspct\\u202e'"),
        (&["doctor", "--env-file", "/nowhere/.env"], "/nowhere/.env can't be read: entity not found"),
    ] {
        let run = run(args, &[WITH_KEY]);
        assert!(run.error().contains(expected), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_wrong_argument_of_several_lines_is_not_repeated_either() {
    let keys = format!("{KEY}\n{OTHER_KEY}");
    let json = "{\n  \"pass\": \"hunter2\"\n}";
    for args in [
        &["doctor", &keys][..],
        &["keygen", &keys],
        &["completions", &keys],
        &["rotate", "--stage", &keys],
        &["doctor", "--allow", &keys],
        &["doctor", &format!("--json={keys}")],
        &[&keys],
        &["mint", "{}", json],
        &["mint", "{}", "--schema", json],
        &["inspect", FIRST, "Usage:\nhunter2"],
    ] {
        let run = run(args, &[WITH_KEY]);
        assert!(run.error().contains('…'), "{args:?}: {}", run.stderr);
        let shown = [KEY, OTHER_KEY, "hunter2", "pass"].iter().any(|secret| run.stderr.contains(secret));
        assert!(!shown, "{args:?}: {}", run.stderr);
    }
}

#[test]
fn an_argument_that_is_a_part_of_the_words_of_an_error_adds_nothing_to_it() {
    for argument in ["sage", "Usage:", "error", "mor", "e"] {
        let run = run(&["keygen", argument], &[]);
        let error = run.error();
        assert!(error.ends_with("'…' found; try '--help'"), "{argument}: {error}");
        assert!(!error.contains("rror"), "{argument}: {error}");
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
fn a_file_that_is_there_is_never_written_over() {
    for args in [&["keygen"][..], &["keygen", "--env"], &["rotate"]] {
        let path = file("kept.key", OTHER_KEY, 0o644);
        let run = run(&[args, &["--out", path.to_str().unwrap()]].concat(), &[WITH_KEY]);
        assert!(run.error().ends_with("cli-kept.key exists already, and is left as it is"), "{}", run.stderr);
        assert_eq!(fs::read_to_string(path).unwrap(), OTHER_KEY);
    }
}

#[test]
fn a_key_that_can_not_be_written_is_an_error_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no").join("key");
    for command in ["keygen", "rotate"] {
        let run = run(&[command, "--out", path.to_str().unwrap()], &[WITH_KEY]);
        assert!(run.error().ends_with("key can't be written: entity not found"), "{}", run.stderr);
    }
    // A folder, and a link that leads nowhere, are there as well.
    let run_into = |path: &std::path::Path| run(&["keygen", "--out", path.to_str().unwrap()], &[]);
    assert!(run_into(folder.path()).error().ends_with("exists already, and is left as it is"));
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("target"), &link).unwrap();
        assert!(run_into(&link).error().ends_with("exists already, and is left as it is"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the link");
    }
}

#[test]
fn no_help_tells_to_write_a_key_into_a_file_that_others_may_read() {
    let helps = ["--help", "keygen", "rotate"].map(|command| match command {
        "--help" => run(&["--help"], &[]),
        command => run(&[command, "--help"], &[]),
    });
    for help in helps {
        let has_redirection = help.text(0).lines().any(|line| {
            ["keygen", "rotate"].iter().any(|command| line.contains(&format!("sealed-session {command}")))
                && line.contains('>')
        });
        assert!(!has_redirection, "{}", help.stdout);
        assert!(help.stdout.contains("--out "), "{}", help.stdout);
    }
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
