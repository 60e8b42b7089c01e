//! Small houses with one fault each: every rule finds what it is for, at its line, and nothing else.

mod imports;
mod outside;
mod rooms;

use crate::house;

/// A page of its own, so that a change of the real one changes nothing here.
const PAGE: &str = "\
## The ranks

| rank | room | what it is for |
|--:|---|---|
| 1 | `time` | instants |
| 2 | `data`, | values |
| 2 | `cookie` | headers |
| 3 | `session` | requests |
| 4 | `config` | settings |
| 5 | `lib` | names |

## Where each outside thing is met

| thing | in code | met in |
|---|---|---|
| the environment | `std::env` | `config` |
| the clock | `SystemTime` | `time` |
| ciphers | `rand`, `aes_gcm` | `session` |
| the crate of cookies | `cookie` | `cookie` |
| imports | `feature = \"import\"` | `config`, `lib` |
";

/// A house without a fault.
const SOUND: [(&str, &str); 8] = [
    ("lib.rs", "//! The crate.\nmod config;\nmod cookie;\n#[cfg(feature = \"import\")]\npub use cookie::Header;\n"),
    ("time.rs", "use std::time::SystemTime;\n"),
    ("data/mod.rs", "//! Values.\n\nmod value;\n\npub use value::Value;\n"),
    ("data/value.rs", "use crate::time::UnixTime;\n"),
    ("cookie/mod.rs", "//! Headers.\nmod header;\npub(crate) use header::{Header, Name};\n"),
    ("cookie/header.rs", "use cookie::Cookie;\nuse crate::time;\n"),
    ("session.rs", "use crate::data::Value;\nuse rand::rngs::SysRng;\n"),
    ("config.rs", "use std::env;\n#[cfg(feature = \"import\")]\nuse crate::session::Session;\n"),
];

/// Returns what is found in the sound house with these files in it, as `file:line rule`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    found_by(PAGE, files)
}

fn found_by(page: &str, files: &[(&str, &str)]) -> Vec<String> {
    let kept = SOUND.iter().filter(|(path, _)| files.iter().all(|(other, _)| other != path));
    let files: Vec<_> = kept.chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let short = |finding: crate::finding::Finding| format!("{}:{} {:?}", finding.file, finding.line, finding.rule);
    house::findings(page, &files).into_iter().map(short).collect()
}

/// Returns what is found when `data/value.rs` has this text.
fn in_value(text: &str) -> Vec<String> {
    found(&[("data/value.rs", text)])
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_sound_house_has_no_findings() {
    assert_eq!(found(&[]), NOTHING);
}
