//! Holds the public key of a device, and never a point that is not on the curve.

use super::verifier;

/// The bytes of `04 | x | y`, the uncompressed form of a point (SEC 1 section 2.3.3).
const POINT_LEN: usize = 65;

/// The public key of a device: a point on the curve P-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PublicKey([u8; POINT_LEN]);

impl PublicKey {
    /// The bytes of `x | y`.
    pub(crate) const LEN: usize = 64;

    /// Takes `x | y`. Returns `None` if they are not a point on the curve.
    pub(crate) fn from_bytes(bytes: [u8; Self::LEN]) -> Option<Self> {
        let mut point = [4; POINT_LEN];
        let (_, coordinates) = point.split_first_mut()?;
        coordinates.copy_from_slice(&bytes);
        verifier::is_on_curve(&point).then_some(Self(point))
    }

    /// Returns `x | y`.
    pub(crate) fn to_bytes(self) -> [u8; Self::LEN] {
        let [_, coordinates @ ..] = self.0;
        coordinates
    }

    /// Returns `04 | x | y`.
    pub(super) fn point(&self) -> &[u8; POINT_LEN] {
        &self.0
    }
}
