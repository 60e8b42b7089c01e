//! Each test starts examples/metrics.rs and reads its metrics over TCP, as Prometheus does.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::example::Example;
use crate::helpers::{KEY as OLD, OTHER_KEY as NEW};

#[path = "helpers/example.rs"]
mod example;
mod helpers;

struct Site(Example);

impl Site {
    fn start(vars: &[(&str, &str)]) -> Self {
        Self(Example::start("metrics", vars))
    }

    /// Sends a GET and returns the head and the body of the answer.
    fn get(&self, path: &str, cookie: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.0.address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Visits the site and returns the cookie that the answer sets, if any.
    fn visit(&self, cookie: &str) -> Option<String> {
        let (head, _) = self.get("/", cookie);
        let line = head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        Some(line.split(';').next().unwrap().to_owned())
    }

    fn metrics(&self) -> BTreeMap<String, u64> {
        let (head, body) = self.get("/metrics", "");
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        assert!(!head.contains("set-cookie"));
        parse(&body)
    }
}

/// Reads every sample of a page. Each line must be in Prometheus's text format, version 0.0.4: a HELP, a TYPE, and then
/// the samples of that metric alone, none of them twice.
fn parse(page: &str) -> BTreeMap<String, u64> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !name.starts_with('_')
    };
    let mut samples = BTreeMap::new();
    let mut seen = Vec::new();
    let mut current = ("", "");
    assert!(page.ends_with('\n') && !page.contains('\r'));
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !text.is_empty() && !text.contains('\\') && !seen.contains(&name), "{line}");
            seen.push(name);
            current = (name, "");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(name == current.0 && current.1.is_empty() && ["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            current.1 = kind;
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            assert!(name == current.0 && !current.1.is_empty() && name.starts_with("sealed_session_"), "{line}");
            let labels = labels.strip_suffix('}').unwrap();
            for label in labels.split(',').filter(|_| !labels.is_empty()) {
                let (name, value) = label.split_once('=').unwrap();
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
                assert!(is_name(name) && !value.is_empty(), "{line}");
                assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
            }
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
        }
    }
    samples
}

#[test]
fn each_line_is_in_the_text_format_and_everything_is_there_from_the_start() {
    let samples = Site::start(&[]).metrics();
    let with = |name: &str| samples.keys().filter(|series| series.starts_with(name)).count();
    assert_eq!(with("sealed_session_refusals_total{reason="), 18);
    assert_eq!(with("sealed_session_opens_total{key="), 1);
    assert_eq!(samples["sealed_session_limit_bytes"], 3500);
    assert_eq!(samples.values().sum::<u64>(), 3500, "all others are 0: {samples:?}");
}

#[test]
fn a_rotation_can_be_followed_to_its_end() {
    let before = Site::start(&[("TIDEWAY_SESSION_ENCRYPTION_KEY", OLD)]);
    let cookie = before.visit("").unwrap();
    assert_eq!(before.metrics()["sealed_session_seals_total{key=\"f57c76ce\",ring=\"primary\"}"], 1);

    let vars = [("TIDEWAY_SESSION_ENCRYPTION_KEY", NEW), ("TIDEWAY_SESSION_PREVIOUS_KEYS", OLD)];
    let after = Site::start(&vars);
    let opens = "sealed_session_opens_total{key=\"f57c76ce\",ring=\"previous\"}";
    assert_eq!(after.metrics()[opens], 0);
    let cookie = after.visit(&cookie).unwrap();
    let samples = after.metrics();
    assert_eq!(samples[opens], 1);
    assert!(samples["sealed_session_last_open_timestamp_seconds{key=\"f57c76ce\",ring=\"previous\"}"] > 1_700_000_000);
    after.visit(&cookie).unwrap();
    after.visit("tideway_session=forged").unwrap();
    let samples = after.metrics();
    assert_eq!(samples[opens], 1, "nobody needs it any more");
    assert_eq!(samples["sealed_session_opens_total{key=\"f662e4c0\",ring=\"primary\"}"], 1);
    assert_eq!(samples["sealed_session_refusals_total{reason=\"malformed\"}"], 1);
    assert_eq!(samples["sealed_session_seal_causes_total{cause=\"changed\"}"], 2);
    assert_eq!(samples["sealed_session_seal_causes_total{cause=\"new\"}"], 1);
}

#[test]
fn every_metric_that_the_documentation_names_is_there_with_the_labels_that_it_gives() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/observability.md")).unwrap();
    let vars = [("TIDEWAY_SESSION_ENCRYPTION_KEY", NEW), ("TIDEWAY_SESSION_PREVIOUS_KEYS", OLD)];
    let samples = Site::start(&vars).metrics();
    let mut count = 0;
    for (at, name) in
        page.match_indices("sealed_session_").filter(|(at, _)| !page[..*at].ends_with(char::is_alphanumeric))
    {
        let rest = &page[at..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap();
        let labels =
            rest[end..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(labels, _)| labels);
        let (labels, is_pattern) = (labels.split(",ring").next().unwrap(), labels.contains("=~"));
        let wanted = if labels.is_empty() || is_pattern {
            rest[..end].to_owned()
        } else {
            format!("{}{{{labels}", &rest[..end])
        };
        assert!(samples.keys().any(|series| series.starts_with(&wanted)), "{name}: {wanted}");
        count += 1;
    }
    assert!(count >= 20, "{count}");
}
