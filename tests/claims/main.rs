//! The promises of the pages, and the test that fails when a promise is broken.
//!
//! Each `.txt` file beside this one is the list of one page. Its first line is the path of the page. After that comes
//! one claim after the other, with an empty line between them: a sentence of the page as it stands there (or a row of a
//! table), wrapped at will, and below it, indented, what shows that it is true:
//!
//! - `spec::decode::previous_keys_retire_at_their_time`: a test of a program in tests/, with its modules; `lib::` names
//!   those in src/. A test of a package of its own has the path of its file in front.
//! - `docs/logout.md # Ban`: the program below that heading, which is a test of the documentation.
//! - `tests/key_rotation/run`: a script. `.ci/run # known answers`: a step of the gate, by the start of its name.
//! - `(measured) benches/dudect`: a program that measures it, and is no test.
//! - `(advice)`, `(limit)` or `(meaning)`: nothing to test, since the sentence says what the reader should do, what an
//!   attacker or somebody else's program can do, or what words mean.
//!
//! A person who changes a sentence finds its tests here, and one who renames a test finds its sentences. SECURITY.md is
//! on the list word by word: a new sentence there needs a line here. `planted` shows that each rule finds what it is
//! for.

#![expect(clippy::unwrap_used, reason = "a checker that fails is a test that fails")]

mod finding;
mod list;
mod page;
mod planted;
mod proof;
mod sources;

use std::fs;
use std::path::Path;

use list::List;
use sources::Sources;

/// The page of which each sentence must be on its list.
const WHOLE: &str = "SECURITY.md";

/// Returns the lists beside this file.
fn lists() -> Vec<List> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/claims");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    paths.sort();
    paths.iter().map(|path| List::read(&fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_claim_stands_in_its_page_and_every_proof_exists() {
    let (lists, sources) = (lists(), Sources::of_this_crate());
    let findings = finding::findings(&lists, &sources);
    assert!(findings.is_empty(), "{} findings:\n{}\n", findings.len(), findings.join("\n"));
}

#[test]
fn every_sentence_of_the_page_on_security_is_on_its_list() {
    let (lists, sources) = (lists(), Sources::of_this_crate());
    let list = lists.iter().find(|list| list.page == WHOLE).unwrap();
    let left = page::left_out(sources.text(WHOLE).unwrap(), &list.claims);
    assert!(left.is_empty(), "tests/claims/SECURITY.txt lacks:\n{}\n", left.join("\n"));
}

/// So that a mistake in the reader does not make an empty list a good one.
#[test]
fn the_lists_have_hundreds_of_claims_with_a_test() {
    let lists = lists();
    let tested = lists.iter().flat_map(|list| &list.claims).filter(|claim| claim.is_tested()).count();
    assert!(tested >= 400, "{tested}");
    for page in [WHOLE, "README.md", "docs/stores.md", "docs/lifetime.md", "docs/logout.md", "docs/device-bound.md"] {
        assert!(lists.iter().any(|list| list.page == page), "{page}");
    }
}
