//! [`SlotMap`]: which server is the primary of which slots.

use std::collections::BTreeSet;

use redis::Value;

use super::slot::SLOTS;
use crate::backend::redis::address::{Address, known};

/// Which server is the primary of which slots, as one of the servers told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SlotMap {
    ranges: Vec<Range>,
}

#[derive(Debug, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
    primary: Address,
}

impl SlotMap {
    /// Reads the answer to `CLUSTER SLOTS`, which the server at `asked` gave. `None` for an answer that has no slot, or
    /// another form.
    pub(super) fn read(answer: &Value, asked: &Address) -> Option<Self> {
        let Value::Array(rows) = answer else { return None };
        let mut ranges = Vec::new();
        for row in rows {
            let Value::Array(row) = row else { return None };
            // Replicas follow the primary, and are not asked: they may lack what was acknowledged.
            let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = row.as_slice() else { return None };
            let [host, Value::Int(port), ..] = primary.as_slice() else { return None };
            let host = match host {
                Value::BulkString(host) => str::from_utf8(host).ok()?,
                Value::Nil => "",
                _ => return None,
            };
            let Some(host) = known(host, &asked.host) else { continue };
            let primary = Address { host, port: u16::try_from(*port).ok()? };
            ranges.push(Range { first: u16::try_from(*first).ok()?, last: u16::try_from(*last).ok()?, primary });
        }
        (!ranges.is_empty()).then_some(Self { ranges })
    }

    pub(super) fn primary(&self, slot: u16) -> Option<&Address> {
        let range = self.ranges.iter().find(|range| (range.first..=range.last).contains(&slot))?;
        Some(&range.primary)
    }

    pub(super) fn primaries(&self) -> BTreeSet<Address> {
        self.ranges.iter().map(|range| range.primary.clone()).collect()
    }

    /// True if each slot has a primary.
    pub(super) fn is_whole(&self) -> bool {
        (0..SLOTS).all(|slot| self.primary(slot).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16) -> Address {
        Address { host: host.to_owned(), port }
    }

    fn row(first: i64, last: i64, host: Value, port: i64) -> Value {
        let server = |host, port| Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())]);
        let replica = server(Value::BulkString(b"replica".to_vec()), 1);
        Value::Array(vec![Value::Int(first), Value::Int(last), server(host, port), replica])
    }

    fn named(host: &str) -> Value {
        Value::BulkString(host.as_bytes().to_vec())
    }

    #[test]
    fn each_slot_has_the_primary_that_the_answer_names() {
        let rows = vec![
            row(0, 100, named("a"), 1),
            row(101, 101, named(""), 2),
            row(102, 16382, Value::Nil, 3),
            row(16383, 16383, named("a"), 1),
        ];
        let map = SlotMap::read(&Value::Array(rows), &address("asked", 9)).unwrap();
        for (slot, expected) in
            [(0, ("a", 1)), (100, ("a", 1)), (101, ("asked", 2)), (102, ("asked", 3)), (16383, ("a", 1))]
        {
            assert_eq!(map.primary(slot), Some(&address(expected.0, expected.1)), "{slot}");
        }
        assert_eq!(map.primaries().len(), 3);
        assert!(map.is_whole());
    }

    #[test]
    fn a_slot_without_a_primary_shows() {
        let asked = address("asked", 9);
        let holes = [
            vec![row(0, 100, named("a"), 1), row(102, 16383, named("a"), 1)],
            vec![row(0, 16382, named("a"), 1)],
            vec![row(1, 16383, named("a"), 1)],
            vec![row(0, 8191, named("a"), 1), row(8192, 16383, named("?"), 1)],
        ];
        for rows in holes {
            assert!(!SlotMap::read(&Value::Array(rows), &asked).unwrap().is_whole());
        }
        assert!(!SlotMap::default().is_whole());
    }

    #[test]
    fn an_answer_of_another_form_is_none() {
        for answer in [
            Value::Nil,
            Value::Okay,
            Value::Array(vec![]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(1)])]),
            Value::Array(vec![row(0, 1, Value::Int(7), 1)]),
            Value::Array(vec![row(0, 1, Value::BulkString(vec![0xff]), 1)]),
            Value::Array(vec![row(0, 1, named("a"), 70000)]),
            Value::Array(vec![row(0, 70000, named("a"), 1)]),
            Value::Array(vec![row(-1, 1, named("a"), 1)]),
        ] {
            assert_eq!(SlotMap::read(&answer, &address("asked", 9)), None, "{answer:?}");
        }
    }
}
