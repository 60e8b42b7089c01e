//! Writers of one session in a store. A commit replaces the record that it read, or reads again and does its writes to
//! what is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, EncodeError, MemoryStore, Record, Save, Session, SessionConfig,
    SessionId, SessionManager, SessionStore, Status, UnixTime,
};

use super::{DAY, HOUR, STORED, Schedule, Site, StoreAndList, answer, cross, in_every_order, is_good, login};
use crate::backends::{Watched, commit, load, run, try_commit, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, manager_with, ring};

pub(super) fn number(node: &SessionManager, cookie: &str, key: &str) -> Option<u64> {
    load(node, cookie).get(key).unwrap()
}

#[test]
fn a_hundred_rounds_of_a_reader_that_is_due_beside_a_writer_lose_no_write() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let mut cookie = login(&site, &node, 42);
        site.step();
        let mut written = BTreeMap::new();
        for round in 0..100_u64 {
            site.clock.set((round + 1) * 3 * HOUR);
            let [reader, writer, other] = [(); 3].map(|()| load(&node, &cookie));
            assert_eq!(user_id(&reader), Some(42));
            for (session, key) in [(&writer, round % 7), (&other, 7 + round % 5)] {
                session.set(&format!("k{key}"), round).unwrap();
                written.insert(format!("k{key}"), round);
            }
            let writers = async { futures_lite::future::zip(answer(&node, &writer), answer(&node, &other)).await };
            let mut schedule = Schedule::of((0..10).map(|bit| ((round * 41) >> bit) & 1 == 1));
            let (read, (wrote, also)) = cross(&mut schedule, answer(&node, &reader), writers);
            // The browser keeps any of the answers.
            let lines: Vec<String> = [read, wrote, also].into_iter().filter_map(Result::unwrap).collect();
            cookie = lines[usize::try_from(round).unwrap() % lines.len()].clone();
            for (key, value) in &written {
                assert_eq!(number(&node, &cookie, key), Some(*value), "{place:?} {round} {key}");
            }
        }
    }
}

#[test]
fn a_new_key_and_a_new_schema_undo_no_write() {
    for place in STORED {
        for by_schema in [false, true] {
            for writes_first in [false, true] {
                let (site, old) = Site::with_node(place);
                let cookie = login(&site, &old, 42);
                let new = site.node_with(|config| {
                    let keyed = SessionConfig::new(ring(SECOND_KEY, &[FIRST_KEY])).clock(site.clock.reader());
                    if by_schema { config.schema(1).migrate(|_, _| Ok(())) } else { rehouse(&site, keyed) }
                });
                let (reader, writer) = (load(&new, &cookie), load(&new, &cookie));
                assert_eq!(user_id(&reader), Some(42));
                writer.set("cart", 1).unwrap();
                let answers = if writes_first {
                    [try_commit(&new, &writer), try_commit(&new, &reader)]
                } else {
                    [try_commit(&new, &reader), try_commit(&new, &writer)]
                };
                assert_eq!(answers[1].as_ref().unwrap().is_some(), !writes_first, "a seal that nobody needs");
                for cookie in answers.into_iter().filter_map(Result::unwrap) {
                    assert_eq!(number(&new, &cookie, "cart"), Some(1), "{place:?} {by_schema} {writes_first}");
                }
            }
        }
    }
}

/// The backends of a site for another configuration.
fn rehouse(site: &Site, config: SessionConfig) -> SessionConfig {
    let store = Arc::clone(&site.store);
    match site.place {
        super::Spill => config.spill(store).subject("user_id"),
        StoreAndList => config.store(store).revocations(Arc::clone(&site.list)).subject("user_id"),
        _ => config.store(store).subject("user_id"),
    }
}

#[test]
fn in_whatever_order_a_writer_and_a_renewal_ask_the_write_is_carried_over_or_told_to_be_lost() {
    for place in STORED {
        let (mut lost, mut kept) = (0, 0);
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let (writer, rival) = (load(&node, &cookie), load(&node, &cookie));
            writer.set("cart", 1).unwrap();
            rival.regenerate().unwrap();
            rival.set("step", 2).unwrap();
            site.step();
            let (wrote, renewed) = cross(schedule, answer(&node, &writer), answer(&node, &rival));
            let session = load(&node, &renewed.unwrap().unwrap());
            assert_eq!((user_id(&session), session.get("step")), (Some(42), Ok(Some(2))), "{place:?} {schedule:?}");
            match wrote {
                Ok(Some(_)) => {
                    assert_eq!(session.get("cart"), Ok(Some(1)), "{place:?} {schedule:?}");
                    kept += 1;
                }
                answer => {
                    assert_eq!((answer, session.contains("cart")), (Err(EncodeError::Ended), false));
                    lost += 1;
                }
            }
            assert_eq!((is_good(&node, &cookie), site.stored()), (false, 1), "{place:?} {schedule:?}");
        });
        assert!(lost > 0 && kept > 0, "{place:?}: each of the two is the first at times");
    }
}

#[test]
fn a_renewal_that_wrote_nothing_does_not_undo_a_login_that_was_faster() {
    for place in STORED {
        let mut logins = 0;
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = super::visit(&site, &node);
            let (login, rival) = (load(&node, &cookie), load(&node, &cookie));
            login.set("user_id", 42).unwrap();
            rival.regenerate().unwrap();
            site.step();
            let (logged_in, renewed) = cross(schedule, answer(&node, &login), answer(&node, &rival));
            match (logged_in, renewed) {
                // The login was first: the renewal leaves it alone, since it may be the user's only cookie.
                (Ok(Some(cookie)), Ok(None)) => {
                    assert_eq!(user_id(&load(&node, &cookie)), Some(42), "{place:?} {schedule:?}");
                    logins += 1;
                }
                (answer, Ok(Some(cookie))) => {
                    assert_eq!(answer, Err(EncodeError::Ended), "{place:?} {schedule:?}");
                    assert_eq!(user_id(&load(&node, &cookie)), None, "{place:?} {schedule:?}");
                }
                other => panic!("{place:?} {schedule:?} {other:?}"),
            }
        });
        assert!(logins > 0, "{place:?}");
    }
}

#[test]
fn a_write_into_a_session_that_ended_is_an_error_and_an_extension_of_it_is_none() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        site.clock.set(20 * HOUR);
        let (writer, reader) = (load(&node, &cookie), load(&node, &cookie));
        writer.set("cart", 1).unwrap();
        assert_eq!(user_id(&reader), Some(42));
        super::logout(&node, &load(&node, &cookie));
        for _ in 0..2 {
            assert_eq!(try_commit(&node, &writer), Err(EncodeError::Ended), "{place:?}");
            assert_eq!(try_commit(&node, &reader), Ok(None), "{place:?}");
        }
        assert_eq!((writer.status(), site.stored()), (Status::Changed, 0), "{place:?}");
    }
}

#[test]
fn a_write_that_comes_with_an_older_cookie_takes_no_life_from_the_record_of_a_newer_one() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
        session.extend(Duration::from_secs(9 * DAY)).unwrap();
        let longer = commit(&node, &session).unwrap();
        writer.set("cart", 1).unwrap();
        assert!(commit(&node, &writer).is_some());
        site.clock.set(8 * DAY);
        run(node.cleanup_expired()).unwrap();
        assert_eq!(number(&node, &longer, "cart"), Some(1), "{place:?}");
    }
}

/// A store where somebody else is always faster: no replacement finds the record that was read.
#[derive(Default)]
struct Contended(MemoryStore);

impl SessionStore for Contended {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.0.load(id)
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        match save {
            Save::Create => self.0.save(id, record, save),
            Save::Replace(_) => Box::pin(async { Ok(false) }),
        }
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.0.delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.0.cleanup_expired(now)
    }
}

#[test]
fn a_request_that_never_wins_gives_up_and_says_that_the_store_is_unavailable() {
    let store = Watched::new(Contended::default());
    let (node, clock) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = crate::backends::login(&node, 42);
    clock.set(20 * HOUR);
    let handlers: [fn(&Session); 3] = [
        |session| session.set("cart", 1).unwrap(),
        |session| assert!(session.regenerate().unwrap().is_some()),
        |session| assert!(session.destroy().is_some()),
    ];
    for handler in handlers {
        let session = load(&node, &cookie);
        handler(&session);
        store.calls();
        let Err(EncodeError::Backend(error)) = try_commit(&node, &session) else { panic!() };
        assert_eq!(error.kind(), BackendErrorKind::Unavailable);
        assert_eq!(store.calls().iter().filter(|call| *call == "save Replace").count(), 8);
    }
    let reader = load(&node, &cookie);
    assert_eq!((user_id(&reader), try_commit(&node, &reader)), (Some(42), Ok(None)), "whoever wrote extended it");
    assert_eq!(
        run(node.revoke(reader.id().unwrap(), UnixTime::MAX)).unwrap_err().kind(),
        BackendErrorKind::Unavailable
    );
}
