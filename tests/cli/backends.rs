//! Every command with every backend that the variables can name. No command opens a store, so each works where the
//! store, its folder and its feature are missing. These tests are built with every feature and with `cli` alone.

use std::fs;
use std::path::Path;

use sealed_session::{EnvReader, Key, SessionManager};
use serde_json::json;

use crate::common::{FIRST, THEN, WITH_KEY, manager, only, run, run_with_input, variables};
use crate::helpers::OTHER_KEY;

const BACKEND: &str = "TIDEWAY_SESSION_BACKEND";
const STORE_URL: &str = "TIDEWAY_SESSION_STORE_URL";

/// A backend, and how the library names and reaches it.
struct Backend {
    name: &'static str,
    /// A place under a folder that does not exist. `None` for a backend without a URL.
    url: Option<String>,
    /// URLs that no build of the command takes for this backend.
    wrong: &'static [&'static str],
    /// True when this build of the crate has the feature.
    is_built: bool,
}

impl Backend {
    fn vars(&self) -> Vec<(&str, &str)> {
        let url = self.url.as_deref().map(|url| (STORE_URL, url));
        [WITH_KEY, (BACKEND, self.name)].into_iter().chain(url).collect()
    }
}

/// Every backend, with its store in this folder.
fn backends(folder: &Path) -> [Backend; 5] {
    let folder = folder.to_str().unwrap();
    let all = |name, url, wrong, is_built| Backend { name, url, wrong, is_built };
    let wrong_redis = &["localhost", "http://localhost", "file:///a", ""];
    [
        all("cookie", None, &[], true),
        all("in_memory", None, &[], true),
        all(
            "file",
            Some(format!("file://{folder}/sessions")),
            &["sqlite:///a", "file://a", "~/a"],
            cfg!(feature = "file"),
        ),
        all("sqlite", Some(format!("sqlite://{folder}/a.db")), &["file:///a", ":memory:"], cfg!(feature = "sqlite")),
        all("redis", Some("redis://127.0.0.1:1/0".to_owned()), wrong_redis, cfg!(feature = "redis")),
    ]
}

/// Runs `check` for every backend, with a store in a folder that does not exist, and then for the folder itself.
fn for_each(check: impl Fn(&Backend)) {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for place in [missing.as_path(), folder.path()] {
        for backend in backends(place) {
            check(&backend);
            let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
            assert!(files.is_empty(), "{}: {files:?} was made", backend.name);
        }
    }
}

#[test]
fn the_library_opens_a_backend_only_with_its_feature() {
    let folder = tempfile::tempdir().unwrap();
    for backend in backends(folder.path()) {
        let config = EnvReader::default().read_vars(backend.vars());
        assert_eq!(config.is_ok(), backend.is_built, "{}", backend.name);
    }
}

#[test]
fn doctor_checks_a_configuration_with_any_backend() {
    for_each(|backend| {
        let code = i32::from(backend.name == "in_memory");
        let report = run(&["doctor", "--json"], &backend.vars()).json(code);
        assert_eq!((&report["backend"], &report["key_id"]), (&json!(backend.name), &json!("f57c76ce")));
        let text = run(&["doctor"], &backend.vars());
        let end = format!(", backend {} (not opened)\n", backend.name);
        assert_eq!(text.text(code).ends_with(&end), backend.name != "cookie", "{}", text.stdout);
    });
}

#[test]
fn every_command_reports_a_backend_that_is_wrong() {
    for_each(|backend| {
        let url = backend.vars().get(2).copied();
        let key_and_name = [WITH_KEY, (BACKEND, backend.name)];
        let wrong_urls = backend.wrong.iter().map(|wrong| [&key_and_name[..], &[(STORE_URL, *wrong)]].concat());
        // A store without a place, or a place without a store.
        let unmatched = match url {
            Some(_) => key_and_name.to_vec(),
            None => [&key_and_name[..], &[(STORE_URL, "/var/lib/sessions")]].concat(),
        };
        for vars in wrong_urls.chain([unmatched]) {
            let doctor = run(&["doctor"], &vars);
            assert!(doctor.text(2).starts_with(&format!("wrong     {STORE_URL}: ")), "{vars:?}: {}", doctor.stdout);
            for args in [&["inspect", FIRST][..], &["mint", "{}"], &["rotate"]] {
                assert!(run(args, &vars).error().starts_with(STORE_URL), "{args:?} {vars:?}");
            }
        }
    });
    let doctor = run(&["doctor"], &[WITH_KEY, (BACKEND, "memory")]);
    assert!(doctor.text(2).starts_with(&format!("wrong     {BACKEND}: takes cookie,")), "{}", doctor.stdout);
}

#[test]
fn a_rotation_has_the_same_stages_with_any_backend() {
    for_each(|backend| {
        let first = run(&["rotate"], &backend.vars());
        assert_eq!(variables(first.text(0))[0], WITH_KEY, "{}", backend.name);
        let previous = [&backend.vars()[..], &[("TIDEWAY_SESSION_PREVIOUS_KEYS", OTHER_KEY)]].concat();
        for (stage, primary) in [("2", OTHER_KEY), ("3", WITH_KEY.1)] {
            let run = run(&["rotate", "--stage", stage], &previous);
            assert_eq!(variables(run.text(0))[0], (WITH_KEY.0, primary), "{}", backend.name);
        }
    });
}

#[test]
fn inspect_opens_a_cookie_with_any_backend() {
    for_each(|backend| {
        let report = run(&["inspect", "--json", FIRST, "--at", THEN], &backend.vars()).json(0);
        assert_eq!(only(&report)["session"]["data"]["user_id"], "123", "{}", backend.name);
    });
}

#[test]
fn keygen_and_completions_read_no_backend() {
    for_each(|backend| {
        assert!(Key::from_hex(run(&["keygen"], &backend.vars()).text(0)).is_ok());
        assert!(run(&["completions", "bash"], &backend.vars()).text(0).contains("sealed-session"));
    });
}

/// The application's manager, with its store. `None` for a store that this build lacks, and for Redis, which does not
/// run.
fn application(backend: &Backend) -> Option<SessionManager> {
    (backend.is_built && backend.name != "redis").then(|| manager(&backend.vars()))
}

#[test]
fn a_minted_cookie_opens_the_application_and_its_values_move_into_the_store() {
    for backend in backends(tempfile::tempdir().unwrap().path()) {
        let minted = run(&["mint", r#"{"user_id":42}"#], &backend.vars());
        let minted = minted.text(0).trim_end();
        let Some(manager) = application(&backend) else { continue };
        futures_lite::future::block_on(async {
            let session = manager.load_async([minted]).await.unwrap();
            assert_eq!(session.get::<u64>("user_id").unwrap(), Some(42), "{}", backend.name);
            session.set("seen", true).unwrap();
            let lines = manager.commit_async(&session).await.unwrap();
            let inspected = run_with_input(
                &["inspect", "--json"],
                &backend.vars(),
                format!("Set-Cookie: {}", lines.iter().next().unwrap()).as_bytes(),
            );
            let report = inspected.json(0);
            let is_in_store = backend.name != "cookie";
            assert_eq!(only(&report)["session"]["may_be_stored"], is_in_store, "{}", backend.name);
            let session = manager.load_async(lines).await.unwrap();
            assert_eq!(session.get::<u64>("user_id").unwrap(), Some(42), "{}", backend.name);
        });
    }
}
