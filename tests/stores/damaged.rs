//! A record that the store itself finds damaged, such as a file that is torn, costs its visitor this session and no
//! more.

use std::path::Path;
use std::sync::{Arc, Mutex};

use sealed_session::{
    BackendErrorKind, DecodeError, Event, FailurePolicy, Key, MemoryRevocations, Session, SessionConfig, SessionId,
    SessionManager, SessionStore,
};

use crate::helpers::KEY;
use crate::run;

type Heard = Arc<Mutex<Vec<BackendErrorKind>>>;

/// A manager over this store, and the kinds of the failures that its observers heard.
fn manager(configure: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, Heard) {
    let heard = Heard::default();
    let kinds = Arc::clone(&heard);
    let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).observer(move |event: &Event| {
        if let Event::BackendFailed { error, .. } = event {
            kinds.lock().unwrap().push(error.kind());
        }
    });
    (configure(config).build().unwrap(), heard)
}

fn load(manager: &SessionManager, cookie: &str) -> Session {
    run(manager.load_async([cookie])).unwrap()
}

fn log_in(manager: &SessionManager, session: &Session) -> String {
    session.set("user_id", 42).unwrap();
    run(manager.commit_async(session)).unwrap().into_iter().next().unwrap()
}

/// Checks what a visitor can do whose record is damaged anew before each request.
fn check<S: SessionStore + 'static>(store: S, damage: impl Fn(SessionId)) {
    let store = Arc::new(store);
    let with_list = |config: SessionConfig| config.revocations(MemoryRevocations::new());
    let fails = |config: SessionConfig| config.on_backend_failure(FailurePolicy::Fail);
    let placed: [&dyn Fn(SessionConfig) -> SessionConfig; 4] =
        [&|config| config, &with_list, &fails, &|config| with_list(fails(config))];
    for place in placed {
        let (manager, heard) = manager(|config| place(config.store(Arc::clone(&store))));
        let cookie = log_in(&manager, &load(&manager, ""));
        let id = load(&manager, &cookie).id().unwrap();
        heard.lock().unwrap().clear();
        for log_in_anew in [
            |_: &Session| {},
            |session: &Session| assert!(session.regenerate().is_ok()),
            |session: &Session| assert!(session.regenerate_empty().is_ok()),
        ] {
            damage(id);
            let session = load(&manager, &cookie);
            assert_eq!(session.rejected(), Some(DecodeError::NotStored));
            assert_eq!(heard.lock().unwrap().pop(), Some(BackendErrorKind::Corrupt));
            assert!(run(manager.commit_async(&session)).unwrap().is_empty(), "the cookie stays as it is");
            log_in_anew(&session);
            let another = log_in(&manager, &session);
            assert_eq!(load(&manager, &another).get("user_id"), Ok(Some(42)));
        }
        damage(id);
        let session = load(&manager, &cookie);
        session.destroy();
        let deletion = run(manager.commit_async(&session)).unwrap();
        assert!(deletion.iter().next().unwrap().contains("Max-Age=0"));
        assert!(load(&manager, &cookie).is_empty());
    }
}

#[cfg(all(feature = "file", not(windows)))]
#[test]
fn a_file_that_is_torn_keeps_nobody_from_a_login_or_a_logout() {
    let folder = tempfile::tempdir().unwrap();
    let tear = |path: &Path| std::fs::write(path, "torn").unwrap();
    check(sealed_session::FileStore::open(folder.path()).unwrap(), |id| tear(&folder.path().join(id.to_string())));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_row_that_no_store_wrote_keeps_nobody_from_a_login_or_a_logout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let store = sealed_session::SqliteStore::open(&path).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    check(store, |id| {
        let row = (id.to_bytes(), -1);
        database.execute("INSERT OR REPLACE INTO sessions VALUES (?1, ?2, x'01')", row).unwrap();
    });
}
