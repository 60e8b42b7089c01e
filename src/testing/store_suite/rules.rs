//! The rules of a store for one caller.

use super::verdict::{FAR, LONGEST, Verdict, at, id, must, must_be_gone, must_load, must_refuse, must_write, record};
use crate::backend::{Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::BackendErrorKind;
use crate::time::UnixTime;

pub(super) async fn a_new_store_is_healthy(store: &dyn SessionStore) -> Verdict {
    must(store.is_healthy().await, "it says that it can't be used")
}

pub(super) async fn a_load_finds_nothing_where_nothing_was_saved(store: &dyn SessionStore) -> Verdict {
    must_be_gone(store, id(1)).await?;
    must_write(store, id(1), &record([1], FAR), Save::Create).await?;
    must_be_gone(store, id(2)).await
}

pub(super) async fn a_load_returns_what_was_saved(store: &dyn SessionStore) -> Verdict {
    let counting: Vec<u8> = (0..=u8::MAX).cycle().take(LONGEST).collect();
    let mut records = vec![
        record([], FAR),
        record(counting.as_slice(), FAR),
        record(vec![0; LONGEST], FAR),
        record([1, 2, 3], FAR.saturating_add(1)),
        Record::new(vec![1, 2, 3], UnixTime::MAX),
    ];
    records.extend((0..=u8::MAX).map(|byte| record([byte], FAR)));
    // These ids differ in many bits: ids that differ in one bit have a rule of their own.
    let ids = (0..=u8::MAX).map(id).chain((0..=u8::MAX).map(halves));
    for (id, record) in ids.zip(&records) {
        must_write(store, id, record, Save::Create).await?;
        must_load(store, id, record).await?;
        must_load(store, id, record).await?;
    }
    Ok(())
}

fn halves(number: u8) -> SessionId {
    let mut bytes = [number; 16];
    bytes.iter_mut().skip(8).for_each(|byte| *byte = !number);
    SessionId::from_bytes(bytes)
}

pub(super) async fn create_writes_only_where_there_is_no_record(store: &dyn SessionStore) -> Verdict {
    let first = record([1, 1], FAR);
    must_write(store, id(1), &first, Save::Create).await?;
    for second in [record([2; 9], FAR.saturating_add(60)), record([], FAR), first.clone()] {
        must_refuse(store, id(1), &second, Save::Create).await?;
        must_load(store, id(1), &first).await?;
    }
    Ok(())
}

pub(super) async fn delete_removes_the_record_and_needs_none(store: &dyn SessionStore) -> Verdict {
    store.delete(id(1)).await?;
    let (first, second) = (record([1], FAR), record([2], FAR));
    must_write(store, id(1), &first, Save::Create).await?;
    must_write(store, id(2), &first, Save::Create).await?;
    store.delete(id(1)).await?;
    must_be_gone(store, id(1)).await?;
    must_load(store, id(2), &first).await?;
    store.delete(id(1)).await?;
    must_refuse(store, id(1), &second, Save::Replace(first.tag())).await?;
    must_be_gone(store, id(1)).await?;
    must_write(store, id(1), &second, Save::Create).await?;
    must_load(store, id(1), &second).await
}

pub(super) async fn create_in_place_of_another_session_is_a_create_and_leaves_the_other(
    store: &dyn SessionStore,
) -> Verdict {
    let (old, new) = (record([1; 40], FAR), record([2; 40], FAR));
    must_write(store, id(1), &old, Save::Create).await?;
    let is_written = store.create_in_place_of(id(1), id(2), &new).await?;
    must(is_written, "a create in place of another session says that it wrote nothing, and there was no record")?;
    must_load(store, id(2), &new).await?;
    must_load(store, id(1), &old).await?;
    let is_written = store.create_in_place_of(id(1), id(2), &old).await?;
    must(!is_written, "a create in place of another session says that it wrote over a record")?;
    must_load(store, id(2), &new).await?;
    must(store.create_in_place_of(id(9), id(3), &new).await?, "the other session needs no record")?;
    must_load(store, id(3), &new).await
}

pub(super) async fn an_expired_record_is_there_for_a_save_as_for_a_load(store: &dyn SessionStore) -> Verdict {
    let [expired, alive] = [(1, 1), (2, FAR)].map(|(byte, expires_at)| record([byte; 40], expires_at));
    must_write(store, id(1), &expired, Save::Create).await?;
    let is_there = store.load(id(1)).await?.is_some();
    if is_there {
        must_load(store, id(1), &expired).await?;
        must_refuse(store, id(1), &alive, Save::Create).await?;
        must_load(store, id(1), &expired).await?;
        must_write(store, id(1), &alive, Save::Replace(expired.tag())).await?;
    } else {
        must_refuse(store, id(1), &alive, Save::Replace(expired.tag())).await?;
        must_be_gone(store, id(1)).await?;
        must_write(store, id(1), &alive, Save::Create).await?;
    }
    must_load(store, id(1), &alive).await
}

pub(super) async fn ids_that_differ_in_one_bit_are_apart(store: &dyn SessionStore) -> Verdict {
    let base = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128;
    let with_bit = |bit: u32| SessionId::from_bytes((base ^ 1_u128.rotate_left(bit)).to_be_bytes());
    let base = SessionId::from_bytes(base.to_be_bytes());
    must_write(store, base, &record("base", FAR), Save::Create).await?;
    for bit in 0..128 {
        must_be_gone(store, with_bit(bit)).await?;
        must_write(store, with_bit(bit), &record(bit.to_be_bytes(), FAR), Save::Create).await?;
    }
    store.delete(with_bit(127)).await?;
    must_be_gone(store, with_bit(127)).await?;
    must_load(store, base, &record("base", FAR)).await?;
    for bit in 0..127 {
        must_load(store, with_bit(bit), &record(bit.to_be_bytes(), FAR)).await?;
    }
    Ok(())
}

pub(super) async fn cleanup_removes_what_is_due_and_nothing_else(store: &dyn SessionStore) -> Verdict {
    let due = [(id(1), record([1], FAR.saturating_sub(1))), (id(2), record([2], FAR))];
    let not_due = [(id(3), record([3], FAR.saturating_add(1))), (id(4), Record::new(vec![4], UnixTime::MAX))];
    for (id, record) in due.iter().chain(&not_due) {
        must_write(store, *id, record, Save::Create).await?;
    }
    let removed = store.cleanup_expired(at(FAR)).await?;
    for (id, record) in &not_due {
        must_load(store, *id, record).await?;
    }
    if removed == 0 {
        // A store that removed none drops records by itself: at their time and not before.
        for (id, record) in &due {
            must_load(store, *id, record).await?;
        }
        store.save(id(5), &record([5], 1), Save::Create).await?;
        let loaded = store.load(id(5)).await?;
        return must(loaded.is_none(), "2 records were due and it removed none; nor does one of 1970 go by itself");
    }
    must(removed == 2, format_args!("2 records were due, it says that it removed {removed}"))?;
    for (id, _) in &due {
        must_be_gone(store, *id).await?;
    }
    let again = store.cleanup_expired(at(FAR)).await?;
    must(again == 0, format_args!("nothing was due, it says that it removed {again}"))
}

pub(super) async fn all_lists_every_record_or_is_unsupported(store: &dyn SessionStore) -> Verdict {
    let mut expected = Vec::new();
    for number in 0..=u8::MAX {
        let listed = match store.all().await {
            Err(error) if error.kind() == BackendErrorKind::Unsupported => return Ok(()),
            listed => listed?,
        };
        let is_whole = listed.len() == expected.len() && expected.iter().all(|one| listed.contains(one));
        must(is_whole, format_args!("it holds {} records, and lists {}", expected.len(), listed.len()))?;
        let record = record(vec![number; usize::from(number)], FAR.saturating_add(u64::from(number)));
        must_write(store, id(number), &record, Save::Create).await?;
        expected.push((id(number), record));
    }
    Ok(())
}

pub(super) async fn clear_removes_every_record_or_is_unsupported(store: &dyn SessionStore) -> Verdict {
    for number in 0..10 {
        must_write(store, id(number), &record([number], FAR), Save::Create).await?;
    }
    match store.clear().await {
        Err(error) if error.kind() == BackendErrorKind::Unsupported => return Ok(()),
        cleared => cleared?,
    }
    for number in 0..10 {
        must_be_gone(store, id(number)).await?;
    }
    store.clear().await?;
    must_write(store, id(1), &record([11], FAR), Save::Create).await?;
    must_load(store, id(1), &record([11], FAR)).await
}
