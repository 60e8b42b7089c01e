//! Holds the pages of docs/recipes to what they promise: their programs are the ones that the other tests run, and they
//! are short.

use std::fs;
use std::path::{Path, PathBuf};

/// The lines of the longest page.
const LONGEST: usize = 60;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the file of a program, which may have a folder of its own.
fn program_of(name: &str) -> String {
    let in_folder = format!("src/bin/{name}/main.rs");
    if folder(&in_folder).exists() { in_folder } else { format!("src/bin/{name}.rs") }
}

/// Returns each page with its text, and with the text of the program of the same name.
fn pages() -> Vec<(String, String, String)> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder("../../docs/recipes")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().replace('-', "_");
        let program = fs::read_to_string(folder(&program_of(&name))).unwrap();
        pages.push((name, fs::read_to_string(&path).unwrap(), program));
    }
    assert!(!pages.is_empty());
    pages
}

/// Returns the Rust programs of a page.
fn code(page: &str) -> impl Iterator<Item = &str> {
    page.split("\n```rust\n").skip(1).map(|rest| rest.split_once("\n```").expect("a program that is closed").0)
}

#[test]
fn every_line_of_code_of_a_page_is_in_its_program_in_this_order() {
    for (name, page, program) in pages() {
        assert!(code(&page).next().is_some(), "{name} shows no code");
        for block in code(&page) {
            assert!(format!("\n{program}").contains(&format!("\n{block}\n")), "{name}: not in its program:\n{block}");
        }
    }
}

#[test]
fn a_page_has_sixty_lines_at_most() {
    for (name, page, _) in pages() {
        let lines = page.lines().count();
        assert!(lines <= LONGEST, "{name} has {lines} lines");
    }
}

#[test]
fn the_readme_links_to_every_page_and_every_page_to_its_program() {
    let readme = fs::read_to_string(folder("../../README.md")).unwrap();
    for (name, page, _) in pages() {
        let file = format!("docs/recipes/{}.md", name.replace('_', "-"));
        assert!(readme.contains(&format!("({file})")), "README.md has no link to {file}");
        // An absolute link, since the package of the crate has the pages and not the programs.
        let end_of_link = format!("/blob/main/examples/recipes/{}\n", program_of(&name));
        assert!(page.contains(&end_of_link), "{file} has no link to its program");
    }
}
