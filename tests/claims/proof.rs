//! Looks for what a claim names.

use crate::sources::Sources;

/// The kind of a sentence that no test shows; see `main.rs`.
const REASONS: [&str; 3] = ["(advice)", "(limit)", "(meaning)"];

/// Returns whether there is what a claim names.
pub(crate) fn exists(proof: &str, sources: &Sources) -> bool {
    if proof.starts_with('(') {
        let program = proof.strip_prefix("(measured) ").filter(|path| is_found(path, sources));
        return REASONS.contains(&proof) || program.is_some();
    }
    if let Some((path, part)) = proof.split_once(" # ") {
        let Some(text) = sources.text(path) else { return is_elsewhere(path, sources) };
        return if path.starts_with("docs/") { has_a_program(text, part) } else { has_a_step(text, part) };
    }
    if let Some((path, test)) = proof.split_once(".rs::") {
        let path = format!("{path}.rs");
        return sources.text(&path).map_or(is_elsewhere(&path, sources), |text| has_test(text, test));
    }
    if proof.contains('/') { is_found(proof, sources) } else { is_test(proof, sources) }
}

fn is_found(path: &str, sources: &Sources) -> bool {
    sources.has(path) || is_elsewhere(path, sources)
}

/// Returns whether a file is in the repository and not in the published package: nothing below src/ and docs/ is.
fn is_elsewhere(path: &str, sources: &Sources) -> bool {
    sources.is_published && !path.starts_with("src/") && !path.starts_with("docs/")
}

/// Returns whether there is a test of this name, such as `spec::decode::name` or `lib::crypto::key::tests::name`.
fn is_test(name: &str, sources: &Sources) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let [target, modules @ .., test] = parts.as_slice() else { return false };
    let root = if *target == "lib" { "src".to_owned() } else { format!("tests/{target}") };
    // The last modules may be in the file of the one before.
    (0..=modules.len()).rev().any(|count| {
        let (files, inner) = modules.split_at(count);
        let path = [&[root.as_str()], files].concat().join("/");
        [format!("{path}.rs"), format!("{path}/mod.rs"), format!("{path}/main.rs")].iter().any(|path| {
            let Some(source) = sources.text(path) else { return false };
            let has_modules = inner.iter().all(|module| source.contains(&format!("mod {module} {{")));
            has_modules && (has_test(source, test) || has_check(source, test) && is_listed(target, test, sources))
        })
    })
}

/// Returns whether a text has a function of this name with the attribute of a test.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = lines.iter().enumerate().filter(|(_, line)| has_check(line, name));
    heads.into_iter().any(|(at, _)| {
        let above = lines.get(..at).unwrap_or_default().iter().rev();
        above
            .take_while(|line| line.starts_with(['#', '/']))
            .any(|line| line.contains("test]") || line.contains("test("))
    })
}

/// Returns whether a text has a function of this name.
fn has_check(text: &str, name: &str) -> bool {
    text.contains(&format!("fn {name}("))
}

/// Returns whether the program of a target lists a check of which a macro makes tests, as tests/adapters/main.rs does.
fn is_listed(target: &str, name: &str, sources: &Sources) -> bool {
    sources.text(&format!("tests/{target}/main.rs")).is_some_and(|text| text.lines().any(|line| line.trim() == name))
}

/// Returns whether a program of Rust that runs as a test stands below a heading of a page.
fn has_a_program(page: &str, heading: &str) -> bool {
    let below = page.split_once(&format!("\n## {heading}\n")).map(|(_, below)| below);
    below.is_some_and(|below| below.split("\n## ").next().unwrap_or_default().contains("\n```rust\n"))
}

/// Returns whether a script has a step whose name begins so.
fn has_a_step(script: &str, name: &str) -> bool {
    script.contains(&format!("\nstep '{name}"))
}
