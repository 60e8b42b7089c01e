//! Says what is wrong with a proof.

/// The first rule that a proof breaks. The rules are checked in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProofError {
    /// The header is longer than 4 KiB.
    TooLong,
    /// The header is neither a bare text nor a quoted one, or the text has not three parts with a period between them.
    Form,
    /// A part is not base64url without padding, or not in its only canonical spelling.
    Base64,
    /// The header or the payload of the JWT is not a JSON object in UTF-8.
    Json,
    /// An object has two members of one name.
    RepeatedMember,
    /// `typ` is not `dbsc+jwt`.
    Type,
    /// `alg` is not `ES256`.
    Algorithm,
    /// `jwk` is not a point on the curve P-256.
    Key,
    /// `jti`, which repeats the challenge, is missing or no string.
    Challenge,
    /// `authorization` is there, and no string.
    Authorization,
    /// The signature has not 64 bytes.
    Signature,
}
