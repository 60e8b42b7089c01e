//! Chooses who checks signatures in this build: AWS-LC with the feature `aws-lc`, the `p256` crate without it. Both
//! accept the same keys and the same signatures.

#[cfg(feature = "aws-lc")]
pub(super) use super::aws_lc::{is_on_curve, is_signed};
#[cfg(not(feature = "aws-lc"))]
pub(super) use super::rust_crypto::{is_on_curve, is_signed};
