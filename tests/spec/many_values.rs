//! A session of thousands of values, as a store can hold it: each call does what it does for a few. How long that takes
//! is counted by benches/instructions.

use std::collections::BTreeMap;
use std::sync::Arc;

use sealed_session::{MemoryStore, Typed, ValueError};

use crate::backends;
use crate::common::{TestClock, cookie_of, fresh, manager_with};

/// As many entries as 65,535 bytes can hold of keys with three characters.
fn thousands() -> BTreeMap<String, u8> {
    (0..9_361).map(|number| (format!("{number:x}").chars().rev().collect::<String>(), 7)).take(8_000).collect()
}

#[test]
fn thousands_of_values_go_through_a_store_and_change_key_by_key() {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new().clock(clock.reader()));
    let (manager, _) = manager_with(|config| config.clock(clock.reader()).store(Arc::clone(&store)));
    let session = fresh(&manager);
    session.set_data(&thousands()).unwrap();
    let cookie = cookie_of(&backends::commit(&manager, &session).unwrap());

    let (one, other) = (backends::load(&manager, &cookie), backends::load(&manager, &cookie));
    let mut all = Typed::<BTreeMap<String, u8>>::new(one.clone()).unwrap();
    all.values_mut().for_each(|value| *value = 8);
    all.remove("0");
    all.save().unwrap();
    backends::commit(&manager, &one).unwrap();
    other.set("1", 9).unwrap();
    other.set("0", 9).unwrap();
    backends::commit(&manager, &other).unwrap();

    let mut expected: BTreeMap<String, u8> = thousands().into_keys().map(|key| (key, 8)).collect();
    expected.extend([("0".to_owned(), 9), ("1".to_owned(), 9)]);
    assert_eq!(backends::load(&manager, &cookie).data(), Ok(expected));
}

#[test]
fn thousands_of_flash_values_are_stored_and_taken_together() {
    let session = fresh(&manager_with(|config| config).0);
    session.set("name", "Ada").unwrap();
    session.set_flashes(&thousands()).unwrap();
    session.set_flashes(&BTreeMap::from([("0", 9)])).unwrap();
    let mut expected = thousands();
    expected.insert("0".to_owned(), 9);
    let taken = session.flashes::<u8>().unwrap();
    assert_eq!(taken.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(session.flashes::<u8>(), Ok(vec![]));
    assert_eq!(session.keys(), ["name"]);
}

#[test]
fn values_that_do_not_fit_together_change_nothing() {
    let session = fresh(&manager_with(|config| config).0);
    session.set("name", "Ada").unwrap();
    let too_many: BTreeMap<String, u8> = (0..20_000).map(|number| (format!("{number:05}"), 1)).collect();
    assert!(matches!(session.set_data(&too_many), Err(ValueError::Full { .. })));
    assert!(matches!(session.set_flashes(&too_many), Err(ValueError::Full { .. })));
    assert_eq!(session.keys(), ["name"]);
    assert_eq!(session.flashes::<u8>(), Ok(vec![]));
}
