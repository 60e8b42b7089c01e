//! Operators read docs/operations.md when things go wrong, so its runbook must have a row for each reason that a log
//! can show.

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
fn the_page_says_that_no_refusal_deletes_the_cookie_and_after_which_ones_a_pre_session_takes_its_place() {
    let page = include_str!("../../docs/operations.md").replace('\n', " ");
    let (_, rest) = page.split_once("No refusal deletes the cookie").unwrap();
    let (_, rest) = rest.split_once("a pre-session replaces a cookie that is refused for ").unwrap();
    let (replaced, _) = rest.split_once(". ").unwrap();
    let mut named: BTreeSet<_> = replaced.split('`').skip(1).step_by(2).collect();
    // The reasons of the feature `dbsc` stand on the page whether or not this build has them.
    if !cfg!(feature = "dbsc") {
        assert!(named.remove("not_bound"));
    }
    let (id, time) = (Key::generate().unwrap().id(), UnixTime::MIN);
    let all = [
        DecodeError::Malformed,
        DecodeError::TooLong,
        DecodeError::UnsupportedVersion { version: 2 },
        DecodeError::UnknownKey { id },
        DecodeError::NotAuthentic,
        DecodeError::NotYetValid { now: time, issued_at: time },
        DecodeError::Expired { timeout: Timeout::Idle, now: time, expires_at: time },
        DecodeError::Expired { timeout: Timeout::Absolute, now: time, expires_at: time },
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
        #[cfg(feature = "dbsc")]
        DecodeError::StaleBinding,
        #[cfg(feature = "dbsc")]
        DecodeError::NotBound,
    ];
    // The browser may already hold the successor of a session that is over, so nothing takes the place of its cookie
    // either.
    let is_left = |reason: &DecodeError| reason.may_open_elsewhere() || *reason == DecodeError::Revoked;
    let replaced: BTreeSet<_> = all.iter().filter(|reason| !is_left(reason)).map(DecodeError::as_str).collect();
    assert_eq!(named, replaced);
}
