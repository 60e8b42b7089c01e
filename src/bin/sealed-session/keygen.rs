//! `keygen`: makes a fresh key.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::keys::Digits;
use crate::outcome::{Output, Result};
use crate::secret_file;
use crate::vars::KEY;

/// Print a fresh key: 64 hexadecimal digits from the operating system's random number generator
///
/// Whoever has the key can read and make every session: keep the output out of logs and out of
/// version control. With --out it goes into a new file that only its owner can read (on Unix).
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  sealed-session keygen --out session-key   # for TIDEWAY_SESSION_ENCRYPTION_KEY_FILE=session-key
  sealed-session keygen --env --out .env"
)]
pub(crate) struct Keygen {
    /// Print an environment line, and the key's id (no secret) in a comment above it
    #[arg(long)]
    env: bool,
    /// What the name of the variable begins with
    #[arg(long, value_name = "PREFIX", default_value = "TIDEWAY_", requires = "env")]
    prefix: String,
    /// Write into FILE, which must not exist, and print the key's id
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Keygen {
    pub(crate) fn run(&self) -> Result {
        let key = Digits::generate()?;
        let digits = key.text.as_str();
        let text = Zeroizing::new(if self.env {
            format!("# key id {}\n{}{KEY}={digits}\n", key.id, self.prefix)
        } else {
            format!("{digits}\n")
        });
        let Some(path) = &self.out else { return Ok(Output::fine(text)) };
        secret_file::create(path, &text)?;
        Ok(Output::fine(format!("# key id {}\n", key.id)))
    }
}
