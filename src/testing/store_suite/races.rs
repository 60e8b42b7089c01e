//! What a store does for many callers at once.

use super::{FAR, Verdict, at, at_once, id, must, must_be_gone, must_load, must_write, record};
use crate::backend::BoxFuture;
use crate::backend::{Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::BackendError;

/// How many callers there are, each with a record of its own.
const CALLERS: u8 = 16;

pub(super) async fn saves_at_once_are_all_kept(store: &dyn SessionStore) -> Verdict {
    let records = records();
    for save in [Save::Create, Save::Update] {
        let saves = records.iter().zip(0..).map(|(record, number)| store.save(id(number), record, save)).collect();
        for saved in at_once(saves).await {
            must(saved?, format_args!("of {CALLERS} times {save:?} with ids of their own, one wrote nothing"))?;
        }
        for (record, number) in records.iter().zip(0..) {
            must_load(store, id(number), record).await?;
        }
    }
    Ok(())
}

pub(super) async fn of_many_creates_one_writes(store: &dyn SessionStore) -> Verdict {
    let records = records();
    for round in 0..CALLERS {
        let creates = records.iter().map(|record| store.save(id(round), record, Save::Create)).collect();
        let written = at_once(creates).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let winners: Vec<_> =
            records.iter().zip(written).filter_map(|(record, is_written)| is_written.then_some(record)).collect();
        let [winner] = winners.as_slice() else {
            return must(
                false,
                format_args!("{CALLERS} at once created one record, {} say that they did", winners.len()),
            );
        };
        must_load(store, id(round), winner).await?;
    }
    Ok(())
}

pub(super) async fn updates_at_once_leave_one_of_them_whole(store: &dyn SessionStore) -> Verdict {
    enum Did {
        Save(Result<bool, BackendError>),
        Load(Result<Option<Record>, BackendError>),
    }
    let records = records();
    let first = record([0xff; 9], FAR);
    must_write(store, id(1), &first, Save::Create).await?;
    let is_one = |loaded: &Record| records.contains(loaded);
    let mut calls: Vec<BoxFuture<'_, Did>> = Vec::new();
    for record in &records {
        calls.push(Box::pin(async move { Did::Save(store.save(id(1), record, Save::Update).await) }));
        calls.push(Box::pin(async move { Did::Load(store.load(id(1)).await) }));
    }
    for did in at_once(calls).await {
        match did {
            Did::Save(saved) => must(saved?, "there is a record, and an update wrote nothing")?,
            Did::Load(loaded) => {
                let is_whole = loaded?.is_some_and(|loaded| loaded == first || is_one(&loaded));
                must(is_whole, "what was loaded in between is none of the records")?;
            }
        }
    }
    let is_whole = store.load(id(1)).await?.is_some_and(|loaded| is_one(&loaded));
    must(is_whole, "what is kept is none of the records")
}

pub(super) async fn an_update_never_revives_a_deleted_record(store: &dyn SessionStore) -> Verdict {
    let records = records();
    for place in 0..=records.len() {
        must_write(store, id(1), &record([0xff], FAR), Save::Create).await?;
        let mut calls: Vec<BoxFuture<'_, Result<(), BackendError>>> = Vec::new();
        for record in &records {
            calls.push(Box::pin(async move { store.save(id(1), record, Save::Update).await.map(drop) }));
        }
        calls.insert(place, store.delete(id(1)));
        at_once(calls).await.into_iter().collect::<Result<(), _>>()?;
        must_be_gone(store, id(1)).await?;
    }
    Ok(())
}

pub(super) async fn an_update_that_races_a_cleanup_is_kept_or_refused(store: &dyn SessionStore) -> Verdict {
    let (due, later) = (record([1], FAR), record([2], FAR.saturating_add(60)));
    for round in 0..CALLERS {
        let ids: Vec<SessionId> = (0..CALLERS)
            .map(|number| SessionId::from_bytes([round, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
            .collect();
        for id in &ids {
            must_write(store, *id, &due, Save::Create).await?;
        }
        let mut calls: Vec<BoxFuture<'_, Result<bool, BackendError>>> = Vec::new();
        for id in &ids {
            calls.push(store.save(*id, &later, Save::Update));
        }
        calls.insert(usize::from(round), Box::pin(async move { store.cleanup_expired(at(FAR)).await.map(|_| true) }));
        let mut answers = at_once(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        answers.remove(usize::from(round));
        for (id, is_kept) in ids.into_iter().zip(answers) {
            if is_kept { must_load(store, id, &later).await? } else { must_be_gone(store, id).await? }
        }
    }
    Ok(())
}

/// One a caller: of different lengths, so that a mixture of two is none of them.
fn records() -> Vec<Record> {
    (0..CALLERS).map(|number| record(vec![number; 20_000_usize.saturating_add(usize::from(number))], FAR)).collect()
}
