//! Lists that each break one rule, and the checks that must see it.

mod broken;
mod fault;

use std::collections::BTreeSet;

use futures_lite::future::block_on;

use self::broken::{Broken, START};
use self::fault::Fault;
use super::{breaches, check_revocations};

/// Each fault with the check that must see it; others may see it, too.
const CAUGHT: [(Fault, &str); 60] = [
    (Fault::KnowsAnyId, "an id and a subject that nobody revoked are unknown"),
    (Fault::KnowsAnySubject, "an id and a subject that nobody revoked are unknown"),
    (Fault::KnowsAnySubjectAlone, "an id and a subject that nobody revoked are unknown"),
    (Fault::KnowsAnySubjectBesideAnId, "an id and a subject that nobody revoked are unknown"),
    (Fault::KnowsNothing, "a mark that was put is known"),
    (Fault::ForgetsSuccessors, "a mark that was put is known"),
    (Fault::KeepsHalfASuccessor, "a mark that was put is known"),
    (Fault::ForgetsWhatWasRead, "a mark that was put is known"),
    (Fault::SuccessorEndsAtZero, "a mark that was put is known"),
    (Fault::RepeatedMarkIsAnEnd, "a mark that was put is known"),
    (Fault::ComparesHalfAnId, "an id that differs in one bit has no mark"),
    (Fault::LastMarkStands, "of two marks of an id the first stands"),
    (Fault::EndedStands, "of two marks of an id the first stands"),
    (Fault::SuccessorStands, "of two marks of an id the first stands"),
    (Fault::ReturnsWhatWasPut, "of two marks of an id the first stands"),
    (Fault::ShowsTheLastMark, "of two marks of an id the first stands"),
    (Fault::LooksThenMarks, "of many marks at once all are told which stands"),
    (Fault::EndsAreSuccessors, "of many marks at once all are told which stands"),
    (Fault::LowersUntilOfId, "the later time of a mark stands"),
    (Fault::LowersUntilByAnotherMark, "the later time of a mark stands"),
    (Fault::KeepsFirstUntilOfId, "the later time of a mark stands"),
    (Fault::ForgetsWhenItIsFull, "the later time of a mark stands"),
    (Fault::LowersUntilByTheSameMark, "the later time of a mark stands"),
    (Fault::FailsWhenItIsFull, "the later time of a mark stands"),
    (Fault::KeepsHalfAGeneration, "a generation that was put is known"),
    (Fault::GenerationEndsAtZero, "a generation that was put is known"),
    (Fault::ForgetsWhatWasRead, "a generation that was put is known"),
    (Fault::SubjectIgnoresCase, "another subject, or none, has no generation"),
    (Fault::SubjectIsAPrefix, "another subject, or none, has no generation"),
    (Fault::SubjectIsTrimmed, "another subject, or none, has no generation"),
    (Fault::SubjectEndsAt1000Bytes, "a subject is any JSON text, to its last byte"),
    (Fault::SubjectEndsAtZero, "a subject is any JSON text, to its last byte"),
    (Fault::LongSubjectIsUnknown, "a subject is any JSON text, to its last byte"),
    (Fault::FirstGenerationStands, "a generation replaces any other"),
    (Fault::GreatestGenerationStands, "a generation replaces any other"),
    (Fault::CountsNoRepetition, "a generation replaces any other"),
    (Fault::OnlyIsIgnored, "a generation that must replace one replaces that one, none or itself"),
    (Fault::OnlyNoneIsAny, "a generation that must replace one replaces that one, none or itself"),
    (Fault::OnlyNeedsAnEntry, "a generation that must replace one replaces that one, none or itself"),
    (Fault::OnlyForgetsItself, "a generation that must replace one replaces that one, none or itself"),
    (Fault::OnlyRefusesAndWrites, "a generation that must replace one replaces that one, none or itself"),
    (Fault::OnlyWritesNothing, "a generation that must replace one replaces that one, none or itself"),
    (Fault::LastUntilOfSubject, "the later time of a generation stands"),
    (Fault::FirstUntilOfSubject, "the later time of a generation stands"),
    (Fault::UntilGoesWithItsGeneration, "the later time of a generation stands"),
    (Fault::LooksThenReplaces, "of many that replace one generation one does"),
    (Fault::OnlyRefusesAndWrites, "of many that replace one generation one does"),
    (Fault::LooksThenReplacesWhatIsThere, "of many that replace one generation one does"),
    (Fault::DeniesWhenOvertaken, "of many generations at once one stands"),
    (Fault::ForgetsWhenOvertaken, "of many generations at once one stands"),
    (Fault::IdsAreSubjects, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::MarkHidesGeneration, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::GenerationHidesMark, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::AnswersTheLastQuestion, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::MarkNeedsItsSubject, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::GenerationNeedsItsId, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::IdAloneIsUnknown, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::SubjectAloneIsUnknown, "ids and subjects are apart, and a look answers what it is asked"),
    (Fault::IsSick, "a list that works is healthy"),
    (Fault::Fails, "a list that works is healthy"),
];

#[test]
fn each_check_fails_for_a_list_that_breaks_its_rule() {
    for (fault, name) in CAUGHT {
        let failed = failed_by(fault);
        assert!(failed.iter().any(|(failed, _)| *failed == name), "{fault:?} was not caught: {failed:?}");
    }
    // A list that always fails passes no check: `all` has every check, and each has a fault of its own above.
    let all: BTreeSet<_> = failed_by(Fault::Fails).iter().map(|(name, _)| *name).collect();
    assert_eq!(all, CAUGHT.iter().map(|(_, name)| *name).collect());
}

#[test]
fn the_list_that_they_are_made_of_breaks_none() {
    assert_eq!(failed_by(Fault::None), []);
}

#[test]
#[should_panic = "the list breaks rules: an id and a subject that nobody revoked are unknown: Known { mark: Some(Ended), \
                  generation: None } is known (no subject), and should be Known { mark: None, generation: None }; "]
fn a_broken_rule_is_a_panic_that_says_what_was_seen() {
    block_on(check_revocations(&Broken::with(Fault::KnowsAnyId), START));
}

#[test]
#[should_panic = "are unknown: session backend is unavailable: it fails"]
fn a_list_that_fails_is_a_panic_that_says_how() {
    block_on(check_revocations(&Broken::with(Fault::Fails), START));
}

fn failed_by(fault: Fault) -> Vec<(&'static str, String)> {
    block_on(breaches(&Broken::with(fault), START))
}
