//! Runs the command, and the variables, files and cookies that it gets.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sealed_session::{Key, SessionConfig, SessionData, SessionManager};
use serde_json::Value;

use crate::helpers::{KEY, at};

pub(crate) const WITH_KEY: (&str, &str) = ("TIDEWAY_SESSION_ENCRYPTION_KEY", KEY);
/// The cookies that docs/wire-format.md gives as known answers.
pub(crate) const FIRST: &str = "\
    AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWiPWKZd\
    7A0SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4ILuirQu3Z8m_hUtVkrl0Ys";
pub(crate) const SECOND: &str = "\
    AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld-xuZyQlDB3J8BiyQUkURDnrbM1zaL1k618V5njvKvqJUmR3ogKKwQ7O7Jaqjj\
    euzw";
/// A time at which the cookie `FIRST` is good.
pub(crate) const THEN: &str = "2023-11-15T00:00:00Z";

/// The exit code, the standard output and the standard error of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The output of a run that ended with this code and wrote no error.
    pub(crate) fn text(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (code, ""), "{}", self.stdout);
        &self.stdout
    }

    /// The output of a run that ended well and wrote one line of warning.
    pub(crate) fn warned(&self) -> (&str, &str) {
        assert_eq!(self.code, 0, "{}", self.stderr);
        let warning = self.stderr.strip_prefix("sealed-session: warning: ").unwrap().strip_suffix('\n').unwrap();
        assert!(!warning.contains('\n'), "{warning}");
        (&self.stdout, warning)
    }

    pub(crate) fn json(&self, code: i32) -> Value {
        let text = self.text(code);
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(text).unwrap()
    }

    /// The line of a run that failed with one line of error.
    pub(crate) fn error(&self) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        let line = self.stderr.strip_prefix("sealed-session: ").unwrap().strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line
    }
}

pub(crate) fn command(args: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealed-session"));
    command.args(args).env_clear().envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

pub(crate) fn run(args: &[&str], vars: &[(&str, &str)]) -> Run {
    Run::of(&command(args, vars).output().unwrap())
}

pub(crate) fn run_with_input(args: &[&str], vars: &[(&str, &str)], input: &[u8]) -> Run {
    let mut command = command(args, vars);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Run::of(&child.wait_with_output().unwrap())
}

/// Runs `inspect --json` with the key, at a time at which the cookie `FIRST` is good.
pub(crate) fn inspect(input: &str, more: &[&str], code: i32) -> Value {
    run(&[&["inspect", "--json", "--at", THEN, input], more].concat(), &[WITH_KEY]).json(code)
}

/// The only cookie of a report.
pub(crate) fn only(report: &Value) -> &Value {
    let cookies = report["cookies"].as_array().unwrap();
    assert_eq!(cookies.len(), 1, "{report}");
    &cookies[0]
}

/// Writes a file of this name, which no other test uses, with this text.
pub(crate) fn file(name: &str, text: &str, mode: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    fs::write(&path, text).unwrap();
    set_mode(&path, mode);
    path
}

/// The path of a file or folder that is not there, and whose name no other test uses.
pub(crate) fn unused(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    let _ = fs::remove_file(&path);
    assert!(!path.exists(), "{} is of another test", path.display());
    path
}

#[cfg(unix)]
pub(crate) fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Permissions are of Unix, so a test of them has nothing to compare elsewhere.
#[cfg(not(unix))]
pub(crate) fn mode_of(_: &Path) -> u32 {
    0o600
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}

/// The names and values of the variables in a file of them, without its comments.
pub(crate) fn variables(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('=').unwrap()).collect()
}

pub(crate) fn manager(vars: &[(&str, &str)]) -> SessionManager {
    SessionConfig::from_vars("TIDEWAY_", vars.iter().copied()).unwrap().build().unwrap()
}

/// A cookie under `KEY` that was sealed at `issued_at`.
pub(crate) fn cookie(issued_at: u64, change: impl FnOnce(&mut SessionData)) -> String {
    let mut data = SessionData::new(at(1_700_000_000), Duration::from_secs(86_400)).unwrap();
    data.set_times(at(1_700_000_000), at(issued_at), at(1_700_090_000)).unwrap();
    change(&mut data);
    let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).schema(data.schema());
    config.build_codec().unwrap().encode(&data).unwrap()
}
