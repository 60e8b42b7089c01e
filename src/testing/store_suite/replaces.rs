//! The rules of a store for replacing records, for one caller.

use super::verdict::{FAR, LONGEST, Verdict, at, id, must_be_gone, must_load, must_refuse, must_write, record};
use crate::backend::{Record, Save, SessionStore, Tag};

pub(super) async fn replace_writes_only_where_there_is_a_record(store: &dyn SessionStore) -> Verdict {
    let (first, second) = (record([1; 100], FAR), record([2; 50], FAR));
    for replaced in [&first, &second, &record([0; 29], FAR), &record([0], FAR)] {
        must_refuse(store, id(1), &second, Save::Replace(replaced.tag())).await?;
        must_be_gone(store, id(1)).await?;
    }
    must_write(store, id(1), &first, Save::Create).await?;
    must_refuse(store, id(2), &second, Save::Replace(first.tag())).await?;
    must_be_gone(store, id(2)).await?;
    must_load(store, id(1), &first).await
}

pub(super) async fn replace_writes_only_over_the_tag_that_it_names(store: &dyn SessionStore) -> Verdict {
    // The records are shorter and longer than a tag, and than the record before.
    let lengths = [16, 29, LONGEST, 1, 28, 30, 100, LONGEST, 16, 17, 15];
    let records: Vec<Record> = lengths.iter().zip(1..).map(|(len, byte)| record(vec![byte; *len], FAR)).collect();
    let mut records = records.iter();
    let Some(mut there) = records.next() else { return Ok(()) };
    must_write(store, id(1), there, Save::Create).await?;
    for next in records {
        must_refuse(store, id(1), next, Save::Replace(next.tag())).await?;
        must_load(store, id(1), there).await?;
        must_write(store, id(1), next, Save::Replace(there.tag())).await?;
        must_load(store, id(1), next).await?;
        there = next;
    }
    Ok(())
}

pub(super) async fn replace_compares_every_byte_of_the_tag_and_none_after_it(store: &dyn SessionStore) -> Verdict {
    let next = record([9; 60], FAR);
    for (id, first) in [(id(1), 0_u8), (id(2), 0x90)] {
        let there: Vec<u8> = (first..first.saturating_add(50)).collect();
        must_write(store, id, &record(there.as_slice(), FAR), Save::Create).await?;
        for place in 0..Tag::LEN {
            for other in [0, b'%', b'_', 0xff] {
                let mut bytes = there.clone();
                bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = other);
                if bytes != there {
                    must_refuse(store, id, &next, Save::Replace(record(bytes, FAR).tag())).await?;
                }
            }
        }
        // The beginning of a tag is another tag.
        for len in 1..Tag::LEN {
            let start = there.get(..len).unwrap_or_default();
            must_refuse(store, id, &next, Save::Replace(record(start, FAR).tag())).await?;
        }
        must_load(store, id, &record(there.as_slice(), FAR)).await?;
        // The expiry does not belong to the tag.
        must_write(store, id, &next, Save::Replace(record(there, 1).tag())).await?;
        must_load(store, id, &next).await?;
    }
    // A tag may hold any byte, at its ends too.
    let tags = [
        [0; Tag::LEN],
        [0xff; Tag::LEN],
        *b"'; DELETE FROM sessions; --\0\0",
        *b" \t\r\n*?[a-z]\\ % _ \x80\xfe {0} \r\n \0 ",
    ];
    let mut there = next;
    for tag in tags {
        let next = record(tag, FAR);
        must_write(store, id(1), &next, Save::Replace(there.tag())).await?;
        must_load(store, id(1), &next).await?;
        there = next;
    }
    Ok(())
}

pub(super) async fn a_tag_is_good_for_one_replace(store: &dyn SessionStore) -> Verdict {
    let [first, second, third] = [1, 2, 3].map(|byte| record([byte; 40], FAR));
    must_write(store, id(1), &first, Save::Create).await?;
    must_write(store, id(1), &second, Save::Replace(first.tag())).await?;
    must_refuse(store, id(1), &third, Save::Replace(first.tag())).await?;
    must_load(store, id(1), &second).await?;
    // A record of another id that has the same tag does not count for this id.
    must_write(store, id(2), &second, Save::Create).await?;
    must_write(store, id(2), &third, Save::Replace(second.tag())).await?;
    must_load(store, id(1), &second).await?;
    must_write(store, id(1), &third, Save::Replace(second.tag())).await?;
    must_load(store, id(1), &third).await
}

pub(super) async fn replace_moves_the_expiry(store: &dyn SessionStore) -> Verdict {
    let (sooner, later) = (record([1], FAR), record([1], FAR.saturating_add(60)));
    for (id, first, second) in [(id(1), &sooner, &later), (id(2), &later, &sooner)] {
        must_write(store, id, first, Save::Create).await?;
        must_write(store, id, second, Save::Replace(first.tag())).await?;
        must_load(store, id, second).await?;
    }
    let removed = store.cleanup_expired(at(FAR)).await?;
    must_load(store, id(1), &later).await?;
    if removed == 0 { must_load(store, id(2), &sooner).await } else { must_be_gone(store, id(2)).await }
}
