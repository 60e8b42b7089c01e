//! A session over two cookies. The tests say which lines are sent, which parts make a session, and what comes of every
//! other set of parts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealed_session::{DecodeError, EncodeError, Event, Session, SessionConfig, SessionManager, Status};

use crate::common::{
    FIRST_KEY, NAME, SECOND_KEY, START, TestClock, at, cookie_of, fresh, key, manager_with, ring, sealed,
};

const SECOND: &str = "tideway_session-2";

fn two(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock) {
    manager_with(|config| change(config.two_cookies(true)))
}

/// The cookies of a client, one for each name.
#[derive(Clone, Debug, Default, PartialEq)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn take(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            let (name, value) = cookie_of(&line).split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
            if line.contains("; Max-Age=0") {
                self.0.remove(&name)
            } else {
                self.0.insert(name, value)
            };
        }
    }

    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn load(&self, manager: &SessionManager) -> Session {
        manager.load([self.header()])
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn parts(&self) -> (String, String) {
        (format!("{NAME}={}", self.0[NAME]), format!("{SECOND}={}", self.0[SECOND]))
    }
}

fn lines(manager: &SessionManager, session: &Session) -> Vec<String> {
    manager.commit(session).unwrap().into_iter().collect()
}

fn names(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split('=').next().unwrap()).collect()
}

/// The cookies of a new session with a number `n` and a text of so many characters.
fn jar_of(manager: &SessionManager, n: u64, chars: usize) -> Jar {
    let session = fresh(manager);
    session.set("n", n).unwrap();
    session.set("text", "x".repeat(chars)).unwrap();
    let mut jar = Jar::default();
    jar.take(lines(manager, &session));
    jar
}

fn status(manager: &SessionManager, header: impl AsRef<[u8]>) -> Status {
    manager.load([header]).status()
}

#[test]
fn a_session_that_fits_into_one_cookie_is_sent_as_without_the_option() {
    let (with, _) = two(|config| config);
    let (without, _) = manager_with(|config| config);
    let full = "x".repeat(fresh(&without).remaining_bytes() - "n".len() - 4 - "text".len() - 3 - 2);
    for chars in [0, 1000, full.len()] {
        let jar = jar_of(&with, 1, chars);
        assert_eq!(jar.names(), [NAME], "{chars}");
        assert_eq!(jar.load(&without).get("n"), Ok(Some(1)), "{chars}");
        assert_eq!(jar_of(&without, 2, chars).load(&with).get("n"), Ok(Some(2)), "{chars}");
    }
    assert_eq!(jar_of(&with, 1, full.len() + 1).names(), [NAME, SECOND]);
    // The one cookie is filled to the last character of the limit. base64 writes groups of four characters, so four
    // limits in a row cover every remainder.
    for limit in 3500..3504 {
        let exact = |config: SessionConfig| config.padding_block(1).max_cookie_bytes(limit);
        let room = fresh(&manager_with(exact).0).remaining_bytes() - 5 - 9;
        assert_eq!(jar_of(&two(exact).0, 1, room).names(), [NAME], "{limit}");
        assert_eq!(jar_of(&two(exact).0, 1, room + 1).names(), [NAME, SECOND], "{limit}");
    }
}

#[test]
fn a_larger_session_is_sent_in_two_halves_the_second_line_first() {
    let (manager, _) = two(|config| config);
    let session = fresh(&manager);
    session.set("text", "x".repeat(4000)).unwrap();
    let lines = lines(&manager, &session);
    assert_eq!(names(&lines), [SECOND, NAME]);
    let [second, first] = [&lines[0], &lines[1]].map(|line| line.split_once(';').unwrap());
    assert!(first.0.starts_with("tideway_session=2~AfV8ds") && !second.0.contains('~'));
    assert!(first.0.len() - second.0.len() <= 1, "{} {}", first.0.len(), second.0.len());
    for (_, attributes) in [first, second] {
        assert_eq!(attributes, " HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400");
    }
    assert_eq!(manager.load([second.0, first.0]).get("text"), Ok(Some("x".repeat(4000))));
}

#[test]
fn one_text_is_sealed_once_under_the_first_name_wherever_it_is_cut() {
    let (manager, _) = two(|config| config);
    let mut data = manager.codec().create().unwrap();
    data.set("text", "x".repeat(3000)).unwrap();
    let text = manager.codec().encode(&data).unwrap();
    assert!(text.len() > 4096 && manager.codec().decode(&text) == Ok(data.clone()));
    for cut in [text.len() - 4079, 300, text.len() / 2, 4079].into_iter().chain(1300..1310) {
        let (one, rest) = text.split_at(cut);
        let session = manager.load([format!("{NAME}=2~{one}"), format!("{SECOND}={rest}")]);
        assert_eq!(session.id(), Ok(data.id()), "{cut}");
    }
    // A reader takes even the shortest text in two cookies.
    let text = manager.codec().encode(&manager.codec().create().unwrap()).unwrap();
    for cut in 1..text.len() {
        let (one, rest) = text.split_at(cut);
        assert_eq!(status(&manager, format!("{SECOND}={rest}; {NAME}=2~{one}")), Status::Loaded, "{cut}");
    }
}

#[test]
fn a_session_that_shrinks_is_sent_in_the_first_cookie_and_the_second_is_deleted() {
    let (manager, _) = two(|config| config);
    let mut jar = jar_of(&manager, 1, 4000);
    let session = jar.load(&manager);
    session.discard("text");
    let sent = lines(&manager, &session);
    assert_eq!(names(&sent), [NAME, SECOND]);
    assert!(!sent[0].contains("Max-Age=0") && !sent[0].contains('~'), "{}", sent[0]);
    assert_eq!(
        sent[1],
        "tideway_session-2=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );
    jar.take(sent);
    assert_eq!(jar.names(), [NAME]);
    assert_eq!(jar.load(&manager).get("n"), Ok(Some(1)));
    // The second cookie is gone, so the next response does not delete it again.
    let session = jar.load(&manager);
    session.set("n", 2).unwrap();
    assert_eq!(names(&lines(&manager, &session)), [NAME]);
}

#[test]
fn a_second_cookie_that_is_left_over_goes_with_the_next_seal() {
    let (manager, clock) = two(|config| config);
    let mut jar = jar_of(&manager, 1, 0);
    jar.0.insert(SECOND.to_owned(), "left-over".to_owned());
    assert_eq!(jar.load(&manager).get("n"), Ok(Some(1)));
    assert_eq!(lines(&manager, &jar.load(&manager)).len(), 0);
    clock.set(20_000);
    let session = jar.load(&manager);
    assert!(session.contains("n"), "due for extension");
    jar.take(lines(&manager, &session));
    assert_eq!(jar.names(), [NAME]);
    // A second cookie that is left over without any session goes as well, when a session begins.
    let session = manager.load([format!("{SECOND}=left-over")]);
    session.set("n", 1).unwrap();
    assert_eq!(names(&lines(&manager, &session)), [NAME, SECOND]);
}

#[test]
fn one_session_committed_again_deletes_the_second_cookie_that_its_last_commit_set() {
    let (manager, _) = two(|config| config);
    let session = fresh(&manager);
    session.set("text", "x".repeat(4000)).unwrap();
    assert_eq!(names(&lines(&manager, &session)), [SECOND, NAME]);
    session.set("text", "").unwrap();
    assert_eq!(names(&lines(&manager, &session)), [NAME, SECOND]);
    session.set("n", 1).unwrap();
    assert_eq!(names(&lines(&manager, &session)), [NAME]);
    session.set("text", "x".repeat(4000)).unwrap();
    let _ = lines(&manager, &session);
    session.destroy();
    session.set("n", 1).unwrap();
    assert_eq!(names(&lines(&manager, &session)), [NAME, SECOND], "another session, of one cookie");
}

#[test]
fn a_deletion_is_of_both_names_whatever_came_and_what_is_refused_is_not_deleted_by_itself() {
    let (manager, clock) = two(|config| config.path("/app").domain("example.com"));
    let jar = jar_of(&manager, 1, 4000);
    let small = jar_of(&manager, 1, 0);
    let destroyed = [jar.load(&manager), small.load(&manager), fresh(&manager)];
    for session in &destroyed {
        session.destroy();
    }
    clock.set(90_000);
    let refused = [jar.load(&manager), small.load(&manager), manager.load([format!("{NAME}=garbage")])];
    assert!(refused.iter().all(|session| session.rejected().is_some()));
    for session in &refused {
        assert_eq!(lines(&manager, session), [""; 0]);
        session.destroy();
    }
    for session in destroyed.iter().chain(&refused) {
        let sent = lines(&manager, session);
        // A cookie of one host, without the Domain, goes with the one that has it.
        let line = |name, domain| {
            let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
            format!("{name}=; HttpOnly; SameSite=Lax; Secure; Path=/app; {domain}{end}")
        };
        let ours = "Domain=example.com; ";
        assert_eq!(sent, [line(NAME, ""), line(SECOND, ""), line(NAME, ours), line(SECOND, ours)]);
        assert_eq!(lines(&manager, session).len(), 0, "once");
        session.set("n", 1).unwrap();
        assert_eq!(names(&lines(&manager, session)), [NAME]);
    }
}

#[test]
fn a_part_alone_is_incomplete_and_left_alone_since_the_other_may_be_under_way() {
    let (manager, _) = two(|config| config);
    let (first, second) = jar_of(&manager, 1, 4000).parts();
    let (_, other) = jar_of(&manager, 2, 4000).parts();
    let (shorter_first, _) = jar_of(&manager, 3, 2600).parts();
    for header in [
        first.clone(),
        second.clone(),
        format!("{first}; {other}"),
        format!("{shorter_first}; {second}"),
        format!("{first}; {SECOND}="),
        format!("{first}; {SECOND}=%%%"),
        format!("{first}; {SECOND}={}", "A".repeat(5000)),
        // The first part stands under both names.
        format!("{first}; {}", first.replacen(NAME, SECOND, 1).replacen("2~", "", 1)),
    ] {
        let session = manager.load([&header]);
        assert_eq!(session.status(), Status::Rejected(DecodeError::Incomplete), "{header:.60}");
        assert!(session.is_empty());
        assert_eq!(lines(&manager, &session).len(), 0);
    }
    assert_eq!(manager.load([&second]).candidates(), 0, "which counts cookies of the first name");
    // A second part in the place of the first is refused. Its first bytes are read as a version and a key id, which may
    // be any.
    let (one, two) = (first.split_once('~').unwrap().1, second.split_once('=').unwrap().1);
    for header in [format!("{NAME}=2~{two}; {SECOND}={one}"), format!("{NAME}=2~{two}; {second}")] {
        let session = manager.load([header]);
        assert!(session.rejected().unwrap().may_open_elsewhere() && session.is_empty());
    }
}

#[test]
fn a_first_value_that_is_no_first_part_of_two_is_malformed() {
    let (manager, _) = two(|config| config);
    let (first, second) = jar_of(&manager, 1, 4000).parts();
    for mark in ["0~", "1~", "3~", "4~", "9~", "02~", "22~", "~", "2~~"] {
        let header = format!("{}; {second}", first.replacen("2~", mark, 1));
        let expected = if mark == "2~~" { DecodeError::Incomplete } else { DecodeError::Malformed };
        assert_eq!(status(&manager, &header), Status::Rejected(expected), "{mark}");
    }
    for nothing in [format!("{NAME}=2~; {second}"), format!("{NAME}=2~")] {
        assert_eq!(status(&manager, nothing), Status::Rejected(DecodeError::Malformed));
    }
}

#[test]
fn without_the_option_parts_are_nothing_and_the_second_name_is_anybodys() {
    let (with, _) = two(|config| config);
    let (without, _) = manager_with(|config| config);
    let (first, second) = jar_of(&with, 1, 4000).parts();
    assert_eq!(status(&without, format!("{first}; {second}")), Status::Rejected(DecodeError::Malformed));
    assert_eq!(status(&without, &second), Status::New);
    let session = without.load([format!("{}; {SECOND}=theirs", sealed(&without))]);
    session.set("n", 1).unwrap();
    assert_eq!(names(&lines(&without, &session)), [NAME]);
    session.destroy();
    assert_eq!(names(&lines(&without, &session)), [NAME]);
}

#[test]
fn what_is_wrong_behind_the_seal_is_told_of_two_cookies_as_of_one() {
    let reason = |jar: &Jar, change: fn(SessionConfig) -> SessionConfig, seconds: u64| {
        let (manager, clock) = two(change);
        clock.set(seconds);
        jar.load(&manager).rejected().unwrap().as_str()
    };
    let (manager, _) = two(|config| config);
    let jar = jar_of(&manager, 1, 4000);
    assert_eq!(reason(&jar, |config| config, 86_400), "expired_idle");
    assert_eq!(reason(&jar, |config| config.schema(1), 0), "unsupported_schema");
    assert_eq!(reason(&jar, |config| config.not_before(at(START + 1)), 1), "before_cutoff");
    assert_eq!(reason(&jar, |_| SessionConfig::new(key(SECOND_KEY)).two_cookies(true), 0), "unknown_key");
    // A cookie that was sealed for another audience looks like a pair of parts that do not belong together.
    assert_eq!(reason(&jar, |config| config.audience("other"), 0), "incomplete");
    let mut newer = jar.clone();
    newer.0.get_mut(NAME).unwrap().replace_range(2..4, "Ag");
    assert_eq!(reason(&newer, |config| config, 0), "unsupported_version");
    // A part that fits nothing does not hide that the session in the other parts is over.
    let (first, second) = jar.parts();
    let (manager, clock) = two(|config| config);
    clock.set(86_400);
    for header in [format!("{first}; {SECOND}=left-over; {second}"), format!("{first}; {second}; {SECOND}=left-over")] {
        assert!(manager.load([header]).rejected().unwrap().is_expired());
    }
    assert!(
        manager
            .load([format!("{}; {SECOND}=left-over", jar_of(&two(|c| c).0, 1, 0).header())])
            .rejected()
            .unwrap()
            .is_expired()
    );
}

#[test]
fn a_part_that_may_get_its_other_one_keeps_a_cookie_beside_it_that_is_over() {
    let (manager, clock) = two(|config| config);
    let over = jar_of(&manager, 1, 0).header();
    clock.set(86_400);
    let (first, _) = jar_of(&manager, 2, 4000).parts();
    let session = manager.load([format!("{over}; {first}; {NAME}=garbage")]);
    assert_eq!(session.status(), Status::Rejected(DecodeError::Incomplete));
    assert_eq!(lines(&manager, &session).len(), 0);
}

#[test]
fn of_all_that_opens_the_one_issued_last_wins_in_one_cookie_or_two() {
    let (manager, clock) = two(|config| config);
    let small = jar_of(&manager, 1, 0).header();
    clock.set(1);
    let (first, second) = jar_of(&manager, 2, 4000).parts();
    clock.set(2);
    let (newer_first, newer_second) = jar_of(&manager, 3, 4500).parts();
    clock.set(3);
    let newest = jar_of(&manager, 4, 10).header();
    let n = |header: String| manager.load([header]).get::<u64>("n").unwrap();
    assert_eq!(n(format!("{small}; {first}; {second}")), Some(2));
    assert_eq!(n(format!("{second}; {first}; {small}")), Some(2));
    for seconds in [format!("{second}; {newer_second}"), format!("{newer_second}; {second}")] {
        for firsts in [format!("{first}; {newer_first}"), format!("{newer_first}; {first}")] {
            assert_eq!(n(format!("{firsts}; {seconds}")), Some(3));
            assert_eq!(n(format!("{seconds}; {firsts}; {newest}")), Some(4));
            assert_eq!(manager.load([&seconds, &firsts]).candidates(), 2);
        }
    }
    assert_eq!(n(format!("{first}; {newer_first}; {second}")), Some(2));
    assert_eq!(n(format!("{first}; {newer_first}; {newer_second}")), Some(3));
}

#[test]
fn four_pairs_are_tried_and_a_fifth_is_not() {
    let (manager, _) = two(|config| config);
    let (first, second) = jar_of(&manager, 1, 4000).parts();
    let firsts = |count: usize| format!("{NAME}=2~AfV8ds4A{}; ", "A".repeat(192)).repeat(count);
    let seconds = |count: usize| format!("{SECOND}=left-over; ").repeat(count);
    assert_eq!(status(&manager, format!("{}{first}; {second}", firsts(3))), Status::Loaded);
    assert_eq!(status(&manager, format!("{first}; {}{second}", seconds(3))), Status::Loaded);
    assert_eq!(status(&manager, format!("{}{first}; {}{second}", firsts(1), seconds(1))), Status::Loaded);
    for header in [
        format!("{}{first}; {second}", firsts(4)),
        format!("{first}; {}{second}", seconds(4)),
        format!("{}{first}; {}{second}", firsts(1), seconds(2)),
        format!("{}{first}; {}{second}; {}", firsts(1), seconds(1), seconds(1)),
    ] {
        let session = manager.load([header]);
        assert_eq!(session.status(), Status::Rejected(DecodeError::TooManyCandidates));
        assert_eq!(lines(&manager, &session).len(), 0);
    }
    // The crate keeps no fifth value of the second name, even if it tried none of the four before it.
    let long = format!("{SECOND}={}; ", "A".repeat(4096)).repeat(4);
    let session = manager.load([format!("{first}; {long}{second}")]);
    assert_eq!(session.status(), Status::Rejected(DecodeError::TooManyCandidates));
    // A value that is longer than a part can be is not tried.
    let long = format!("{SECOND}={}; ", "A".repeat(4096)).repeat(2);
    assert_eq!(status(&manager, format!("{}{first}; {long}{second}", firsts(3))), Status::Loaded);
}

#[test]
fn parts_are_read_at_the_lengths_that_browsers_and_servers_take_and_not_beyond() {
    let (manager, _) = two(|config| config);
    let reason = |one: usize, two: usize| {
        let first = format!("{NAME}=2~AfV8ds9A{}", "A".repeat(one - 8));
        manager.load([first, format!("{SECOND}={}", "A".repeat(two))]).rejected().unwrap().as_str()
    };
    // Each cookie may have 4096 bytes, which are 15 + 2 + 4079, and both together 7,600, which are 2 * 15 + 4 + 7566.
    assert_eq!(reason(4079, 3485), "unknown_key");
    assert_eq!(reason(3485, 4079), "unknown_key");
    assert_eq!(reason(4080, 100), "too_long");
    assert_eq!(reason(100, 4080), "incomplete");
    assert_eq!(reason(4079, 3487), "unknown_key");
    assert_eq!(reason(4079, 3488), "incomplete");
    let text =
        |chars: usize| manager.codec().decode(&format!("AfV8ds9A{}", "A".repeat(chars - 8))).unwrap_err().as_str();
    assert_eq!((text(7566), text(7567)), ("unknown_key", "too_long"));
    // A session in one cookie may be no larger than it may be without the option.
    assert_eq!(
        status(&manager, format!("{NAME}=AfV8ds9A{}", "A".repeat(4074))),
        Status::Rejected(DecodeError::TooLong)
    );
}

#[test]
fn sizes_are_exact_for_any_name_padding_and_limit() {
    for padding in [1, 31, 32, 1024] {
        for (limit, name_len) in [(1500, 15), (1501, 15), (3500, 15), (4000, 254), (usize::MAX, 1), (usize::MAX, 254)] {
            let name = "n".repeat(name_len);
            let (manager, _) = two(|config| config.cookie_name(&name).padding_block(padding).max_cookie_bytes(limit));
            let session = fresh(&manager);
            session.set("fill", "x".repeat(session.remaining_bytes() - 3 - 4 - 2)).unwrap();
            assert_eq!(session.remaining_bytes(), 0);
            let sent = lines(&manager, &session);
            assert_eq!(names(&sent), [format!("{name}-2"), name]);
            let cookies: Vec<_> = sent.iter().map(|line| cookie_of(line)).collect();
            let bytes: Vec<_> = cookies.iter().map(|cookie| cookie.len() - 1).collect();
            assert!(sent.iter().all(|line| line.len() <= limit), "{padding} {limit} {name_len}");
            assert!(bytes.iter().all(|bytes| *bytes <= 4096) && bytes.iter().sum::<usize>() <= 7600, "{bytes:?}");
            assert_eq!(session.cookie_bytes(), bytes.iter().sum::<usize>());
            assert!(manager.load(cookies).contains("fill"));

            let value: String = session.get("fill").unwrap().unwrap();
            session.set("fill", value + "x").unwrap();
            let Err(EncodeError::TooLarge { size, limit, .. }) = manager.commit(&session) else { panic!("it fits") };
            assert!(size > limit);
        }
    }
}

#[test]
fn a_session_holds_what_the_documentation_says() {
    let room = |change: fn(SessionConfig) -> SessionConfig| fresh(&manager_with(change).0).remaining_bytes();
    assert_eq!(room(|config| config), 2463);
    assert_eq!(room(|config| config.two_cookies(true)), 5055);
    assert_eq!(room(|config| config.two_cookies(true).max_cookie_bytes(usize::MAX)), 5567);
    // The text of 7,600 - 2 * 15 - 4 characters is cut into two cookies, each of 3,783 characters beside its name and
    // its mark.
    let (manager, _) = two(|config| config.padding_block(1).max_cookie_bytes(usize::MAX));
    let session = fresh(&manager);
    session.set("fill", "x".repeat(session.remaining_bytes() - 9)).unwrap();
    assert_eq!(session.cookie_bytes(), 7600);
}

#[test]
fn a_seal_of_two_cookies_tells_the_bytes_and_the_limit_of_both() {
    let events = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&events);
    let (manager, _) = two(|config| config.observer(move |event: &Event| told.lock().unwrap().push(event.clone())));
    for chars in [1000, 4000] {
        let session = fresh(&manager);
        session.set("text", "x".repeat(chars)).unwrap();
        // The size counts the longest Max-Age, which has 8 digits. The Max-Age here has 5.
        let sent: usize = lines(&manager, &session).iter().map(|line| line.len() + 3).sum();
        let last = events.lock().unwrap().pop();
        let Some(Event::Sealed { bytes, limit, .. }) = last else { panic!("{last:?}") };
        assert_eq!((bytes, limit), (sent, 7000), "{chars}");
    }
    let started = events.lock().unwrap().remove(0);
    assert!(matches!(started, Event::Started { limit: 7000, .. }), "{started:?}");
    let session = fresh(&manager);
    session.set("text", "x".repeat(6000)).unwrap();
    let Err(EncodeError::TooLarge { size, limit: 7000, .. }) = manager.commit(&session) else { panic!("it fits") };
    assert!(size > 8000);
}

#[test]
fn a_large_session_is_extended_rekeyed_and_regenerated_like_any_other() {
    let (old, _) = two(|config| config);
    let mut jar = jar_of(&old, 1, 4000);
    let clock = TestClock::new();
    let config = SessionConfig::new(ring(SECOND_KEY, &[FIRST_KEY])).clock(clock.reader());
    let manager = config.two_cookies(true).build().unwrap();
    let session = jar.load(&manager);
    let id = session.id().unwrap();
    jar.take(lines(&manager, &session));
    assert_eq!(jar.load(&old).rejected().unwrap().as_str(), "unknown_key", "sealed under the primary key");
    clock.set(80_000);
    let session = jar.load(&manager);
    assert_eq!(session.id(), Ok(id));
    jar.take(lines(&manager, &session));
    clock.set(160_000);
    let session = jar.load(&manager);
    assert_eq!(session.regenerate().unwrap().map(|retired| retired.id), Some(id));
    jar.take(lines(&manager, &session));
    assert_eq!(jar.load(&manager).get("n"), Ok(Some(1)));
    assert_eq!(jar.names(), [NAME, SECOND]);
}

#[test]
fn a_name_keeps_its_prefix_and_a_second_name_that_gets_one_keeps_to_its_rules() {
    let (manager, _) = two(|config| config.cookie_name("__Host-sid"));
    let session = fresh(&manager);
    session.set("text", "x".repeat(4000)).unwrap();
    assert_eq!(names(&lines(&manager, &session)), ["__Host-sid-2", "__Host-sid"]);
    let problems = |name: &str, two: bool| {
        let config = SessionConfig::new(key(FIRST_KEY)).cookie_name(name).two_cookies(two);
        let built = config.secure(false).path("/a").http_only(false).build();
        let problems: Option<Vec<String>> =
            built.err().map(|error| error.problems().iter().map(|p| p.setting().to_owned()).collect());
        problems.unwrap_or_default()
    };
    assert_eq!(problems("__Host", false), [""; 0]);
    assert_eq!(problems("__Host", true), ["path", "secure"]);
    assert_eq!(problems("__Secure", true), ["secure"]);
    assert_eq!(problems("__Http", true), ["secure", "http_only"]);
    assert_eq!(problems(&"n".repeat(255), false), [""; 0]);
    assert_eq!(problems(&"n".repeat(254), true), [""; 0]);
    assert_eq!(problems(&"n".repeat(255), true), ["cookie_name"]);
    assert_eq!(problems("a b", true), ["cookie_name"]);
}

#[test]
fn a_limit_that_holds_no_session_in_one_cookie_is_refused_with_two_as_well() {
    let build = |bytes, two| SessionConfig::new(key(FIRST_KEY)).max_cookie_bytes(bytes).two_cookies(two).build();
    let smallest = (0..1000).find(|bytes| build(*bytes, false).is_ok()).unwrap();
    assert!(build(smallest, true).is_ok());
    assert_eq!(build(smallest - 1, true).unwrap_err().problems()[0].setting(), "max_cookie_bytes");
}

/// A client takes the lines of a response one by one. A request that it sends between two lines carries the old
/// session, the new one, or neither.
#[test]
fn a_request_between_two_lines_of_a_response_has_the_old_session_or_the_new_or_none() {
    let (manager, clock) = two(|config| config);
    for (before, after, in_between) in [(10, 4000, Some(1)), (4000, 10, Some(2)), (4000, 4500, None)] {
        let mut jar = jar_of(&manager, 1, before);
        clock.set(1);
        let session = jar.load(&manager);
        session.set("n", 2).unwrap();
        session.set("text", "y".repeat(after)).unwrap();
        let sent = lines(&manager, &session);
        assert_eq!(sent.len(), 2);
        jar.take(sent[..1].iter().cloned());
        let session = jar.load(&manager);
        assert_eq!(session.get("n"), Ok(in_between), "{before} to {after}");
        assert_eq!(lines(&manager, &session).len(), 0, "and it deletes nothing");
        jar.take(sent[1..].iter().cloned());
        assert_eq!(jar.load(&manager).get("n"), Ok(Some(2)));
        clock.set(0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_session_up_to_the_limit_comes_back(chars in 0_usize..5100, padding in 1_usize..200, name_len in 1_usize..=254) {
        let (manager, _) = two(|config| config.cookie_name("n".repeat(name_len)).padding_block(padding));
        let session = fresh(&manager);
        session.set("text", "x".repeat(chars)).unwrap();
        match manager.commit(&session) {
            Ok(sent) => {
                let mut jar = Jar::default();
                jar.take(sent);
                prop_assert!(jar.0.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= 7600);
                prop_assert_eq!(jar.load(&manager).get::<String>("text").unwrap().map(|text| text.len()), Some(chars));
            }
            Err(EncodeError::TooLarge { size, limit, .. }) => prop_assert!(size > limit),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    /// The parts are those of two sessions in two cookies each and of a newer session in one. The client sends any of
    /// them in any order.
    #[test]
    fn any_set_of_parts_gives_the_newest_session_that_is_whole_or_none(
        picked in prop::collection::vec(0_usize..5, 0..5),
        lens in [3000_usize..4900, 3000_usize..4900],
    ) {
        let (manager, clock) = two(|config| config);
        let (a, b) = jar_of(&manager, 1, lens[0]).parts();
        clock.set(1);
        let (c, d) = jar_of(&manager, 2, lens[1]).parts();
        clock.set(2);
        let parts = [a, b, c, d, jar_of(&manager, 3, 10).header()];
        let session = manager.load(picked.iter().map(|index| &parts[*index]));
        let has = |index: usize| picked.contains(&index);
        let whole = [(4, 4, 3), (2, 3, 2), (0, 1, 1)].into_iter().find(|(one, two, _)| has(*one) && has(*two));
        let firsts = picked.iter().filter(|index| [0, 2].contains(index)).count();
        let seconds = picked.iter().filter(|index| [1, 3].contains(index)).count();
        if firsts * seconds <= 4 {
            prop_assert_eq!(session.get::<u64>("n").unwrap(), whole.map(|(_, _, n)| n));
        }
        if whole.is_none() {
            let expected = if picked.is_empty() { Status::New } else { Status::Rejected(DecodeError::Incomplete) };
            prop_assert_eq!(session.status(), expected);
        }
        prop_assert!(session.rejected().is_none_or(|reason| reason.may_open_elsewhere()));
    }
}

#[test]
fn beside_a_backend_a_small_session_is_sent_in_one_line_each_time_it_is_sent() {
    let list = sealed_session::MemoryRevocations::new();
    let (manager, _) = two(|config| config.revocations(list).subject("user_id"));
    let session = crate::backends::load(&manager, "");
    for value in 0..3 {
        session.set("value", value).unwrap();
        let lines = crate::backends::run(manager.commit_async(&session)).unwrap();
        assert_eq!(names(&lines.into_iter().collect::<Vec<_>>()), [NAME], "there is no second cookie to delete");
    }
}
