//! Checks the reader of sessions that may take two cookies against a second reader of cookies and parts. Any cookies in
//! any number must give the newest session that is whole, or else no session, for the reason that section 10 of
//! docs/wire-format.md calls for.
//!
//! The input is the headers, with CRLF between them. A pair `$0` to `$9` or `$a` to `$c` stands for a cookie or a part
//! that was sealed. `$<` and `$>`, with a byte behind them, stand for the two parts of one text, cut at that byte's
//! place.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealed_session::{Codec, KeyId, SessionConfig, SessionId, SessionManager, Status};
use sealed_session_fuzz::{FIRST_KEY, NAME, NOW, SECOND_KEY, at, from_base64url, key, split_headers, trim};

const SECOND_NAME: &str = "tideway_session-2";

/// A text that was sealed.
struct Sealed {
    text: String,
    id: SessionId,
    issued_at: u64,
    /// The reason why the text gives no session here. `None` when it gives one.
    refused: Option<&'static str>,
}

struct World {
    manager: SessionManager,
    key_id: KeyId,
    sealed: Vec<Sealed>,
    /// The pairs that `$0` to `$9` and `$a` to `$c` stand for.
    pairs: Vec<String>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = || SessionConfig::new(key(FIRST_KEY)).clock(|| at(NOW)).two_cookies(true);
    let codec = |config: SessionConfig| config.build_codec().expect("good settings");
    let seal = |codec: &Codec, chars: usize, issued_at: u64, expires_at: u64, refused: Option<&'static str>| {
        let mut data = codec.create().expect("an id");
        data.set_times(at(issued_at), at(issued_at), at(expires_at)).expect("in order");
        data.set("text", "x".repeat(chars)).expect("a value");
        Sealed { text: codec.encode(&data).expect("small"), id: data.id(), issued_at, refused }
    };
    let manager = config().build().expect("good settings");
    let ours = manager.codec();
    let foreign = codec(SessionConfig::new(key(SECOND_KEY)).two_cookies(true));
    let sealed = vec![
        seal(ours, 4000, NOW - 10, NOW + 1000, None),
        seal(ours, 4500, NOW - 5, NOW + 1000, None),
        seal(ours, 4000, NOW - 100, NOW, Some("expired_idle")),
        seal(&foreign, 4000, NOW, NOW + 1000, Some("unknown_key")),
        seal(&codec(config().schema(9)), 4000, NOW - 7, NOW + 1000, Some("unsupported_schema")),
        seal(ours, 10, NOW - 6, NOW + 1000, None),
        seal(ours, 10, NOW - 200, NOW, Some("expired_idle")),
        // `$<` and `$>` cut this text at any place.
        seal(ours, 100, NOW - 4, NOW + 1000, None),
    ];
    let halves = sealed[..5].iter().flat_map(|sealed| {
        let (one, two) = sealed.text.split_at(sealed.text.len().div_ceil(2));
        [format!("{NAME}=2~{one}"), format!("{SECOND_NAME}={two}")]
    });
    let whole = sealed[5..].iter().map(|sealed| format!("{NAME}={}", sealed.text));
    let pairs = halves.chain(whole).collect();
    World { key_id: key(FIRST_KEY).id(), manager, sealed, pairs }
});

/// Returns the value of a pair that has this name: the text behind the first `=`.
fn value_of<'p>(pair: &'p [u8], name: &str) -> Option<&'p [u8]> {
    let end = pair.iter().position(|byte| *byte == b'=')?;
    (trim(&pair[..end]) == name.as_bytes()).then(|| trim(&pair[end + 1..]))
}

fn stand_in(world: &World, pair: &[u8]) -> Vec<u8> {
    let cut = |place: u8| {
        let text = &world.sealed[7].text;
        text.split_at(usize::from(place) % (text.len() + 1))
    };
    match trim(pair) {
        [b'$', digit] if char::from(*digit).is_ascii_hexdigit() => {
            let index = char::from(*digit).to_digit(16).and_then(|digit| usize::try_from(digit).ok());
            index.and_then(|index| world.pairs.get(index)).map_or_else(|| pair.to_vec(), |pair| pair.clone().into())
        }
        [b'$', b'<', place] => format!("{NAME}=2~{}", cut(*place).0).into(),
        [b'$', b'>', place] => format!("{SECOND_NAME}={}", cut(*place).1).into(),
        _ => pair.to_vec(),
    }
}

/// Reads a text of at most `limit` characters: the session that it holds, or the reason of its refusal.
fn read<'w>(world: &'w World, text: &[u8], limit: usize) -> Result<&'w Sealed, &'static str> {
    if text.len() > limit {
        return Err("too_long");
    }
    if let Some(sealed) = world.sealed.iter().find(|sealed| sealed.text.as_bytes() == text) {
        // The schema is judged later, when the newest session has been chosen.
        return match sealed.refused {
            Some(reason) if reason != "unsupported_schema" => Err(reason),
            _ => Ok(sealed),
        };
    }
    let (Some(envelope), 104..) = (from_base64url(text), text.len()) else { return Err("malformed") };
    match envelope[0] {
        1 if envelope[1..5] != world.key_id.to_bytes() => Err("unknown_key"),
        1 => Err("not_authentic"),
        _ => Err("unsupported_version"),
    }
}

/// Orders the reasons. The one with the greatest weight is reported: reasons that leave the cookie alone weigh most,
/// and then those that come later in the checks.
fn weight(reason: &str) -> usize {
    let order = ["malformed", "too_long", "not_authentic", "expired_idle", "incomplete", "unsupported_version"];
    order.iter().chain(&["unknown_key", "too_many_candidates"]).position(|known| *known == reason).expect("a reason")
}

/// Says what all the cookies must give: the newest session, else the weightiest reason, else nothing.
fn expected<'w>(world: &'w World, pairs: &[Vec<u8>]) -> Result<Option<&'w Sealed>, &'static str> {
    let values = |name: &str| pairs.iter().filter_map(|pair| value_of(pair, name)).collect::<Vec<_>>();
    let (firsts, seconds) = (values(NAME), values(SECOND_NAME));
    let mut outcomes: Vec<Result<&Sealed, &str>> = Vec::new();
    if firsts.len() > 4 {
        outcomes.push(Err("too_many_candidates"));
    }
    let (one_limit, part_limit, both_limit) = (4096 - NAME.len(), 4096 - NAME.len() - 2, 7600 - 2 * NAME.len() - 4);
    let mut tries = 0;
    for first in firsts.iter().take(4) {
        let Some(part) = first.strip_prefix(b"2~").filter(|part| !part.is_empty()) else {
            outcomes.push(read(world, first, one_limit));
            continue;
        };
        if part.len() > part_limit {
            outcomes.push(Err("too_long"));
            continue;
        }
        let mut outcome = Err(if seconds.len() > 4 { "too_many_candidates" } else { "incomplete" });
        for second in seconds.iter().take(4).filter(|second| second.len() <= part_limit) {
            if tries == 4 {
                outcome = Err("too_many_candidates");
                break;
            }
            tries += 1;
            let found = read(world, &[part, second].concat(), both_limit);
            if !matches!(found, Err("malformed" | "too_long" | "not_authentic")) {
                outcome = found;
                break;
            }
        }
        outcomes.push(outcome);
    }
    // `rev` makes the first count of those that were issued in the same second.
    let is_known = |sealed: &&&Sealed| sealed.refused.is_none();
    let newest = |known: bool| {
        let those = outcomes.iter().flatten().rev().filter(|sealed| is_known(sealed) || !known);
        those.max_by_key(|sealed| sealed.issued_at)
    };
    // A session of another schema hides no older one.
    let best = newest(true).or(newest(false));
    let reason = outcomes.iter().filter_map(|outcome| outcome.err()).max_by_key(|reason| weight(reason));
    match (best, reason) {
        (Some(best), _) => best.refused.map_or(Ok(Some(*best)), Err),
        (None, Some(reason)) => Err(reason),
        (None, None) if seconds.is_empty() => Ok(None),
        (None, None) => Err("incomplete"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let world = &*WORLD;
    let headers: Vec<Vec<Vec<u8>>> = split_headers(bytes)
        .into_iter()
        .map(|header| header.split(|byte| *byte == b';').map(|pair| stand_in(world, pair)).collect())
        .collect();
    // The headers are split again, since the byte behind `$<` may make a part that holds a `;`.
    let headers: Vec<Vec<u8>> = headers.iter().map(|pairs| pairs.join(&b';')).collect();
    let pairs: Vec<Vec<u8>> =
        headers.iter().flat_map(|header| header.split(|byte| *byte == b';').map(<[u8]>::to_vec)).collect();

    let session = world.manager.load(&headers);
    let expected = expected(world, &pairs);
    match (session.status(), expected) {
        (Status::Loaded, Ok(Some(sealed))) => {
            assert_eq!((session.id(), session.issued_at()), (Ok(sealed.id), at(sealed.issued_at)));
        }
        (Status::Rejected(reason), Err(expected)) => {
            assert_eq!(reason.as_str(), expected);
            assert!(session.is_empty());
        }
        (Status::New, Ok(None)) => assert!(session.is_empty()),
        (status, expected) => panic!("{status:?} {:?}", expected.map(|sealed| sealed.map(|sealed| sealed.issued_at))),
    }

    // Whatever came stays until something is stored.
    assert!(world.manager.commit(&session).expect("nothing to seal").is_empty());

    // One cookie replaces all that came, and a second cookie that came is deleted.
    let has_second = pairs.iter().any(|pair| value_of(pair, SECOND_NAME).is_some());
    session.clear();
    session.set("n", 1).expect("it fits");
    let lines: Vec<String> = world.manager.commit(&session).expect("it fits").into_iter().collect();
    assert_eq!(lines.len(), 1 + usize::from(has_second));
    assert!(lines[0].starts_with(&format!("{NAME}=A")));
    assert!(lines.iter().skip(1).all(|line| line.starts_with(&format!("{SECOND_NAME}=; "))));
});
