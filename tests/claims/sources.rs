//! The files of this crate, or some for a planted fault.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The text of each file that a claim may name, by its path from the root, with `/` between its parts.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: BTreeMap<String, String>,
    /// These are the files of the published package, which has no gate and no package of its own in it.
    pub(crate) is_published: bool,
}

impl Sources {
    pub(crate) fn of_this_crate() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Cargo adds this file to a package.
        let mut sources = Self { is_published: root.join("Cargo.toml.orig").exists(), ..Self::default() };
        for folder in ["src", "tests", "docs", "examples", "benches", ".ci"] {
            sources.add(root, &root.join(folder));
        }
        for page in ["README.md", "SECURITY.md"] {
            sources.files.insert(page.to_owned(), fs::read_to_string(root.join(page)).unwrap());
        }
        sources
    }

    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, is_published: false }
    }

    /// Adds every text below a folder. Folders of what Cargo or npm made are passed over.
    fn add(&mut self, root: &Path, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") && !path.ends_with("node_modules") {
                    self.add(root, &path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let parts: Vec<_> =
                    path.strip_prefix(root).unwrap().iter().map(|part| part.to_str().unwrap()).collect();
                self.files.insert(parts.join("/"), text);
            }
        }
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns whether there is such a file, or a folder with a file in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }
}
