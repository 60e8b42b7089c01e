//! Checks or opens the store and the list of revocations that the environment names.

use std::sync::Arc;

use super::check::{SUBJECT_KEY, is_subject_key};
use super::env_reader::{Var, Variables};
use super::env_redis::RedisSettings;
use super::open_backend::{Kind, Opened, Parts};
use crate::backend::{Coordinator, MemoryRevocations, MemoryStore, Placement};
use crate::error::ProblemKind;

pub(super) const BACKEND: &str = "SESSION_BACKEND";
pub(super) const STORE_URL: &str = "SESSION_STORE_URL";
pub(super) const REVOCATIONS: &str = "SESSION_REVOCATIONS";
pub(super) const REVOCATIONS_URL: &str = "SESSION_REVOCATIONS_URL";
pub(super) const SUBJECT: &str = "SESSION_SUBJECT";

/// A store that [`BACKEND`] asks for, or a list that [`REVOCATIONS`] asks for.
enum Wanted {
    Nothing,
    InMemory,
    /// A list in the same place as the store, which is of the same kind.
    BesideStore,
    At(Kind, Var),
    /// The variables have a problem, which was noted.
    Unclear,
}

/// The values of [`BACKEND`] and [`REVOCATIONS`].
#[derive(Clone, Copy)]
enum Choice {
    Nothing,
    InMemory,
    Of(Kind),
}

impl Variables<'_> {
    /// Opens the backends. None is opened if a variable has a problem, since opening may make files, and none if the
    /// reader only checks the variables.
    pub(super) fn backend(&mut self) -> Coordinator {
        let store_choice = self.parse(BACKEND, "cookie, in_memory, file, sqlite or redis", store);
        let list_choice = self.parse(REVOCATIONS, "none, in_memory, sqlite or redis", list);
        let store = self.wanted(store_choice, (BACKEND, STORE_URL, ONLY_WITH_STORE), (None, true));
        let is_store_known = store_choice.is_some() || !self.has_problem(BACKEND);
        let store_kind = (store_choice.and_then(Choice::kind), is_store_known);
        let list = self.wanted(list_choice, (REVOCATIONS, REVOCATIONS_URL, ONLY_WITH_LIST), store_kind);
        let subject = self.parse(SUBJECT, SUBJECT_KEY, |key| is_subject_key(key).then(|| key.to_owned()));
        if let (Some(_), Wanted::Nothing, Wanted::Nothing) = (&subject, &store, &list) {
            self.note(self.name_of(SUBJECT), ProblemKind::Conflict { rule: ONLY_WITH_BACKEND });
        }
        let redis = self.redis_settings(self.has_redis(&[store_choice, list_choice]));
        if self.opens_store && !self.problems.is_empty() {
            return Coordinator::default();
        }
        let mut opened = Opened::default();
        match store {
            Wanted::InMemory => opened.store = Some(Arc::new(MemoryStore::new().clock(self.backend_clock.clone()))),
            Wanted::At(kind, url) => {
                let parts = if matches!(list, Wanted::BesideStore) { Parts::Both } else { Parts::Store };
                opened = self.open(kind, url, (parts, &redis));
            }
            Wanted::Nothing | Wanted::BesideStore | Wanted::Unclear => {}
        }
        match list {
            Wanted::InMemory => {
                opened.list = Some(Arc::new(MemoryRevocations::new().clock(self.backend_clock.clone())));
            }
            Wanted::At(kind, url) => opened.list = self.open(kind, url, (Parts::List, &redis)).list,
            Wanted::Nothing | Wanted::BesideStore | Wanted::Unclear => {}
        }
        if !self.opens_store {
            return Coordinator::default();
        }
        let placement = if opened.store.is_some() { Placement::Store } else { Placement::Cookie };
        Coordinator { placement, store: opened.store, revocations: opened.list, subject, ..Coordinator::default() }
    }

    /// Finds what a variable asks for, and notes what is wrong with it and with its URL. A list of the same kind as the
    /// store is in the place of the store, unless it has a URL of its own. `store` is the kind of the store, if it has
    /// one, and false when nobody knows it, since its variable has a problem.
    fn wanted(
        &mut self,
        choice: Option<Choice>,
        (name, url_name, only_with): (&str, &str, &'static str),
        (store, is_store_known): (Option<Kind>, bool),
    ) -> Wanted {
        let url = self.var(url_name);
        let kind = match (choice, &url) {
            (Some(Choice::Of(kind)), _) => kind,
            (_, Some(url)) => {
                // A value that is not known may be that of a kind which takes a URL.
                if !self.has_problem(name) {
                    self.note(url.name.clone(), ProblemKind::Conflict { rule: only_with });
                }
                return Wanted::Unclear;
            }
            (Some(Choice::InMemory), None) => return Wanted::InMemory,
            (Some(Choice::Nothing) | None, None) if self.has_problem(name) => return Wanted::Unclear,
            (Some(Choice::Nothing) | None, None) => return Wanted::Nothing,
        };
        if self.opens_store && kind.opener().is_none() {
            self.note(self.name_of(name), ProblemKind::NeedsFeature { feature: kind.feature() });
            return Wanted::Unclear;
        }
        match url {
            Some(url) => Wanted::At(kind, url),
            None if self.has_problem(url_name) => Wanted::Unclear,
            None if store == Some(kind) => Wanted::BesideStore,
            // The store that was meant may be of this kind, and the list beside it.
            None if !is_store_known => Wanted::Unclear,
            None => {
                self.note(self.name_of(url_name), ProblemKind::Missing { takes: kind.takes() });
                Wanted::Unclear
            }
        }
    }

    /// True if the store or the list is in Redis. `None` when neither is and a value that is not known may have meant
    /// it.
    fn has_redis(&self, choices: &[Option<Choice>]) -> Option<bool> {
        let has_redis = choices.iter().any(|choice| choice.and_then(Choice::kind) == Some(Kind::Redis));
        let is_unclear = !has_redis && (self.has_problem(BACKEND) || self.has_problem(REVOCATIONS));
        (!is_unclear).then_some(has_redis)
    }

    /// Opens what is at a URL, or checks only what the variables say. If that fails, notes the problem.
    fn open(&mut self, kind: Kind, url: Var, (parts, redis): (Parts, &RedisSettings)) -> Opened {
        let opened = match kind.opener().filter(|_| self.opens_store) {
            Some(open) => open(&url.text, redis, parts, &self.backend_clock),
            None => kind.check(&url.text, redis).map(|()| Opened::default()),
        };
        opened.unwrap_or_else(|(variable, problem)| {
            match variable {
                None => self.note(url.name, problem),
                // The store and the list may share what is wrong, which is reported once.
                Some(variable) if self.has_problem(variable) => {}
                Some(variable) => self.note(self.name_of(variable), problem),
            }
            Opened::default()
        })
    }
}

impl Choice {
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Of(kind) => Some(kind),
            Self::Nothing | Self::InMemory => None,
        }
    }
}

fn store(text: &str) -> Option<Choice> {
    match text.to_ascii_lowercase().as_str() {
        "cookie" => Some(Choice::Nothing),
        "in_memory" => Some(Choice::InMemory),
        "file" => Some(Choice::Of(Kind::File)),
        "sqlite" => Some(Choice::Of(Kind::Sqlite)),
        "redis" => Some(Choice::Of(Kind::Redis)),
        _ => None,
    }
}

fn list(text: &str) -> Option<Choice> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Some(Choice::Nothing),
        "in_memory" => Some(Choice::InMemory),
        "sqlite" => Some(Choice::Of(Kind::Sqlite)),
        "redis" => Some(Choice::Of(Kind::Redis)),
        _ => None,
    }
}

const ONLY_WITH_STORE: &str = "must not be set unless SESSION_BACKEND is file, sqlite or redis";
const ONLY_WITH_LIST: &str = "must not be set unless SESSION_REVOCATIONS is sqlite or redis";
const ONLY_WITH_BACKEND: &str =
    "must not be set unless SESSION_REVOCATIONS or SESSION_BACKEND asks for a list or a store";
