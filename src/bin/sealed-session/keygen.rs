//! `keygen`: prints a fresh key.

use crate::keys::Digits;
use crate::outcome::{Output, Result};
use crate::vars::KEY;

/// Print a fresh key: 64 hexadecimal digits from the operating system's random number generator
///
/// Whoever has the key can read and make every session: keep the output out of logs and out of
/// version control.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  (umask 077; sealed-session keygen >session-key)
  sealed-session keygen --env >>.env"
)]
pub(crate) struct Keygen {
    /// Print an environment line, and the key's id (no secret) in a comment above it
    #[arg(long)]
    env: bool,
    /// What the name of the variable begins with
    #[arg(long, value_name = "PREFIX", default_value = "TIDEWAY_", requires = "env")]
    prefix: String,
}

impl Keygen {
    pub(crate) fn run(&self) -> Result {
        let key = Digits::generate()?;
        let digits = key.text.as_str();
        Ok(Output::fine(if self.env {
            format!("# key id {}\n{}{KEY}={digits}\n", key.id, self.prefix)
        } else {
            format!("{digits}\n")
        }))
    }
}
