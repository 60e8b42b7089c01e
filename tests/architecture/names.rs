//! The names on the page itself: each file, type and function that it speaks of is there.

use std::collections::HashSet;
use std::path::Path;

use crate::finding::{Finding, Rule};
use crate::house::{House, PAGE};
use crate::page::code;

/// Finds the files, types and paths of `page` that stand in no file of `src/`. Its tables speak of outside
/// things too, and are left to the other rules.
pub(crate) fn findings(page: &str, house: &House) -> Vec<Finding> {
    let words: Vec<HashSet<&str>> =
        house.files.iter().map(|file| file.tokens.iter().filter_map(|token| token.word()).collect()).collect();
    let is_file = |path: &str| house.files.iter().any(|file| file.path.strip_prefix("src/") == Some(path));
    let stand_together = |path: &str| words.iter().any(|words| path.split("::").all(|word| words.contains(word)));
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(page.lines()).filter(|(_, text)| !text.starts_with('|')) {
        let files = text.split([' ', '(', ')', '`', ',', ';', ':']).filter(|word| is_source_file(word));
        let paths = code(text).filter(|name| is_path(name));
        let lost = files.filter(|name| !is_file(name)).chain(paths.filter(|name| !stand_together(name)));
        findings.extend(lost.map(|name| {
            let what = format!("the page names `{name}`, which no file of src/ has");
            Finding::new(PAGE, line, Rule::Names, what)
        }));
    }
    findings
}

/// True for `session/load.rs`, and not for `mod.rs`, which every room has.
fn is_source_file(word: &str) -> bool {
    word.contains('/') && Path::new(word).extension().is_some_and(|extension| extension == "rs")
}

/// True for `Session::load` and for `Session`, and not for what may be any word, as `time` or `rand`.
fn is_path(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    name.split("::").all(is_word) && (name.contains("::") || name.starts_with(char::is_uppercase))
}
