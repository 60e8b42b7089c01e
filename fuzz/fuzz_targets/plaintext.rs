//! The reader behind the seal accepts the plaintexts of docs/wire-format.md, sections 5 and 6, and no other; what it
//! accepts is written back to the same bytes, and stays a good plaintext whatever is done to it.
//!
//! The input is a plaintext. It is checked against another reader, which shares no code with the crate.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use sealed_session::fuzzing::{read_plaintext, write_plaintext};
use sealed_session::{SessionData, ValueError};
use sealed_session_fuzz::{Parts, owned, parts};
use serde_json::Value;

/// Nothing that an application does makes a session that can't be read back.
fn check_is_whole(data: &SessionData) {
    assert_eq!(read_plaintext(&write_plaintext(data)).as_ref(), Some(data));
}

fn change_it(mut data: SessionData, Parts { data: entries, flash, .. }: Parts) {
    for (key, json) in &entries {
        match (data.get::<Value>(key), serde_json::from_str::<Value>(json)) {
            (Ok(value), Ok(expected)) => assert_eq!(value, Some(expected), "{key:?}"),
            (Err(ValueError::Deserialize { key: named, .. }), Err(_)) => assert_eq!(&named, key),
            (value, expected) => panic!("{key:?}: {value:?}, and {json:?} is {expected:?}"),
        }
    }
    let each: Option<BTreeMap<String, Value>> =
        entries.iter().map(|(key, json)| Some((key.clone(), serde_json::from_str(json).ok()?))).collect();
    // One level deeper than each value alone, so that only this can differ: serde_json stops at 128.
    let is_deep = entries.iter().any(|(_, json)| json.matches(['[', '{']).count() > 120);
    let whole = data.data::<BTreeMap<String, Value>>().ok();
    assert!(whole == each || is_deep && whole.is_none(), "{whole:?} {each:?}");

    if let [(first, _), .., (last, _)] = &entries[..] {
        assert_eq!(data.set(last, "changed"), Ok(true));
        check_is_whole(&data);
        assert!(data.discard(first) && !data.contains(first));
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
    assert_eq!(data.clear(), !entries.is_empty());
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
    assert_eq!(data.is_empty(), parts.data.is_empty() && parts.flash.is_empty() && !parts.has_token);

    let written = write_plaintext(&data);
    let padding = plaintext.strip_prefix(&written[..]).expect("the same bytes");
    assert!(padding.iter().all(|byte| *byte == 0));
    check_is_whole(&data);
    // One with more than 65,535 bytes of entries takes no more.
    if plaintext.len() < 60_000 {
        change_it(data, parts);
    }
});
