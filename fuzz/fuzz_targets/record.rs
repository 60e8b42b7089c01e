//! Checks that a good cookie with any record from the store gives exactly the session that section 11 of
//! docs/wire-format.md reads there, or none. A stored record must come back, and no record that only resembles it may
//! be accepted.
//!
//! The input is a record. The same bytes are also put behind a version and a key id that the reader knows, so that they
//! go straight to the cipher. They are also sealed for real as the plaintext of a record, so that they get behind the
//! cipher.
#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use sealed_session::fuzzing::seal_record;
use sealed_session::{
    BackendError, BoxFuture, DecodeError, KeyId, Record, Save, Session, SessionConfig, SessionData, SessionId,
    SessionManager, SessionStore, UnixTime,
};
use sealed_session_fuzz::{
    ENVELOPE_OVERHEAD, FIRST_KEY, FIXED_LEN, NAME, NOW, Parts, SECOND_KEY, THIRD_KEY, at, from_base64url, key, owned,
    parts, ring, run,
};

/// A store that holds one record and gives it for any id.
#[derive(Clone, Default)]
struct Drawer(Arc<Mutex<Vec<u8>>>);

impl Drawer {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no thread panics").clone()
    }
}

impl SessionStore for Drawer {
    fn load(&self, _: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async { Ok(Some(Record::new(self.bytes(), UnixTime::MAX))) })
    }

    fn save<'a>(&'a self, _: SessionId, record: &'a Record, _: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        record.bytes().clone_into(&mut self.0.lock().expect("no thread panics"));
        Box::pin(async { Ok(true) })
    }

    fn delete(&self, _: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async { Ok(()) })
    }

    fn cleanup_expired(&self, _: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async { Ok(0) })
    }
}

struct World {
    drawer: Drawer,
    manager: SessionManager,
    /// Managers with another cookie name, another audience and another key.
    others: Vec<SessionManager>,
    /// A cookie without entries. `data` is the session in it, and `envelope` is the bytes of its value.
    cookie: String,
    data: SessionData,
    envelope: Vec<u8>,
}

const KEYS: [&str; 2] = [FIRST_KEY, SECOND_KEY];

static IDS: LazyLock<[KeyId; 2]> = LazyLock::new(|| KEYS.map(|digits| key(digits).id()));
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let build = |config: SessionConfig| config.clock(|| at(NOW)).build().expect("good settings");
    let config = || SessionConfig::new(ring(FIRST_KEY, &[SECOND_KEY]));
    let drawer = Drawer::default();
    let manager = build(config().store(drawer.clone()));
    let others = vec![
        build(config().cookie_name("other")),
        build(config().audience("other")),
        build(SessionConfig::new(key(THIRD_KEY))),
    ];
    let mut data = manager.codec().create().expect("an id");
    data.set_persistent(false);
    let value = manager.codec().encode(&data).expect("small");
    let envelope = from_base64url(value.as_bytes()).expect("base64url");
    World { drawer, manager, others, cookie: format!("{NAME}={value}"), data, envelope }
});

fn load(record: &[u8]) -> Session {
    let World { drawer, manager, cookie, .. } = &*WORLD;
    record.clone_into(&mut drawer.0.lock().expect("no thread panics"));
    run(manager.load_async([cookie])).expect("a failure is a refusal")
}

/// Returns the reason why a record that nobody sealed for this session must be refused.
fn expected(record: &[u8]) -> DecodeError {
    match record {
        // Sixteen bytes are a tombstone, whichever they are.
        _ if record.len() == 16 => DecodeError::Revoked,
        _ if record.len() < ENVELOPE_OVERHEAD + FIXED_LEN => DecodeError::NotStored,
        [1, id @ ..] => match id.first_chunk() {
            Some(id) if IDS.iter().all(|known| known.to_bytes() != *id) => {
                // A `KeyId` can be made from a key only, so the first one stands for any unknown id.
                DecodeError::UnknownKey { id: IDS[0] }
            }
            _ => DecodeError::NotStored,
        },
        [version, ..] => DecodeError::UnsupportedVersion { version: *version },
        [] => DecodeError::NotStored,
    }
}

fn check_refused(record: &[u8]) {
    let session = load(record);
    match (session.rejected().expect("nobody sealed it"), expected(record)) {
        (DecodeError::UnknownKey { id }, DecodeError::UnknownKey { .. }) => assert_eq!(record[1..5], id.to_bytes()),
        (reason, expected) => assert_eq!(reason, expected, "{record:02x?}"),
    }
    assert!(session.is_empty());
    // No Set-Cookie is sent: the cookie itself is good.
    assert!(run(WORLD.manager.commit_async(&session)).is_ok_and(|lines| lines.is_empty()));
}

/// Checks a plaintext that was sealed for this session under the right key.
fn check_sealed(plaintext: &[u8]) {
    let World { drawer, manager, others, data, envelope, .. } = &*WORLD;
    let codec = manager.codec();
    let record = seal_record(codec, data.id(), plaintext).expect("a nonce");
    let session = load(&record);
    let Some(Parts { schema, data: entries, flash, has_token, .. }) = parts(plaintext) else {
        assert_eq!(session.rejected(), Some(DecodeError::NotStored));
        return;
    };
    if schema != 0 {
        assert_eq!(session.rejected(), Some(DecodeError::UnsupportedSchema { schema }));
        return;
    }
    let opened = session.snapshot().expect("it has an id");
    assert_eq!(session.rejected(), None);
    let is_null = |(_, json): &(String, String)| serde_json::from_str::<()>(json).is_ok();
    assert_eq!(opened.is_empty(), entries.iter().chain(&flash).all(is_null) && !has_token);
    assert_eq!((owned(opened.entries()), owned(opened.flash())), (entries, flash));
    // The id, the times and the flags come from the cookie, and not from the record.
    assert_eq!((opened.id(), opened.is_persistent(), opened.schema()), (data.id(), false, 0));
    let times = |data: &SessionData| [data.created_at(), data.issued_at(), data.expires_at()];
    assert_eq!(times(&opened), times(data));

    // The record is refused for another session, another application and another key. Refused too are the cookie's own
    // envelope, and the record when it is cut, lengthened or changed. No record is accepted as a cookie.
    let mut other = data.id().to_bytes();
    let choice = plaintext.iter().fold(plaintext.len(), |sum, byte| sum.wrapping_mul(31) ^ usize::from(*byte));
    other[choice % 16] ^= 1 << (choice / 16 % 8);
    let elsewhere = [
        seal_record(codec, SessionId::from_bytes(other), plaintext).expect("a nonce"),
        seal_record(others[choice % 2].codec(), data.id(), plaintext).expect("a nonce"),
        seal_record(others[2].codec(), data.id(), plaintext).expect("a nonce"),
        envelope.clone(),
        record[..choice % record.len()].to_vec(),
        [&record[..], &plaintext[..choice % plaintext.len()], &[0]].concat(),
    ];
    elsewhere.iter().for_each(|record| check_refused(record));
    let mut flipped = record.clone();
    flipped[choice % record.len()] ^= 1 << (choice / 8 % 8);
    check_refused(&flipped);
    let text = sealed_session_fuzz::to_base64url(&record);
    assert!(codec.decode(&text).is_err());

    // A value that a request adds is stored with the others. A session with more than 65,535 bytes of entries would
    // take no further entry.
    if plaintext.len() < 60_000 {
        session.set("added", choice).expect("there is room");
        assert!(run(manager.commit_async(&session)).is_ok_and(|lines| lines.iter().count() == 1));
        let (stored, kept) = (drawer.bytes(), session.snapshot().expect("it has an id"));
        let again = load(&stored).snapshot().expect("it has an id");
        assert_eq!((owned(again.entries()), owned(again.flash())), (owned(kept.entries()), owned(kept.flash())));
    }
}

fuzz_target!(|bytes: &[u8]| {
    check_refused(bytes);
    for id in *IDS {
        check_refused(&[&[1], &id.to_bytes()[..], bytes].concat());
    }
    check_sealed(bytes);
});
