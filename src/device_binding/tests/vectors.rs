//! Another implementation, in Python, wrote tests/vectors/dbsc/parts.json. Each part opens or is refused as the file
//! says.

use serde_json::Value;

use crate::config::SessionConfig;
use crate::crypto::Key;
use crate::data::{BindingId, SessionId};
use crate::device_binding::proof::PublicKey;
use crate::device_binding::{Bound, Identifier, PartError, Parts};
use crate::manager::Codec;
use crate::time::UnixTime;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/dbsc/parts.json")).unwrap()
}

fn codec(vector: &Value, vectors: &Value) -> Codec {
    let key = Key::from_hex(vectors["key"].as_str().unwrap()).unwrap();
    let config = SessionConfig::new(key).cookie_name(vector["cookie_name"].as_str().unwrap());
    config.audience(vector["audience"].as_str().unwrap()).build_codec().unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn seconds(value: &Value) -> UnixTime {
    UnixTime::from_secs(value.as_u64().unwrap()).unwrap()
}

#[derive(Debug, PartialEq)]
enum Part {
    Identifier(Identifier),
    Cookie(Bound),
    Registration(SessionId),
    Refresh(BindingId),
}

fn open(kind: &str, parts: &Parts<'_>, text: &[u8]) -> Result<Part, PartError> {
    match kind {
        "identifier" => parts.open_identifier(text).map(Part::Identifier),
        "bound_cookie" => parts.open_bound(text).map(Part::Cookie),
        "registration" => parts.open_registration(text).map(Part::Registration),
        "refresh" => parts.open_refresh(text).map(Part::Refresh),
        other => panic!("{other}"),
    }
}

fn expected(kind: &str, part: &Value) -> Part {
    let session = || SessionId::from_bytes(bytes(&part["session"]));
    let binding = || BindingId::from_bytes(bytes(&part["binding"]));
    let previous = || (!part["previous"].is_null()).then(|| SessionId::from_bytes(bytes(&part["previous"])));
    let bound = || Bound { binding: binding(), session: session(), previous: previous() };
    match kind {
        "identifier" => {
            let key = PublicKey::from_bytes(bytes(&part["key"])).unwrap();
            Part::Identifier(Identifier { bound: bound(), key })
        }
        "bound_cookie" => Part::Cookie(bound()),
        "registration" => Part::Registration(session()),
        _ => Part::Refresh(binding()),
    }
}

#[test]
fn each_part_that_another_implementation_sealed_opens_to_what_it_sealed() {
    let vectors = vectors();
    let accepted = vectors["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 13);
    for vector in accepted {
        let codec = codec(vector, &vectors);
        let engine = codec.engine();
        let parts = Parts { codec: &engine.codec, now: seconds(&vector["now"]) };
        let kind = vector["kind"].as_str().unwrap();
        let opened = open(kind, &parts, vector["value"].as_str().unwrap().as_bytes());
        assert_eq!(opened, Ok(expected(kind, &vector["part"])), "{}", vector["name"]);
    }
}

#[test]
fn each_part_that_the_page_refuses_is_refused() {
    let vectors = vectors();
    let refused = vectors["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 54);
    for vector in refused {
        let codec = codec(vector, &vectors);
        let engine = codec.engine();
        let parts = Parts { codec: &engine.codec, now: seconds(&vector["now"]) };
        let expected = match vector["reason"].as_str().unwrap() {
            "unknown_key" => PartError::Unknown,
            "expired" => PartError::Expired,
            _ => PartError::Foreign,
        };
        let opened = open(vector["kind"].as_str().unwrap(), &parts, vector["value"].as_str().unwrap().as_bytes());
        assert_eq!(opened, Err(expected), "{}", vector["name"]);
    }
}

#[test]
fn what_this_crate_seals_has_the_lengths_of_the_page_and_opens() {
    let vectors = vectors();
    for vector in vectors["accepted"].as_array().unwrap() {
        let codec = codec(vector, &vectors);
        let engine = codec.engine();
        let parts = Parts { codec: &engine.codec, now: seconds(&vector["now"]) };
        let kind = vector["kind"].as_str().unwrap();
        let part = expected(kind, &vector["part"]);
        let text = match &part {
            Part::Identifier(identifier) => parts.seal_identifier(identifier),
            Part::Cookie(bound) => parts.seal_bound(bound, seconds(&vector["part"]["expires_at"])),
            Part::Registration(session) => parts.seal_registration(*session, 600),
            Part::Refresh(binding) => parts.seal_refresh(*binding, 600),
        };
        let text = text.unwrap();
        assert_eq!(text.len(), vector["value"].as_str().unwrap().len(), "{}", vector["name"]);
        assert_eq!(open(kind, &parts, text.as_bytes()), Ok(part), "{}", vector["name"]);
    }
}

#[test]
fn the_lengths_are_those_of_the_page() {
    let page = include_str!("../../../docs/wire-format.md");
    let vectors = vectors();
    let length = |kind: &str| {
        let vector = vectors["accepted"].as_array().unwrap().iter().find(|vector| vector["kind"] == kind).unwrap();
        vector["value"].as_str().unwrap().len()
    };
    let [identifier, cookie, challenge] = ["identifier", "bound_cookie", "refresh"].map(length);
    let sentence =
        format!("{identifier} characters of an identifier, {cookie} of a bound cookie, {challenge} of a challenge");
    assert!(page.contains(&sentence), "{sentence}");
    assert_eq!(length("registration"), challenge);
}

#[test]
fn the_mark_of_a_session_is_read_and_is_none_of_its_values() {
    let vectors = vectors();
    let vector = &vectors["session"];
    let codec = codec(vector, &vectors);
    let engine = codec.engine();
    let value = vector["value"].as_str().unwrap();
    let data = engine.codec.open(value.as_bytes(), 4096, || seconds(&vector["now"])).ok().unwrap().data;
    assert_eq!(data.bound(), Some(BindingId::from_bytes(bytes(&vector["binding"]))));
    assert_eq!(data.entries().collect::<Vec<_>>(), [("user_id", "42")]);
}
