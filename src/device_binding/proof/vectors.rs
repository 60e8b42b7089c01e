//! Runs tests/vectors/dbsc/vectors.json: 72 proofs and 18 exchanges of Chromium 156 with a server, and proofs derived
//! from them. Each verifier of this build judges every proof: the `p256` crate always, AWS-LC if the feature `aws-lc`
//! is on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Proof, ProofError, PublicKey, rust_crypto, session_id};

#[derive(Deserialize)]
struct Vectors {
    proofs: Vec<Vector>,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    kind: String,
    proof: String,
    header: Option<Value>,
    payload: Option<Value>,
    /// The key that the server knows, as a JWK.
    key: Option<Value>,
    expect: String,
    sec_secure_session_id: Option<String>,
}

#[derive(Deserialize)]
struct Exchange {
    name: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    request: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/dbsc/vectors.json")).unwrap()
}

/// Says whether bytes are a point on the curve.
type IsOnCurve = fn(&[u8]) -> bool;
/// Says whether a key signed a message.
type IsSigned = fn(&[u8], &[u8], &[u8; 64]) -> bool;

const VERIFIERS: &[(IsOnCurve, IsSigned)] = &[
    (rust_crypto::is_on_curve, rust_crypto::is_signed),
    #[cfg(feature = "aws-lc")]
    (super::aws_lc::is_on_curve, super::aws_lc::is_signed),
];

/// Reads a JWK by the reader of proofs. `None` if it is no key of P-256.
fn key(jwk: &Value) -> Option<PublicKey> {
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk}).to_string();
    let proof = super::device::Device::new(0).sign(header, r#"{"jti":""}"#);
    Proof::read(&proof).ok()?.key().copied()
}

/// Says whether a server accepts a proof, which all verifiers must agree on.
fn is_accepted(proof: &Proof, vector: &Vector) -> bool {
    let known = vector.key.as_ref().and_then(key);
    let key = match (vector.kind.as_str(), proof.key(), &known) {
        ("registration", Some(own), _) => own,
        ("refresh", None, Some(known)) => known,
        _ => return false,
    };
    let (signed, signature) = proof.signed();
    let verdict = proof.verify(key);
    for (is_on_curve, is_signed) in VERIFIERS {
        assert!(is_on_curve(key.point()), "{}", vector.name);
        assert_eq!(is_signed(key.point(), signed, signature), verdict, "{}", vector.name);
    }
    verdict
}

#[test]
fn every_proof_is_accepted_or_refused_as_the_file_says() {
    let proofs = vectors().proofs;
    assert_eq!(proofs.len(), 72);
    let mut accepted = 0;
    for vector in proofs {
        let is_rs256 = vector.header.as_ref().is_some_and(|header| header["alg"] == "RS256");
        let proof = match Proof::read(&vector.proof) {
            // The file has what a server that knows RS256 accepts. This one does not.
            Err(error) if is_rs256 => {
                assert_eq!(error, ProofError::Algorithm);
                continue;
            }
            Err(error) => {
                assert_eq!(vector.expect, "reject", "{}: {error:?}", vector.name);
                continue;
            }
            Ok(proof) => proof,
        };
        let verdict = if is_accepted(&proof, &vector) { "accept" } else { "reject" };
        assert_eq!(verdict, vector.expect, "{}", vector.name);
        accepted += usize::from(verdict == "accept");
        if let (Some(payload), Some(header)) = (&vector.payload, &vector.header) {
            assert_eq!(proof.challenge(), payload["jti"], "{}", vector.name);
            assert_eq!(proof.authorization(), payload["authorization"].as_str(), "{}", vector.name);
            assert_eq!(proof.key().copied(), header.get("jwk").and_then(key), "{}", vector.name);
        }
    }
    assert_eq!(accepted, 46, "48 in the file, and two of them are RS256");
}

#[test]
fn each_broken_proof_is_refused_for_its_own_reason() {
    let reasons: BTreeMap<&str, Result<(), ProofError>> = [
        // The reader finds nothing wrong with these: the key and the kind of request tell.
        ("signature with one bit changed", Ok(())),
        ("payload of another refresh", Ok(())),
        ("key of another session", Ok(())),
        ("signature all zero", Ok(())),
        ("refresh that brings its own jwk", Ok(())),
        ("registration without jwk", Ok(())),
        ("signature cut to 63 bytes", Err(ProofError::Signature)),
        ("signature in DER", Err(ProofError::Signature)),
        ("padded base64url", Err(ProofError::Base64)),
        ("base64 alphabet", Err(ProofError::Base64)),
        ("four parts", Err(ProofError::Form)),
        ("two parts", Err(ProofError::Form)),
        ("no signature", Err(ProofError::Signature)),
        ("alg none", Err(ProofError::Algorithm)),
        ("alg HS256", Err(ProofError::Algorithm)),
        ("typ JWT", Err(ProofError::Type)),
        ("typ absent", Err(ProofError::Type)),
        ("jti absent", Err(ProofError::Challenge)),
        ("jti a number", Err(ProofError::Challenge)),
        ("kty oct", Err(ProofError::Key)),
        ("crv P-384", Err(ProofError::Key)),
        ("point off the curve", Err(ProofError::Key)),
        ("x of 31 bytes", Err(ProofError::Key)),
        ("duplicate alg (signed)", Err(ProofError::RepeatedMember)),
    ]
    .into();
    let refused: Vec<Vector> = vectors().proofs.into_iter().filter(|vector| vector.expect == "reject").collect();
    assert_eq!(refused.len(), reasons.len());
    for vector in refused {
        assert_eq!(Proof::read(&vector.proof).map(|_| ()), reasons[vector.name.as_str()], "{}", vector.name);
    }
}

/// The values of a header in a message.
fn header<'a>(message: &'a str, name: &str) -> Vec<&'a str> {
    let lines = message.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[test]
fn every_proof_of_a_real_exchange_is_signed_by_the_registered_key() {
    let Vectors { proofs, exchanges } = vectors();
    assert_eq!(exchanges.len(), 18);
    // The sessions of which the file has a proof, with the key of each.
    let keys: BTreeMap<String, PublicKey> = proofs
        .iter()
        .filter_map(|vector| Some((vector.sec_secure_session_id.clone()?, vector.key.as_ref().and_then(key)?)))
        .collect();
    let (mut verified, mut unknown) = (0, 0);
    for Exchange { name, messages } in exchanges {
        for Message { request } in &messages {
            for value in header(request, "Secure-Session-Response") {
                let proof = Proof::read(value).unwrap();
                let id = header(request, "Sec-Secure-Session-Id").first().map(|id| session_id(id).unwrap());
                let key = match id {
                    None => Some(proof.key().unwrap()),
                    Some(id) => keys.get(id),
                };
                // The file has exchanges of a few sessions whose registration is not in it.
                let Some(key) = key else {
                    unknown += 1;
                    continue;
                };
                assert!(proof.verify(key), "{name}");
                verified += 1;
            }
        }
    }
    assert_eq!((verified, unknown), (20, 4));
}

#[test]
fn each_verifier_refuses_points_that_are_not_on_the_curve() {
    let point = *super::device::Device::new(0).public_key().point();
    for (is_on_curve, _) in VERIFIERS {
        assert!(is_on_curve(&point));
        // The first byte is always 4, which says that both coordinates follow.
        for bit in 8..8 * point.len() {
            let mut changed = point;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_on_curve(&changed), "bit {bit}");
        }
    }
}
