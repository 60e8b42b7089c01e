//! Checks that the reader behind the seal accepts the plaintexts of docs/wire-format.md, sections 5 and 6, and no
//! other. An accepted plaintext must be written back to the same bytes, and must stay well-formed whatever is done to
//! the session.
//!
//! The input is a plaintext. A second reader, which shares no code with the crate, reads it too.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use sealed_session::fuzzing::{read_plaintext, write_plaintext};
use sealed_session::{SessionData, ValueError};
use sealed_session_fuzz::{Parts, owned, parts};
use serde_json::Value;

/// Checks that a session can be read back after anything that an application did to it.
fn check_is_whole(data: &SessionData) {
    assert_eq!(read_plaintext(&write_plaintext(data)).as_ref(), Some(data));
}

/// A `null` is no value, whoever wrote it.
fn is_null(json: &str) -> bool {
    serde_json::from_str::<()>(json).is_ok()
}

fn change_it(mut data: SessionData, Parts { data: entries, flash, .. }: Parts) {
    for (key, json) in &entries {
        assert_eq!(data.contains(key), !is_null(json));
        match (data.get::<Value>(key), serde_json::from_str::<Value>(json)) {
            (Ok(value), Ok(Value::Null)) => assert_eq!(value, None, "{key:?}"),
            (Ok(value), Ok(expected)) => assert_eq!(value, Some(expected), "{key:?}"),
            (Err(ValueError::Deserialize { key: named, .. }), Err(_)) => assert_eq!(&named, key),
            (value, expected) => panic!("{key:?}: {value:?}, and {json:?} is {expected:?}"),
        }
    }
    let values: Vec<_> = entries.iter().filter(|(_, json)| !is_null(json)).collect();
    let each: Option<BTreeMap<String, Value>> =
        values.iter().map(|(key, json)| Some((key.clone(), serde_json::from_str(json).ok()?))).collect();
    assert_eq!(data.data::<BTreeMap<String, Value>>().ok(), each);

    if let [(first, json), .., (last, _)] = &entries[..] {
        assert_eq!(data.set(last, "changed"), Ok(true));
        check_is_whole(&data);
        assert_eq!(data.discard(first), !is_null(json));
        assert!(!data.contains(first));
        assert_eq!(data.set(first, 1), Ok(true));
        assert_eq!(data.entries().last(), Some((first.as_str(), "1")));
        check_is_whole(&data);
    }
    if let Some((first, _)) = flash.first() {
        assert_eq!(data.set_flash(first, "x".repeat(50)), Ok(true));
        check_is_whole(&data);
        assert!(data.flashes::<Value>().is_err() || data.flash().count() == 0);
        check_is_whole(&data);
    }
    let flashes = data.flash().count();
    let values = data.len();
    assert_eq!(data.clear(), values > 0);
    assert_eq!((data.len(), data.flash().count()), (0, flashes));
    check_is_whole(&data);
}

fuzz_target!(|plaintext: &[u8]| {
    let (data, parts) = match (read_plaintext(plaintext), parts(plaintext)) {
        (Some(data), Some(parts)) => (data, parts),
        (None, None) => return,
        (data, parts) => panic!("read {data:?}, expected {parts:?}"),
    };
    assert_eq!(owned(data.entries()), parts.data);
    assert_eq!(owned(data.flash()), parts.flash);
    assert_eq!((data.is_persistent(), data.schema()), (parts.persistent, parts.schema));
    assert_eq!(data.id().to_bytes(), parts.id);
    assert_eq!([data.created_at(), data.issued_at(), data.expires_at()].map(|time| time.as_secs()), parts.times);
    let is_null = parts.data.iter().chain(&parts.flash).all(|(_, json)| is_null(json));
    assert_eq!(data.is_empty(), is_null && !parts.has_token);

    let written = write_plaintext(&data);
    let padding = plaintext.strip_prefix(&written[..]).expect("the same bytes");
    assert!(padding.iter().all(|byte| *byte == 0));
    check_is_whole(&data);
    // A session with more than 65,535 bytes of entries would take no further entry.
    if plaintext.len() < 60_000 {
        change_it(data, parts);
    }
});
