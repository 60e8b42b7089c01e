//! The checks that a framework can't pass, however sessions are put into it. The suite fails when such a check passes.

use crate::checks::{BYTE_BESIDE, BYTE_ELSEWHERE};

pub struct Gap {
    framework: &'static str,
    check: &'static str,
    /// A part of the failed check's message. A failure with another message does not belong to this gap.
    symptom: &'static str,
    /// The text of the footnote in the table.
    pub reason: &'static str,
}

static GAPS: [Gap; 3] = [
    Gap {
        framework: "rocket",
        check: BYTE_BESIDE,
        symptom: "data: Object {}, not ",
        reason: "Rocket 0.5 drops a header that is not UTF-8, and all cookies in it: the session is empty, and the cookie is \
                 left alone.",
    },
    tiny_http(BYTE_BESIDE),
    tiny_http(BYTE_ELSEWHERE),
];

const fn tiny_http(check: &'static str) -> Gap {
    Gap {
        framework: "tiny_http",
        check,
        symptom: "the server closed the connection without an answer",
        reason: "`tiny_http` 0.12 closes the connection, without an answer, on a header that is not ASCII.",
    }
}

/// Finds the gap that is declared for this framework and this check.
pub fn find(framework: &str, check: &str) -> Option<&'static Gap> {
    GAPS.iter().find(|gap| gap.framework == framework && gap.check == check)
}

/// Says what is wrong with an outcome: a failure that is no declared gap, or a success that is one.
pub fn complaint(framework: &str, check: &str, outcome: &Result<(), String>) -> Option<String> {
    match (outcome, find(framework, check)) {
        (Ok(()), None) => None,
        (Err(error), Some(gap)) if error.contains(gap.symptom) => None,
        (Err(error), _) => Some(format!("{framework}: {check}: {error}")),
        (Ok(()), Some(_)) => Some(format!("{framework}: {check}: passes, and is a declared gap")),
    }
}

/// Returns a complaint for each gap that names an unknown framework or an unknown check.
pub fn unknown(frameworks: &[&str], checks: &[&str]) -> Vec<String> {
    let is_known = |gap: &&Gap| frameworks.contains(&gap.framework) && checks.contains(&gap.check);
    let complaint = |gap: &Gap| format!("{}: {}: a gap of nothing that is checked", gap.framework, gap.check);
    GAPS.iter().filter(|gap| !is_known(gap)).map(complaint).collect()
}
