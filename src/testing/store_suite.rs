//! [`check_store`]: the rules of [`SessionStore`], each as a check that a store can fail.

mod races;
mod replaces;
mod rules;
mod sessions;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::Arc;

use self::verdict::{Breach, Verdict};
use crate::backend::{BoxFuture, SessionStore};

/// Checks that a store keeps every rule of [`SessionStore`]. Each rule is checked on a store of its own, which `make`
/// hands out empty. The last rule has a manager keep whole sessions in the store, by
/// [`load_async`](crate::SessionManager::load_async) and [`commit_async`](crate::SessionManager::commit_async).
///
/// The suite runs under any runtime, or none, and starts no thread and no task: its concurrent calls run in one future.
/// All its records expire in the year 2096 or later, but for one of 1970.
///
/// A store may choose two things, and the suite accepts both: to list no sessions
/// ([`Unsupported`](crate::BackendErrorKind::Unsupported)), or to drop expired records by itself.
///
/// # Panics
/// When the store breaks a rule, or answers with an error. The message names the rule and says what was seen.
///
/// ```
/// use sealed_session::MemoryStore;
/// use sealed_session::testing::check_store;
///
/// # futures_lite::future::block_on(async {
/// check_store(async || MemoryStore::new()).await;
/// # });
/// ```
#[expect(clippy::panic, reason = "a broken rule is a test that fails")]
pub async fn check_store<S: SessionStore + 'static>(make: impl AsyncFn() -> S) {
    if let Some((rule, Breach(seen))) = first_breach(make).await {
        panic!("the store breaks the rule {rule}: {seen}");
    }
}

async fn first_breach<S: SessionStore + 'static>(make: impl AsyncFn() -> S) -> Option<(&'static str, Breach)> {
    for (name, rule) in RULES {
        if let Err(breach) = rule(&make().await).await {
            return Some((name, breach));
        }
    }
    let whole = sessions::whole_sessions_are_kept_and_ended(Arc::new(make().await)).await;
    whole.err().map(|breach| (sessions::NAME, breach))
}

type Rule = for<'a> fn(&'a dyn SessionStore) -> BoxFuture<'a, Verdict>;

macro_rules! named {
    ($($module:ident::$rule:ident),+ $(,)?) => {
        &[$((stringify!($rule), |store| Box::pin($module::$rule(store)))),+]
    };
}

/// The order of the rules: each rests on those before it, so that the first rule that fails says what is wrong.
const RULES: &[(&str, Rule)] = named![
    rules::a_new_store_is_healthy,
    rules::a_load_finds_nothing_where_nothing_was_saved,
    rules::a_load_returns_what_was_saved,
    rules::create_writes_only_where_there_is_no_record,
    replaces::replace_writes_only_where_there_is_a_record,
    replaces::replace_writes_only_over_the_tag_that_it_names,
    replaces::replace_compares_every_byte_of_the_tag_and_none_after_it,
    replaces::a_tag_is_good_for_one_replace,
    replaces::replace_moves_the_expiry,
    rules::delete_removes_the_record_and_needs_none,
    rules::create_in_place_of_another_session_is_a_create_and_leaves_the_other,
    rules::an_expired_record_is_there_for_a_save_as_for_a_load,
    rules::ids_that_differ_in_one_bit_are_apart,
    rules::cleanup_removes_what_is_due_and_nothing_else,
    rules::all_lists_every_record_or_is_unsupported,
    rules::clear_removes_every_record_or_is_unsupported,
    races::saves_at_once_are_all_kept,
    races::of_many_creates_one_writes,
    races::of_many_that_replace_one_tag_one_writes,
    races::callers_that_read_and_replace_lose_nothing,
    races::a_replace_never_revives_a_deleted_record,
    races::a_replace_that_races_a_cleanup_is_kept_or_refused,
];
