//! TLS to a real Redis (feature `redis-tls`): whom it trusts, what it shows, and what it refuses.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{io, thread};

use sealed_session::testing::{check_revocations, check_store};
use sealed_session::{
    BackendErrorKind, Clock, ProblemKind, Record, RedisPool, RedisRevocations, RedisStore, RedisTls, Save,
    SessionConfig, SessionStore, SystemClock, UnixTime,
};

use crate::address;
use crate::certificates::Certificates;
use crate::fleet::{Fleet, places};
use crate::helpers::new_id;
use crate::server::{PATIENCE, Server};

const HERE: &str = "IP:127.0.0.1,DNS:redis.test";

fn start(certificates: &Certificates, mutual: bool) -> Server {
    let options = certificates.options(mutual);
    Server::start(&options.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Loads a record that is not there: nothing, or the error as text.
async fn answer(url: &str, tls: &RedisTls) -> Result<(), String> {
    let store = RedisStore::new(&RedisPool::open_with_tls(url, tls).unwrap().timeout(PATIENCE));
    match store.load(new_id()).await {
        Ok(found) => assert_eq!(found, None),
        Err(error) => {
            assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
            return Err(error.to_string());
        }
    }
    Ok(())
}

#[tokio::test]
async fn stores_and_lists_over_tls_keep_every_rule() {
    let Some(_) = address() else { return };
    let certificates = Certificates::new(HERE);
    let server = start(&certificates, false);
    let pool = RedisPool::open_with_tls(&server.address(), &RedisTls::new().ca_pem(certificates.pem("ca.crt")))
        .unwrap()
        .timeout(PATIENCE);
    check_store(async || {
        let store = RedisStore::new(&pool);
        store.clear().await.unwrap();
        store
    })
    .await;
    check_revocations(&RedisRevocations::new(&pool), SystemClock.now()).await;
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_for_another_name_is_refused_with_the_reason() {
    let Some(_) = address() else { return };
    let (certificates, others) = (Certificates::new("DNS:redis.test"), Certificates::new(HERE));
    let server = start(&certificates, false);
    let ours = RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    let refused = async |tls: &RedisTls| answer(&server.address(), tls).await.unwrap_err();

    assert!(refused(&ours).await.contains("certificate not valid for name \"127.0.0.1\""), "{}", refused(&ours).await);
    let named = ours.clone().server_name("redis.test");
    assert_eq!(answer(&server.address(), &named).await, Ok(()));
    let misnamed = refused(&ours.server_name("redis.example")).await;
    assert!(misnamed.contains("certificate not valid for name \"redis.example\""), "{misnamed}");

    let unknown = RedisTls::new().ca_pem(others.pem("ca.crt")).server_name("redis.test");
    assert!(refused(&unknown).await.contains("invalid peer certificate"), "{}", refused(&unknown).await);
    let of_the_system = RedisTls::new().server_name("redis.test");
    assert!(refused(&of_the_system).await.contains("UnknownIssuer"), "{}", refused(&of_the_system).await);
}

#[tokio::test]
async fn a_redis_that_asks_for_a_certificate_gets_ours_and_refuses_who_shows_none_with_the_reason() {
    let Some(_) = address() else { return };
    let (certificates, others) = (Certificates::new(HERE), Certificates::new(HERE));
    let server = start(&certificates, true);
    let tls = RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    let client = |from: &Certificates| tls.clone().client_pem(from.pem("client.crt"), from.pem("client.key"));
    assert_eq!(answer(&server.address(), &client(&certificates)).await, Ok(()));
    let missing = answer(&server.address(), &tls).await.unwrap_err();
    assert!(missing.contains("CertificateRequired"), "{missing}");
    let unknown = answer(&server.address(), &client(&others)).await.unwrap_err();
    assert!(unknown.contains("fatal alert"), "{unknown}");
}

#[tokio::test]
async fn users_of_an_acl_log_in_over_tls() {
    let Some(_) = address() else { return };
    let certificates = Certificates::new(HERE);
    let mut options = certificates.options(false);
    options
        .extend(["--user", "ada", "on", ">s3cret", "~*", "&*", "+@all", "--user", "default", "off"].map(str::to_owned));
    let server = Server::start(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let tls = RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    let url = |login: &str| server.address().replace("://", &format!("://{login}@"));
    assert_eq!(answer(&url("ada:s3cret"), &tls).await, Ok(()));
    let error = answer(&url("ada:hunter2"), &tls).await.unwrap_err();
    assert!(error.contains("authentication failed") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn connections_over_tls_that_broke_while_they_rested_cost_no_request() {
    let Some(_) = address() else { return };
    let certificates = Certificates::new(HERE);
    let mut server = start(&certificates, false);
    let tls = RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    let store = RedisStore::new(&RedisPool::open_with_tls(&server.address(), &tls).unwrap().timeout(PATIENCE));
    let id = new_id();
    assert!(store.save(id, &Record::new(vec![7], UnixTime::MAX), Save::Create).await.unwrap());
    server.kill();
    server.restart();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(store.load(id).await.unwrap().is_some());
}

/// A server that takes the connection and closes it, and one that speaks plain text.
#[tokio::test]
async fn what_speaks_no_tls_is_unavailable() {
    let tls = RedisTls::new().ca_pem(AUTHORITY);
    for text in ["", "-ERR no TLS here\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rediss://{}", listener.local_addr().unwrap());
        thread::spawn(move || io::Write::write_all(&mut listener.accept().unwrap().0, text.as_bytes()));
        answer(&url, &tls).await.unwrap_err();
    }
}

/// Encryption is never left out: a pool of a `rediss://` URL sends no command before the server proved who it is.
#[tokio::test]
async fn nothing_is_sent_in_the_clear() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rediss://ada:hunter2@{}", listener.local_addr().unwrap());
    let sent = thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 4096];
        let read = io::Read::read(&mut stream, &mut bytes).unwrap();
        bytes.truncate(read);
        bytes
    });
    answer(&url, &RedisTls::new().ca_pem(AUTHORITY)).await.unwrap_err();
    let sent = sent.join().unwrap();
    // A record of the type handshake (RFC 8446 section 5.1).
    assert_eq!(sent.first(), Some(&22));
    assert!(!sent.windows(7).any(|bytes| bytes == b"hunter2"));
}

#[test]
fn the_settings_are_checked_when_the_pool_is_opened() {
    let (certificates, others) = (Certificates::new(HERE), Certificates::new(HERE));
    let [ca, cert, key, other_key] = [
        (&certificates, "ca.crt"),
        (&certificates, "client.crt"),
        (&certificates, "client.key"),
        (&others, "client.key"),
    ]
    .map(|(from, file)| from.pem(file));
    let tls = RedisTls::new().ca_pem(ca.clone());
    let problem = |tls: RedisTls| {
        let error = RedisPool::open_with_tls("rediss://redis.test", &tls).unwrap_err();
        assert!(matches!(error.problems()[0].kind(), ProblemKind::Invalid { .. }), "{error}");
        error.problems()[0].setting().to_owned()
    };
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in [Vec::new(), b"no certificate".to_vec(), key.clone(), broken.into()] {
        assert_eq!(problem(RedisTls::new().ca_pem(pem.clone())), "ca_pem");
        if pem != key {
            assert_eq!(problem(tls.clone().client_pem(cert.clone(), pem.clone())), "client_pem key");
        }
        assert_eq!(problem(tls.clone().client_pem(pem, key.clone())), "client_pem");
    }
    assert_eq!(problem(tls.clone().client_pem(cert.clone(), other_key)), "client_pem key");
    for name in ["", "two words", "redis.test:6379"] {
        assert_eq!(problem(tls.clone().server_name(name)), "server_name", "{name}");
    }
    for name in ["redis.test", "127.0.0.1", "::1"] {
        RedisPool::open_with_tls("rediss://redis.test", &tls.clone().server_name(name)).unwrap();
    }
    let error = RedisPool::open_with_tls("redis://redis.test", &tls).unwrap_err();
    assert!(matches!(error.problems()[0].kind(), ProblemKind::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn the_environment_names_the_authority_the_certificate_and_its_key() {
    let Some(_) = address() else { return };
    let (certificates, others) = (Certificates::new(HERE), Certificates::new(HERE));
    let server = start(&certificates, true);
    let url = server.address();
    let path = |from: &Certificates, file: &str| from.path(file);
    let read = |more: &[(&str, String)]| {
        let vars = [("BACKEND", "redis".to_owned()), ("STORE_URL", url.clone()), ("ENCRYPTION_KEY", KEY.to_owned())];
        let vars = vars.iter().chain(more).map(|(name, value)| (format!("SHOP_SESSION_{name}"), value.clone()));
        SessionConfig::from_vars("SHOP_", vars)
    };
    let [ca, cert, key] =
        [("STORE_CA_FILE", "ca.crt"), ("STORE_CERT_FILE", "client.crt"), ("STORE_KEY_FILE", "client.key")]
            .map(|(name, file)| (name, path(&certificates, file)));
    let manager = read(&[ca.clone(), cert.clone(), key.clone()]).unwrap().build().unwrap();
    assert!(manager.is_healthy().await);
    for missing in [vec![ca.clone()], vec![]] {
        assert!(!read(&missing).unwrap().build().unwrap().is_healthy().await, "{missing:?}");
    }
    for (name, is_healthy) in [("redis.test", true), ("redis.example", false)] {
        let named = [ca.clone(), cert.clone(), key.clone(), ("STORE_SERVER_NAME", name.to_owned())];
        assert_eq!(read(&named).unwrap().build().unwrap().is_healthy().await, is_healthy, "{name}");
    }
    let problem = |more: &[(&str, String)]| {
        let error = read(more).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        (
            error.problems()[0].setting().strip_prefix("SHOP_SESSION_").unwrap().to_owned(),
            error.problems()[0].kind().clone(),
        )
    };
    let other_key = ("STORE_KEY_FILE", path(&others, "client.key"));
    let nowhere = |name| (name, "/nowhere/file.pem".to_owned());
    for (more, at, expected) in [
        (vec![cert.clone()], "STORE_KEY_FILE", "is required"),
        (vec![key.clone()], "STORE_CERT_FILE", "is required"),
        (vec![cert.clone(), other_key], "STORE_KEY_FILE", "takes the private key of the certificate"),
        (vec![("STORE_CA_FILE", key.1.clone())], "STORE_CA_FILE", "takes certificates"),
        (
            vec![("STORE_SERVER_NAME", "two words".to_owned())],
            "STORE_SERVER_NAME",
            "takes a host name or an IP address",
        ),
        (vec![nowhere("STORE_CA_FILE")], "STORE_CA_FILE", "names a file that can't be read"),
        (vec![("STORE_REPLICAS", "one".to_owned())], "STORE_REPLICAS", "takes a number of replicas"),
    ] {
        let (setting, kind) = problem(&more);
        assert!(setting == at && kind.to_string().starts_with(expected), "{more:?}: {setting}: {kind}");
    }
    // Nobody would use the authority of a URL without TLS.
    let vars = [("STORE_URL", url.replace("rediss", "redis")), ca];
    assert!(matches!(problem(&vars), (at, ProblemKind::Conflict { .. }) if at == "STORE_URL"));
    let replicas =
        read(&[("STORE_REPLICAS", "1".to_owned()), ("STORE_CA_FILE", path(&certificates, "ca.crt")), cert, key]);
    assert!(!replicas.unwrap().build().unwrap().is_healthy().await, "there is no replica");
}

#[test]
fn the_settings_never_show_the_key() {
    let certificates = Certificates::new(HERE);
    let key = certificates.pem("client.key");
    let tls = RedisTls::new().client_pem(certificates.pem("client.crt"), key.clone());
    let shown = format!("{tls:?}");
    let key = String::from_utf8(key).unwrap();
    assert!(!key.lines().any(|line| shown.contains(line)) && shown.contains("has_client_certificate: true"), "{shown}");
}

#[test]
fn a_url_with_tls_trusts_what_the_system_trusts_unless_told_otherwise() {
    for url in ["rediss://redis.test", "REDISS://redis.test:6380/3", "valkeys://ada:secret@redis.test"] {
        RedisPool::open(url).unwrap();
    }
}

const KEY: &str = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";

const AUTHORITY: &str = include_str!("ca.pem");

/// The Sentinels and the servers behind them all speak TLS only, and name each other by address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_and_lists_behind_sentinels_over_tls_keep_every_rule() {
    let Some(_) = address() else { return };
    let certificates = Certificates::new("DNS:redis.test");
    let options = [&certificates.options(false)[..], &["--tls-replication".to_owned(), "yes".to_owned()]].concat();
    let lines: Vec<String> = options.chunks(2).map(|pair| format!("{} {}", &pair[0][2..], pair[1])).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let fleet = tokio::task::block_in_place(|| {
        let cli = ["--tls", "--insecure"];
        let fleet = Fleet::with_sentinels_over(&places(5), &lines.join("\n"), &options, &cli);
        fleet.wait_for_sentinels(&[]);
        fleet
    });
    let url = fleet.sentinel_url("").replace("redis-sentinel", "rediss-sentinel");
    let tls = RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    let named = RedisPool::open_with_tls(&url, &tls.clone().server_name("redis.test")).unwrap();
    let pool = named.timeout(PATIENCE);
    check_store(async || RedisStore::new(&pool.clone().prefix(&format!("{}:", new_id())))).await;
    check_revocations(&RedisRevocations::new(&pool), SystemClock.now()).await;
    // No certificate is for an address.
    let unnamed = RedisStore::new(&RedisPool::open_with_tls(&url, &tls).unwrap());
    assert_eq!(unnamed.load(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
}
