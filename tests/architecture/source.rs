//! Reads what one file of `src/` names: the paths in its imports and in its code, and the modules that it declares.

use std::ops::Range;

use crate::lexer::{Token, tokens};
use crate::reader::Reader;
use crate::test_items::test_items;

/// A file of `src/`.
#[derive(Debug)]
pub(crate) struct Source {
    /// As a finding shows it: `src/session/state.rs`.
    pub(crate) path: String,
    /// `["session", "state"]`; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// The folder under `src/`, or the file beside the folders.
    pub(crate) room: String,
    /// The modules that are declared to be files of their own, and whether each is for tests only.
    pub(crate) children: Vec<(String, bool)>,
    pub(crate) names: Vec<Name>,
    pub(crate) tokens: Vec<Token>,
    /// True if the first line of text is documentation of the module.
    pub(crate) is_documented: bool,
    /// The tokens that are compiled for tests only.
    tests: Vec<Range<usize>>,
}

/// A path that the file names.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// From `crate` if it is inside of this crate, else from the name of the other crate.
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) is_test: bool,
    /// The name that a `use` gives it in this file; `None` for a path in code.
    pub(crate) bound: Option<String>,
}

impl Name {
    /// Returns the path behind `crate`; `None` when it leads to another crate.
    pub(crate) fn inside(&self) -> Option<&[String]> {
        self.path.strip_prefix(&["crate".to_owned()])
    }

    /// Returns the path from the name of another crate; `None` when it leads into this one.
    pub(crate) fn outside(&self) -> Option<&[String]> {
        self.inside().is_none().then_some(&self.path)
    }
}

impl Source {
    /// Reads a file; `path` is below `src/`.
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let module: Vec<String> = match stem {
            "lib" => Vec::new(),
            stem => stem.split('/').map(str::to_owned).collect(),
        };
        let tokens = tokens(text);
        let mut source = Self {
            path: format!("src/{path}"),
            room: module.first().map_or("lib", String::as_str).to_owned(),
            module,
            children: Vec::new(),
            names: Vec::new(),
            tests: test_items(&tokens),
            tokens,
            is_documented: text.trim_start().starts_with("//!"),
        };
        Reader::read(&mut source);
        source
    }

    /// True for a token that is compiled for tests only.
    pub(crate) fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }
}
