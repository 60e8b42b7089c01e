//! The file that names the files of a room, and holds nothing else.

use crate::finding::{Finding, Rule};
use crate::lexer::{Kind, Token};
use crate::source::Source;

/// Finds what stands in a façade beside documentation, attributes, `mod name;` and `use`.
pub(crate) fn findings(file: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.is_documented {
        findings.push(Finding::new(&file.path, 1, Rule::Facade, "no documentation says what the room is for".into()));
    }
    let mut tokens = file.tokens.as_slice();
    while let Some(item) = tokens.first() {
        let rest = skip_prefix(tokens);
        let is_allowed = match rest {
            [word, name, end, ..] if word.is_word("mod") => name.word().is_some() && end.is_sign(';'),
            [word, ..] => word.is_word("use"),
            [] => true,
        };
        if !is_allowed {
            let word = rest.iter().find_map(Token::word).unwrap_or_default();
            let what = format!("a room's façade holds `mod` and `use` only, and no `{word}`");
            findings.push(Finding::new(
                &file.path,
                rest.first().map_or(item.line, |token| token.line),
                Rule::Facade,
                what,
            ));
        }
        tokens = skip_item(rest);
    }
    findings
}

/// Skips attributes and a visibility.
fn skip_prefix(mut tokens: &[Token]) -> &[Token] {
    loop {
        tokens = match tokens {
            [hash, bang, rest @ ..] if hash.is_sign('#') && bang.is_sign('!') => skip_group(rest),
            [hash, rest @ ..] if hash.is_sign('#') => skip_group(rest),
            [word, rest @ ..] if word.is_word("pub") && rest.first().is_some_and(|next| next.is_sign('(')) => {
                skip_group(rest)
            }
            [word, rest @ ..] if word.is_word("pub") => rest,
            _ => return tokens,
        };
    }
}

/// Skips up to the end of an item: a semicolon, or the braces that close it.
fn skip_item(mut tokens: &[Token]) -> &[Token] {
    let is_use = tokens.first().is_some_and(|token| token.is_word("use"));
    while let Some((token, rest)) = tokens.split_first() {
        match token.kind {
            Kind::Sign(';') => return rest,
            Kind::Sign('{') if !is_use => return skip_group(tokens),
            Kind::Sign('(' | '[' | '{') => tokens = skip_group(tokens),
            _ => tokens = rest,
        }
    }
    tokens
}

/// Skips brackets and what they hold.
fn skip_group(mut tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    while let Some((token, rest)) = tokens.split_first() {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => (),
        }
        tokens = rest;
        if depth == 0 {
            break;
        }
    }
    tokens
}
