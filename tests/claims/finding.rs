//! The faults of the lists.

use std::collections::BTreeSet;

use crate::list::List;
use crate::page;
use crate::proof;
use crate::sources::Sources;

/// Returns a line for each claim that is wrong.
pub(crate) fn findings(lists: &[List], sources: &Sources) -> Vec<String> {
    lists.iter().flat_map(|list| of_list(list, sources)).collect()
}

fn of_list(list: &List, sources: &Sources) -> Vec<String> {
    let name = &list.page;
    let Some(text) = sources.text(name) else { return vec![format!("{name}: there is no such page")] };
    let text = page::in_one_line(text);
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for claim in &list.claims {
        let sentence = &claim.sentence;
        if !page::has(&text, sentence) {
            found.push(format!("{name}: no longer says: {sentence}"));
        }
        if !seen.insert(sentence) {
            found.push(format!("{name}: is listed twice: {sentence}"));
        }
        let untested = claim.proofs.iter().filter(|proof| proof.starts_with('(')).count();
        if claim.proofs.is_empty() || untested > 0 && claim.proofs.len() > 1 {
            found.push(format!("{name}: needs tests or one reason for having none: {sentence}"));
        }
        let missing = claim.proofs.iter().filter(|proof| !proof::exists(proof, sources));
        found.extend(missing.map(|proof| format!("{name}: there is no {proof}, which was to show: {sentence}")));
    }
    found
}
