//! A program of examples/ in a process of its own, for tests that talk to it over TCP.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// An example that runs until this value is dropped.
pub(crate) struct Example {
    child: Child,
    pub(crate) address: String,
}

impl Example {
    /// Starts the example and waits until it has said where it listens.
    pub(crate) fn start(name: &str, vars: &[(&str, &str)]) -> Self {
        let mut child = command(name, vars).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map(Result::unwrap).find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
        Self { child, address: address.unwrap_or_else(|| panic!("{name} did not start")) }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example with these variables and no others, at a port that the system chooses.
pub(crate) fn command(name: &str, vars: &[(&str, &str)]) -> Command {
    // Cargo builds examples beside the folder that this test program is in.
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().unwrap().parent().unwrap().join("examples").join(format!("{name}{EXE_SUFFIX}"));
    assert!(example.exists(), "run `cargo build --example {name}` first, or all of `cargo test`");
    let mut command = Command::new(example);
    command.env_clear().env("PORT", "0").envs(vars.iter().copied());
    command
}
