//! Operators read docs/operations.md when things go wrong, so its runbook must have a row for each reason that a log can
//! show.

use std::collections::BTreeSet;

use sealed_session::{DecodeError, Key, Timeout, UnixTime};

#[test]
fn the_runbook_names_every_reason_of_a_refusal_and_no_other() {
    let (_, source) = include_str!("../../src/error/decode.rs").split_once("pub fn as_str").unwrap();
    let (source, _) = source.split_once("pub fn").unwrap();
    let arms = source.lines().filter_map(|line| line.split_once("=> \""));
    let reasons: BTreeSet<_> = arms.map(|(_, name)| name.trim_end_matches("\",")).collect();
    assert!(reasons.contains("unknown_key") && reasons.len() >= 11, "{reasons:?}");

    let page = include_str!("../../docs/operations.md");
    let (_, runbook) = page.split_once("\n## Everyone is logged out\n").unwrap();
    let (runbook, _) = runbook.split_once("\n## ").unwrap();
    let rows = runbook.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    // The head of the table names a function, and is no reason.
    let rows: BTreeSet<_> = rows.map(|(reason, _)| reason).filter(|text| !text.ends_with("()")).collect();
    assert_eq!(rows, reasons);
}

#[test]
fn the_page_says_which_refusals_leave_the_cookie_alone() {
    let page = include_str!("../../docs/operations.md").replace('\n', " ");
    let (_, rest) = page.split_once("Refusals other than ").unwrap();
    let (kept, _) = rest.split_once(" delete the cookie").unwrap();
    let named: BTreeSet<_> = kept.split('`').skip(1).step_by(2).collect();
    let (id, time, timeout) = (Key::generate().unwrap().id(), UnixTime::MIN, Timeout::Idle);
    let all = [
        DecodeError::Malformed,
        DecodeError::TooLong,
        DecodeError::UnsupportedVersion { version: 2 },
        DecodeError::UnknownKey { id },
        DecodeError::NotAuthentic,
        DecodeError::NotYetValid { now: time, issued_at: time },
        DecodeError::Expired { timeout, now: time, expires_at: time },
        DecodeError::BeforeCutoff { created_at: time, not_before: time },
        DecodeError::UnsupportedSchema { schema: 1 },
        DecodeError::Incomplete,
        DecodeError::TooManyCandidates,
        DecodeError::NotImported { opened: false },
        DecodeError::NotImported { opened: true },
        DecodeError::Revoked,
        DecodeError::NotStored,
        DecodeError::Unavailable,
        DecodeError::NotAsked,
    ];
    // The browser may already hold the successor of a session that is over, so its cookie is left alone too.
    let is_left = |reason: &&DecodeError| {
        reason.may_open_elsewhere() || matches!(reason, DecodeError::Revoked | DecodeError::NotStored)
    };
    let kept: BTreeSet<_> = all.iter().filter(is_left).map(DecodeError::as_str).collect();
    assert_eq!(named, kept);
}
