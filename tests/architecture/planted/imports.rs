//! Imports that climb, and names through the root.

use super::{NOTHING, found, in_value};

#[test]
fn an_import_that_climbs_is_found_however_it_is_written() {
    for (text, line) in [
        ("use crate::session::Session;", 1),
        ("\nuse crate::session;", 2),
        ("pub(crate) use crate::session::Session as S;", 1),
        // The line is that of the name, in a group of any depth.
        ("use crate::{\n    time::UnixTime,\n    session::{\n        Session,\n    },\n};", 4),
        ("use crate::session::{\n    self,\n};", 2),
        ("use crate::session::*;", 1),
        ("use super::super::session::Session;", 1),
        // Paths in code, in types and in macros.
        ("fn f() {\n    crate::session::open();\n}", 2),
        ("struct S(\n    Option<crate::session::Session>,\n);", 2),
        ("impl crate::session::Trait for S {}", 1),
        ("fn f() { super::super::session::open() }", 1),
        ("macro_rules! m { () => { $crate::session::open() } }", 1),
        ("fn f() {\n    use crate::session::open;\n}", 2),
        ("mod inner {\n    use super::super::super::session::Session;\n}", 2),
        // Two rooms of one rank know nothing of each other.
        ("use crate::cookie::Header;", 1),
        // Code that follows a comment or a string is still code.
        ("const S: &str = \"//\"; use crate::session::Session;", 1),
        ("/* a /* b */ */ use crate::session::Session;", 1),
        ("const C: char = '\"'; use crate::session::Session; // \"", 1),
    ] {
        let expected: Vec<String> = (line > 0).then(|| format!("src/data/value.rs:{line} Rank")).into_iter().collect();
        assert_eq!(in_value(text), expected, "{text}");
    }
}

#[test]
fn what_goes_down_or_stays_is_fine() {
    for text in [
        "use crate::time::UnixTime;",
        "use crate::data::Value; use super::Value as V; use self::inner::X; mod inner {}",
        "pub(in crate::session) fn f() {}",
        "pub(in crate::data) fn f() {} pub(super) fn g() {} pub(crate) fn h() {}",
        "/// [`Session`](crate::Session), crate::session::Session\n// use crate::session::Session;\nfn f() {}",
        "const S: &str = \"use crate::session::Session; std::env\";",
        "const S: &str = r#\"crate::session::open() \" SystemTime\"#;",
        "fn f<'a>(x: &'a str) -> impl Iterator<Item = &'a str> + use<'a> { x.split('\\'') }",
    ] {
        assert_eq!(in_value(text), NOTHING, "{text}");
    }
}

#[test]
fn tests_import_from_anywhere() {
    for text in [
        "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::session::Session;\n    use crate::Session as S;\n}",
        "#[cfg(all(test, unix))]\n#[expect(dead_code)]\nuse crate::session::{Session};",
        "struct S {\n    #[cfg(test)]\n    a: crate::session::A,\n}",
    ] {
        assert_eq!(in_value(text), NOTHING, "{text}");
    }
    // A file for tests may import from anywhere, and so may the files that it declares.
    let test = "use crate::session::Session;";
    let files =
        [("data/value.rs", "#[cfg(test)]\nmod tests;"), ("data/value/tests.rs", test), ("data/value/tests/a.rs", test)];
    assert_eq!(found(&files), NOTHING);
    // Code that follows a test is no test, nor is code that is compiled into the library too.
    for (text, line) in [
        ("#[cfg(test)]\nmod tests {}\nuse crate::session::Session;", 3),
        ("#[cfg(test)]\nuse crate::a::{b};\nuse crate::session::Session;", 3),
        ("struct S {\n    #[cfg(test)]\n    a: Map<A, B>,\n    b: crate::session::B,\n}", 4),
        ("#[cfg(not(test))]\nuse crate::session::Session;", 2),
        ("#[cfg(any(test, unix))]\nuse crate::session::Session;", 2),
    ] {
        assert_eq!(in_value(text), [format!("src/data/value.rs:{line} Rank")], "{text}");
    }
    assert_eq!(in_value("#[cfg(test)]\nmod tests {\n    use std::env;\n}"), ["src/data/value.rs:3 Outside"]);
}

#[test]
fn a_name_through_the_root_is_found() {
    for text in [
        "use crate::Value;",
        "use crate::{Value};",
        "use crate::*;",
        "use crate::open;",
        "use super::super::Value;",
        "fn f() -> crate::Value {}",
        "fn f() { crate::open() }",
        "fn f() { $crate::open() }",
    ] {
        assert_eq!(in_value(text), ["src/data/value.rs:1 Root"], "{text}");
    }
    assert_eq!(found(&[("time.rs", "use super::Value;")]), ["src/time.rs:1 Root"]);
    assert_eq!(found(&[("data/mod.rs", "//! Values.\nmod value;\nuse super::Value;")]), ["src/data/mod.rs:3 Root"]);
    // lib.rs itself is the root.
    assert_eq!(
        found(&[(
            "lib.rs",
            "mod cookie;\nuse crate::cookie::Header;\npub use cookie::Name;\npub use crate::Header as H;"
        )]),
        NOTHING
    );
}
