//! Checks that `Codec::decode` accepts no value that was not sealed under its keys, and that it gives the reason that
//! docs/wire-format.md calls for. The reason comes from a second reader of the envelope, which shares no code with the
//! crate.
//!
//! The input is the text of a value. The same bytes are also put behind a version and a key id that the codec knows, so
//! that they go straight to the cipher.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealed_session::{Codec, DecodeError, KeyId, SessionConfig};
use sealed_session_fuzz::{FIRST_KEY, NAME, NOW, SECOND_KEY, at, from_base64url, key, ring, to_base64url};

static CODEC: LazyLock<Codec> = LazyLock::new(|| {
    SessionConfig::new(ring(FIRST_KEY, &[SECOND_KEY])).clock(|| at(NOW)).build_codec().expect("good settings")
});
static IDS: LazyLock<[KeyId; 2]> = LazyLock::new(|| [FIRST_KEY, SECOND_KEY].map(|digits| key(digits).id()));

/// Returns the reason why a value that nobody sealed must be refused.
fn expected(text: &str) -> DecodeError {
    let text = text.as_bytes();
    if NAME.len() + text.len() > 4096 {
        return DecodeError::TooLong;
    }
    let (Some(envelope), 104..) = (from_base64url(text), text.len()) else { return DecodeError::Malformed };
    let is_known = IDS.iter().any(|id| id.to_bytes() == envelope[1..5]);
    match envelope[0] {
        // A `KeyId` can be made from a key only, so the first one stands for any unknown id; `check` compares the
        // bytes.
        1 if !is_known => DecodeError::UnknownKey { id: IDS[0] },
        1 => DecodeError::NotAuthentic,
        version => DecodeError::UnsupportedVersion { version },
    }
}

/// Returns the reason why the codec refuses a value that nobody sealed.
fn refusal(text: &str) -> DecodeError {
    match CODEC.decode(text) {
        Ok(data) => panic!("accepted a value that nobody sealed: {text:?} {data:?}"),
        Err(reason) => reason,
    }
}

fn check(text: &str) {
    let reason = refusal(text);
    match (reason, expected(text)) {
        (DecodeError::UnknownKey { id }, DecodeError::UnknownKey { .. }) => {
            assert_eq!(
                from_base64url(text.as_bytes()).map(|envelope| envelope[1..5].to_vec()),
                Some(id.to_bytes().into())
            );
        }
        (reason, expected) => assert_eq!(reason, expected, "{text:?}"),
    }
    // The same value is refused for the same reason again.
    assert_eq!(refusal(text), reason, "{text:?}");
}

/// Checks an envelope of version 1 under a key that the codec knows: its length alone says why it is refused.
fn check_known(text: &str) {
    let reason = match text.len() {
        len if NAME.len() + len > 4096 => DecodeError::TooLong,
        ..104 => DecodeError::Malformed,
        _ => DecodeError::NotAuthentic,
    };
    assert_eq!(refusal(text), reason, "{text:?}");
}

fuzz_target!(|bytes: &[u8]| {
    match std::str::from_utf8(bytes) {
        Ok(text) => check(text),
        Err(_) => check(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    }
    for id in *IDS {
        check_known(&to_base64url(&[&[1], &id.to_bytes()[..], bytes].concat()));
    }
});
