//! Breaks each rule of a proof alone, and says which reason the reader then gives.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::device::Device;
use super::{Proof, ProofError, PublicKey, session_id};

const HEADER: &str = r#"{"alg":"ES256","typ":"dbsc+jwt"}"#;
const PAYLOAD: &str = r#"{"jti":"c"}"#;

fn device() -> Device {
    Device::new(0)
}

/// The reason why a proof with this header and this payload, signed well, is refused.
fn refused(header: &str, payload: &str) -> ProofError {
    Proof::read(&device().sign(header, payload)).unwrap_err()
}

/// The reason why a registration with this `jwk` is refused.
fn refused_jwk(jwk: &str) -> ProofError {
    refused(&format!(r#"{{"alg":"ES256","typ":"dbsc+jwt","jwk":{jwk}}}"#), PAYLOAD)
}

/// The jwk of the device with one member changed, or left out if it becomes `null`.
fn jwk_with(name: &str, value: Value) -> String {
    let mut jwk = device().jwk();
    let members = jwk.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    jwk.to_string()
}

#[test]
fn a_registration_gives_challenge_and_key() {
    let proof = Proof::read(&device().registration("a challenge")).unwrap();
    assert_eq!(proof.challenge(), "a challenge");
    assert_eq!((proof.authorization(), proof.key()), (None, Some(&device().public_key())));
    assert!(proof.verify(&device().public_key()));
}

#[test]
fn a_refresh_gives_a_challenge_and_no_key() {
    let proof = Proof::read(&device().refresh("a challenge")).unwrap();
    assert_eq!((proof.challenge(), proof.key()), ("a challenge", None));
    assert!(proof.verify(&device().public_key()));
    assert!(!proof.verify(&Device::new(1).public_key()), "another device");
}

/// ECDSA has two signatures where it has one: if `r | s` is good, so is `r | n - s`, which anybody can compute. So a
/// proof is no name under which it could be known again.
#[test]
fn the_other_signature_of_a_proof_is_good_too() {
    let proof = device().refresh("a challenge");
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let (r, s) = signature.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(*r, -*s).unwrap();
    assert_ne!(other, signature);
    let other = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(other.to_bytes()));
    assert!(Proof::read(&other).unwrap().verify(&device().public_key()));
}

#[test]
fn a_proof_that_names_another_key_is_not_verified_by_this_one() {
    // The signature is that of the first device, and the key that the proof names is the second's.
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": Device::new(1).jwk()}).to_string();
    let proof = Proof::read(&device().sign(header, PAYLOAD)).unwrap();
    assert!(!proof.verify(&device().public_key()));
    assert!(!proof.verify(&Device::new(1).public_key()));
}

#[test]
fn every_bit_of_the_signature_counts() {
    let proof = device().refresh("c");
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for bit in 0..512 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let proof = Proof::read(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(changed))).unwrap();
        assert!(!proof.verify(&device().public_key()), "bit {bit}");
    }
}

#[test]
fn authorization_is_given_back() {
    let proof = Proof::read(&device().sign(HEADER, r#"{"authorization":"a","jti":"c"}"#)).unwrap();
    assert_eq!(proof.authorization(), Some("a"));
}

#[test]
fn strings_may_be_escaped() {
    let header = r#"{"\u0061lg":"ES25\u0036","typ":"dbsc\u002bjwt"}"#;
    assert_eq!(Proof::read(&device().sign(header, r#"{"jti":"\u0063"}"#)).unwrap().challenge(), "c");
}

#[test]
fn members_that_are_unknown_are_ignored() {
    let header = r#"{"alg":"ES256","kid":{"typ":1,"typ":2},"typ":"dbsc+jwt","crit":null}"#;
    let payload = r#"{"aud":"https://a.example/","iat":1e400,"jti":"c","sub":[[{}]]}"#;
    assert!(Proof::read(&device().sign(header, payload)).unwrap().verify(&device().public_key()));
    let mut jwk = device().jwk();
    jwk["use"] = "sig".into();
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk}).to_string();
    assert_eq!(Proof::read(&device().sign(header, PAYLOAD)).unwrap().key(), Some(&device().public_key()));
}

#[test]
fn a_header_of_4096_bytes_is_read_and_a_longer_one_is_not() {
    let proof = device().refresh("c");
    let padded = |len: usize| format!("{proof}{}", " ".repeat(len - proof.len()));
    assert!(Proof::read(&padded(4096)).is_ok());
    assert_eq!(Proof::read(&padded(4097)).unwrap_err(), ProofError::TooLong);
}

#[test]
fn a_proof_has_three_parts() {
    let proof = device().refresh("c");
    let two = proof.rsplit_once('.').unwrap().0;
    for text in ["", ".", two, &format!("{proof}."), &format!(".{proof}"), &format!("{proof}.e30")] {
        assert_eq!(Proof::read(text).unwrap_err(), ProofError::Form, "{text}");
    }
}

#[test]
fn each_part_is_canonical_base64url_without_padding() {
    let parts = |header: &str, payload: &str| Proof::read(&device().sign_parts(header, payload)).map(|_| ());
    let (header, payload) = (URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(PAYLOAD));
    assert_eq!(parts(&header, &payload), Ok(()));
    // 11 bytes leave two bits of the last character unused: `9` there says the same as `8`.
    let noncanonical = payload.replace("In0", "In1");
    assert_ne!(noncanonical, payload);
    for broken in [&format!("{payload}="), &format!("{payload} "), &payload[..payload.len() - 2], &noncanonical] {
        assert_eq!(parts(&header, broken), Err(ProofError::Base64), "payload {broken}");
    }
    assert_eq!(parts(&format!("{header}="), &payload), Err(ProofError::Base64));
    // A signature whose text has both of the letters in which the two alphabets differ.
    let mut proofs = (0..).map(|n| device().refresh(&n.to_string()));
    let proof = proofs.find(|proof| proof.contains('-') && proof.contains('_')).unwrap();
    // The last character of 86 has two bits of the signature: `B` says the same as `A`.
    let last = format!("{}B", &proof[..proof.len() - 1]);
    for changed in [proof.replace('-', "+").replace('_', "/"), format!("{proof}=="), last] {
        assert_eq!(Proof::read(&changed).unwrap_err(), ProofError::Base64, "{changed}");
    }
}

#[test]
fn header_and_payload_are_objects_in_utf_8() {
    for text in ["", "[]", "\"a\"", "null", "{", "{}{}", "{\"jti\":\"\\ud800\" \"a\":1}", "{\"jti\":\"c\",}"] {
        assert_eq!(refused(text, PAYLOAD), ProofError::Json, "header {text}");
        assert_eq!(refused(HEADER, text), ProofError::Json, "payload {text}");
    }
    let not_utf_8 = b"{\"jti\":\"c\",\"a\":\"\xff\"}";
    assert_eq!(Proof::read(&device().sign(HEADER, not_utf_8)).unwrap_err(), ProofError::Json);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    assert!(matches!(refused(HEADER, &deep), ProofError::Json | ProofError::Challenge));
}

#[test]
fn no_object_has_a_member_twice() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256","typ":"dbsc+jwt"}"#,
        r#"{"alg":"none","typ":"dbsc+jwt","\u0061lg":"ES256"}"#,
        r#"{"alg":"ES256","typ":"dbsc+jwt","x":1,"x":1}"#,
    ] {
        assert_eq!(refused(header, PAYLOAD), ProofError::RepeatedMember, "{header}");
    }
    for payload in [r#"{"jti":"b","jti":"c"}"#, r#"{"jti":"c","x":1,"x":null}"#, r#"{"jti":"a","jti":"b","jti":"c"}"#] {
        assert_eq!(refused(HEADER, payload), ProofError::RepeatedMember, "{payload}");
    }
    let jwk = device().jwk().to_string();
    assert_eq!(refused_jwk(&jwk.replacen('{', r#"{"kty":"EC","#, 1)), ProofError::RepeatedMember);
    assert_eq!(refused_jwk(&jwk.replacen('{', r#"{"a":1,"a":1,"#, 1)), ProofError::RepeatedMember);
}

#[test]
fn typ_is_dbsc_jwt() {
    for typ in [r#""JWT""#, r#""DBSC+JWT""#, r#""dbsc+jwt ""#, r#"["dbsc+jwt"]"#, "null"] {
        assert_eq!(refused(&format!(r#"{{"alg":"ES256","typ":{typ}}}"#), PAYLOAD), ProofError::Type, "{typ}");
    }
    assert_eq!(refused(r#"{"alg":"ES256"}"#, PAYLOAD), ProofError::Type);
}

#[test]
fn alg_is_es256() {
    for alg in [r#""none""#, r#""RS256""#, r#""HS256""#, r#""es256""#, r#""ES384""#, r#""""#, r#"["ES256"]"#, "null"] {
        let header = format!(r#"{{"alg":{alg},"typ":"dbsc+jwt"}}"#);
        assert_eq!(refused(&header, PAYLOAD), ProofError::Algorithm, "{alg}");
    }
    assert_eq!(refused(r#"{"typ":"dbsc+jwt"}"#, PAYLOAD), ProofError::Algorithm);
}

#[test]
fn jwk_is_a_point_on_p_256() {
    for jwk in ["null", "[]", r#""jwk""#, "1", "{}"] {
        assert_eq!(refused_jwk(jwk), ProofError::Key, "{jwk}");
    }
    let x = device().jwk()["x"].as_str().unwrap().to_owned();
    for (name, values) in [
        ("kty", [json!(null), json!("oct"), json!("ec"), json!(["EC"])]),
        ("crv", [json!(null), json!("P-384"), json!("p-256"), json!(256)]),
        ("x", [json!(null), json!(format!("{x}=")), json!(&x[..42]), json!([1])]),
        ("y", [json!(null), json!(x.clone()), json!(format!("AAAA{x}")), json!({})]),
    ] {
        for value in values {
            let jwk = jwk_with(name, value);
            assert_eq!(refused_jwk(&jwk), ProofError::Key, "{jwk}");
        }
    }
}

#[test]
fn a_coordinate_has_32_bytes_even_if_the_first_is_zero() {
    // The x of one key in 256 begins with a zero. This is the first of ours.
    let device = Device::new(320);
    assert_eq!(device.public_key().to_bytes()[0], 0);
    assert!(Proof::read(&device.registration("c")).is_ok());
    let mut jwk = device.jwk();
    jwk["x"] = URL_SAFE_NO_PAD.encode(&device.public_key().to_bytes()[1..32]).into();
    assert_eq!(refused_jwk(&jwk.to_string()), ProofError::Key);
}

#[test]
fn jti_is_a_string() {
    for payload in ["{}", r#"{"jti":1}"#, r#"{"jti":null}"#, r#"{"jti":["c"]}"#, r#"{"JTI":"c"}"#] {
        assert_eq!(refused(HEADER, payload), ProofError::Challenge, "{payload}");
    }
}

#[test]
fn authorization_is_a_string_or_missing() {
    for payload in [r#"{"authorization":1,"jti":"c"}"#, r#"{"authorization":null,"jti":"c"}"#] {
        assert_eq!(refused(HEADER, payload), ProofError::Authorization, "{payload}");
    }
}

#[test]
fn a_signature_has_64_bytes() {
    let proof = device().refresh("c");
    let (signed, _) = proof.rsplit_once('.').unwrap();
    for len in [0, 1, 32, 63, 65, 70, 72, 128] {
        let proof = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(vec![1; len]));
        assert_eq!(Proof::read(&proof).unwrap_err(), ProofError::Signature, "{len} bytes");
    }
}

#[test]
fn both_headers_are_read_bare_and_in_quotes() {
    let proof = device().refresh("c");
    for (before, after) in [("", ""), ("\"", "\""), (" ", "\t"), ("\"", "\";a=1;b"), ("", ";a=\"1\"")] {
        let text = format!("{before}{proof}{after}");
        assert!(Proof::read(&text).unwrap().verify(&device().public_key()), "{text}");
        assert_eq!(session_id(&format!("{before}-_id{after}")), Some("-_id"));
    }
}

#[test]
fn a_header_in_neither_form_is_refused() {
    let proof = device().refresh("c");
    for (before, after) in [("\"", ""), ("", "\""), ("\"", "\"a"), ("\"\"", "\"\""), ("\"", "\\\"\""), ("\\", "")] {
        let text = format!("{before}{proof}{after}");
        assert_eq!(Proof::read(&text).unwrap_err(), ProofError::Form, "{text}");
        assert_eq!(session_id(&format!("{before}id{after}")), None, "{before}id{after}");
    }
    assert_eq!([session_id(""), session_id("\"\""), session_id(" ;a")], [None; 3], "no identifier");
}

#[test]
fn a_key_comes_back_from_its_bytes_and_only_points_on_the_curve_are_keys() {
    for number in 0..3 {
        let key = Device::new(number).public_key();
        assert_eq!(PublicKey::from_bytes(key.to_bytes()), Some(key));
        for bit in 0..512 {
            // To an x belong two points at most, and to a y three. No other bit of these keys leads to one.
            let mut bytes = key.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(PublicKey::from_bytes(bytes), None, "key {number}, bit {bit}");
        }
    }
    assert_eq!(PublicKey::from_bytes([0; 64]), None, "the point at infinity has no such form");
    assert_eq!(PublicKey::from_bytes([0xff; 64]), None, "beyond the field");
}
