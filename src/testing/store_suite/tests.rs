//! The suite fails: a store is broken in one way after another, and the right rule catches each.

mod broken;
mod fault;

use std::collections::BTreeSet;

use futures_lite::future::block_on;

use self::broken::Broken;
use self::fault::Fault;
use super::{RULES, check_store, first_breach, sessions};
use crate::backend::Tag;

const IN_PLACE: &str = "create_in_place_of_another_session_is_a_create_and_leaves_the_other";

/// Every fault, and the rule that must catch it.
fn faults() -> Vec<(Fault, &'static str)> {
    let mut faults = vec![
        (Fault::SaysIll, "a_new_store_is_healthy"),
        (Fault::LoadsTheUnknown, "a_load_finds_nothing_where_nothing_was_saved"),
        (Fault::LoadsFromAnEmptyStore, "a_load_finds_nothing_where_nothing_was_saved"),
        (Fault::LoadsAnother, "a_load_finds_nothing_where_nothing_was_saved"),
        (Fault::LoadsWithoutExpiry, "a_load_returns_what_was_saved"),
        (Fault::LoadsOnce, "a_load_returns_what_was_saved"),
        (Fault::CutsAt65536, "a_load_returns_what_was_saved"),
        (Fault::StopsAtZero, "a_load_returns_what_was_saved"),
        (Fault::KeepsNoEmptyRecord, "a_load_returns_what_was_saved"),
        (Fault::CreatesOver, "create_writes_only_where_there_is_no_record"),
        (Fault::CreatesOverAndDenies, "create_writes_only_where_there_is_no_record"),
        (Fault::CreatesNothing, "a_load_returns_what_was_saved"),
        (Fault::ReplacesNothing, "replace_writes_only_over_the_tag_that_it_names"),
        (Fault::ReplacesTheUnknown, "replace_writes_only_where_there_is_a_record"),
        (Fault::ReplacesTheUnknownAndDenies, "replace_writes_only_where_there_is_a_record"),
        (Fault::AcceptsAZeroTag, "replace_writes_only_where_there_is_a_record"),
        (Fault::CreatesByTheTagOfAnother, "replace_writes_only_where_there_is_a_record"),
        (Fault::CreatesByTheTagOfAnotherAndDenies, "replace_writes_only_where_there_is_a_record"),
        (Fault::ReplacesWhateverIsThere, "replace_writes_only_over_the_tag_that_it_names"),
        (Fault::ReplacesWhateverIsThereAndDenies, "replace_writes_only_over_the_tag_that_it_names"),
        (Fault::ReplacesInPlace, "replace_writes_only_over_the_tag_that_it_names"),
        (Fault::ComparesAllOfTheRecord, "replace_writes_only_over_the_tag_that_it_names"),
        (Fault::ComparesTheStart, "replace_compares_every_byte_of_the_tag_and_none_after_it"),
        (Fault::ComparesUpToZero, "replace_compares_every_byte_of_the_tag_and_none_after_it"),
        (Fault::ComparesText, "replace_compares_every_byte_of_the_tag_and_none_after_it"),
        (Fault::TranslatesLineEnds, "replace_compares_every_byte_of_the_tag_and_none_after_it"),
        (Fault::AcceptsTheTagBefore, "a_tag_is_good_for_one_replace"),
        (Fault::ReplacesUnderEveryId, "a_tag_is_good_for_one_replace"),
        (Fault::CreatesNothingInPlace, IN_PLACE),
        (Fault::CreatesOverInPlace, IN_PLACE),
        (Fault::EndsTheOther, IN_PLACE),
        (Fault::NeedsTheOther, IN_PLACE),
        (Fault::DeniesWhenTheOtherIsThere, IN_PLACE),
        (Fault::ClaimsToCreateInPlace, IN_PLACE),
        (Fault::CreatesOverInPlaceAndDenies, IN_PLACE),
        (Fault::CreatesOverTheExpired, "an_expired_record_is_there_for_a_save_as_for_a_load"),
        (Fault::ReplacesNoneThatExpired, "an_expired_record_is_there_for_a_save_as_for_a_load"),
        (Fault::HidesTheExpired, "an_expired_record_is_there_for_a_save_as_for_a_load"),
        (Fault::ReplacesWhatWentByItself, "an_expired_record_is_there_for_a_save_as_for_a_load"),
        (Fault::KeepsTheExpiry, "replace_moves_the_expiry"),
        (Fault::KeepsTheEarlierExpiry, "replace_moves_the_expiry"),
        (Fault::DeletesNothing, "delete_removes_the_record_and_needs_none"),
        (Fault::DeletesAll, "delete_removes_the_record_and_needs_none"),
        (Fault::NeedsWhatItDeletes, "delete_removes_the_record_and_needs_none"),
        (Fault::LeavesATombstone, "delete_removes_the_record_and_needs_none"),
        (Fault::DeletesNeighbour(1 << 127), "ids_that_differ_in_one_bit_are_apart"),
        (Fault::DeletesNeighbour(1 << 127 | 1), "ids_that_differ_in_one_bit_are_apart"),
        (Fault::DeletesNothingAmongMany, "ids_that_differ_in_one_bit_are_apart"),
        (Fault::RevivesTheDeleted, "delete_removes_the_record_and_needs_none"),
        (Fault::DeletesOnce, "delete_removes_the_record_and_needs_none"),
        (Fault::NeedsToHaveHadWhatItDeletes, "delete_removes_the_record_and_needs_none"),
        (Fault::CleansNothing, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansBefore, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansBeyond, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansAll, "replace_moves_the_expiry"),
        (Fault::CountsOneMore, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CountsWhatIsLeft, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CountsOneLess, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansBeyondAndDenies, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::MissesOne, "all_lists_every_record_or_is_unsupported"),
        (Fault::ListsOneTwice, "all_lists_every_record_or_is_unsupported"),
        (Fault::MixesUp, "all_lists_every_record_or_is_unsupported"),
        (Fault::CantList, "all_lists_every_record_or_is_unsupported"),
        (Fault::ClearsNothing, "clear_removes_every_record_or_is_unsupported"),
        (Fault::ClearsButOne, "clear_removes_every_record_or_is_unsupported"),
        (Fault::CantClear, "clear_removes_every_record_or_is_unsupported"),
        (Fault::ClearsOnce, "clear_removes_every_record_or_is_unsupported"),
        (Fault::LosesTheOther, "saves_at_once_are_all_kept"),
        (Fault::DeniesBesideOthers, "saves_at_once_are_all_kept"),
        (Fault::LooksThenCreates, "of_many_creates_one_writes"),
        (Fault::LooksThenCreatesAndDenies, "of_many_creates_one_writes"),
        (Fault::LooksThenReplaces, "of_many_that_replace_one_tag_one_writes"),
        (Fault::LooksThenReplacesAndDenies, "of_many_that_replace_one_tag_one_writes"),
        (Fault::WritesInTwo, "of_many_that_replace_one_tag_one_writes"),
        (Fault::DeniesWhenOvertaken, "callers_that_read_and_replace_lose_nothing"),
        (Fault::LooksThenDeletes, "a_replace_never_revives_a_deleted_record"),
        (Fault::LooksThenCleans, "a_replace_that_races_a_cleanup_is_kept_or_refused"),
        (Fault::LosesTombstones, sessions::NAME),
        (Fault::IgnoresEnd(0), sessions::NAME),
        (Fault::IgnoresEnd(1), sessions::NAME),
        (Fault::IgnoresChangesOfSessions, sessions::NAME),
    ];
    faults.extend((0..=u8::MAX).map(|byte| (Fault::LosesByte(byte), "a_load_returns_what_was_saved")));
    let comparing = "replace_compares_every_byte_of_the_tag_and_none_after_it";
    faults.extend((0..Tag::LEN).map(|byte| (Fault::ComparesNotByte(byte), comparing)));
    faults.extend((0..128).map(|bit| (Fault::IgnoresBit(bit), "ids_that_differ_in_one_bit_are_apart")));
    faults
}

#[test]
fn each_broken_store_is_caught_by_the_rule_that_it_breaks() {
    for (fault, rule) in faults() {
        let breach = block_on(first_breach(async || Broken::with(fault)));
        assert_eq!(breach.as_ref().map(|(name, _)| *name), Some(rule), "{fault:?}: {breach:?}");
    }
}

#[test]
fn a_record_that_is_not_the_one_that_was_kept_is_told_by_how_it_differs() {
    for (fault, how) in [
        (Fault::LosesByte(7), "their bytes differ"),
        (Fault::LoadsWithoutExpiry, "their times differ"),
        (Fault::CreatesNothing, "there is no record"),
    ] {
        let (_, breach) = block_on(first_breach(async || Broken::with(fault))).unwrap();
        assert!(breach.0.ends_with(how), "{fault:?}: {}", breach.0);
    }
}

#[test]
fn each_rule_catches_a_broken_store() {
    let rules: BTreeSet<_> = RULES.iter().map(|(name, _)| *name).chain([sessions::NAME]).collect();
    assert_eq!(faults().into_iter().map(|(_, rule)| rule).collect::<BTreeSet<_>>(), rules);
}

#[test]
fn a_store_may_list_nothing_and_its_records_may_go_by_themselves() {
    for fault in [Fault::None, Fault::ListsNothing, Fault::GoesByItself] {
        block_on(check_store(async || Broken::with(fault)));
    }
}

#[test]
#[should_panic(expected = "the store breaks the rule a_new_store_is_healthy: it says that it can't be used")]
fn the_panic_names_the_rule() {
    block_on(check_store(async || Broken::with(Fault::SaysIll)));
}
