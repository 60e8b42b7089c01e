//! Holds [`AwsLc`], the cipher of the feature `aws-lc`, compiled from the crate's own source: no public function of
//! sealed-session takes a nonce, and the published vectors each have one. The tests are in tests/known_answers.rs.

#[path = "../../src/crypto/aws_lc.rs"]
mod aws_lc;
#[path = "../../src/crypto/stack.rs"]
mod stack;

/// The lengths that the source takes from its crate.
mod format {
    pub(crate) const KEY_LEN: usize = 32;
    pub(crate) const NONCE_LEN: usize = 24;
    pub(crate) const TAG_LEN: usize = 16;
}

pub struct AwsLc(aws_lc::Cipher);

impl AwsLc {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(aws_lc::Cipher::new(key))
    }

    pub fn seal(&self, nonce: &[u8; 24], aad: &[u8], message: &mut [u8]) -> [u8; 16] {
        self.0.seal(nonce, aad, message).unwrap()
    }

    pub fn open(&self, nonce: &[u8; 24], aad: &[u8], message: &mut [u8], tag: &[u8; 16]) -> bool {
        self.0.open(nonce, aad, message, tag)
    }
}
