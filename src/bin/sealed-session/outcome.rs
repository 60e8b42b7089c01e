//! The result of a command: a text for standard output and an exit code, or lines for standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use sealed_session::ConfigError;
use zeroize::Zeroizing;

use crate::object::printable;

/// The text for standard output, the warning for standard error, and the verdict that becomes the exit code.
pub(crate) struct Output {
    pub(crate) verdict: Verdict,
    warning: Option<String>,
    /// Wiped from memory when it is dropped, since `keygen` and `rotate` print keys.
    text: Zeroizing<String>,
}

impl Output {
    pub(crate) fn new(verdict: Verdict, text: impl Into<Zeroizing<String>>) -> Self {
        Self { verdict, warning: None, text: text.into() }
    }

    pub(crate) fn fine(text: impl Into<Zeroizing<String>>) -> Self {
        Self::new(Verdict::Fine, text)
    }

    /// Adds one line for standard error, which does not change the exit code.
    pub(crate) fn with_warning(self, warning: Option<String>) -> Self {
        Self { warning, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Fine,
    Doubtful,
    Wrong,
}

impl Verdict {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Doubtful => 1,
            Self::Wrong => 2,
        }
    }
}

/// The lines for standard error, one for each thing that is wrong.
#[derive(Debug)]
pub(crate) struct Failure(Vec<String>);

impl Failure {
    pub(crate) fn new(line: impl Display) -> Self {
        Self(vec![line.to_string()])
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(error.problems().iter().map(ToString::to_string).collect())
    }
}

pub(crate) type Result<T = Output, E = Failure> = std::result::Result<T, E>;

/// Writes the output or the failure, and returns the exit code.
pub(crate) fn write(result: Result) -> ExitCode {
    let written = result.and_then(|output| {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(output.text.as_bytes()).and_then(|()| stdout.flush()) {
            // A closed pipe is no error: its reader has read enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format_args!("standard output can't be written: {}", error.kind())))
            }
            _ => {
                if let Some(warning) = output.warning {
                    complain(&format!("warning: {warning}"));
                }
                Ok(output.verdict)
            }
        }
    });
    let verdict = written.unwrap_or_else(|Failure(lines)| {
        for line in lines {
            complain(&line);
        }
        Verdict::Wrong
    });
    ExitCode::from(verdict.exit_code())
}

/// Writes one line to standard error. A line may name what a file or an argument holds.
fn complain(line: &str) {
    // If standard error is closed, there is nowhere left to say so.
    let _ = writeln!(io::stderr(), "sealed-session: {}", printable(line));
}
