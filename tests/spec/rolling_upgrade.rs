//! Several servers are upgraded to another schema, one after the other, while a visitor goes on using the site.
//! `tests/key_rotation` does the same for a new key, over real servers.

use sealed_session::{DecodeError, SessionConfig, SessionManager};

use crate::common::{commit, cookie_of, fresh, is_deletion, manager_with};

/// The old release has schema 1, which keeps `name`, and reads no other schema.
fn old() -> SessionManager {
    manager_with(|config| config.schema(1)).0
}

/// The release in between writes schema 1 as well, and also reads what `new` seals.
fn bridge() -> SessionManager {
    renames("user", "name", 2, 1)
}

/// The new release has schema 2, which calls the same value `user`, and also reads schema 1.
fn new() -> SessionManager {
    renames("name", "user", 1, 2)
}

fn renames(before: &'static str, after: &'static str, from: u8, to: u8) -> SessionManager {
    let config = |config: SessionConfig| {
        config.schema(to).migrate(move |schema, data| {
            if schema != from {
                return Err("a schema of no release".into());
            }
            let value: String = data.remove(before)?.ok_or("no name")?;
            data.set(after, value)?;
            Ok(())
        })
    };
    manager_with(config).0
}

/// A visitor who is called Ada, and has written nothing yet.
fn logged_in(node: &SessionManager) -> String {
    let session = fresh(node);
    session.set("name", "Ada").unwrap();
    cookie_of(&commit(node, &session).unwrap())
}

/// Sends one request to one node, which reads the session and writes to it, and keeps the cookie that comes back.
fn writes(node: &SessionManager, cookie: &mut String, count: u32) {
    let session = node.load([&cookie]);
    assert_eq!(session.rejected(), None, "logged out");
    let name = if session.contains("name") { "name" } else { "user" };
    assert_eq!(session.get::<String>(name).unwrap().unwrap(), "Ada");
    assert_eq!(session.get::<u32>("count").unwrap().unwrap_or(0), count, "a write is lost");
    session.set("count", count + 1).unwrap();
    *cookie = cookie_of(&commit(node, &session).unwrap());
}

/// Three nodes are upgraded one after the other. The result is the nodes after each of these steps.
fn rolled(from: fn() -> SessionManager, to: fn() -> SessionManager) -> Vec<[SessionManager; 3]> {
    let node = |upgraded, index| if index < upgraded { to() } else { from() };
    (0..=3).map(|upgraded| [0, 1, 2].map(|index| node(upgraded, index))).collect()
}

#[test]
fn an_upgrade_by_way_of_a_release_that_reads_both_schemas_logs_nobody_out_and_loses_no_write() {
    let mut cookie = logged_in(&old());
    let fleets = rolled(old, bridge).into_iter().chain(rolled(bridge, new));
    let mut count = 0;
    for node in fleets.flatten() {
        writes(&node, &mut cookie, count);
        count += 1;
    }
    assert_eq!(count, 24);
    let last = new().load([&cookie]);
    assert_eq!(last.get::<String>("user").unwrap().unwrap(), "Ada");
    assert_eq!(last.snapshot().unwrap().schema(), 2);
}

#[test]
fn a_node_of_the_old_release_refuses_the_new_schema_and_leaves_the_cookie_to_those_that_read_it() {
    let (old, new) = (old(), new());
    let mut cookie = logged_in(&old);
    writes(&new, &mut cookie, 0);
    let session = old.load([&cookie]);
    assert!(session.is_empty());
    assert_eq!(session.rejected(), Some(DecodeError::UnsupportedSchema { schema: 2 }));
    assert_eq!(commit(&old, &session), None, "neither deleted nor replaced");
    writes(&new, &mut cookie, 1);
}

#[test]
fn what_a_node_of_the_old_release_stores_replaces_the_session_of_the_new_schema() {
    let (old, new) = (old(), new());
    let mut cookie = logged_in(&old);
    writes(&new, &mut cookie, 0);
    let session = old.load([&cookie]);
    session.set("name", "Grace").unwrap();
    let replaced = commit(&old, &session).unwrap();
    assert!(!is_deletion(&replaced));
    let session = new.load([cookie_of(&replaced)]);
    assert_eq!(
        session.get::<String>("user").unwrap().unwrap(),
        "Grace",
        "which is why the release in between is needed"
    );
    assert!(!session.contains("count"));
}
