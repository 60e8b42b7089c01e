//! `sealed-session`: makes and rotates keys, shows and makes cookies, and checks a configuration.
//!
//! Each command is a module that returns the text to print. Only `main` writes it, by way of [`outcome`]. Transcripts
//! of the commands are in `docs/cli.md`.

mod candidates;
mod completions;
mod doctor;
mod doubts;
mod env_file;
mod facts;
mod inspect;
mod instant;
mod judge;
mod keygen;
mod keys;
mod mint;
mod object;
mod outcome;
mod rotate;
mod secret_file;
mod shown;
mod sight;
mod usage;
mod vars;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keys, cookies and configurations of stateless sessions in encrypted cookies.
///
/// The commands read the variables that the application reads, `TIDEWAY_SESSION_...`, from the
/// process environment or, with --env-file, from a file.
#[derive(Debug, Parser)]
#[command(name = "sealed-session", version, verbatim_doc_comment, after_long_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Keygen),
    Rotate(rotate::Rotate),
    Inspect(inspect::Inspect),
    Mint(mint::Mint),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

const AFTER_HELP: &str = "\
Exit codes:
  0  fine
  1  inspect: no cookie would be accepted; doctor: something is doubtful
  2  wrong: the arguments, the environment, the input, or the output could not be written

Errors go to standard error, one line each. Only keygen and rotate print keys, on standard output
or into the file that --out names. No command opens the store that the variables name.

Examples:
  sealed-session keygen --env --out .env
  sealed-session doctor --env-file .env
  sealed-session mint '{\"user_id\":42}' --env-file .env
  curl -si https://example.com | sealed-session inspect --env-file .env";

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => match cli.command {
            Command::Keygen(command) => command.run(),
            Command::Rotate(command) => command.run(),
            Command::Inspect(command) => command.run(),
            Command::Mint(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Completions(command) => command.run(),
        },
        Err(error) => usage::explain(&error),
    };
    outcome::write(result)
}
