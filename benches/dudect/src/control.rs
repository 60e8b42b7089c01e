//! The comparison of the controls: one that stops at the first difference.

/// The characters that a tag takes in base64url, and a CSRF token, too.
const CHARS: usize = 22;

/// Compares the last 22 characters of both texts, and stops at the first difference. That is where a tag is, and a CSRF
/// token has no others.
#[inline(never)]
pub fn leaky_equality(one: &str, other: &str) -> bool {
    let last = |text: &str| text.as_bytes()[text.len() - CHARS..].to_vec();
    last(one).iter().zip(last(other)).all(|(one, other)| *one == other)
}
