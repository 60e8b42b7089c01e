//! Checks the reader of a device's proof, and of the two headers of a device-bound session, against a second reader.
//! Whatever the bytes are, both must accept the same values and read the same from them.
//!
//! Input without a line break is the value of a header. In other input, the first line is the header of a JWT and the
//! rest is its payload, which the target signs. There, `$x` and `$y` stand for the coordinates of the key that signs,
//! and `$u` and `$v` for those of another key. What the reader accepts of it must verify, unless it names the other key
//! or one bit of its signature is changed.
#![no_main]

use std::fmt;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use sealed_session::fuzzing::{ProofParts, device_session_id, read_proof, verify_proof};
use sealed_session_fuzz::{from_base64url, to_base64url};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The key of the device that signs, and the key of another.
static DEVICES: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [1, 2].map(|byte| SigningKey::from_slice(&[byte; 32]).expect("a scalar")));

/// The signature of a text that no input signs, in base64url.
static OF_ANOTHER_TEXT: LazyLock<String> = LazyLock::new(|| {
    let signature: Signature = DEVICES[0].sign(b"another text");
    to_base64url(&signature.to_bytes())
});

/// The coordinates of a key.
fn coordinates(key: &SigningKey) -> [u8; 64] {
    key.verifying_key().to_sec1_point(false).as_bytes()[1..].try_into().expect("two of 32 bytes")
}

/// Puts the coordinates of both keys into a header.
fn with_coordinates(header: &str) -> String {
    let [own, other] = [0, 1].map(|index| coordinates(&DEVICES[index]));
    [("$x", &own[..32]), ("$y", &own[32..]), ("$u", &other[..32]), ("$v", &other[32..])]
        .iter()
        .fold(header.to_owned(), |header, (name, bytes)| header.replace(name, &to_base64url(bytes)))
}

/// The members of an object, in their order and with those that stand twice.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'a> Pairs<'a> {
    fn read(json: &'a str) -> Option<Self> {
        let pairs: Self = serde_json::from_str(json).ok()?;
        let mut names: Vec<_> = pairs.0.iter().map(|(name, _)| name).collect();
        names.sort();
        let is_sound = names.windows(2).all(|two| two[0] != two[1]);
        is_sound.then_some(pairs)
    }

    fn member(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.get())
    }

    fn string(&self, name: &str) -> Option<String> {
        self.member(name).and_then(|json| serde_json::from_str(json).ok())
    }
}

/// The text of a header value, by a second reader.
fn text(value: &str) -> Option<&str> {
    let value = value.trim_matches(|c| c == ' ' || c == '\t');
    let parts: Vec<&str> = value.splitn(3, '"').collect();
    let text = match parts[..] {
        ["", text, rest] if rest.is_empty() || rest.starts_with(';') => text,
        _ => {
            let text = value.split(';').next().unwrap_or_default();
            if text.contains('"') {
                return None;
            }
            text
        }
    };
    (!text.contains('\\')).then_some(text)
}

/// Bytes whose only canonical spelling is this text.
fn decode(text: &str) -> Option<Vec<u8>> {
    from_base64url(text.as_bytes())
}

/// The content of a value, by a second reader.
fn second_reading(value: &str) -> Option<ProofParts> {
    if value.len() > 4096 {
        return None;
    }
    let parts: Vec<Vec<u8>> = text(value)?.split('.').map(decode).collect::<Option<_>>()?;
    let [header, payload, signature] = parts.try_into().ok()?;
    let (header, payload) = (String::from_utf8(header).ok()?, String::from_utf8(payload).ok()?);
    let (header, payload) = (Pairs::read(&header)?, Pairs::read(&payload)?);
    if header.string("typ")? != "dbsc+jwt" || header.string("alg")? != "ES256" || signature.len() != 64 {
        return None;
    }
    let key = match header.member("jwk") {
        None => None,
        Some(jwk) => Some(second_reading_of_key(&Pairs::read(jwk)?)?),
    };
    let authorization = match payload.member("authorization") {
        None => None,
        Some(json) => Some(serde_json::from_str(json).ok()?),
    };
    Some((payload.string("jti")?, authorization, key))
}

fn second_reading_of_key(jwk: &Pairs<'_>) -> Option<[u8; 64]> {
    let (x, y) = (decode(&jwk.string("x")?)?, decode(&jwk.string("y")?)?);
    let is_named_well = jwk.string("kty")? == "EC" && jwk.string("crv")? == "P-256";
    let is_point = VerifyingKey::from_sec1_bytes(&[&[4], &x[..], &y].concat()).is_ok();
    (is_named_well && x.len() == 32 && is_point).then(|| [x, y].concat().try_into().ok())?
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = str::from_utf8(bytes) else { return };
    let Some((header, payload)) = input.split_once('\n') else {
        assert_eq!(read_proof(input), second_reading(input));
        assert_eq!(device_session_id(input), text(input).filter(|id| !id.is_empty()));
        return;
    };
    let header = with_coordinates(header);
    let signed = format!("{}.{}", to_base64url(header.as_bytes()), to_base64url(payload.as_bytes()));
    // Most inputs are no proof whatever their signature is. Each first gets the signature of another text, because
    // signing takes far longer than reading.
    let proof = format!("{signed}.{}", *OF_ANOTHER_TEXT);
    let parts = read_proof(&proof);
    assert_eq!(parts, second_reading(&proof));
    let quoted = format!("\"{proof}\"");
    assert!(quoted.len() > 4096 || read_proof(&quoted) == parts);
    if parts.is_none() {
        return;
    }
    assert!(!verify_proof(&proof, coordinates(&DEVICES[0])));
    let signature: Signature = DEVICES[0].sign(signed.as_bytes());
    let mut signature = signature.to_bytes();
    let proof = format!("{signed}.{}", to_base64url(&signature));
    assert_eq!(read_proof(&proof), parts);
    let [own, other] = [0, 1].map(|index| coordinates(&DEVICES[index]));
    let is_good = parts.is_some_and(|(_, _, key)| key.is_none_or(|key| key == own));
    assert_eq!(verify_proof(&proof, own), is_good);
    assert!(!verify_proof(&proof, other));
    // The bit that is changed is one that the input chooses.
    signature[bytes.len() % 64] ^= 1 << (bytes[0] & 7);
    assert!(!verify_proof(&format!("{signed}.{}", to_base64url(&signature)), own));
});
