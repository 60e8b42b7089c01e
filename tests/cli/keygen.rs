//! The command `keygen`.

use sealed_session::Key;

use crate::common::{mode_of, run, unused, variables};

#[test]
fn keygen_prints_a_key_that_the_library_takes_and_never_the_same_one() {
    let keys = [(); 2].map(|()| run(&["keygen"], &[]).text(0).to_owned());
    let ids = keys.map(|key| Key::from_hex(key.strip_suffix('\n').unwrap()).unwrap().id());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn keygen_out_makes_a_file_that_only_its_owner_reads_and_prints_no_key() {
    for (name, args, lines) in [("plain.key", &[][..], 1), ("env.key", &["--env"], 2)] {
        let path = unused(name);
        let run = run(&[&["keygen", "--out", path.to_str().unwrap()], args].concat(), &[]);
        let text = std::fs::read_to_string(&path).unwrap();
        let key = Key::from_hex(text.trim_end().rsplit('=').next().unwrap().rsplit('\n').next().unwrap()).unwrap();
        assert_eq!(run.text(0), format!("# key id {}\n", key.id()));
        assert_eq!((text.lines().count(), mode_of(&path)), (lines, 0o600), "{name}");
    }
}

#[test]
fn keygen_env_prints_a_variable_with_the_id_of_the_key_above_it() {
    let run = run(&["keygen", "--env", "--prefix", "SHOP_"], &[]);
    let [(name, digits)] = variables(run.text(0))[..] else { panic!("{}", run.stdout) };
    assert_eq!(name, "SHOP_SESSION_ENCRYPTION_KEY");
    let id = Key::from_hex(digits).unwrap().id();
    assert_eq!(run.stdout.lines().next().unwrap(), format!("# key id {id}"));
}
