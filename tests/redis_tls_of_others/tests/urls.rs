//! Another part of the application turned on the TLS of the crate `redis`, and its switch that turns verification off.
//! Neither changes which URLs a pool takes.

use std::net::TcpListener;

use sealed_session::{BackendErrorKind, RedisPool, RedisStore, SessionId, SessionStore};

/// Ways to ask for TLS that the URL parser of `redis` understands in this build.
const ENCRYPTED: [&str; 4] = ["rediss://h", "REDISS://h:1/0", "valkeys://user:secret@h", "rediss://h?protocol=resp3"];

const UNVERIFIED: [&str; 5] = [
    "rediss://h/#insecure",
    "rediss://h#insecure",
    "valkeys://h/0#insecure",
    "redis://h/#insecure",
    "unix:///h#insecure",
];

#[test]
fn redis_itself_would_take_them() {
    for url in ENCRYPTED.iter().chain(&UNVERIFIED) {
        redis::Client::open(*url).unwrap();
    }
    // It drops tabs and line ends, wherever they stand.
    redis::Client::open("redi\tss://h/\n#insecure").unwrap();
}

#[test]
fn a_url_with_tls_is_taken_by_the_feature_of_this_crate_alone() {
    for url in ENCRYPTED {
        assert_eq!(RedisPool::open(url).is_ok(), cfg!(feature = "redis-tls"), "{url}");
    }
}

#[test]
fn verification_can_not_be_turned_off() {
    for url in UNVERIFIED.into_iter().chain(["redi\tss://h", "redi\nss://h/#insecure", "rediss\t://h"]) {
        assert!(RedisPool::open(url).is_err(), "{url}");
    }
}

/// The TLS of `redis` takes the provider of cryptography of the process, makes one of the features of rustls the
/// provider, or panics. Ours does none of that.
#[cfg(feature = "redis-tls")]
#[tokio::test]
async fn a_request_over_tls_is_an_error_and_installs_no_provider_for_the_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rediss://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || drop(listener.accept()));
    let store = RedisStore::open(&url).unwrap();
    let error = store.load(SessionId::generate().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[cfg(not(feature = "redis-tls"))]
#[tokio::test]
async fn a_pool_without_tls_works_beside_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || drop(listener.accept()));
    let store = RedisStore::open(&url).unwrap();
    let error = store.load(SessionId::generate().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
}
