//! [`Vars`]: the variables that a command reads, from the process environment or from a file.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use sealed_session::{ConfigError, EnvReader, SessionConfig};
use zeroize::Zeroizing;

use crate::env_file;
use crate::outcome::{Failure, Result};

pub(crate) const KEY: &str = "SESSION_ENCRYPTION_KEY";
pub(crate) const PREVIOUS_KEYS: &str = "SESSION_PREVIOUS_KEYS";
const BACKEND: &str = "SESSION_BACKEND";

/// The options that say from where the variables are read.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Read the variables from FILE (lines of NAME=VALUE), not from the process environment
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// What the names of the variables begin with
    #[arg(long, value_name = "PREFIX", default_value = "TIDEWAY_")]
    pub(crate) prefix: String,
    /// Take bare names too, as an application does that calls `EnvReader::or_bare`
    #[arg(long)]
    bare: bool,
}

#[derive(Clone)]
pub(crate) struct Vars {
    pub(crate) prefix: String,
    /// True when a name without the prefix counts where the one with the prefix is not set.
    reads_bare: bool,
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

/// A variable that is set under its name without the prefix.
pub(crate) struct Bare {
    pub(crate) name: &'static str,
    /// True when the application reads it.
    pub(crate) counts: bool,
}

impl Vars {
    pub(crate) fn read(source: &Source) -> Result<Self> {
        let by_name = match &source.env_file {
            Some(path) => read_file(path)?,
            None => env::vars_os().collect(),
        };
        let Source { env_file, prefix, bare } = source;
        Ok(Self { prefix: prefix.clone(), reads_bare: *bare, env_file: env_file.clone(), by_name })
    }

    /// Makes the configuration that the application would read, but for its store: that one is not opened, since this
    /// process may run as another user, on another machine, or without the store's feature. When a key is made up, the
    /// library prints no warning here.
    pub(crate) fn config(&self) -> Result<SessionConfig, ConfigError> {
        let reader = EnvReader::new(&self.prefix).without_backend();
        let reader = if self.reads_bare { reader.or_bare() } else { reader };
        reader.read_vars(self.by_name.clone())
    }

    /// Returns these variables with one more set, under its full name.
    pub(crate) fn with(mut self, name: String, text: &str) -> Self {
        self.by_name.insert(name.into(), text.into());
        self
    }

    /// Returns these variables without `name_FILE`, under every name that the application reads.
    pub(crate) fn without_file(mut self, name: &str) -> Self {
        for name in self.names(name) {
            self.by_name.remove(OsStr::new(&format!("{name}_FILE")));
        }
        self
    }

    /// Returns the variables that are set without the prefix. One of them counts if the application reads bare names
    /// and the same variable is not set with the prefix, nor the one that names its file, nor the one that is in it.
    pub(crate) fn bare(&self) -> Vec<Bare> {
        if self.prefix.is_empty() {
            return Vec::new();
        }
        let is_set = |name: &str| self.text(&self.full(name)).is_some();
        let counts = |name: &str| {
            let other = name.strip_suffix("_FILE").map_or_else(|| format!("{name}_FILE"), str::to_owned);
            self.reads_bare && !is_set(name) && !is_set(&other)
        };
        let set = EnvReader::bare_names().filter(|name| self.text(name).is_some());
        set.map(|name| Bare { name, counts: counts(name) }).collect()
    }

    /// Returns the backend that the variables name, such as `file`, in a configuration that the library has taken.
    pub(crate) fn backend(&self) -> String {
        let text = self.names(BACKEND).iter().find_map(|name| self.text(name));
        text.map_or_else(|| "cookie".to_owned(), |text| text.to_ascii_lowercase())
    }

    /// Returns the names under which the application looks for a variable, in order.
    fn names(&self, name: &str) -> Vec<String> {
        let bare = self.reads_bare.then(|| name.to_owned());
        iter::once(self.full(name)).chain(bare).collect()
    }

    pub(crate) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the text of a variable, or of the file that `name_FILE` names. Looks under the names that the library
    /// looks under.
    pub(crate) fn text_or_file(&self, name: &str) -> Option<Found> {
        self.names(name).into_iter().find_map(|name| {
            if let Some(text) = self.text(&name) {
                return Some(Found { name, text, file: None });
            }
            let path = self.file(&name)?;
            let text = Zeroizing::new(fs::read_to_string(&path).ok()?);
            let text = Zeroizing::new(trimmed(&text).to_owned());
            Some(Found { name, text, file: Some(path) })
        })
    }

    /// Returns the file that holds the text of a variable, whether it can be read or not.
    pub(crate) fn file_of(&self, name: &str) -> Option<PathBuf> {
        self.names(name).iter().find_map(|name| self.file(name))
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        Some(PathBuf::from(&*self.text(&format!("{name}_FILE"))?))
    }

    /// Returns the text of a variable. One that is empty is not set, as for the library.
    fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        let text = trimmed(self.by_name.get(OsStr::new(name))?.to_str()?);
        (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()))
    }
}

/// Returns a text without the white space and the byte order marks around it, as the library reads it.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

fn read_file(path: &Path) -> Result<BTreeMap<OsString, OsString>> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format_args!("{shown} can't be read: {}", error.kind())))?;
    let text = Zeroizing::new(text);
    let vars = env_file::parse(&text).map_err(|fault| Failure::new(format_args!("{shown}: {fault}")))?;
    Ok(vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}
