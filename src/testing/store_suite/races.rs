//! The rules of a store for many callers at once.

use super::verdict::{FAR, Verdict, at, id, must, must_be_gone, must_load, must_write, record};
use crate::backend::{BoxFuture, Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::testing::at_once::at_once;

/// The number of callers, each with a record of its own.
const CALLERS: u8 = 16;

pub(super) async fn saves_at_once_are_all_kept(store: &dyn SessionStore) -> Verdict {
    let records = records();
    let first = record([0xff; 40], FAR);
    for number in 0..CALLERS {
        must_write(store, id(number), &first, Save::Create).await?;
    }
    let others = records.iter().zip(CALLERS..);
    for (records, save) in [
        (records.iter().zip(0..).collect::<Vec<_>>(), Save::Replace(first.tag())),
        (others.collect::<Vec<_>>(), Save::Create),
    ] {
        let saves = records.iter().map(|(record, number)| store.save(id(*number), record, save));
        for saved in at_once(saves).await {
            must(saved?, format_args!("of {CALLERS} times {save:?} with ids of their own, one wrote nothing"))?;
        }
        for (record, number) in records {
            must_load(store, id(number), record).await?;
        }
    }
    Ok(())
}

pub(super) async fn of_many_creates_one_writes(store: &dyn SessionStore) -> Verdict {
    let records = records();
    for round in 0..CALLERS {
        let creates = records.iter().map(|record| store.save(id(round), record, Save::Create));
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

pub(super) async fn of_many_that_replace_one_tag_one_writes(store: &dyn SessionStore) -> Verdict {
    enum Did {
        Save(Result<bool, BackendError>),
        Load(Result<Option<Record>, BackendError>),
    }
    let records = records();
    for round in 0..CALLERS {
        let first = record([0xff; 40], FAR);
        must_write(store, id(round), &first, Save::Create).await?;
        let mut calls: Vec<BoxFuture<'_, Did>> = Vec::new();
        for record in &records {
            let replace = Save::Replace(first.tag());
            calls.push(Box::pin(async move { Did::Save(store.save(id(round), record, replace).await) }));
            calls.push(Box::pin(async move { Did::Load(store.load(id(round)).await) }));
        }
        let mut written = Vec::new();
        for did in at_once(calls).await {
            match did {
                Did::Save(saved) => written.push(saved?),
                Did::Load(loaded) => {
                    let is_whole = loaded?.is_some_and(|loaded| loaded == first || records.contains(&loaded));
                    must(is_whole, "what was loaded in between is none of the records")?;
                }
            }
        }
        let winners: Vec<_> =
            records.iter().zip(written).filter_map(|(record, is_written)| is_written.then_some(record)).collect();
        let [winner] = winners.as_slice() else {
            let count = winners.len();
            return must(false, format_args!("{CALLERS} at once replaced one record, {count} say that they did"));
        };
        must_load(store, id(round), winner).await?;
    }
    Ok(())
}

pub(super) async fn callers_that_read_and_replace_lose_nothing(store: &dyn SessionStore) -> Verdict {
    // Each caller adds its own byte to the record that it read, again as often as another caller was faster.
    let start = record([0xff; 40], FAR);
    must_write(store, id(1), &start, Save::Create).await?;
    let adds = (0..CALLERS).map(|caller| Box::pin(add(store, caller)));
    at_once(adds).await.into_iter().collect::<Result<(), _>>()?;
    let Some(kept) = store.load(id(1)).await? else { return must(false, "the record that all replace is gone") };
    let mut bytes = kept.bytes().to_vec();
    bytes.sort_unstable();
    let expected: Vec<u8> = (0..CALLERS).chain([0xff; 40]).collect();
    must(bytes == expected, "changes that were each acknowledged once are in the record never or twice")
}

/// Puts a byte before those of the record: each state has a tag of its own, for each caller does so once.
async fn add(store: &dyn SessionStore, caller: u8) -> Verdict {
    for _ in 0..=CALLERS {
        let Some(found) = store.load(id(1)).await? else { return must(false, "the record that all replace is gone") };
        let bytes = [&[caller], found.bytes()].concat();
        if store.save(id(1), &record(bytes, FAR), Save::Replace(found.tag())).await? {
            return Ok(());
        }
    }
    // Each refusal is another caller's success, and there are no more other callers than that.
    must(false, format_args!("{CALLERS} callers replace a record, and one was refused more often than that"))
}

pub(super) async fn a_replace_never_revives_a_deleted_record(store: &dyn SessionStore) -> Verdict {
    let records = records();
    let first = record([0xff; 40], FAR);
    for place in 0..=records.len() {
        must_write(store, id(1), &first, Save::Create).await?;
        let mut calls: Vec<BoxFuture<'_, Result<(), BackendError>>> = Vec::new();
        for record in &records {
            let replace = Save::Replace(first.tag());
            calls.push(Box::pin(async move { store.save(id(1), record, replace).await.map(drop) }));
        }
        calls.insert(place, store.delete(id(1)));
        at_once(calls).await.into_iter().collect::<Result<(), _>>()?;
        must_be_gone(store, id(1)).await?;
    }
    Ok(())
}

pub(super) async fn a_replace_that_races_a_cleanup_is_kept_or_refused(store: &dyn SessionStore) -> Verdict {
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
            calls.push(store.save(*id, &later, Save::Replace(due.tag())));
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

/// Returns one record for each caller, each with a tag and a length of its own, so that a mixture of two is none of
/// them.
fn records() -> Vec<Record> {
    (0..CALLERS).map(|number| record(vec![number; 20_000_usize.saturating_add(usize::from(number))], FAR)).collect()
}
