//! `completions`: prints a completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Cli;
use crate::outcome::{Failure, Output, Result};

/// Print a completion script for a shell
///
/// Source it, or put it where the shell looks for completions.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  sealed-session completions bash >~/.local/share/bash-completion/completions/sealed-session
  sealed-session completions fish >~/.config/fish/completions/sealed-session.fish
  sealed-session completions zsh >~/.zfunc/_sealed-session"
)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result {
        // The script is written into memory first, since the generator panics when a write fails.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "sealed-session", &mut script);
        String::from_utf8(script).map(Output::fine).map_err(|_| Failure::new("the script is not UTF-8"))
    }
}
