//! The command `rotate`.

use sealed_session::{Key, SessionManager};

use crate::common::{WITH_KEY, file, manager, mode_of, run, unused, variables};
use crate::helpers::{KEY, OTHER_KEY};

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
fn rotate_out_makes_a_file_that_only_its_owner_reads_and_prints_the_comments_alone() {
    let path = unused("stage1.env");
    let run = run(&["rotate", "--out", path.to_str().unwrap()], &[WITH_KEY]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(variables(&text)[0], WITH_KEY);
    let comments: String = text.split_inclusive('\n').filter(|line| line.starts_with('#')).collect();
    assert_eq!(run.text(0), comments);
    assert!(comments.contains("Stage 1 of 3"), "{comments}");
    assert_eq!(mode_of(&path), 0o600);
}

#[test]
fn a_file_that_rotate_can_not_make_is_an_error_that_says_why() {
    let folder = unused("rotate-nowhere");
    for (path, reason) in [
        (folder.join("stage1.env"), "can't be written: entity not found"),
        // Its folder is there, and no file system takes a name as long as this one.
        (unused("rotate").with_file_name("n".repeat(300)), "can't be written: invalid filename"),
    ] {
        let run = run(&["rotate", "--out", path.to_str().unwrap()], &[WITH_KEY]);
        assert!(run.error().ends_with(reason), "{}", run.stderr);
    }
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
    let unknown = self::run(&["rotate", "--stage", "2", "--promote", "00000000"], &vars);
    assert_eq!(unknown.error(), "no previous key has the id that --promote gives");
}

#[test]
fn rotate_says_into_which_file_a_key_goes() {
    let path = file("rotated", KEY, 0o600);
    let run = run(&["rotate"], &[("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", path.to_str().unwrap())]);
    let note = format!("write the value of TIDEWAY_SESSION_ENCRYPTION_KEY to {} instead", path.display());
    assert!(run.text(0).contains(&note), "{}", run.stdout);
    assert_eq!(variables(&run.stdout)[0], WITH_KEY);
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
