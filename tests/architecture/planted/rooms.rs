//! Rooms, their façades, the circles in them, and what the page says of them.

use super::{NOTHING, PAGE, found, found_by};
use crate::house;

#[test]
fn a_circle_in_a_room_is_found_once() {
    let facade = (
        "data/mod.rs",
        "//! Values.\nmod a;\nmod b;\nmod c;\nmod value;\npub use a::A;\npub(crate) use b::{B as Renamed};\n",
    );
    let found_in = |a: &str, b: &str, c: &str| found(&[facade, ("data/a.rs", a), ("data/b.rs", b), ("data/c.rs", c)]);
    // By modules, by names that the façade re-exports, by both.
    assert_eq!(found_in("\nuse super::b::B;", "use crate::data::a::A;", ""), ["src/data/a.rs:2 Circle"]);
    assert_eq!(found_in("use super::Renamed;", "fn f(a: super::A) {}", ""), ["src/data/a.rs:1 Circle"]);
    assert_eq!(found_in("use super::b;", "use super::{c::C};", "use crate::data::A;"), ["src/data/a.rs:1 Circle"]);
    // Two circles that meet are one group, told once.
    assert_eq!(found_in("use super::b;", "use super::a; use super::c;", "use super::b;"), ["src/data/a.rs:1 Circle"]);
    assert_eq!(found_in("", "use super::c;", "\n\nfn f() { super::b::g() }"), ["src/data/b.rs:1 Circle"]);
    // A file and the file that it declares.
    let nested = [("data/value.rs", "mod inner;\nuse inner::I;"), ("data/value/inner.rs", "use super::Value;")];
    assert_eq!(found(&nested), ["src/data/value.rs:2 Circle"]);
    // No circles: a line of three, a file that names itself, tests.
    assert_eq!(found_in("use super::b; use super::c;", "use super::c;", "use super::c::C; use super::*;"), NOTHING);
    assert_eq!(found_in("use super::b;", "#[cfg(test)]\nmod tests { use crate::data::a::A; }", ""), NOTHING);
}

#[test]
fn a_circle_is_shown_file_by_file() {
    let files = [
        ("data/mod.rs", "//! Values."),
        ("data/value.rs", "use crate::data::a::A;"),
        ("data/a.rs", "\nuse super::value::Value;"),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let findings = house::findings("| 1 | `data` | |", &files);
    let shown: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["src/data/a.rs:2: Circle: src/data/a.rs:2 → src/data/value.rs:1 → src/data/a.rs"]);
}

#[test]
fn a_facade_holds_modules_and_names_only() {
    let in_facade = |text: &str| found(&[("data/mod.rs", text)]);
    for item in [
        "const A: [u8; 2] = [1, 2];",
        "fn f() {}",
        "pub(crate) struct S {\n    a: u8,\n}",
        "impl S {}",
        "mod inline {}",
        "m! { a }",
        "#[cfg(test)] mod tests { fn f() {} }",
        "type A = u8;",
    ] {
        let text = format!("//! Values.\nmod value;\n{item}\npub use value::{{A, B}};\n");
        assert_eq!(in_facade(&text), ["src/data/mod.rs:3 Facade"], "{item}");
    }
    assert_eq!(
        in_facade("//! Values.\nfn f() {}\nmod value;\nfn g() {}"),
        ["src/data/mod.rs:2 Facade", "src/data/mod.rs:4 Facade"]
    );
    let sound = "//! Values.\n#![expect(a)]\n#[cfg(a)]\n#[b]\npub(in crate::data) mod value;\n#[cfg(test)]\nmod tests;\npub use value::*;\nuse crate::time::{a, b};";
    assert_eq!(in_facade(sound), NOTHING);
    assert_eq!(in_facade("// Values.\nmod value;"), ["src/data/mod.rs:1 Facade"]);
    // A file that stands beside the folder of its name is a façade too, and so is one deeper in.
    assert_eq!(
        found(&[("time.rs", "//! Time.\nmod unix;\nfn f() {}"), ("time/unix.rs", "")]),
        ["src/time.rs:3 Facade"]
    );
    assert_eq!(found(&[("data/store/mod.rs", "//! Store.\nfn f() {}")]), ["src/data/store/mod.rs:2 Facade"]);
}

#[test]
fn the_page_and_the_house_list_the_same_rooms() {
    assert_eq!(found(&[("attic/mod.rs", "//! Attic."), ("attic/box.rs", "")]), ["src/attic/mod.rs:1 Rooms"]);
    assert_eq!(found(&[("shed.rs", "use crate::session::Session;")]), ["src/shed.rs:1 Rooms"]);
    // Whoever imports from a room that is not listed is not told on top.
    assert_eq!(
        found(&[("attic/mod.rs", "//! Attic."), ("time.rs", "use crate::attic::A;")]),
        ["src/attic/mod.rs:1 Rooms"]
    );
    let page = PAGE.replace("| 5 | `lib`", "| 4 | `cellar` | wine |\n| 5 | `lib`");
    assert_eq!(found_by(&page, &[]), ["docs/architecture.md:10 Rooms"]);
    let page = PAGE.replace("| 5 | `lib`", "| 9 | `time` | again |\n| 5 | `lib`");
    assert_eq!(found_by(&page, &[]), ["docs/architecture.md:10 Rooms"]);
    // A page whose table is gone allows nothing.
    assert_eq!(found_by("", &[]).len(), 6);
    // The commands are crates of their own.
    assert_eq!(found(&[("bin/tool/main.rs", "use std::env; use crate::X;")]), NOTHING);
}

#[test]
fn a_name_on_the_page_that_is_not_there_is_found() {
    for (text, expected) in [
        // Files, types, and paths of which one file has every part.
        ("`Value` (data/value.rs), `Value::read` and `data/mod.rs`", &NOTHING[..]),
        ("`Value` (data/volume.rs)", &["docs/architecture.md:1 Names"]),
        ("\n1. `data/volume.rs`, then", &["docs/architecture.md:2 Names"]),
        ("`Volume`", &["docs/architecture.md:1 Names"]),
        ("`Value::write`", &["docs/architecture.md:1 Names"]),
        ("`Header::read`", &["docs/architecture.md:1 Names"]),
        // A word that may mean anything, and code that is no name, are left alone.
        ("Volume, `volume`, `mod.rs`, `fuzz/`, `#[cfg(test)]`, `tests/architecture`, `feature = \"Volume\"`", &NOTHING),
    ] {
        let page = format!("{text}\n{PAGE}");
        let value = ("data/value.rs", "pub struct Value; impl Value { fn read() {} } // fn write() {}");
        assert_eq!(found_by(&page, &[value]), expected, "{text}");
    }
}
