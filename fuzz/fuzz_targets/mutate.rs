//! Checks that a value that was sealed for real opens only unchanged, and only under its own keys, name and audience.
//! Whatever is changed, in the text or in the bytes behind it, the value must be refused before its contents are looked
//! at.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sealed_session::{DecodeError, SessionConfig, SessionData, SessionManager};
use sealed_session_fuzz::{
    FIRST_KEY, NOW, SECOND_KEY, THIRD_KEY, at, from_base64url, is_before_the_seal, ring, to_base64url, trim,
};

/// A change of a value. Every position is taken modulo the length.
#[derive(Arbitrary, Debug)]
enum Edit {
    Replace(u16, u8),
    Insert(u16, u8),
    Delete(u16, u8),
    Truncate(u16),
    Append(Vec<u8>),
    FlipCase(u16),
    Swap(u16, u16),
    /// Replaces everything from `at` on by the end of another value, from `from` on.
    Splice {
        at: u16,
        other: u8,
        from: u16,
    },
    /// Replaces some characters by those that another value has in the same place.
    Graft {
        at: u16,
        other: u8,
        len: u8,
    },
    /// Flips a bit of the envelope.
    Bit(u16, u8),
    /// Takes bytes out of the envelope.
    Cut(u16, u8),
}

#[derive(Arbitrary, Debug)]
struct Input {
    original: u8,
    reader: u8,
    edits: Vec<Edit>,
}

/// A server: its manager, the keys it opens, its cookie name and its audience.
struct Server {
    manager: SessionManager,
    keys: &'static [&'static str],
    name: &'static str,
    audience: &'static str,
}

struct Original {
    value: Vec<u8>,
    data: SessionData,
    server: usize,
}

static SERVERS: LazyLock<Vec<Server>> = LazyLock::new(|| {
    let server = |keys: &'static [&'static str], name: &'static str, audience: &'static str| {
        let config = SessionConfig::new(ring(keys[0], &keys[1..])).cookie_name(name).audience(audience);
        let manager = config.padding_block(1).max_cookie_bytes(4096).clock(|| at(NOW)).build().expect("good settings");
        Server { manager, keys, name, audience }
    };
    vec![
        server(&[FIRST_KEY], "sid", ""),
        server(&[SECOND_KEY, FIRST_KEY], "sid", ""),
        server(&[THIRD_KEY], "sid", ""),
        server(&[FIRST_KEY], "sidshop", ""),
        server(&[FIRST_KEY], "sid", "shop"),
    ]
});

/// Values of every length modulo 3, so that the last character has 0, 2 or 4 unused bits, and one of about the greatest
/// length.
static ORIGINALS: LazyLock<Vec<Original>> = LazyLock::new(|| {
    let seal = |server: usize, len: usize| {
        let codec = SERVERS[server].manager.codec();
        let mut data = codec.create().expect("an id");
        if len > 0 {
            data.set("k", "x".repeat(len - 1)).expect("short");
        }
        Original { value: codec.encode(&data).expect("small").into_bytes(), data, server }
    };
    let lens = [0, 1, 2, 3, 40, 2900];
    (0..SERVERS.len()).flat_map(|server| lens.map(|len| seal(server, len))).collect()
});

fn apply(value: &mut Vec<u8>, edit: &Edit) {
    let place = |position: u16, len: usize| usize::from(position) % len.max(1);
    let len = value.len();
    let other = |number: u8| ORIGINALS[usize::from(number) % ORIGINALS.len()].value.as_slice();
    let envelope = |value: &mut Vec<u8>, change: &dyn Fn(&mut Vec<u8>)| {
        if let Some(mut envelope) = from_base64url(value) {
            change(&mut envelope);
            *value = to_base64url(&envelope).into_bytes();
        }
    };
    match edit {
        Edit::Insert(position, byte) => value.insert(place(*position, len + 1), *byte),
        Edit::Append(bytes) => value.extend_from_slice(bytes),
        _ if value.is_empty() => (),
        Edit::Replace(position, byte) => value[place(*position, len)] = *byte,
        Edit::Delete(position, count) => {
            let start = place(*position, len);
            value.drain(start..(start + usize::from(*count)).min(len));
        }
        Edit::Truncate(position) => value.truncate(place(*position, len)),
        Edit::FlipCase(position) => {
            let byte = &mut value[place(*position, len)];
            *byte = if byte.is_ascii_lowercase() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
        }
        Edit::Swap(one, another) => value.swap(place(*one, len), place(*another, len)),
        Edit::Splice { at, other: number, from } => {
            value.truncate(place(*at, len));
            value.extend_from_slice(&other(*number)[place(*from, other(*number).len())..]);
        }
        Edit::Graft { at, other: number, len: count } => {
            let start = place(*at, len);
            let patch = other(*number).iter().skip(start).take(usize::from(*count));
            value.iter_mut().skip(start).zip(patch).for_each(|(byte, new)| *byte = *new);
        }
        Edit::Bit(position, bit) => envelope(value, &|envelope| {
            let position = place(*position, envelope.len());
            envelope.get_mut(position).into_iter().for_each(|byte| *byte ^= 1 << (bit % 8));
        }),
        Edit::Cut(position, count) => envelope(value, &|envelope| {
            let start = place(*position, envelope.len());
            let end = (start + usize::from(*count)).min(envelope.len());
            envelope.drain(start..end);
        }),
    }
}

/// Returns the session that a server must read from a value. `None` when the value was not sealed for this server.
fn expected(reader: &Server, value: &[u8]) -> Option<&'static SessionData> {
    let original = ORIGINALS.iter().find(|original| original.value == value)?;
    let writer = &SERVERS[original.server];
    let is_for_it =
        reader.keys.contains(&writer.keys[0]) && reader.name == writer.name && reader.audience == writer.audience;
    is_for_it.then_some(&original.data)
}

fuzz_target!(|input: Input| {
    let reader = &SERVERS[usize::from(input.reader) % SERVERS.len()];
    let mut value = ORIGINALS[usize::from(input.original) % ORIGINALS.len()].value.clone();
    input.edits.iter().for_each(|edit| apply(&mut value, edit));

    if let Ok(text) = std::str::from_utf8(&value) {
        match (reader.manager.codec().decode(text), expected(reader, &value)) {
            (Ok(data), Some(expected)) => assert_eq!(&data, expected),
            (Err(reason), None) => assert!(is_before_the_seal(reason), "{reason:?} {text:?}"),
            (read, expected) => panic!("{read:?}, expected {expected:?}: {text:?}"),
        }
    }
    // The same value goes through a header, which drops white space around a value and ends it at a semicolon.
    let end = if value.contains(&b';') { value.iter().position(|byte| *byte == b';') } else { None };
    let value = &value[..end.unwrap_or(value.len())];
    let session = reader.manager.load([[reader.name.as_bytes(), b"=", value].concat()]);
    match (session.rejected(), expected(reader, trim(value))) {
        (None, Some(expected)) => assert_eq!(session.snapshot().as_ref(), Ok(expected)),
        (Some(DecodeError::TooLong), None) => assert!(reader.name.len() + trim(value).len() > 4096),
        (Some(reason), None) => assert!(is_before_the_seal(reason) && session.is_empty(), "{reason:?}"),
        (read, expected) => panic!("{read:?}, expected {expected:?}: {value:?}"),
    }
});
