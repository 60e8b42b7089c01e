//! Finds the items that are compiled for tests only.

use std::ops::Range;

use crate::lexer::{Kind, Token};

/// Returns which tokens stand under `#[cfg(test)]` or `#[cfg(all(test, ..))]`, of which the compiler takes none into
/// the library.
pub(crate) fn test_items(tokens: &[Token]) -> Vec<Range<usize>> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    let is_sign = |at: usize, sign: char| tokens.get(at).is_some_and(|token| token.is_sign(sign));
    let mut items = Vec::new();
    for at in 0..tokens.len() {
        let is_inner = is_sign(at + 1, '!');
        let open = if is_inner { at + 2 } else { at + 1 };
        if !(is_sign(at, '#') && is_sign(open, '[') && is(open + 1, "cfg")) {
            continue;
        }
        if is(open + 3, "test") && is_sign(open + 4, ')') || is(open + 3, "all") && is(open + 5, "test") {
            items.push(at..if is_inner { tokens.len() } else { item_end(tokens, at) });
        }
    }
    items
}

/// Returns where the item ends whose first attribute stands here.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(|token| token.is_sign('#')) {
        at = group_end(tokens, at + 1);
    }
    while let Some(token) = tokens.get(at) {
        match token.kind {
            // A field or a variant ends where the next begins, the last one with the braces around it.
            Kind::Sign(';' | ',') => return at + 1,
            Kind::Sign('}') => return at,
            Kind::Sign('{') => return group_end(tokens, at),
            Kind::Sign('<') => at = angle_end(tokens, at),
            Kind::Sign('(' | '[') => at = group_end(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// Returns where the brackets end that open here.
fn group_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => (),
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Returns where the generic parameters end that open here, so that the commas in them end no item.
fn angle_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let is_arrow = at > 0 && tokens.get(at - 1).is_some_and(|before| before.is_sign('-'));
        match token.kind {
            Kind::Sign('<') => depth += 1,
            Kind::Sign('>') if !is_arrow => depth = depth.saturating_sub(1),
            Kind::Sign(';' | '{') => return at,
            _ => (),
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}
