//! Outside things that are named where nobody meets them.

use super::{NOTHING, found, in_value};
use crate::house;

#[test]
fn an_outside_thing_in_the_wrong_room_is_found() {
    for (text, line) in [
        ("use std::env;", 1),
        ("use std::{\n    fmt,\n    env::{self, var},\n};", 3),
        ("fn f() { std::env::var(\"A\"); }", 1),
        ("fn f() { ::std::env::var(\"A\"); }", 1),
        ("fn f() -> u8 { return ::std::env::args().count() }", 1),
        ("use std as s;", 1),
        ("use std::*;", 1),
        ("use std::time::SystemTime;", 1),
        ("fn f(t: time::SystemTime) {}", 1),
        ("use rand::rngs::SysRng;", 1),
        ("fn f() {\n    rand::random()\n}", 2),
        ("extern crate aes_gcm;", 1),
        ("use aes_gcm as cipher;", 1),
        ("use cookie::Cookie;", 1),
        ("use ::cookie::Cookie;", 1),
        ("fn f(c: cookie::Cookie) {}", 1),
        ("#[cfg(feature = \"import\")]\nfn f() {}", 1),
        ("#[cfg(not(\n    feature = \"import\"))]\nfn f() {}", 2),
        ("#[cfg_attr(not(feature = \"import\"), expect(dead_code))]\nfn f() {}", 1),
        ("fn f() { if cfg!(feature = \"import\") {} }", 1),
    ] {
        let mut found = in_value(text);
        found.dedup();
        assert_eq!(found, [format!("src/data/value.rs:{line} Outside")], "{text}");
    }
    for text in [
        "use std::fmt; use std::time::Duration;",
        "fn f(rand: u8, cookie: u8) -> u8 { rand + cookie }",
        "fn f() { x.cookie(); a::rand::b(); <T as U>::rand::<u8>() }",
        "#[cfg(feature = \"importer\")] fn f() {}",
        "/// `std::env`, SystemTime, `cookie::Cookie`\nfn f() {}",
        "mod rand { pub fn a() {} } fn f() { rand::a() }",
    ] {
        assert_eq!(in_value(text), NOTHING, "{text}");
    }
    // A room of that name is no crate.
    assert_eq!(found(&[("session.rs", "use crate::cookie;\nfn f() { cookie::a() }")]), NOTHING);
    assert_eq!(found(&[("session.rs", "use crate::cookie;\nuse ::cookie::Cookie;")]), ["src/session.rs:2 Outside"]);
}

/// The guards are rows of the page, where a slip could lose one; these must stay.
#[test]
fn the_real_page_guards_what_it_must() {
    let page = crate::page();
    for (path, text) in [
        ("data/value.rs", "use std::env;"),
        ("manager/manager.rs", "use std::env;"),
        ("session/load.rs", "use std::time::SystemTime;"),
        ("session/load.rs", "use xaes_256_gcm::Xaes256Gcm;"),
        ("codec/codec.rs", "use aes_gcm::Aes256Gcm;"),
        ("import/key.rs", "use aws_lc_rs::aead;"),
        ("data/value.rs", "use rand::rngs::SysRng;"),
        ("codec/codec.rs", "use cookie::Cookie;"),
        ("session/state.rs", "#[cfg(feature = \"import\")] fn f() {}"),
        ("cookie/header.rs", "#[cfg(feature = \"import\")] fn f() {}"),
    ] {
        let files = [(path.to_owned(), text.to_owned())];
        let found: Vec<_> = house::findings(&page, &files).into_iter().map(|finding| finding.to_string()).collect();
        let place = format!("src/{path}:1: Outside: ");
        assert!(found.iter().any(|finding| finding.starts_with(&place)), "{path}: {text}\n{found:?}");
    }
    for (low, high) in
        [("crypto", "data"), ("codec", "backend"), ("backend", "session"), ("manager", "config"), ("time", "error")]
    {
        let files = [(format!("{low}/a.rs"), format!("use crate::{high}::A;"))];
        let found: Vec<_> = house::findings(&page, &files).into_iter().map(|finding| finding.to_string()).collect();
        assert!(found.iter().any(|finding| finding.starts_with(&format!("src/{low}/a.rs:1: Rank: "))), "{low}, {high}");
    }
}
