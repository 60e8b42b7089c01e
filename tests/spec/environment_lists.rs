//! The list of revocations and the subject from environment variables, and what counts when the code sets one, too.

use std::sync::Arc;

use sealed_session::{DecodeError, EnvReader, MemoryRevocations, ProblemKind, SessionManager};

use crate::backends::{commit, load, login, run, user_id};
use crate::environment::{KEY, manager, problems, read};

const BACKEND: &str = "TIDEWAY_SESSION_BACKEND";
#[cfg(any(feature = "redis", feature = "sqlite"))]
const STORE_URL: &str = "TIDEWAY_SESSION_STORE_URL";
const LIST: &str = "TIDEWAY_SESSION_REVOCATIONS";
const LIST_URL: &str = "TIDEWAY_SESSION_REVOCATIONS_URL";
const SUBJECT: &str = "TIDEWAY_SESSION_SUBJECT";

fn is_conflict(found: &[(String, ProblemKind)], name: &str) -> bool {
    matches!(found, [(at, ProblemKind::Conflict { .. })] if at == name)
}

/// Logs user 42 in, and then out everywhere.
fn revoked(manager: &SessionManager) -> String {
    let cookie = login(manager, 42);
    assert_eq!(user_id(&load(manager, &cookie)), Some(42));
    run(manager.revoke_subject(&42)).unwrap();
    cookie
}

#[test]
fn a_list_in_memory_ends_the_sessions_of_the_subject_that_is_named() {
    let manager = manager(&[(LIST, "in_memory"), (SUBJECT, "user_id")]);
    assert!(manager.supports_revocation());
    let cookie = revoked(&manager);
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

/// Logs sessions out, and expects that the list remembers each. The clock of the manager stands years before that of
/// the system, by which every entry would be over at once.
fn expect_that_all_logouts_are_remembered(manager: &SessionManager, logouts: usize) {
    let cookies: Vec<String> = (0..logouts)
        .map(|_| {
            let cookie = login(manager, 42);
            let session = load(manager, &cookie);
            session.destroy();
            commit(manager, &session);
            cookie
        })
        .collect();
    for cookie in cookies {
        assert_eq!(load(manager, &cookie).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn a_list_in_memory_goes_by_the_clock_that_the_code_sets() {
    // A list of this size has swept.
    expect_that_all_logouts_are_remembered(&manager(&[(LIST, "in_memory")]), 1_100);
}

#[test]
fn a_store_in_memory_goes_by_the_clock_that_the_code_sets() {
    // A store that has had this many saves has swept.
    let manager = manager(&[(BACKEND, "in_memory")]);
    let cookies: Vec<_> = (0..200).map(|user| login(&manager, user)).collect();
    for cookie in cookies {
        assert_eq!(load(&manager, &cookie).rejected(), None);
    }
}

#[test]
fn none_is_no_list_and_so_is_a_variable_that_is_not_set() {
    for vars in [&[(LIST, "none")][..], &[(LIST, " NONE ")], &[(LIST, "")], &[]] {
        assert!(!manager(vars).has_backend(), "{vars:?}");
    }
}

#[test]
fn a_list_that_is_not_known_and_a_subject_that_is_no_key_are_errors() {
    for (name, value) in [(LIST, "memory"), (LIST, "file"), (LIST, "cookie")] {
        assert!(
            matches!(&problems(&[(name, value)])[..], [(at, ProblemKind::Invalid { .. })] if at == name),
            "{value}"
        );
    }
    // Nobody knows what the value would have been, so nothing else is wrong with its neighbours.
    for name in [BACKEND, LIST] {
        let found = problems(&[(name, "hash_map"), (SUBJECT, "user_id")]);
        assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == name), "{found:?}");
    }
    let long = "k".repeat(128);
    let found = problems(&[(LIST, "in_memory"), (SUBJECT, &long)]);
    assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == SUBJECT), "{found:?}");
}

#[test]
fn a_url_or_a_subject_that_nothing_would_use_is_an_error() {
    assert!(is_conflict(&problems(&[(LIST_URL, "redis://127.0.0.1")]), LIST_URL));
    assert!(is_conflict(&problems(&[(LIST, "in_memory"), (LIST_URL, "redis://127.0.0.1")]), LIST_URL));
    assert!(is_conflict(&problems(&[(SUBJECT, "user_id")]), SUBJECT));
    assert!(read(&[KEY, (BACKEND, "in_memory"), (SUBJECT, "user_id")]).is_ok(), "a store has a use for it");
}

#[test]
fn what_only_checks_the_variables_checks_those_of_a_list_too() {
    let reader = EnvReader::default().without_backend();
    let check = |vars: &[(&'static str, &'static str)]| reader.read_vars(vars.iter().copied().chain([KEY]));
    let good = [(LIST, "sqlite"), (LIST_URL, "sqlite:///nowhere/at/all.db"), (SUBJECT, "user_id")];
    assert!(!check(&good).unwrap().build().unwrap().has_backend());
    for bad in [&[(LIST, "sqlite"), (LIST_URL, ":memory:")][..], &[(LIST, "sqlite")], &[(SUBJECT, "user_id")]] {
        assert!(check(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_store_that_is_not_known_is_the_one_problem_of_a_list_that_would_be_beside_it() {
    let reader = EnvReader::default().without_backend();
    let problems = |vars: &[(&'static str, &'static str)]| {
        let error = reader.read_vars(vars.iter().copied().chain([KEY])).unwrap_err();
        error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>()
    };
    for kind in ["sqlite", "redis"] {
        assert_eq!(problems(&[(BACKEND, "sqlit"), (LIST, kind)]), [BACKEND], "{kind}");
        assert_eq!(problems(&[(BACKEND, "in_memory"), (LIST, kind)]), [LIST_URL], "{kind}: the store is no such place");
        assert_eq!(problems(&[(LIST, kind)]), [LIST_URL], "{kind}: there is no store");
    }
}

#[test]
fn a_list_that_the_code_sets_counts_in_place_of_the_one_of_the_environment() {
    let ours = Arc::new(MemoryRevocations::new());
    let config = read(&[KEY, (LIST, "in_memory"), (SUBJECT, "name")]).unwrap();
    let manager = config.revocations(Arc::clone(&ours)).subject("user_id").build().unwrap();
    let cookie = revoked(&manager);
    assert_eq!(ours.len(), 1, "the code's list has the entry, under the code's subject");
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_store_that_the_code_sets_leaves_the_list_of_the_environment() {
    let config = read(&[KEY, (BACKEND, "in_memory"), (LIST, "in_memory"), (SUBJECT, "user_id")]).unwrap();
    let ours = Arc::new(sealed_session::MemoryStore::new());
    let manager = config.store(Arc::clone(&ours)).build().unwrap();
    let cookie = revoked(&manager);
    assert_eq!(ours.len(), 1, "the record is in the code's store");
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked), "the environment's list was asked");
}

#[cfg(feature = "redis")]
#[test]
fn a_list_in_redis_is_where_the_store_is_or_where_its_own_url_says() {
    let redis = "redis://127.0.0.1";
    for vars in [
        &[(BACKEND, "redis"), (STORE_URL, redis), (LIST, "redis")][..],
        &[(BACKEND, "redis"), (STORE_URL, redis), (LIST, "redis"), (LIST_URL, "redis://127.0.0.1/1")],
        &[(LIST, "redis"), (LIST_URL, redis)],
        &[(BACKEND, "in_memory"), (LIST, "redis"), (LIST_URL, redis)],
    ] {
        assert!(manager(vars).supports_revocation(), "{vars:?}");
    }
    let found = problems(&[(LIST, "redis")]);
    let is_missing = |kind: &ProblemKind| matches!(kind, ProblemKind::Missing { takes } if takes.contains("redis://"));
    assert!(matches!(&found[..], [(at, kind)] if at == LIST_URL && is_missing(kind)), "{found:?}");
    let found = problems(&[(LIST, "redis"), (LIST_URL, "\"redis://127.0.0.1\"")]);
    assert!(matches!(&found[..], [(at, ProblemKind::Quoted)] if at == LIST_URL), "it is not missing, too: {found:?}");
    let found = problems(&[(LIST, "redis"), (LIST_URL, "127.0.0.1:6379")]);
    assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == LIST_URL), "{found:?}");
}

#[cfg(feature = "redis")]
mod redis {
    use sealed_session::EnvReader;

    use super::*;

    const CA: &str = "TIDEWAY_SESSION_STORE_CA_FILE";
    #[cfg(feature = "redis-tls")]
    const CERT: &str = "TIDEWAY_SESSION_STORE_CERT_FILE";
    #[cfg(feature = "redis-tls")]
    const NAME: &str = "TIDEWAY_SESSION_STORE_SERVER_NAME";
    const REPLICAS: &str = "TIDEWAY_SESSION_STORE_REPLICAS";
    const GOOD_CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem");
    #[cfg(feature = "redis-tls")]
    const NO_PEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

    /// Returns the problems that opening finds, after it is sure that checking finds the same.
    fn found(vars: &[(&str, &str)]) -> Vec<(String, ProblemKind)> {
        let [opened, checked] = [EnvReader::default(), EnvReader::default().without_backend()].map(|reader| {
            let read = reader.read_vars(vars.iter().copied().chain([KEY]));
            read.err().map_or(vec![], |error| {
                error.problems().iter().map(|it| (it.setting().to_owned(), it.kind().clone())).collect()
            })
        });
        assert_eq!(format!("{opened:?}"), format!("{checked:?}"), "{vars:?}");
        opened
    }

    #[test]
    fn what_is_said_of_a_redis_is_for_the_list_too() {
        let (store, list) = ((STORE_URL, "redis://127.0.0.1"), (LIST_URL, "redis://127.0.0.1/1"));
        for vars in [
            &[(LIST, "redis"), list, (REPLICAS, "1")][..],
            &[(BACKEND, "in_memory"), (LIST, "redis"), list, (REPLICAS, "1")],
            &[(BACKEND, "redis"), store, (LIST, "in_memory"), (REPLICAS, "1")],
            &[(BACKEND, "redis"), store, (LIST, "redis"), (REPLICAS, "1")],
            &[(BACKEND, "redis"), store, (LIST, "redis"), list, (REPLICAS, "1")],
        ] {
            assert_eq!(format!("{:?}", found(vars)), "[]", "{vars:?}");
        }
        assert!(is_conflict(&found(&[(LIST, "in_memory"), (REPLICAS, "1")]), REPLICAS));
        let found = found(&[(LIST, "rediss"), (REPLICAS, "1")]);
        assert!(
            matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == LIST),
            "it may mean redis: {found:?}"
        );
    }

    #[cfg(feature = "redis-tls")]
    #[test]
    fn what_is_wrong_with_the_files_of_two_redis_is_reported_once() {
        let both = [(BACKEND, "redis"), (STORE_URL, "rediss://a"), (LIST, "redis"), (LIST_URL, "rediss://b")];
        for more in [(CA, "/nowhere/ca.pem"), (CA, NO_PEM), (NAME, "two words"), (REPLICAS, "one")] {
            let found = found(&[&both[..], &[(CA, GOOD_CA), more]].concat());
            assert_eq!(found.iter().filter(|(at, _)| at == more.0).count(), 1, "{more:?}: {found:?}");
        }
        let found = found(&[&both[..], &[(CA, GOOD_CA), (CERT, GOOD_CA)]].concat());
        let alone = "TIDEWAY_SESSION_STORE_KEY_FILE";
        assert!(found.iter().any(|(at, kind)| at == alone && matches!(kind, ProblemKind::Missing { .. })), "{found:?}");
    }

    #[cfg(feature = "redis-tls")]
    #[test]
    fn a_certificate_of_the_client_that_is_none_is_a_problem_of_its_own_variable() {
        const KEY_FILE: &str = "TIDEWAY_SESSION_STORE_KEY_FILE";
        for (certificate, at_fault) in [(NO_PEM, CERT), (GOOD_CA, KEY_FILE)] {
            let store = [(BACKEND, "redis"), (STORE_URL, "rediss://a"), (CERT, certificate), (KEY_FILE, NO_PEM)];
            let found = found(&store);
            assert!(matches!(&found[..], [(at, ProblemKind::Invalid { .. })] if at == at_fault), "{found:?}");
        }
    }

    #[test]
    fn certificates_are_read_for_each_redis_that_has_tls() {
        let vars = |list_url| {
            [(BACKEND, "redis"), (STORE_URL, "rediss://a"), (LIST, "redis"), (LIST_URL, list_url), (CA, GOOD_CA)]
        };
        if cfg!(feature = "redis-tls") {
            assert_eq!(format!("{:?}", found(&vars("rediss://b"))), "[]");
            assert!(is_conflict(&found(&vars("redis://b")), LIST_URL), "its certificate would be passed over");
        } else {
            let found = found(&vars("rediss://b"));
            assert!(matches!(&found[..], [(at, ProblemKind::NeedsFeature { .. })] if at == CA), "{found:?}");
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn path(folder: &Path, name: &str) -> String {
        folder.join(name).to_str().unwrap().to_owned()
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_list_is_in_the_database_of_the_store_and_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let url = path(folder.path(), "sessions.db");
        let vars = [(BACKEND, "sqlite"), (STORE_URL, &url), (LIST, "sqlite"), (SUBJECT, "user_id")];
        let cookie = revoked(&manager(&vars));
        assert_eq!(load(&manager(&vars), &cookie).rejected(), Some(DecodeError::Revoked));
        assert_eq!(names(folder.path()), ["sessions.db"]);
    }

    #[test]
    fn a_list_goes_by_the_clock_that_the_code_sets() {
        let folder = tempfile::tempdir().unwrap();
        let (sessions, ended) = (path(folder.path(), "sessions.db"), path(folder.path(), "ended.db"));
        let beside = [(BACKEND, "sqlite"), (STORE_URL, sessions.as_str()), (LIST, "sqlite")];
        let alone = [(LIST, "sqlite"), (LIST_URL, ended.as_str())];
        for vars in [&beside[..], &alone] {
            expect_that_all_logouts_are_remembered(&manager(vars), 3);
        }
    }

    #[test]
    fn a_list_with_a_url_of_its_own_is_there_with_a_store_and_without_one() {
        for store in [None, Some("sqlite"), Some("in_memory")] {
            let folder = tempfile::tempdir().unwrap();
            let (sessions, ended) = (path(folder.path(), "sessions.db"), path(folder.path(), "ended.db"));
            let mut vars = vec![(LIST, "sqlite"), (LIST_URL, ended.as_str()), (SUBJECT, "user_id")];
            vars.extend(store.map(|store| (BACKEND, store)));
            vars.extend((store == Some("sqlite")).then_some((STORE_URL, sessions.as_str())));
            let cookie = revoked(&manager(&vars));
            assert!(load(&manager(&vars), &cookie).rejected().is_some());
            let expected: &[&str] = if store == Some("sqlite") { &["ended.db", "sessions.db"] } else { &["ended.db"] };
            assert_eq!(names(folder.path()), expected);
        }
    }

    #[cfg(feature = "file")]
    #[test]
    fn a_list_of_another_kind_than_the_store_needs_a_url_and_nothing_is_opened_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let url = path(folder.path(), "sessions");
        let found = problems(&[(BACKEND, "file"), (STORE_URL, &url), (LIST, "sqlite")]);
        assert!(matches!(&found[..], [(at, ProblemKind::Missing { .. })] if at == LIST_URL), "{found:?}");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_list_that_can_not_be_opened_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let url = path(folder.path(), "none/ended.db");
        let text = read(&[KEY, (LIST, "sqlite"), (LIST_URL, &url)]).unwrap_err().to_string();
        let expected = format!("{LIST_URL}: names a store that can't be opened: it is unavailable: can't make it: ");
        assert!(text.contains(&expected), "{text}");
    }
}
