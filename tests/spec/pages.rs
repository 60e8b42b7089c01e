//! Pages of docs/ work in the folder and in rustdoc: src/_docs.rs has each of them, and each of their links.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages of docs/ and docs/recipes/, each with its name and its text, and SECURITY.md.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = |path: &str| fs::read_dir(root.join(path)).unwrap().map(|entry| entry.unwrap().path());
    let files = folder("docs").chain(folder("docs/recipes"));
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.push(root.join("SECURITY.md"));
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

/// The links of a page that begin with no scheme: those that stand in a line, and those of the definitions at its end.
fn relative_links(text: &str) -> (Vec<&str>, Vec<(&str, &str)>) {
    let is_relative = |target: &str| !target.contains("://") && !target.starts_with('#');
    let inline = text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split(')').next());
    let defined = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    (inline.filter(|target| is_relative(target)).collect(), defined.filter(|(_, target)| is_relative(target)).collect())
}

#[test]
fn every_page_is_a_module_of_the_documentation() {
    let modules = include_str!("../../src/_docs.rs");
    for (name, _) in pages() {
        assert!(modules.contains(&format!("\"../{name}\"")), "src/_docs.rs has no module for {name}");
    }
}

#[test]
fn every_relative_link_of_a_page_has_a_definition_for_rustdoc() {
    let modules = include_str!("../../src/_docs.rs");
    for (name, text) in pages() {
        let (inline, defined) = relative_links(&text);
        assert_eq!(inline, [""; 0], "{name}: write `[text][page.md]`, and `[page.md]: page.md` at the end of the page");
        for (label, _) in defined {
            assert!(modules.contains(&format!("\"[{label}]: ")), "{name}: src/_docs.rs does not define [{label}]");
        }
    }
}
