//! [`Vars`]: the variables that a command reads, from the process environment or from a file.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use sealed_session::{ConfigError, SessionConfig};
use zeroize::Zeroizing;

use crate::outcome::{Failure, Result};

pub(crate) const KEY: &str = "SESSION_ENCRYPTION_KEY";
pub(crate) const PREVIOUS_KEYS: &str = "SESSION_PREVIOUS_KEYS";

/// The options that say from where the variables are read.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Read the variables from FILE (lines of NAME=VALUE), not from the process environment
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// What the names of the variables begin with
    #[arg(long, value_name = "PREFIX", default_value = "TIDEWAY_")]
    pub(crate) prefix: String,
}

#[derive(Clone)]
pub(crate) struct Vars {
    pub(crate) prefix: String,
    pub(crate) env_file: Option<PathBuf>,
    by_name: BTreeMap<OsString, OsString>,
}

/// A text that a variable holds, or that stands in the file which a variable names.
pub(crate) struct Found {
    /// The variable that holds the text. For a file, this is its name without `_FILE`.
    pub(crate) name: String,
    pub(crate) text: Zeroizing<String>,
    pub(crate) file: Option<PathBuf>,
}

impl Vars {
    pub(crate) fn read(source: &Source) -> Result<Self> {
        let by_name = match &source.env_file {
            Some(path) => read_file(path)?,
            None => env::vars_os().collect(),
        };
        Ok(Self { prefix: source.prefix.clone(), env_file: source.env_file.clone(), by_name })
    }

    /// Makes the configuration that the application would read. When a key is made up, the library prints no warning
    /// here.
    pub(crate) fn config(&self) -> Result<SessionConfig, ConfigError> {
        SessionConfig::from_vars(&self.prefix, self.by_name.clone())
    }

    /// Returns these variables with one more set, under its full name.
    pub(crate) fn with(mut self, name: String, text: &str) -> Self {
        self.by_name.insert(name.into(), text.into());
        self
    }

    /// Returns these variables without `name` and `name_FILE`, each with the prefix and without.
    pub(crate) fn without(mut self, name: &str) -> Self {
        for name in [name.to_owned(), format!("{name}_FILE")] {
            self.by_name.remove(OsStr::new(&name));
            self.by_name.remove(OsStr::new(&self.full(&name)));
        }
        self
    }

    pub(crate) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the text of a variable, or of the file that `name_FILE` names. Looks under the name with the prefix
    /// first, then without it, as the library does.
    pub(crate) fn text_or_file(&self, name: &str) -> Option<Found> {
        [self.full(name), name.to_owned()].into_iter().find_map(|name| {
            if let Some(text) = self.text(&name) {
                return Some(Found { name, text, file: None });
            }
            let path = self.file(&name)?;
            let text = Zeroizing::new(fs::read_to_string(&path).ok()?);
            Some(Found { name, text, file: Some(path) })
        })
    }

    /// Returns the file that holds the text of a variable, whether it can be read or not.
    pub(crate) fn file_of(&self, name: &str) -> Option<PathBuf> {
        [self.full(name), name.to_owned()].iter().find_map(|name| self.file(name))
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        Some(PathBuf::from(&*self.text(&format!("{name}_FILE"))?))
    }

    fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        let text = self.by_name.get(OsStr::new(name))?.to_str()?;
        Some(Zeroizing::new(text.trim().to_owned()))
    }
}

fn read_file(path: &Path) -> Result<BTreeMap<OsString, OsString>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format_args!("{} can't be read: {}", shown.escape_debug(), error.kind())))?;
    let text = Zeroizing::new(text);
    let mut vars = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| {
            // The message does not show the line, since it may be a key.
            Failure::new(format_args!("{}: line {number} must be NAME=VALUE", shown.escape_debug()))
        })?;
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        vars.insert(name.into(), unquoted(value.trim()).into());
    }
    Ok(vars)
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}
