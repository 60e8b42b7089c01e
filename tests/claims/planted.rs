//! Small pages and lists with one fault each.

use crate::finding::findings;
use crate::list::List;
use crate::page::left_out;
use crate::sources::Sources;

const PAGE: &str = "# Page\n\nA key opens\nits cookie. Nothing else does.\n\n## Program\n\n```rust\nlet a = 1;\n```\n";
const TESTS: &str =
    "#[test]\nfn a_key_opens() {}\n\n/// Says so.\n#[test]\n#[ignore]\nfn nothing_else() {}\n\nfn helper() {}\n";

fn sources() -> Sources {
    Sources::of(&[
        ("P.md", PAGE),
        ("docs/page.md", PAGE),
        ("tests/one/main.rs", "list! {\n    a_check\n}\n"),
        ("tests/one/two.rs", TESTS),
        ("tests/one/checks.rs", "pub(crate) fn a_check() {}\nfn other() {}\n"),
        ("tests/alone.rs", TESTS),
        ("src/room/key.rs", "mod tests {\n    #[tokio::test]\n    async fn a_key_opens() {}\n}\n"),
        ("tests/package/tests/deep.rs", TESTS),
        ("tests/script/run", "#!/bin/sh\nstep 'the first: all'\n"),
    ])
}

/// The findings for the list of P.md with this claim.
fn with(sentence: &str, proofs: &[&str]) -> Vec<String> {
    let lines = proofs.iter().map(|proof| format!("\n    {proof}"));
    let list = List::read(&format!("P.md\n\n{sentence}{}\n", lines.collect::<String>()));
    findings(&[list], &sources())
}

#[test]
fn a_sound_claim_has_no_finding_however_its_proof_is_named() {
    for proof in [
        "one::two::a_key_opens",
        "one::two::nothing_else",
        "one::checks::a_check",
        "alone::a_key_opens",
        "lib::room::key::tests::a_key_opens",
        "tests/package/tests/deep.rs::a_key_opens",
        "tests/script/run",
        "tests/script/run # the first",
        "docs/page.md # Program",
        "(measured) tests/script",
        "(advice)",
    ] {
        assert_eq!(with("A key\nopens its cookie.", &[proof]), [""; 0], "{proof}");
    }
}

#[test]
fn a_sentence_that_changed_or_is_gone_is_found() {
    for sentence in ["A key opens its cookie, mostly.", "A key opens its cook", "Nothing", "key opens its", "Gone."] {
        let is_found = with(sentence, &["(limit)"]) == [format!("P.md: no longer says: {sentence}")];
        // Whole words of a sentence are enough.
        assert_eq!(is_found, !["Nothing", "key opens its"].contains(&sentence), "{sentence}");
    }
    let list = List::read("Q.md\n\nA key opens its cookie.\n    (limit)\n");
    assert_eq!(findings(&[list], &sources()), ["Q.md: there is no such page"]);
}

#[test]
fn a_proof_that_does_not_exist_is_found() {
    for proof in [
        "one::two::a_key_open",
        "one::two::helper",
        "one::checks::other",
        "one::a_key_opens",
        "lib::room::key::others::a_key_opens",
        "lib::room::a_key_opens",
        "a_key_opens",
        "tests/package/tests/deep.rs::helper",
        "tests/script/runs",
        "tests/script/run # the second",
        "docs/page.md # Page",
        "(measured) tests/scripts",
        "(nobody looked)",
    ] {
        let expected = format!("P.md: there is no {proof}, which was to show: Nothing else does.");
        assert_eq!(with("Nothing else does.", &[proof]), [expected]);
    }
}

#[test]
fn a_claim_without_a_proof_or_with_a_reason_beside_one_or_listed_twice_is_found() {
    for proofs in [&[][..], &["(limit)", "alone::a_key_opens"]] {
        let expected = "P.md: needs tests or one reason for having none: Nothing else does.";
        assert_eq!(with("Nothing else does.", proofs), [expected]);
    }
    let twice = with("Nothing else does.", &["(limit)\n\nNothing else does.", "(limit)"]);
    assert_eq!(twice, ["P.md: is listed twice: Nothing else does."]);
}

#[test]
fn what_a_published_package_lacks_is_no_finding_there_and_everything_else_is() {
    let mut published = sources();
    published.is_published = true;
    let list = |proof: &str| List::read(&format!("P.md\n\nNothing else does.\n    {proof}\n"));
    for proof in [".ci/run # the first", "tests/kat/tests/a.rs::b", "tests/edge/run"] {
        assert_eq!(findings(&[list(proof)], &published), [""; 0], "{proof}");
        assert_eq!(findings(&[list(proof)], &sources()).len(), 1, "{proof}");
    }
    for proof in ["one::two::gone", "docs/page.md # Gone", "docs/gone.md # Program"] {
        assert_eq!(findings(&[list(proof)], &published).len(), 1, "{proof}");
    }
}

#[test]
fn a_sentence_or_a_row_that_no_claim_has_is_found() {
    let page = "# Page\n\n- One holds,\n  as it says. Two too.\n\n| head | x |\n|---|---|\n| a row | 1 |\n| of a test | `a::b` |\n\n\
                [link]: page\n";
    let claims = |text: &str| List::read(&format!("P.md\n\n{text}")).claims;
    let left = left_out(page, &claims("One holds, as it says.\n    (limit)\n"));
    assert_eq!(left, ["Two too. | a row | 1 |"]);
    let all = claims("One holds, as it says.\n\nTwo too.\n\n| a row | 1 |\n");
    assert_eq!(left_out(page, &all), [""; 0]);
}
