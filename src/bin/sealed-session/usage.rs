//! Writes help, and says in one line which argument is wrong.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::outcome::{Failure, Output, Result};

/// Turns help into output, and a wrong argument into an error of one line. The line repeats no text that may be a key
/// or a cookie.
pub(crate) fn explain(error: &clap::Error) -> Result {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return Ok(Output::fine(text));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(Failure::new("a command is required; try '--help'"));
    }
    // The words by which the parts of the text are found are changed with the text: an argument may be in one of them.
    let mut parts = [&*text, "error: ", "Usage:", "For more information"].map(str::to_owned);
    let is_unknown = error.kind() == ErrorKind::UnknownArgument;
    for (kind, value) in error.context() {
        let ContextValue::String(value) = value else { continue };
        let is_given = match kind {
            ContextKind::InvalidValue => true,
            ContextKind::InvalidArg => is_unknown && (!value.starts_with('-') || value.len() > LONGEST_NAME),
            ContextKind::InvalidSubcommand => value.len() > LONGEST_NAME,
            _ => false,
        };
        if is_given && !value.is_empty() {
            parts = parts.map(|part| part.replace(value.as_str(), "…"));
        }
    }
    // An argument may have several lines, so it is taken out before the lines are joined.
    let [text, error, usage, more] = &parts;
    let is_ours = |line: &&str| !line.starts_with(usage) && !line.starts_with(more);
    let lines = text.lines().take_while(is_ours).map(str::trim).filter(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    Err(Failure::new(format_args!("{}; try '--help'", line.strip_prefix(error).unwrap_or(&line))))
}

/// In bytes. A longer name is not a misspelt option or command, so it may be a key or a cookie.
const LONGEST_NAME: usize = "--browser-session".len();
