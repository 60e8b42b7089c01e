//! [`Variables`]: looks variables up by their names, and notes what is wrong with them.
//!
//! Three rules hold for every variable. A variable that is empty, or holds only white space, is not set. White space
//! and a byte order mark around a value are not part of it. A value with quotes around it is refused, since whether
//! they are part of it depends on the program that read the file of variables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use zeroize::Zeroizing;

use super::secret::{Secret, read};
use crate::backend::ConfiguredClock;
use crate::error::{ConfigProblem, ProblemKind};

/// The variables that are set, and the problems found in them so far.
pub(super) struct Variables<'p> {
    pub(super) prefix: &'p str,
    /// True when a variable without the prefix counts where the one with the prefix is not set.
    pub(super) reads_bare: bool,
    /// True when the store that they name is opened, and false when its URL is only checked.
    pub(super) opens_store: bool,
    /// The clock of a list, or of a store in memory, that they name.
    pub(super) backend_clock: ConfiguredClock,
    pub(super) by_name: BTreeMap<OsString, Secret>,
    pub(super) problems: Vec<ConfigProblem>,
}

/// A variable that is set: its full name, and its text without white space around it. The text may be a key, so it is
/// wiped.
pub(super) struct Var {
    pub(super) name: String,
    pub(super) text: Zeroizing<String>,
}

/// The result of looking up a text that stands in a variable or in a file.
pub(super) enum Text {
    Is(Var),
    Unset,
    /// The text is set, but could not be read; the problem was noted.
    Unreadable,
}

impl<'p> Variables<'p> {
    /// Takes the variables but for the empty ones. Of two with one name, the later one counts. Bare names don't count,
    /// and the store is opened, unless the caller changes that.
    pub(super) fn new<N: Into<OsString>, V: Into<OsString>>(
        prefix: &'p str,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut by_name: BTreeMap<OsString, Secret> =
            vars.into_iter().map(|(name, value)| (name.into(), value.into().into())).collect();
        by_name.retain(|_, value| value.to_str().is_none_or(|text| !trimmed(text).is_empty()));
        Self {
            prefix,
            reads_bare: false,
            opens_store: true,
            backend_clock: ConfiguredClock::default(),
            by_name,
            problems: Vec::new(),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.var(name).map(|var| var.text.to_string())
    }

    pub(super) fn parse<T>(
        &mut self,
        name: &str,
        takes: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let var = self.var(name)?;
        match parse(&var.text) {
            Some(value) => Some(value),
            None => self.problem(var.name, ProblemKind::Invalid { takes }),
        }
    }

    /// Reads the text of the variable `name`, or of the file whose path is in the variable `file_name`. A variable with
    /// the prefix goes before one without it.
    pub(super) fn text_or_file(&mut self, name: &str, file_name: &str) -> Text {
        let [var, file] = [name, file_name].map(|name| self.is_set(name).then(|| self.name_of(name)));
        let has_prefix = |found: &Option<String>, name| *found == Some(self.full(name));
        let (var, file) = match (has_prefix(&var, name), has_prefix(&file, file_name)) {
            (true, false) => (var, None),
            (false, true) => (None, file),
            _ => (var, file),
        };
        let found = match (var, file) {
            (None, None) => return Text::Unset,
            (Some(_), None) => self.var(name),
            (None, Some(_)) => self.file(file_name, FILE_LIMIT),
            (Some(_), Some(file)) => {
                let rule = "must not be set together with the variable that holds the text itself";
                self.problem(file, ProblemKind::Conflict { rule })
            }
        };
        found.map_or(Text::Unreadable, Text::Is)
    }

    /// Reads the text of the file whose path is in a variable, if it is shorter than `limit`, in bytes.
    pub(super) fn file(&mut self, file_name: &str, limit: usize) -> Option<Var> {
        let Var { name, text: path } = self.var(file_name)?;
        match read(&path, limit) {
            Ok(text) => self.unquoted(name, &text),
            Err(error) => self.problem(name, ProblemKind::File { path: shown(&path), kind: error.kind() }),
        }
    }

    pub(super) fn var(&mut self, name: &str) -> Option<Var> {
        let name = self.name_of(name);
        match self.by_name.get(OsStr::new(&name))?.to_str().map(|text| Zeroizing::new(text.to_owned())) {
            Some(text) => self.unquoted(name, &text),
            None => self.problem(name, ProblemKind::Invalid { takes: "UTF-8 text" }),
        }
    }

    fn unquoted(&mut self, name: String, text: &str) -> Option<Var> {
        let text = trimmed(text);
        if is_quoted(text) {
            self.problem(name, ProblemKind::Quoted)
        } else {
            Some(Var { name, text: Zeroizing::new(text.to_owned()) })
        }
    }

    pub(super) fn has_problem(&self, name: &str) -> bool {
        let name = self.name_of(name);
        self.problems.iter().any(|problem| problem.setting() == name)
    }

    fn is_set(&self, name: &str) -> bool {
        self.by_name.contains_key(OsStr::new(&self.name_of(name)))
    }

    /// True when a variable is set without the prefix, and does not count.
    pub(super) fn is_set_bare_only(&self, name: &str) -> bool {
        !self.is_set(name) && self.by_name.contains_key(OsStr::new(name))
    }

    /// Returns the name under which a variable is set. A variable that is not set is named with the prefix.
    pub(super) fn name_of(&self, name: &str) -> String {
        let full = self.full(name);
        let is_bare = self.reads_bare
            && !self.by_name.contains_key(OsStr::new(&full))
            && self.by_name.contains_key(OsStr::new(name));
        if is_bare { name.to_owned() } else { full }
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn problem<T>(&mut self, name: String, kind: ProblemKind) -> Option<T> {
        self.note(name, kind);
        None
    }

    pub(super) fn note(&mut self, name: String, kind: ProblemKind) {
        self.problems.push(ConfigProblem::new(name, kind));
    }
}

/// Returns a text without the white space and the byte order marks around it. Editors of Windows write such a mark, and
/// the shell and `cat` keep it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// True when a text begins and ends with a quotation mark, of any kind.
pub(super) fn is_quoted(text: &str) -> bool {
    let is_quote =
        |character: char| "\"'`\u{2018}\u{2019}\u{201a}\u{201c}\u{201d}\u{201e}\u{ab}\u{bb}".contains(character);
    let mut characters = text.chars();
    characters.next().is_some_and(is_quote) && characters.next_back().is_some_and(is_quote)
}

/// Returns the path for a report. `None` when it may be a secret that was put into the wrong variable: when there are
/// 32 hexadecimal digits in a row, or when it is long and does not begin as a path does.
fn shown(path: &str) -> Option<String> {
    let is_hex = path.split(|character: char| !character.is_ascii_hexdigit()).any(|digits| digits.len() >= 32);
    let starts = ["/", "./", "../", "~", "\\", "$"];
    let is_path =
        starts.iter().any(|start| path.starts_with(start)) || path.get(1..).is_some_and(|rest| rest.starts_with(':'));
    let is_secret = is_hex || path.ends_with('=') || (path.len() >= 20 && !is_path);
    (!is_secret).then(|| path.to_owned())
}

/// The bytes of a thousand keys, as hexadecimal digits.
const FILE_LIMIT: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_count_as_a_pair_of_any_kind() {
        for text in ["\"a\"", "'a'", "`a`", "\u{201c}a\u{201d}", "\u{201e}a\u{201c}", "\u{ab}a\u{bb}", "\"a'", "\"\""] {
            assert!(is_quoted(text), "{text}");
        }
        for text in ["", "a", "\"", "\"a", "a\"", "a\"b\"c", "O'Neill"] {
            assert!(!is_quoted(text), "{text}");
        }
    }

    #[test]
    fn a_path_is_shown_and_what_may_be_a_key_in_its_place_is_not() {
        for path in [
            "/run/secrets/key",
            "key",
            "./a",
            "../a/b",
            "keys/session.key",
            "C:\\keys\\session.key.txt",
            // A name of 19 bytes is too short to be a secret.
            "keys/of/session.key",
            "~/session.key",
        ] {
            assert_eq!(shown(path).as_deref(), Some(path));
        }
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let listed = format!("{hex},{hex}");
        let below = format!("/{}", &hex[..32]);
        for secret in [
            hex,
            &listed,
            &below,
            &hex[..32],
            "keys/of/sessions.key",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "/AECAwQFBgcICQoL=",
        ] {
            assert_eq!(shown(secret), None, "{secret}");
        }
    }
}
