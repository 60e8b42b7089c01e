//! Acts that this crate gives nobody a way to do.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use sealed_session::{ConfigProblem, Key, SessionConfig};
use serde::{Deserialize, Serialize};

use crate::common::{FIRST_KEY, key};

/// Tells of a type whether it has a trait: the constant of an `impl` that fits comes before that of a trait.
macro_rules! has {
    ($type:ty: $bound:path) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "is there for the types that lack the trait")]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T> Otherwise for Probe<T> {}
        #[allow(dead_code, reason = "is there for the types that have the trait")]
        impl<T: $bound> Probe<T> {
            const HAS: bool = true;
        }
        Probe::<$type>::HAS
    }};
}

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn a_key_can_not_be_printed_cloned_or_serialized() {
    assert!([has!(String: Clone), has!(String: Display), has!(String: Serialize)].iter().all(|has| *has));
    let has = [has!(Key: Clone), has!(Key: Display), has!(Key: Serialize), has!(Key: Deserialize<'static>)];
    assert_eq!(has, [false; 4]);
}

/// The gate compares this file with the code.
#[test]
fn the_public_api_takes_no_nonce_and_makes_a_key_of_32_bytes_alone() {
    let api = file("tests/public-api.txt");
    let of_keys: Vec<&str> = api.lines().filter_map(|line| line.strip_prefix("pub fn sealed_session::Key::")).collect();
    let makes_one = |line: &&&str| line.contains("-> core::result::Result<Self, ");
    let makers: Vec<&str> = of_keys.iter().filter(makes_one).filter_map(|line| line.split(" ->").next()).collect();
    assert_eq!(makers, ["from_bytes(&[u8; 32])", "from_hex(&str)", "generate()"]);
    for word in ["nonce", "password", "passphrase"] {
        let lines: Vec<&str> = api.lines().filter(|line| line.to_lowercase().contains(word)).collect();
        assert_eq!(lines, [""; 0], "{word}");
    }
}

#[test]
fn the_crate_forbids_unsafe_code() {
    assert!(file("src/lib.rs").contains("\n#![forbid(unsafe_code)]\n"));
    assert!(file("Cargo.toml").contains("unsafe_code = \"forbid\""), "for the command");
}

/// Builds a configuration in this process, and in another one whose environment says that it is production: a process
/// cannot set variables of its own without unsafe code.
#[test]
fn a_configuration_for_development_is_built_everywhere_but_in_production() {
    const THIS: &str = "secrets::a_configuration_for_development_is_built_everywhere_but_in_production";
    let built = SessionConfig::new(key(FIRST_KEY)).insecure_dev().build();
    if std::env::var_os("APP_ENV").is_some_and(|value| value == "production") {
        let error = built.map(drop).unwrap_err();
        assert_eq!(error.problems().iter().map(ConfigProblem::setting).collect::<Vec<_>>(), ["insecure_dev"]);
        return;
    }
    assert!(built.is_ok());
    let mut other = std::process::Command::new(std::env::current_exe().unwrap());
    let output = other.args(["--exact", THIS]).env("APP_ENV", "production").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
