//! All files of `src/` together, and the rules that they are held to.

use std::collections::BTreeSet;

use crate::circles;
use crate::facade;
use crate::finding::{Finding, Rule};
use crate::lexer::{Kind, Token};
use crate::names;
use crate::page::{Guard, Page, Thing};
use crate::source::{Name, Source};

/// The path of the page, from the root of the repository.
pub(crate) const PAGE: &str = "docs/architecture.md";

/// The files of the library. The commands in `src/bin` are crates of their own: the compiler gives them public names
/// only.
pub(crate) struct House {
    pub(crate) files: Vec<Source>,
}

/// Holds files, each with its path below `src/`, to the rules of the page with this text.
pub(crate) fn findings(text: &str, files: &[(String, String)]) -> Vec<Finding> {
    let page = Page::read(text);
    let house = House::read(files);
    let mut findings = rooms(&page, &house);
    findings.extend(names::findings(text, &house));
    for file in &house.files {
        if house.is_facade(file) {
            findings.extend(facade::findings(file));
        }
        findings.extend(file.names.iter().filter_map(|name| rank_or_root(&page, &house, file, name)));
        for guard in page.guards.iter().filter(|guard| !guard.rooms.contains(&file.room)) {
            findings.extend(outside(guard, file));
        }
    }
    findings.extend(circles::findings(&house));
    findings.sort();
    findings.dedup();
    findings
}

impl House {
    fn read(files: &[(String, String)]) -> Self {
        let files = files.iter().filter(|(path, _)| !path.starts_with("bin/"));
        Self { files: files.map(|(path, text)| Source::read(path, text)).collect() }
    }

    /// True for a `mod.rs`, and for a file beside the folders whose room is also a folder.
    pub(crate) fn is_facade(&self, file: &Source) -> bool {
        let has_folder = || self.files.iter().any(|other| other.module.len() > 1 && other.room == file.room);
        file.path.ends_with("/mod.rs") || file.module.len() == 1 && has_folder()
    }

    /// True for a file that some `#[cfg(test)] mod name;` declares, and for all below it.
    pub(crate) fn is_test(&self, file: &Source) -> bool {
        (1..=file.module.len()).any(|len| {
            let Some((name, parent)) = file.module.get(..len).and_then(<[String]>::split_last) else { return false };
            let parent = self.files.iter().find(|other| other.module == parent);
            parent.is_some_and(|parent| parent.children.contains(&(name.clone(), true)))
        })
    }
}

/// Compares the page with the folders and files of `src/`.
fn rooms(page: &Page, house: &House) -> Vec<Finding> {
    let standing: BTreeSet<&str> = house.files.iter().map(|file| file.room.as_str()).collect();
    let mut findings = Vec::new();
    for room in &standing {
        if page.rank(room).is_none()
            && let Some(file) = house.files.iter().filter(|file| file.room == *room).min_by_key(|file| &file.module)
        {
            findings.push(Finding::new(&file.path, 1, Rule::Rooms, format!("{PAGE} does not list the room `{room}`")));
        }
    }
    for (at, room) in page.rooms.iter().enumerate() {
        let name = &room.name;
        if !standing.contains(name.as_str()) {
            findings.push(Finding::new(PAGE, room.line, Rule::Rooms, format!("there is no room `{name}` in src/")));
        }
        if page.rooms.iter().take(at).any(|other| other.name == *name) {
            findings.push(Finding::new(PAGE, room.line, Rule::Rooms, format!("the room `{name}` is listed twice")));
        }
    }
    findings
}

/// Judges one path. Tests may import from anywhere: those of a low room need the top of the house to make a session.
fn rank_or_root(page: &Page, house: &House, file: &Source, name: &Name) -> Option<Finding> {
    // The root of the crate names every room, and hands its names on.
    if name.is_test || house.is_test(file) || file.room == "lib" {
        return None;
    }
    let room = name.inside()?.first().map_or("*", String::as_str);
    if room == file.room {
        return None;
    }
    let finding = |rule, what| Some(Finding::new(&file.path, name.line, rule, what));
    let Some(theirs) = page.rank(room) else {
        let is_room = house.files.iter().any(|file| file.room == room);
        let what = format!("`{room}` is imported through the root of the crate, not from its room");
        return if is_room { None } else { finding(Rule::Root, what) };
    };
    let ours = page.rank(&file.room)?;
    let what = || format!("`{}` (rank {ours}) imports `{}` (rank {theirs})", file.room, name.path.join("::"));
    if theirs < ours { None } else { finding(Rule::Rank, what()) }
}

/// Finds where a file names an outside thing that its room does not meet; code for tests counts too.
fn outside(guard: &Guard, file: &Source) -> Vec<Finding> {
    let finding = |line| {
        let what = format!("`{}` is met in {} only", guard.shown, guard.rooms.join(", "));
        Finding::new(&file.path, line, Rule::Outside, what)
    };
    match &guard.thing {
        Thing::Name(name) => {
            file.tokens.iter().filter(|token| token.is_word(name)).map(|token| finding(token.line)).collect()
        }
        Thing::Path(path) => {
            let names = file.names.iter().filter(|name| reaches(name, path));
            names.map(|name| finding(name.line)).collect()
        }
        Thing::Feature(feature) => {
            let is_feature = |tokens: &[Token]| {
                matches!(tokens, [word, sign, Token { kind: Kind::Text(text), .. }]
                    if word.is_word("feature") && sign.is_sign('=') && text == feature)
            };
            file.tokens.windows(3).filter(|tokens| is_feature(tokens)).map(|tokens| finding(tokens[0].line)).collect()
        }
    }
}

/// True if a path leads to the thing, or if a `use` takes something that holds it: `use std as s`, `use std::*`.
fn reaches(name: &Name, thing: &[String]) -> bool {
    let Some(path) = name.outside() else { return false };
    let path = path.strip_suffix(&["*".to_owned()]).unwrap_or(path);
    path.starts_with(thing) || name.bound.is_some() && thing.starts_with(path)
}
