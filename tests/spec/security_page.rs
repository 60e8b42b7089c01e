//! SECURITY.md and docs/device-bound.md name the tests that prove what they say. These tests check that each of them
//! exists.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_test_that_the_pages_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page =
        ["SECURITY.md", "docs/device-bound.md"].map(|page| fs::read_to_string(root.join(page)).unwrap()).concat();
    let mut sources = vec![root.join("tests/memory.rs")];
    for folder in ["tests/spec", "tests/adapters", "src"] {
        find(&root.join(folder), &mut sources);
    }
    // The published package of this crate has no other package in it.
    let has_packages = root.join(PACKAGE).exists();
    if has_packages {
        find(&root.join(PACKAGE), &mut sources);
    }
    let mut count = 0;
    for word in page.split('`').filter(|word| !word.contains(' ')) {
        let Some((file, test)) = word.split_once("::").filter(|(file, _)| file.starts_with(char::is_lowercase)) else {
            continue;
        };
        let wanted = format!("fn {test}(");
        let is_there = |path: &PathBuf| {
            path.file_stem().is_some_and(|stem| *stem == *file)
                && fs::read_to_string(path).is_ok_and(|text| text.contains(&wanted))
        };
        let is_elsewhere = !has_packages && IN_PACKAGES.contains(&file);
        assert!(is_elsewhere || sources.iter().any(is_there), "{word}");
        count += 1;
    }
    assert!(count >= 40, "{count}");
}

/// Tests that are a package of their own, in the folder tests.
const PACKAGE: &str = "tests/import_from_crates/tests/real_crates";

/// The files of that package.
const IN_PACKAGES: [&str; 6] = ["actix", "axum_extra", "browser", "cookie_rs", "rocket", "tideway"];

/// Adds every file below a folder.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { find(&path, files) } else { files.push(path) }
    }
}
