//! The house of docs/architecture.md: imports go down, and each outside thing is met in its room.
//!
//! The ranks and the rooms are read from that page, so the page is the one place to change them. `planted` builds small
//! houses with one fault each, and shows that every rule finds what it is for.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a checker that fails is a test that fails"
)]

mod circles;
mod facade;
mod finding;
mod house;
mod lexer;
mod names;
mod page;
mod planted;
mod reader;
mod source;
mod test_items;

use std::fs;
use std::path::Path;

/// Returns the text of the page.
fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(house::PAGE)).unwrap()
}

/// Adds every Rust file below a folder, with its path from `root`, `/` between the parts of it.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let parts: Vec<_> = path.strip_prefix(root).unwrap().iter().map(|part| part.to_str().unwrap()).collect();
            files.push((parts.join("/"), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Folders that are packages of their own. Cargo leaves them out of the package of this crate.
const PACKAGES: [&str; 6] = [
    "examples/frameworks",
    "examples/postgres",
    "examples/recipes",
    "tests/edge",
    "tests/import_from_crates",
    "tests/kat",
];

/// Only those folders are looked for that are in the package, so that the tests of a published release pass too.
#[test]
fn every_file_that_the_page_for_contributors_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    // Cargo adds this file to a package.
    let is_published = root.join("Cargo.toml.orig").exists();
    assert!(is_published || PACKAGES.iter().all(|folder| root.join(folder).join("Cargo.toml").exists()));
    let is_packaged = |name: &&str| {
        ["src/", "tests/", "docs/", "examples/"].iter().any(|folder| name.starts_with(folder))
            && !(is_published && PACKAGES.iter().any(|folder| name.starts_with(folder)))
    };
    // The arguments of a script follow its name.
    let file = |name: &str| root.join(name.split(' ').next().unwrap_or(name));
    let lost: Vec<&str> = page::code(&page).filter(is_packaged).filter(|name| !file(name).exists()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn imports_go_down_and_each_outside_thing_is_met_in_its_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    let findings = house::findings(&page(), &files);
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} findings; {} has the rules:\n{}\n", lines.len(), house::PAGE, lines.join("\n"));
}
