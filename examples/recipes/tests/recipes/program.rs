//! Starts a program on a port of its own, and ends it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The key of every program.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A running program. It ends when the value is dropped.
pub struct Program {
    pub address: String,
    child: Child,
    clock: PathBuf,
    /// The read end of the program's standard output.
    stdout: BufReader<ChildStdout>,
}

impl Program {
    /// Starts a program with these variables, and no others but its key, its port and its clock.
    pub fn start(path: &str, vars: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let clock = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("clock-{}-{number}", std::process::id()));
        fs::write(&clock, "0").unwrap();
        let mut command = Command::new(path);
        command.env_clear().env("PORT", "0").env("TIDEWAY_SESSION_ENCRYPTION_KEY", KEY).envs(vars.iter().copied());
        let mut child = command.env("CLOCK_OFFSET_FILE", &clock).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("Listening on http://").map(str::to_owned);
        let program = Self { address: address.unwrap_or_default(), child, clock, stdout };
        assert!(!program.address.is_empty(), "{path} did not start: {line}");
        program
    }

    /// Waits for the next line that the program prints.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sets the clock of the program to `seconds` ahead of the system's.
    pub fn set_clock_ahead(&self, seconds: u64) {
        // A rename, so that the program never reads half of it.
        let new = self.clock.with_extension("new");
        fs::write(&new, seconds.to_string()).unwrap();
        fs::rename(new, &self.clock).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.clock);
    }
}
