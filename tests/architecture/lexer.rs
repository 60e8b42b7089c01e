//! Cuts Rust source into tokens and leaves out comments, so that no rule mistakes a sentence for code.

/// A token, and the line on which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier, a keyword or a number.
    Word(String),
    /// The text in a string literal, its escapes left as they are written.
    Text(String),
    /// The separator of paths, `::`.
    Separator,
    /// Any other character of punctuation.
    Sign(char),
}

impl Token {
    /// Returns the identifier, keyword or number; `None` for every other token.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(crate) fn is_separator(&self) -> bool {
        self.kind == Kind::Separator
    }
}

/// Returns the tokens of a source. Comments (doc comments too), white space, characters and lifetimes give none.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let (mut rest, mut line, mut tokens) = (source, 1, Vec::new());
    while !rest.is_empty() {
        let (kind, len) = first(rest);
        tokens.extend(kind.map(|kind| Token { kind, line }));
        let (taken, after) = rest.split_at(len);
        line += taken.matches('\n').count();
        rest = after;
    }
    tokens
}

/// Returns what the text begins with, and how many bytes of it that takes.
fn first(rest: &str) -> (Option<Kind>, usize) {
    if rest.starts_with("//") {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (None, block_comment(rest));
    }
    if let Some((text, len)) = string(rest) {
        return (Some(Kind::Text(text.to_owned())), len);
    }
    if let Some(len) = character_or_lifetime(rest) {
        return (None, len);
    }
    if rest.starts_with("::") {
        return (Some(Kind::Separator), 2);
    }
    // `r#type` is an identifier and no keyword, so it keeps its mark.
    let mark = if rest.starts_with("r#") { 2 } else { 0 };
    let len = mark + rest[mark..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - mark);
    if len > mark {
        return (Some(Kind::Word(rest[..len].to_owned())), len);
    }
    let sign = rest.chars().next().unwrap_or_default();
    ((!sign.is_whitespace()).then_some(Kind::Sign(sign)), sign.len_utf8())
}

/// Returns the length of a block comment; one may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let after = &rest[at..];
        if after.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if after.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += after.chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at == rest.len() {
            return at;
        }
    }
}

/// Returns the inside of a string literal of any form, and the length of the whole.
fn string(rest: &str) -> Option<(&str, usize)> {
    let body = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inside = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let len = inside.find(&close).unwrap_or(inside.len());
        let end = (len + close.len()).min(inside.len());
        return Some((&inside[..len], rest.len() - inside.len() + end));
    }
    let inside = body.strip_prefix('"')?;
    let mut is_escaped = false;
    let len = inside.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let len = len.unwrap_or(inside.len());
    Some((&inside[..len], rest.len() - inside.len() + (len + 1).min(inside.len())))
}

/// Returns the length of `'c'`, `b'c'`, `'\n'` or `'a`.
fn character_or_lifetime(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('b').filter(|rest| rest.starts_with('\'')).unwrap_or(rest).strip_prefix('\'')?;
    let before = rest.len() - inside.len();
    let mut chars = inside.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        // The character after the backslash may be a quote itself.
        let from = chars.nth(1).map_or(inside.len(), |(at, _)| at);
        return Some(before + from + inside[from..].find('\'').map_or(0, |at| at + 1));
    }
    match chars.next() {
        Some((at, '\'')) => Some(before + at + 1),
        _ => Some(before + inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<(String, usize)> {
        tokens(source).iter().filter_map(|token| Some((token.word()?.to_owned(), token.line))).collect()
    }

    #[test]
    fn comments_strings_characters_and_lifetimes_are_no_words() {
        // (source, its words), a comment a rule.
        for (source, expected) in [
            ("a // b\nc", &[("a", 1), ("c", 2)][..]),
            ("/// [x](crate::X)\n//! y\na", &[("a", 3)]),
            // A block comment may hold another one.
            ("/* a /* b */ c\n*/ d", &[("d", 2)]),
            (r#"a("b \" c", d)"#, &[("a", 1), ("d", 1)]),
            ("a(\"\\\\\", b)", &[("a", 1), ("b", 1)]),
            // Raw strings end where their own number of hashes does.
            ("a(r##\"b\"# c\"##, d, br\"e\", c\"f\", b\"g\")", &[("a", 1), ("d", 1)]),
            // A string may span lines.
            ("\"a\nb\" c", &[("c", 2)]),
            (r"['a', '\'', '\u{e9}', b'b', '\n', '/'] c", &[("c", 1)]),
            ("f::<'a, 'static>('b')", &[("f", 1)]),
            ("r#type + rest", &[("r#type", 1), ("rest", 1)]),
            ("\"unterminated", &[]),
            ("/* unterminated", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(word, line)| ((*word).to_owned(), *line)).collect();
            assert_eq!(words(source), expected, "{source}");
        }
    }

    #[test]
    fn a_string_keeps_what_it_holds() {
        let kinds: Vec<_> = tokens("feature = \"import\"").into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [Kind::Word("feature".into()), Kind::Sign('='), Kind::Text("import".into())]);
    }
}
