//! [`check_store`]: the rules of [`SessionStore`], each as a check that a store can fail.

mod races;
mod replaces;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use crate::backend::BoxFuture;
use crate::backend::{Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::UnixTime;

/// Checks that a store keeps every rule of [`SessionStore`]. Each rule is checked on a store of its own, which `make` hands
/// out empty.
///
/// It runs under any runtime, or none, and starts no thread and no task: what it does at once, it does in one future. All
/// its records expire in the year 2096 or later, but for one of 1970.
///
/// What a store may choose, it may choose here: to list no sessions
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
pub async fn check_store<S: SessionStore>(make: impl AsyncFn() -> S) {
    if let Some((rule, Breach(seen))) = first_breach(make).await {
        panic!("the store breaks the rule {rule}: {seen}");
    }
}

async fn first_breach<S: SessionStore>(make: impl AsyncFn() -> S) -> Option<(&'static str, Breach)> {
    for (name, rule) in RULES {
        if let Err(breach) = rule(&make().await).await {
            return Some((name, breach));
        }
    }
    None
}

type Rule = for<'a> fn(&'a dyn SessionStore) -> BoxFuture<'a, Verdict>;

type Verdict = Result<(), Breach>;

/// What was seen of a store that breaks a rule.
#[derive(Debug)]
struct Breach(String);

impl From<BackendError> for Breach {
    fn from(error: BackendError) -> Self {
        Self(error.to_string())
    }
}

macro_rules! named {
    ($($module:ident::$rule:ident),+ $(,)?) => {
        &[$((stringify!($rule), |store| Box::pin($module::$rule(store)))),+]
    };
}

/// In an order in which each rests on those before it, so that the first one that fails says what is wrong.
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

/// In the year 2096, so that nothing expires while it is looked at.
const FAR: u64 = 4_000_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap_or(UnixTime::MAX)
}

fn id(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), at(expires_at))
}

fn must(holds: bool, otherwise: impl fmt::Display) -> Verdict {
    if holds { Ok(()) } else { Err(Breach(otherwise.to_string())) }
}

async fn must_write(store: &dyn SessionStore, id: SessionId, record: &Record, save: Save) -> Verdict {
    must(store.save(id, record, save).await?, format_args!("{save:?} by {record:?} said that it wrote nothing"))
}

async fn must_refuse(store: &dyn SessionStore, id: SessionId, record: &Record, save: Save) -> Verdict {
    must(!store.save(id, record, save).await?, format_args!("{save:?} by {record:?} said that it wrote"))
}

async fn must_load(store: &dyn SessionStore, id: SessionId, expected: &Record) -> Verdict {
    let loaded = store.load(id).await?;
    let differs = match &loaded {
        Some(loaded) if loaded.expires_at() == expected.expires_at() => "their bytes differ",
        _ => "no such record",
    };
    must(loaded.as_ref() == Some(expected), format_args!("{expected:?} is kept, {loaded:?} was loaded: {differs}"))
}

async fn must_be_gone(store: &dyn SessionStore, id: SessionId) -> Verdict {
    let loaded = store.load(id).await?;
    must(loaded.is_none(), format_args!("no record should be there, {loaded:?} was loaded"))
}

/// Polls all of them until each has ended, and returns what each gave.
async fn at_once<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}
