//! Reads the paths of a file from its tokens: those of every `use`, and those in code.

use std::collections::HashSet;

use crate::lexer::Token;
use crate::source::{Name, Source};

/// Keywords that can stand before a path which begins with `::`, and are no part of it.
const BEFORE_A_PATH: [&str; 13] =
    ["as", "break", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "where", "while"];

/// Walks over the tokens of a file once, and knows in which inline module it is.
pub(crate) struct Reader<'s> {
    source: &'s mut Source,
    /// The names of the inline modules around, and the depth of the braces outside of each.
    inline: Vec<(String, usize)>,
    depth: usize,
    /// The modules that the file declares: a path that begins with one leads there, and not to a crate of that name.
    declared: HashSet<String>,
}

impl<'s> Reader<'s> {
    /// Adds to the source the modules that it declares and the paths that it names.
    pub(crate) fn read(source: &'s mut Source) {
        let mut reader = Self { source, inline: Vec::new(), depth: 0, declared: HashSet::new() };
        reader.declare();
        reader.walk();
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.source.tokens.get(at)
    }

    fn word(&self, at: usize) -> Option<&str> {
        self.token(at).and_then(Token::word)
    }

    fn is_sign(&self, at: usize, sign: char) -> bool {
        self.token(at).is_some_and(|token| token.is_sign(sign))
    }

    fn is_separator(&self, at: usize) -> bool {
        self.token(at).is_some_and(Token::is_separator)
    }

    fn declare(&mut self) {
        for at in 0..self.source.tokens.len() {
            if self.word(at) == Some("mod")
                && let Some(name) = self.word(at + 1).map(str::to_owned)
            {
                if self.is_sign(at + 2, ';') {
                    self.source.children.push((name.clone(), self.source.is_test(at)));
                }
                self.declared.insert(name);
            }
        }
    }

    fn walk(&mut self) {
        let mut at = 0;
        while at < self.source.tokens.len() {
            at = match self.word(at) {
                // `use<'a>` in a type is no import.
                Some("use") if !self.is_sign(at + 1, '<') => self.tree(at + 1, &[]),
                Some("mod") if self.is_sign(at + 2, '{') => {
                    let name = self.word(at + 1).unwrap_or_default().to_owned();
                    self.inline.push((name, self.depth));
                    at + 2
                }
                Some("extern") if self.word(at + 1) == Some("crate") => {
                    let path = vec![String::new(), self.word(at + 2).unwrap_or_default().to_owned()];
                    self.add(at + 2, &path, Some(String::new()));
                    at + 3
                }
                Some(_) => self.inline_path(at),
                None => self.brace(at),
            };
        }
        // A name that a `use` took from inside of this crate is no crate, whatever it is called.
        let local: HashSet<String> = self
            .source
            .names
            .iter()
            .filter(|name| name.inside().is_some())
            .filter_map(|name| name.bound.clone())
            .collect();
        self.source.names.retain(|name| match name.outside() {
            Some([first, ..]) => name.bound.is_some() || !local.contains(first),
            _ => true,
        });
        for name in &mut self.source.names {
            name.path.retain(|segment| !segment.is_empty());
        }
    }

    fn brace(&mut self, at: usize) -> usize {
        if self.is_sign(at, '{') {
            self.depth += 1;
        } else if self.is_sign(at, '}') {
            self.depth = self.depth.saturating_sub(1);
            self.inline.pop_if(|(_, outside)| *outside == self.depth);
        }
        at + 1
    }

    /// Reads a path in code, and returns where it ends.
    fn inline_path(&mut self, at: usize) -> usize {
        if self.word(at).is_some_and(|word| BEFORE_A_PATH.contains(&word)) {
            return at + 1;
        }
        let mut path = Vec::new();
        if at > 0 && self.is_separator(at - 1) {
            if at > 1 && self.is_sign(at - 2, '>') {
                return at + 1; // what follows a type: `<T as Trait>::name`
            }
            path.push(String::new());
        }
        let mut end = at;
        while let Some(word) = self.word(end) {
            path.push(word.to_owned());
            if !self.is_separator(end + 1) || self.word(end + 2).is_none() {
                break;
            }
            end += 2;
        }
        // `pub(in crate::room)` says who may see, and imports nothing.
        let is_visibility =
            at > 2 && self.word(at - 1) == Some("in") && self.is_sign(at - 2, '(') && self.word(at - 3) == Some("pub");
        if end > at && !is_visibility {
            self.add(at, &path, None);
        }
        end + 1
    }

    /// Reads one tree of a `use` behind a prefix, and returns where it ends.
    fn tree(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        if self.is_separator(at) {
            path.push(String::new());
            at += 1;
        }
        loop {
            if self.is_sign(at, '{') {
                at += 1;
                while at < self.source.tokens.len() && !self.is_sign(at, '}') {
                    at = if self.is_sign(at, ',') { at + 1 } else { self.tree(at, &path) };
                }
                return at + 1;
            }
            let Some(last) = self.word(at).map(str::to_owned).or_else(|| self.is_sign(at, '*').then(|| "*".to_owned()))
            else {
                return at + 1;
            };
            // `room::{self, Name}`: the room itself.
            if last != "self" || path.is_empty() {
                path.push(last);
            }
            if self.is_separator(at + 1) {
                at += 2;
                continue;
            }
            let bound = match self.word(at + 1) {
                Some("as") => self.word(at + 2).map(str::to_owned),
                _ => path.last().cloned(),
            };
            let end = if self.word(at + 1) == Some("as") { at + 3 } else { at + 1 };
            self.add(at, &path, bound);
            return end;
        }
    }

    /// Adds a path as seen from the root of its crate.
    fn add(&mut self, at: usize, path: &[String], bound: Option<String>) {
        let module = self.source.module.iter().chain(self.inline.iter().map(|(name, _)| name));
        let mut absolute: Vec<String> = std::iter::once("crate".to_owned()).chain(module.cloned()).collect();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => absolute.clear(),
            Some("self" | "super") => {
                while let Some(first @ ("self" | "super")) = rest.first().map(String::as_str) {
                    if first == "super" && absolute.len() > 1 {
                        absolute.pop();
                    }
                    rest = &rest[1..];
                }
            }
            Some(first) if self.declared.contains(first) => (),
            _ => absolute.clear(),
        }
        absolute.extend_from_slice(rest);
        let line = self.source.tokens.get(at).map_or(0, |token| token.line);
        self.source.names.push(Name { path: absolute, line, is_test: self.source.is_test(at), bound });
    }
}
