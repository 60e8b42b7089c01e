//! The program as it is started.

use std::process::Stdio;
use std::time::Duration;

use sealed_session::{Save, SessionStore};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::server::{PATIENCE, patient};
use crate::{FAR, id, record, server};

/// Cargo builds the example beside the folder of the tests.
fn program() -> Command {
    let tests = std::env::current_exe().unwrap();
    Command::new(tests.parent().unwrap().parent().unwrap().join("examples/site"))
}

#[tokio::test]
async fn it_makes_its_table_cleans_up_and_serves() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("program").await;
    let store = patient(&url);
    store.migrate().await.unwrap();
    store.save(id(1), &record([1], 1), Save::Create).await.unwrap();
    store.save(id(2), &record([2], FAR), Save::Create).await.unwrap();

    let mut program = program();
    program.env("DATABASE_URL", url).env("LISTEN", "127.0.0.1:0").env("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true");
    let mut program = program.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let line = BufReader::new(program.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
    let address = line.strip_prefix("Listening on http://").unwrap();

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200") && response.ends_with("Hello, stranger. Visit 1.\n"), "{response}");

    let cleanup = async {
        while store.load(id(1)).await.unwrap().is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, cleanup).await.expect("the expired record goes");
    assert!(store.load(id(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn without_a_server_it_does_not_start_and_says_why() {
    let refused = program().env("DATABASE_URL", "postgres://127.0.0.1:1/").output().await.unwrap();
    assert!(!refused.status.success());
    let unset = program().env_remove("DATABASE_URL").output().await.unwrap();
    assert!(String::from_utf8(unset.stderr).unwrap().contains("DATABASE_URL is not set"));
}
