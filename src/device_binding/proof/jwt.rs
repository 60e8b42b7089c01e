//! Reads the proof: a JWT whose header names the algorithm and, at registration, the key, and whose payload repeats the
//! challenge.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::ProofError;
use super::header_value;
use super::members::Members;
use super::public_key::PublicKey;
use super::verifier;

/// The most bytes of a header value that is read. A proof of Chromium 156 has about 450, of which its challenge takes
/// the most.
const MAX_LEN: usize = 4096;
const SIGNATURE_LEN: usize = 64;
const COORDINATE_LEN: usize = 32;

/// The words of a browser about its key. They stay mere words until [`verify`](Self::verify) says that a key signed it.
#[derive(Debug)]
pub(crate) struct Proof {
    challenge: String,
    authorization: Option<String>,
    key: Option<PublicKey>,
    /// The two parts that were signed, with the period between them, as they came.
    signed: String,
    signature: [u8; SIGNATURE_LEN],
}

impl Proof {
    /// Reads the value of a `Secure-Session-Response` header, bare or in quotes.
    ///
    /// Members that this reader does not know are ignored: a later browser may send more. A proof of another algorithm
    /// than ES256 is refused, and so is every second spelling of its parts. A signature of ECDSA always has two
    /// spellings, so the text of a proof does not identify it.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of [`ProofError`].
    pub(crate) fn read(header_value: &str) -> Result<Self, ProofError> {
        if header_value.len() > MAX_LEN {
            return Err(ProofError::TooLong);
        }
        let jwt = header_value::text(header_value).ok_or(ProofError::Form)?;
        let (signed, signature) = jwt.rsplit_once('.').ok_or(ProofError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(ProofError::Form)?;
        if payload.contains('.') {
            return Err(ProofError::Form);
        }
        let (header, payload, signature) = (json(header)?, json(payload)?, base64url(signature)?);

        let (header, payload) = (Members::read(&header)?, Members::read(&payload)?);
        if header.string("typ").as_deref() != Some("dbsc+jwt") {
            return Err(ProofError::Type);
        }
        if header.string("alg").as_deref() != Some("ES256") {
            return Err(ProofError::Algorithm);
        }
        let key = header.json("jwk").map(public_key).transpose()?;
        let challenge = payload.string("jti").ok_or(ProofError::Challenge)?;
        let authorization = payload.string("authorization");
        if authorization.is_none() && payload.json("authorization").is_some() {
            return Err(ProofError::Authorization);
        }
        let signature = signature.try_into().map_err(|_| ProofError::Signature)?;
        Ok(Self { challenge, authorization, key, signed: signed.to_owned(), signature })
    }

    /// Returns the challenge that the browser answers (`jti`).
    pub(crate) fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Returns what the server gave as `authorization` with the registration header, if it gave anything.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Returns the key that the browser registers (`jwk`). A refresh has none: the draft forbids it, so the caller
    /// refuses a refresh that brings a key, and a registration that brings none.
    pub(crate) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// True if the holder of this key signed the proof, and the proof names no other key.
    pub(crate) fn verify(&self, key: &PublicKey) -> bool {
        self.key.is_none_or(|own| own == *key)
            && verifier::is_signed(key.point(), self.signed.as_bytes(), &self.signature)
    }

    /// The bytes that were signed, and the signature: for tests that hold one verifier to the other.
    #[cfg(test)]
    pub(super) fn signed(&self) -> (&[u8], &[u8; SIGNATURE_LEN]) {
        (self.signed.as_bytes(), &self.signature)
    }
}

/// Decodes base64url without padding. Bits that no byte needs are zero, so that each text has one spelling.
fn base64url(text: &str) -> Result<Vec<u8>, ProofError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| ProofError::Base64)
}

/// Decodes a part that is JSON.
fn json(part: &str) -> Result<String, ProofError> {
    String::from_utf8(base64url(part)?).map_err(|_| ProofError::Json)
}

/// Reads a JWK of the kind EC (RFC 7518 section 6.2.1).
fn public_key(jwk: &str) -> Result<PublicKey, ProofError> {
    let jwk = Members::read(jwk).map_err(|error| match error {
        ProofError::Json => ProofError::Key, // it is JSON, since the header is, but no object
        other => other,
    })?;
    let is = |name, value| jwk.string(name).as_deref() == Some(value);
    let coordinate = |name| -> Option<[u8; COORDINATE_LEN]> { base64url(&jwk.string(name)?).ok()?.try_into().ok() };
    if !is("kty", "EC") || !is("crv", "P-256") {
        return Err(ProofError::Key);
    }
    let (Some(x), Some(y)) = (coordinate("x"), coordinate("y")) else { return Err(ProofError::Key) };
    let mut bytes = [0; PublicKey::LEN];
    let (left, right) = bytes.split_at_mut(COORDINATE_LEN);
    left.copy_from_slice(&x);
    right.copy_from_slice(&y);
    PublicKey::from_bytes(bytes).ok_or(ProofError::Key)
}
