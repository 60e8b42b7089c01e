//! `doctor`: reports every problem of a configuration, and every choice that is doubtful.

use std::fmt::Write;

use sealed_session::ConfigError;

use crate::doubts::{self, Doubt};
use crate::facts::Facts;
use crate::instant::span;
use crate::keys::Keys;
use crate::object::Object;
use crate::outcome::{Output, Result, Verdict};
use crate::vars::{Bare, Source, Vars};

/// Check the variables: everything that is wrong, and every choice that is doubtful
///
/// Doubtful is a choice that the application takes and that is weaker than the library's default.
/// Advice says where that default can be made stronger. Both are looked for when nothing is wrong.
/// Each has a name that --allow takes. The report names keys by their ids and shows none. It names
/// each variable that is set without the prefix, and says whether it counts: only with --bare, and
/// only where the one with the prefix is not set. The store that the variables name is not opened.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Exit codes:
  0  fine, with or without advice
  1  something is doubtful, or with --strict there is advice
  2  something is wrong, and the application would not start; or the arguments are wrong

Advice:
  cookie_name        it does not begin with `__Host-`
  idle_timeout       it is longer than an hour (NIST SP 800-63B-4, AAL2)
  absolute_timeout   it is longer than 24 hours (NIST SP 800-63B-4, AAL2)

Doubts:
  insecure_key       no key is set, and a random one is allowed
  cookie_domain      it is set, so that every host below it gets the cookie
  secure             it is off, so that plain http carries the cookie
  http_only          it is off, so that scripts can read the cookie
  same_site          it is none, so that requests from other sites carry the cookie
  idle_timeout       it is longer than the library's default, 24 hours
  absolute_timeout   it is longer than the library's default, 30 days
  not_before         it is in the future, so that every session is refused
  previous_keys      previous keys are set, which is right during a rotation only
  file_mode          a file with keys can be read, or changed, by others (Unix)
  backend            it is in_memory, so that each process has sessions of its own until it ends

Examples:
  sealed-session doctor --env-file .env
  sealed-session doctor --strict --allow idle_timeout --allow absolute_timeout || exit
  sealed-session doctor --json | jq -r '.doubts[].name'"
)]
pub(crate) struct Doctor {
    /// Take a doubt or advice, by its name below; may be given several times
    #[arg(long, value_name = "DOUBT", value_parser = doubts::NAMES, hide_possible_values = true)]
    allow: Vec<String>,
    /// Take advice for a doubt
    #[arg(long)]
    strict: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

impl Doctor {
    pub(crate) fn run(&self) -> Result {
        let vars = Vars::read(&self.source)?;
        // Reading the variables checks every rule, so the builder would find nothing more.
        match vars.config() {
            Err(error) => Ok(self.wrong(&error, &vars.bare())),
            Ok(_) => self.report(&vars),
        }
    }

    fn wrong(&self, error: &ConfigError, bare: &[Bare]) -> Output {
        let problems = error.problems();
        let text = if self.json {
            let problems = problems.iter().map(|problem| {
                Object::default().with("setting", problem.setting()).with("message", problem.kind().to_string())
            });
            let report = Object::default().with("verdict", "wrong").with("problems", problems.collect::<Vec<_>>());
            report.with("bare", shown(bare)).line()
        } else {
            let text = problems.iter().fold(String::new(), |text, problem| format!("{text}wrong     {problem}\n"));
            text + &notes(bare)
        };
        Output::new(Verdict::Wrong, text)
    }

    fn report(&self, vars: &Vars) -> Result {
        let facts = Facts::learn(vars.config()?)?;
        let keys = Keys::of(vars);
        let mut found = doubts::of(vars, &facts, &keys)?;
        found.retain(|doubt| self.allow.iter().all(|allowed| allowed != doubt.name));
        let (advice, doubts): (Vec<_>, Vec<_>) = found.into_iter().partition(|doubt| doubt.is_advice && !self.strict);
        let key_id = keys.primary.as_ref().map(|(key, _)| key.id.to_string());
        let report = Report { facts, key_id, backend: vars.backend(), doubts, advice };
        let verdict = if report.doubts.is_empty() { Verdict::Fine } else { Verdict::Doubtful };
        let bare = vars.bare();
        let text =
            if self.json { report.json().with("bare", shown(&bare)).line() } else { notes(&bare) + &report.text() };
        Ok(Output::new(verdict, text))
    }
}

/// The report about a configuration that the application takes.
struct Report {
    facts: Facts,
    key_id: Option<String>,
    backend: String,
    doubts: Vec<Doubt>,
    advice: Vec<Doubt>,
}

impl Report {
    fn text(&self) -> String {
        let Self { facts, key_id, backend, doubts, advice } = self;
        let mut text = String::new();
        for (label, found) in [("doubtful", doubts), ("advice", advice)] {
            for Doubt { name, message, .. } in found {
                // Writing to a String never fails.
                let _ = writeln!(text, "{label:<9} {name}: {message}");
            }
        }
        let key = key_id.as_ref().map_or_else(|| "a random key".to_owned(), |id| format!("key {id}"));
        let (idle, absolute) = (span(facts.idle_timeout), span(facts.absolute_timeout));
        let verdict = if doubts.is_empty() { "fine" } else { "valid" };
        let cookie = &facts.cookie_name;
        let _ = write!(text, "{verdict:<9} {key}, cookie {cookie}, timeouts {idle} idle, {absolute} absolute");
        let store = if backend == "cookie" { String::new() } else { format!(", backend {backend} (not opened)") };
        text + &store + "\n"
    }

    fn json(&self) -> Object {
        let shown = |doubts: &[Doubt]| {
            let shown =
                |Doubt { name, message, .. }: &Doubt| Object::default().with("name", name).with("message", message);
            doubts.iter().map(shown).collect::<Vec<_>>()
        };
        Object::default()
            .with("verdict", if self.doubts.is_empty() { "fine" } else { "doubtful" })
            .with("doubts", shown(&self.doubts))
            .with("advice", shown(&self.advice))
            .with("key_id", &self.key_id)
            .with("cookie_name", &self.facts.cookie_name)
            .with("idle_timeout", self.facts.idle_timeout)
            .with("absolute_timeout", self.facts.absolute_timeout)
            .with("backend", &self.backend)
    }
}

/// Says of each variable that is set without the prefix whether it counts. The one that counts is another one than its
/// name says to whoever knows the application's prefix, and the one that does not may be a mistake.
fn notes(bare: &[Bare]) -> String {
    let note = |Bare { name, counts }: &Bare| {
        let what = if *counts { "counts" } else { "doesn't count" };
        format!("bare      {name} is set without the prefix, and {what}\n")
    };
    bare.iter().map(note).collect()
}

fn shown(bare: &[Bare]) -> Vec<Object> {
    bare.iter().map(|Bare { name, counts }| Object::default().with("name", name).with("counts", *counts)).collect()
}
