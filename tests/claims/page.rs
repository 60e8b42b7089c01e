//! Reads a page: its text in one line, and what of it is on no list.

use crate::list::Claim;

/// Returns the text with every run of white space as one space.
pub(crate) fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns whether a sentence stands in a text of one line, as whole words.
pub(crate) fn has(text: &str, sentence: &str) -> bool {
    text.match_indices(sentence).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at.saturating_add(sentence.len())..));
        before.is_none_or(|before| before.is_empty() || before.ends_with(' '))
            && after.is_none_or(|after| after.is_empty() || after.starts_with(' '))
    })
}

/// Returns the parts of a page that no claim has. Headings, definitions of links and heads of tables say nothing. A row
/// that names a test is a list by itself, which `spec::security_page` reads.
pub(crate) fn left_out(page: &str, claims: &[Claim]) -> Vec<String> {
    let mut lines: Vec<&str> = Vec::new();
    for line in page.lines() {
        let is_line_below_a_head = line.starts_with("|--");
        if is_line_below_a_head {
            lines.pop();
        }
        let is_definition = line.starts_with('[') && line.contains("]: ");
        let names_a_test = line.starts_with('|') && line.contains("::");
        if !(is_line_below_a_head || is_definition || names_a_test || line.starts_with('#')) {
            lines.push(line.strip_prefix("- ").unwrap_or(line));
        }
    }
    let mut rest = in_one_line(&lines.join("\n"));
    let mut sentences: Vec<&str> = claims.iter().map(|claim| claim.sentence.as_str()).collect();
    // A long sentence first, so that a short one takes no part out of it.
    sentences.sort_by_key(|sentence| std::cmp::Reverse(sentence.len()));
    for sentence in sentences {
        rest = rest.replace(sentence, MARK);
    }
    rest.split(MARK).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Stands in the place of a sentence that was found, and in no page.
const MARK: &str = "\u{1}";
