//! The reader behind the seal accepts the plaintexts of docs/wire-format.md, sections 5 and 6, and no other; what it
//! accepts is written back to the same bytes, and stays a good plaintext whatever is done to it.
//!
//! The input is a plaintext. It is checked against another reader, which shares no code with the crate.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use sealed_session::fuzzing::{read_plaintext, write_plaintext};
use sealed_session::{SessionData, ValueError};
use sealed_session_fuzz::FIXED_LEN;
use serde_json::Value;

/// The parts of a plaintext.
#[derive(Debug)]
struct Parts {
    persistent: bool,
    schema: u8,
    id: [u8; 16],
    times: [u64; 3],
    data: Vec<(String, String)>,
    flash: Vec<(String, String)>,
    /// Whether the CSRF token is there, which is in the format a value and shown as none.
    has_token: bool,
}

/// A reader that goes by the document, a byte after the other.
fn parts(plaintext: &[u8]) -> Option<Parts> {
    let fixed = plaintext.get(..FIXED_LEN)?;
    let time = |start: usize| fixed[start..start + 5].iter().fold(0, |time, byte| time << 8 | u64::from(*byte));
    let (flags, times) = (fixed[0], [time(18), time(23), time(28)]);
    if flags > 1 || times[0] > times[1] || times[1] > times[2] {
        return None;
    }
    let (mut data, mut flash, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut bytes = plaintext[FIXED_LEN..].iter().copied();
    while let Some(tag) = bytes.next() {
        let is_flash = tag >= 128;
        if tag % 128 == 0 {
            if tag != 0 || bytes.any(|byte| byte != 0) {
                return None;
            }
            break;
        }
        let mut text = |len: usize| {
            let text: Vec<u8> = bytes.by_ref().take(len).collect();
            (text.len() == len).then_some(text)
        };
        let key = String::from_utf8(text(usize::from(tag % 128))?).ok()?;
        let len = text(2)?;
        let json = String::from_utf8(text(usize::from(len[0]) * 256 + usize::from(len[1]))?).ok()?;
        if !seen.insert((is_flash, key.clone())) {
            return None;
        }
        if is_flash { &mut flash } else { &mut data }.push((key, json));
    }
    let all = data.len();
    data.retain(|(key, _)| key != "~csrf");
    let (id, has_token) = (fixed[2..18].try_into().ok()?, data.len() < all);
    Some(Parts { persistent: flags == 1, schema: fixed[1], id, times, data, flash, has_token })
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs.map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
}

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
    assert_eq!(pairs(data.entries()), parts.data);
    assert_eq!(pairs(data.flash()), parts.flash);
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
