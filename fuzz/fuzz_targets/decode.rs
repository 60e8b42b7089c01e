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

fn check(text: &str) {
    let reason = match CODEC.decode(text) {
        Ok(data) => panic!("accepted a value that nobody sealed: {text:?} {data:?}"),
        Err(reason) => reason,
    };
    match (reason, expected(text)) {
        (DecodeError::UnknownKey { id }, DecodeError::UnknownKey { .. }) => {
            assert_eq!(
                from_base64url(text.as_bytes()).map(|envelope| envelope[1..5].to_vec()),
                Some(id.to_bytes().into())
            );
        }
        (reason, expected) => assert_eq!(reason, expected, "{text:?}"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    check(&text);
    // The same value is refused for the same reason again.
    check(&text);
    for id in *IDS {
        check(&to_base64url(&[&[1], &id.to_bytes()[..], bytes].concat()));
    }
});
