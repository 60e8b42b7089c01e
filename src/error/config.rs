//! Holds [`ConfigError`], which tells the operator why a configuration is refused. It names each setting and never
//! shows its value.

use std::error::Error;
use std::fmt;
use std::io;

use super::backend::BackendError;
use super::key::KeyError;

/// Everything that is wrong with a configuration, in one report.
///
/// ```
/// use sealed_session::{Key, SessionConfig};
/// let error = SessionConfig::new(Key::generate()?)
///     .cookie_name("two words")
///     .path("shop")
///     .build()
///     .unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// assert_eq!(format!("{error:?}"), error.to_string(), "this is what a `main` that returns it prints");
/// # Ok::<(), sealed_session::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

impl ConfigError {
    /// Makes a report of the problems, of which there must be at least one.
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// Returns the problems in the order of the settings. There is at least one.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let error = SessionConfig::new(Key::generate()?).padding_block(0).path("shop").build().unwrap_err();
    /// let settings: Vec<_> = error.problems().iter().map(|problem| problem.setting()).collect();
    /// assert_eq!(settings, ["path", "padding_block"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session configuration is refused")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Reads like the `Display`, since a `main` that returns this error prints its `Debug`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ConfigError {}

/// One thing that is wrong with a configuration. It names the setting and says what the setting takes, and never shows
/// its value, except for the path of a file or of a store that can't be opened.
///
/// ```
/// use sealed_session::{Key, SessionConfig};
/// let error = SessionConfig::new(Key::generate()?).padding_block(0).build().unwrap_err();
/// assert_eq!(error.problems()[0].to_string(), "padding_block: takes 1 to 1024 bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    setting: String,
    kind: ProblemKind,
}

impl ConfigProblem {
    pub(crate) fn new(setting: impl Into<String>, kind: ProblemKind) -> Self {
        Self { setting: setting.into(), kind }
    }

    /// Returns the name of the setting: a method of [`SessionConfig`](crate::SessionConfig) such as `cookie_name`, or
    /// an environment variable.
    ///
    /// ```
    /// use sealed_session::SessionConfig;
    /// let error = SessionConfig::from_vars("SHOP_", [("PATH", "/bin")]).unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "SHOP_SESSION_ENCRYPTION_KEY");
    /// ```
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// Returns the kind of the problem.
    ///
    /// ```
    /// use sealed_session::{Key, ProblemKind, SessionConfig};
    /// let error = SessionConfig::new(Key::generate()?).padding_block(0).build().unwrap_err();
    /// assert_eq!(error.problems()[0].kind(), &ProblemKind::Invalid { takes: "1 to 1024 bytes" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> &ProblemKind {
        &self.kind
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from the environment, and whoever sets that can put any character into it.
        write!(f, "{}: {}", self.setting.escape_debug(), self.kind)
    }
}

/// The ways in which a setting can be wrong.
///
/// ```
/// use sealed_session::{KeyError, ProblemKind, SessionConfig};
/// let error = SessionConfig::from_vars("SHOP_", [("SHOP_SESSION_ENCRYPTION_KEY", "cafe")]).unwrap_err();
/// assert_eq!(error.problems()[0].kind(), &ProblemKind::Key(KeyError::Length { found: 4 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The setting is required and was not given.
    Missing {
        /// The values that the setting takes, in words.
        takes: &'static str,
    },
    /// The value is not one that the setting takes.
    Invalid {
        /// The values that the setting takes, in words.
        takes: &'static str,
    },
    /// The value contradicts another setting, and would be fine alone.
    Conflict {
        /// The rule that both settings must keep.
        rule: &'static str,
    },
    /// The value, or one of the keys in a list, has quotes around it. Some programs that read files of variables drop
    /// them and others keep them, so they are refused.
    Quoted,
    /// The key is refused.
    Key(KeyError),
    /// One of the previous keys is refused.
    PreviousKey {
        /// The place of the key in the list, counted from 1.
        number: usize,
        /// The reason.
        error: KeyError,
    },
    /// The file named by a `..._FILE` variable can't be read.
    File {
        /// The path of the file. `None` when it may be a key that was put into the wrong variable.
        path: Option<String>,
        /// The reason. [`InvalidData`](io::ErrorKind::InvalidData) means that the file is not UTF-8 text.
        kind: io::ErrorKind,
    },
    /// The store, or the list of revocations, that the setting names can't be opened.
    Backend(BackendError),
    /// The setting needs a feature that this build of the crate lacks.
    NeedsFeature {
        /// The feature that is missing.
        feature: &'static str,
    },
    /// The crate knows no environment variable of this name.
    UnknownVariable {
        /// The known variable that was most likely meant. `None` when no name is near.
        nearest: Option<String>,
    },
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { takes } => write!(f, "is required: {takes}"),
            Self::Invalid { takes } => write!(f, "takes {takes}"),
            Self::Conflict { rule } => f.write_str(rule),
            Self::Quoted => f.write_str("has quotes around its value, or around a key in it: leave them out"),
            Self::Key(error) => error.fmt(f),
            Self::PreviousKey { number, error } => write!(f, "previous key number {number}: {error}"),
            Self::File { path, kind } => {
                match kind {
                    io::ErrorKind::InvalidData => f.write_str("names a file that is not UTF-8 text")?,
                    _ => write!(f, "names a file that can't be read: {kind}")?,
                }
                match path {
                    Some(path) => write!(f, ": {}", shown_path(path)),
                    None => f.write_str("; the path is not shown, since it looks like a key"),
                }
            }
            Self::Backend(error) => {
                write!(f, "names a store that can't be opened: it {}: {}", error.kind().text(), error.message())
            }
            Self::NeedsFeature { feature } => write!(f, "needs {feature}"),
            Self::UnknownVariable { nearest: None } => f.write_str("is not a known variable"),
            Self::UnknownVariable { nearest: Some(nearest) } => {
                write!(f, "is not a known variable; did you mean {}?", nearest.escape_debug())
            }
        }
    }
}

/// Returns a path with its control characters escaped, for a terminal or a log. The `\` of Windows stays as it is.
fn shown_path(path: &str) -> String {
    path.escape_debug().to_string().replace(r"\\", r"\")
}
