//! Reads the text of a file of variables, as the programs that read dotenv files do where they agree. Where they do
//! not, the file is refused: `doctor` would else judge a configuration that the application does not have.
//!
//! No crate does this. `dotenvy` expands `$NAME` by the environment of this process, which is not the application's,
//! and its errors repeat the line, which may hold a key.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// The fault of a text that is no list of variables. Its message repeats nothing of the text.
pub(crate) enum Fault {
    /// The line with this number is wrong.
    Line(usize, &'static str),
    /// These two lines set the same variable.
    Twice(usize, usize),
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number, what) => write!(f, "line {number} {what}"),
            Self::Twice(first, second) => {
                write!(f, "lines {first} and {second} set the same variable, and programs disagree on which one counts")
            }
        }
    }
}

/// Reads `NAME=VALUE` lines. A byte order mark at the start, empty lines, comment lines, `export` and white space
/// around names and values do not count. Nothing is expanded.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<&str, String>, Fault> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut values, mut numbers) = (BTreeMap::new(), BTreeMap::new());
    let mut number = 1_usize;
    while !rest.is_empty() {
        let (line, below) = first_line(rest);
        let is_skipped = line.trim().is_empty() || line.trim_start().starts_with('#');
        let after = if is_skipped {
            below
        } else {
            let wrong = |what| Fault::Line(number, what);
            let (name, _) = line.split_once('=').ok_or(wrong(NO_ASSIGNMENT))?;
            let name = without_export(name.trim_start()).trim();
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(wrong(NO_ASSIGNMENT));
            }
            let (_, behind) = rest.split_once('=').unwrap_or((rest, ""));
            let (value, after) = value(behind).map_err(wrong)?;
            if let Some(first) = numbers.insert(name, number) {
                return Err(Fault::Twice(first, number));
            }
            values.insert(name, value);
            after
        };
        let read = rest.strip_suffix(after).unwrap_or_default();
        number = number.saturating_add(read.matches('\n').count());
        rest = after;
    }
    Ok(values)
}

/// Reads the value that a text begins with, and returns what follows its line.
fn value(text: &str) -> Result<(String, &str), &'static str> {
    let mut inside = text.trim_start_matches(BLANK).chars();
    match inside.next() {
        Some(quote @ ('"' | '\'')) => quoted(inside.as_str(), quote),
        _ => Ok(plain(text)),
    }
}

/// Reads a value without quotes, which ends with its line or at a comment: a `#` behind white space.
fn plain(text: &str) -> (String, &str) {
    let (line, after) = first_line(text);
    let starts_comment = |at: &usize| line.get(..*at).is_some_and(|before| before.ends_with(BLANK));
    let end = line.match_indices('#').map(|(at, _)| at).find(starts_comment).unwrap_or(line.len());
    (line.get(..end).unwrap_or(line).trim().to_owned(), after)
}

/// Reads a value up to its closing quote, which may be lines further down. In double quotes, `\n` and `\r` are the end
/// of a line, and a backslash before `"`, `\`, `$` or a backtick is not part of the value.
fn quoted(text: &str, quote: char) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            char if char == quote => {
                let (behind, after) = first_line(chars.as_str());
                let behind = behind.trim();
                let is_comment = behind.is_empty() || behind.starts_with('#');
                return if is_comment { Ok((value, after)) } else { Err("has text behind the quoted value") };
            }
            '\\' if quote == '"' => match chars.next() {
                Some(escaped @ ('"' | '\\' | '$' | '`')) => value.push(escaped),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            char => value.push(char),
        }
    }
    Err("opens a quote that is never closed")
}

fn without_export(name: &str) -> &str {
    name.strip_prefix("export").filter(|rest| rest.starts_with(BLANK)).map_or(name, str::trim_start)
}

fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

const BLANK: [char; 2] = [' ', '\t'];
const NO_ASSIGNMENT: &str = "must be NAME=VALUE";
