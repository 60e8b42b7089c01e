//! Checks the reader of Cookie headers against a second reader. Among any bytes, in any number of headers, it must find
//! the cookie of our name and take nothing else for it. Of the good cookies among the first four candidates, it must
//! take the one that was issued last.
//!
//! The input is four bytes that say where the two good cookies go, one byte that says which of them are there, with
//! which white space and with which quotes, and the headers, with CRLF between them. A pair `$0` to `$4` stands for a
//! cookie that was sealed and is not good, and `"0` to `"4` for the same one with its value in quotes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealed_session::{Codec, DecodeError, SessionConfig, SessionId, SessionManager, Status};
use sealed_session_fuzz::{FIRST_KEY, NAME, NOW, SECOND_KEY, at, key, split_headers, trim};

/// A cookie that was sealed, as the pair that stands in a header.
struct Sealed {
    pair: Vec<u8>,
    id: SessionId,
    issued_at: u64,
}

struct World {
    manager: SessionManager,
    older: Sealed,
    newer: Sealed,
    /// An authentic cookie of a session that is alive, with a schema that is not supported.
    foreign_schema: Sealed,
    refused: [Sealed; 4],
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = || SessionConfig::new(key(FIRST_KEY)).clock(|| at(NOW));
    let codec = |config: SessionConfig| config.build_codec().expect("good settings");
    let manager = config().build().expect("good settings");
    let seal = |codec: &Codec, issued_at: u64, expires_at: u64| {
        let mut data = codec.create().expect("an id");
        data.set_times(at(issued_at), at(issued_at), at(expires_at)).expect("in order");
        let pair = format!("{NAME}={}", codec.encode(&data).expect("small")).into_bytes();
        Sealed { pair, id: data.id(), issued_at }
    };
    let ours = manager.codec();
    World {
        older: seal(ours, NOW - 10, NOW + 1000),
        newer: seal(ours, NOW, NOW + 1000),
        foreign_schema: seal(&codec(config().schema(9)), NOW - 5, NOW + 1000),
        refused: [
            seal(ours, NOW - 100, NOW),
            seal(ours, NOW + 61, NOW + 1000),
            seal(&codec(SessionConfig::new(key(SECOND_KEY))), NOW, NOW + 1000),
            seal(&codec(config().audience("other")), NOW, NOW + 1000),
        ],
        manager,
    }
});

/// True when a pair has the name of our cookie: the text before the first `=`, without the white space around it.
fn is_ours(pair: &[u8]) -> bool {
    halves(pair).is_some_and(|(name, _)| trim(name) == NAME.as_bytes())
}

/// The quotes around the value of a good cookie. The reader takes one pair off, so with the last two the cookie is
/// another one that is not good.
const QUOTES: [[&str; 2]; 4] = [["", ""], ["\"", "\""], ["\"\"", "\"\""], ["\"", ""]];

/// Puts quotes around the value of a pair.
fn quoted(pair: &[u8], [open, close]: [&str; 2]) -> Vec<u8> {
    let (name, value) = halves(pair).expect("a pair");
    [name, b"=", open.as_bytes(), value, close.as_bytes()].concat()
}

/// Returns the name and the value of a pair as they stand in it.
fn halves(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = pair.iter().position(|byte| *byte == b'=')?;
    Some((&pair[..end], &pair[end + 1..]))
}

/// True when a pair has the value of this cookie: the text after the first `=`, without the white space around it, and
/// then without one pair of quotes, if there is one.
fn has_value_of(pair: &[u8], sealed: &Sealed) -> bool {
    let value = |pair: &[u8]| halves(pair).map(|(_, value)| trim(value).to_vec());
    let (Some(found), Some(sealed)) = (value(pair), value(&sealed.pair)) else { return false };
    found == sealed || found == [b"\"", &sealed[..], b"\""].concat()
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[header_1, pair_1, header_2, pair_2, more], text)) = bytes.split_first_chunk() else { return };
    let world = &*WORLD;
    let sealed = |digit: u8| world.refused.get(usize::from(digit - b'0')).unwrap_or(&world.foreign_schema);
    let stand_in = |pair: &[u8]| match trim(pair) {
        [b'$', digit @ b'0'..=b'4'] => sealed(*digit).pair.clone(),
        [b'"', digit @ b'0'..=b'4'] => quoted(&sealed(*digit).pair, QUOTES[1]),
        _ => pair.to_vec(),
    };
    let mut headers: Vec<Vec<Vec<u8>>> = split_headers(text)
        .into_iter()
        .map(|header| header.split(|byte| *byte == b';').map(stand_in).collect())
        .collect();
    let plants = [(header_1, pair_1, &world.newer), (header_2, pair_2, &world.older)];
    for (bit, (header, pair, sealed)) in plants.into_iter().enumerate() {
        if more >> bit & 1 == 1 {
            let padding = [&b""[..], b" ", b"\t", b" \t "][usize::from(more >> 2 & 3)];
            let quotes = QUOTES[usize::from(more >> (4 + 2 * bit) & 3)];
            let planted = [padding, &quoted(&sealed.pair, quotes), padding].concat();
            let count = headers.len() + 1;
            match headers.get_mut(usize::from(header) % count) {
                Some(pairs) => pairs.insert(usize::from(pair) % (pairs.len() + 1), planted),
                None => headers.push(vec![planted]),
            }
        }
    }

    let candidates: Vec<&[u8]> = headers.iter().flatten().map(Vec::as_slice).filter(|pair| is_ours(pair)).collect();
    let newest = |of: &[&'static Sealed]| {
        let came = |sealed: &&&Sealed| candidates.iter().take(4).any(|pair| has_value_of(pair, sealed));
        of.iter().filter(came).max_by_key(|sealed| sealed.issued_at).copied()
    };
    // A session of another schema hides no older one.
    let expected = newest(&[&world.older, &world.newer]).or_else(|| newest(&[&world.foreign_schema]));

    let headers: Vec<Vec<u8>> = headers.iter().map(|pairs| pairs.join(&b';')).collect();
    let session = world.manager.load(&headers);
    assert!(!session.is_opened() && session.candidates() == candidates.len());
    let status = session.status();
    match (status, expected) {
        (Status::Loaded, Some(sealed)) => {
            assert_eq!(session.id(), Ok(sealed.id));
            assert_eq!(session.issued_at(), at(sealed.issued_at));
        }
        (Status::Rejected(DecodeError::UnsupportedSchema { schema: 9 }), Some(sealed)) => {
            assert_eq!(sealed.pair, world.foreign_schema.pair);
        }
        (Status::Rejected(reason), None) => {
            assert!(!candidates.is_empty());
            assert_eq!(reason == DecodeError::TooManyCandidates, candidates.len() > 4);
        }
        (Status::New, None) => assert!(candidates.is_empty()),
        (status, _) => panic!("{status:?}, with {} candidates", candidates.len()),
    }
    if status != Status::Loaded {
        assert!(session.is_empty() && session.created_at() == at(NOW));
        assert!([&world.older, &world.newer].into_iter().all(|sealed| session.id() != Ok(sealed.id)));
    }

    // Whatever came stays until something is stored.
    assert!(world.manager.commit(&session).expect("nothing to seal").is_empty());
});
