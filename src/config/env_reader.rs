//! [`Reader`]: looks variables up by their names, with the prefix or without, and notes what is wrong with them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use crate::error::{ConfigProblem, ProblemKind};

/// The variables, and the problems found in them so far.
pub(crate) struct Reader<'p> {
    pub(crate) prefix: &'p str,
    pub(crate) vars: BTreeMap<OsString, OsString>,
    pub(crate) problems: Vec<ConfigProblem>,
}

/// A variable that is set: its full name, and its text without white space around it.
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The result of looking up a text that stands in a variable or in a file.
pub(crate) enum Text {
    Is(Var),
    Unset,
    /// The text is set, but could not be read; the problem was noted.
    Unreadable,
}

impl<'p> Reader<'p> {
    pub(crate) fn new<N: Into<OsString>, V: Into<OsString>>(
        prefix: &'p str,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { prefix, vars, problems: Vec::new() }
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.var(name).map(|var| var.text)
    }

    pub(crate) fn parse<T>(
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
    pub(crate) fn text_or_file(&mut self, name: &str, file_name: &str) -> Text {
        let [var, file] = [name, file_name].map(|name| self.is_set(name).then(|| self.name_of(name)));
        let has_prefix = |found: &Option<String>| found.as_ref().is_some_and(|found| found.starts_with(self.prefix));
        let (var, file) = match (has_prefix(&var), has_prefix(&file)) {
            (true, false) => (var, None),
            (false, true) => (None, file),
            _ => (var, file),
        };
        let found = match (var, file) {
            (None, None) => return Text::Unset,
            (Some(_), None) => self.var(name),
            (None, Some(_)) => self.file(file_name),
            (Some(_), Some(file)) => {
                let rule = "must not be set together with the variable that holds the text itself";
                self.problem(file, ProblemKind::Conflict { rule })
            }
        };
        found.map_or(Text::Unreadable, Text::Is)
    }

    fn file(&mut self, file_name: &str) -> Option<Var> {
        let Var { name, text: path } = self.var(file_name)?;
        match fs::read_to_string(Path::new(&path)) {
            Ok(text) => Some(Var { name, text: text.trim().to_owned() }),
            Err(error) => self.problem(name, ProblemKind::File(error.kind())),
        }
    }

    pub(crate) fn var(&mut self, name: &str) -> Option<Var> {
        let name = self.name_of(name);
        match self.vars.get(OsStr::new(&name))?.to_str() {
            Some(text) => Some(Var { name, text: text.trim().to_owned() }),
            None => self.problem(name, ProblemKind::Invalid { takes: "UTF-8 text" }),
        }
    }

    pub(crate) fn has_problem(&self, name: &str) -> bool {
        let name = self.name_of(name);
        self.problems.iter().any(|problem| problem.setting() == name)
    }

    fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(OsStr::new(&self.name_of(name)))
    }

    /// Returns the name under which a variable is set. A variable that is not set is named with the prefix.
    pub(crate) fn name_of(&self, name: &str) -> String {
        let full = format!("{}{name}", self.prefix);
        let is_bare = !self.vars.contains_key(OsStr::new(&full)) && self.vars.contains_key(OsStr::new(name));
        if is_bare { name.to_owned() } else { full }
    }

    pub(crate) fn problem<T>(&mut self, name: String, kind: ProblemKind) -> Option<T> {
        self.note(name, kind);
        None
    }

    pub(crate) fn note(&mut self, name: String, kind: ProblemKind) {
        self.problems.push(ConfigProblem::new(name, kind));
    }
}
