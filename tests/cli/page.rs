//! The page docs/cli.md shows what the command prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use sealed_session::Key;

use crate::common::{FIRST, WITH_KEY, set_mode};
use crate::helpers::{KEY, OTHER_KEY};

/// Replaces new keys, their ids and new cookies by those that the page shows. It shows no key whole: somebody would use
/// it.
fn as_on_the_page(text: &str) -> String {
    let other_id = Key::from_hex(OTHER_KEY).unwrap().id().to_string();
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    let shown = |word: &str| match word {
        FIRST => word.to_owned(),
        KEY => format!("{}...", &KEY[..8]),
        _ if word.len() == 64 && is_hex(word) => format!("{}...", &OTHER_KEY[..8]),
        _ if word.len() == 8 && is_hex(word) && word != "f57c76ce" => other_id.clone(),
        _ if word.len() >= 100 => "AfV8ds5A...".to_owned(),
        _ => word.to_owned(),
    };
    text.split_inclusive(|char| !is_word(char))
        .map(|part| {
            let word = part.trim_end_matches(|char| !is_word(char));
            part.replacen(word, &shown(word), usize::from(!word.is_empty()))
        })
        .collect()
}

fn is_hex(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(unix)]
#[test]
fn the_transcripts_of_the_page_are_what_the_command_prints() {
    let page = include_str!("../../docs/cli.md");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-page");
    // The files of an earlier run would be in the way of `--out`.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let env = folder.join(".env");
    fs::write(&env, format!("{}={KEY}\nTIDEWAY_SESSION_TTL_SECONDS=7200\n", WITH_KEY.0)).unwrap();
    set_mode(&env, 0o600);
    fs::write(folder.join("cookies.txt"), format!("Cookie: theme=dark; tideway_session={FIRST}\n")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_sealed-session")).parent().unwrap().display();
    let run = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask 077; exec 2>&1; {line}")]).current_dir(&folder).env_clear();
        let output = shell.env("PATH", format!("{programs}:/usr/bin:/bin")).output().unwrap();
        as_on_the_page(&String::from_utf8(output.stdout).unwrap())
    };
    let mut expected = String::new();
    let mut in_transcript = false;
    for line in page.lines() {
        in_transcript = if in_transcript { line != "```" } else { line == "```console" };
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_transcript) {
            expected.extend([line, "\n", &run(command)]);
        } else if !in_transcript || line == "```console" {
            expected.extend([line, "\n"]);
        }
    }
    let written = folder.join("cli.md");
    fs::write(&written, &expected).unwrap();
    let is_whole_key = |word: &str| word.len() == 64 && is_hex(word);
    assert!(
        !page.split(|char: char| !char.is_ascii_alphanumeric()).any(is_whole_key),
        "a key on the page would be used"
    );
    assert!(page == expected, "if the change is meant: copy {} to docs/cli.md", written.display());
}
