//! `rotate`: prints the variables of the next stage of a key rotation.

use std::path::PathBuf;

use sealed_session::KeyError;
use zeroize::Zeroizing;

use crate::facts::Facts;
use crate::instant::span;
use crate::keys::{Digits, Keys};
use crate::object::printable;
use crate::outcome::{Failure, Output, Result};
use crate::secret_file;
use crate::vars::{Found, KEY, PREVIOUS_KEYS, Source, Vars};

/// Print the variables of the next stage of a key rotation, in which nobody is logged out
///
/// Stage 1 adds a new key: every node opens with it, and none seals with it. Stage 2 seals with
/// it, and still opens with the old one. Stage 3 drops the old one. Without --stage it begins a
/// rotation; with previous keys set, --stage is required, since the variables alone don't tell
/// stage 1 from stage 2.
///
/// The output holds keys: it is meant for a file of variables or a secret store. Comments in it
/// say what the stage does, and when it is safe to go on. With --out the output goes into a new
/// file that only its owner can read (on Unix), and the comments are printed, too.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  sealed-session rotate --env-file .env --out stage1.env              # put both lines in place of those of every node
  sealed-session rotate --env-file .env --stage 2 --out stage2.env    # when every node runs with stage 1
  sealed-session rotate --env-file .env --stage 3 --out stage3.env    # when the sessions of the old key are over"
)]
pub(crate) struct Rotate {
    /// The stage to go to
    #[arg(long, value_name = "STAGE", value_parser = clap::value_parser!(u8).range(1..=3))]
    stage: Option<u8>,
    /// The id of the previous key that stage 2 promotes, when there are several
    #[arg(long, value_name = "KEY_ID")]
    promote: Option<String>,
    /// Write into FILE, which must not exist, and print the comments alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// The keys of a stage, and the comment that is printed above them.
struct Stage {
    primary: Digits,
    previous: Vec<Digits>,
    comment: String,
}

impl Rotate {
    pub(crate) fn run(&self) -> Result {
        let vars = Vars::read(&self.source)?;
        let facts = Facts::learn(vars.config()?)?;
        let Keys { primary, previous, previous_found } = Keys::of(&vars);
        let Some((primary, primary_found)) = primary else {
            return Err(Failure::new(format_args!("{} is not set; keygen makes a first key", vars.full(KEY))));
        };
        if self.promote.is_some() && self.stage != Some(2) {
            return Err(Failure::new("--promote is for --stage 2"));
        }
        let stage = match self.stage {
            None if !previous.is_empty() => {
                let choice =
                    "say --stage 2 to promote one, --stage 3 to drop them, or --stage 1 to begin another rotation";
                return Err(Failure::new(format_args!("previous keys are set; {choice}")));
            }
            None | Some(1) => introduce(primary, previous)?,
            Some(2) => self.promote(primary, previous, &facts)?,
            Some(_) => drop_previous(primary, &previous)?,
        };
        let primary_name = primary_found.name.clone();
        let previous_name =
            previous_found.as_ref().map_or_else(|| vars.full(PREVIOUS_KEYS), |found| found.name.clone());
        let list: Vec<_> = stage.previous.iter().map(|key| key.text.as_str()).collect();
        let list = Zeroizing::new(list.join(","));
        // The library must take the variables before they are printed.
        let next = vars.without_file(KEY).without_file(PREVIOUS_KEYS);
        next.with(primary_name.clone(), &stage.primary.text).with(previous_name.clone(), &list).config()?;
        let notes: String =
            [Some(&primary_found), previous_found.as_ref()].into_iter().flatten().filter_map(file_note).collect();
        let keys = [("primary", &stage.primary)].into_iter().chain(stage.previous.iter().map(|key| ("previous", key)));
        let ids: Vec<_> = keys.map(|(role, key)| format!("{} ({role})", key.id)).collect();
        let Stage { primary, comment, .. } = stage;
        let comment = format!("{comment}{notes}# key ids: {}\n", ids.join(", "));
        let primary = primary.text.as_str();
        let text = Zeroizing::new(format!("{comment}{primary_name}={primary}\n{previous_name}={}\n", list.as_str()));
        let Some(path) = &self.out else { return Ok(Output::fine(text)) };
        secret_file::create(path, &text)?;
        Ok(Output::fine(comment))
    }

    fn promote(&self, primary: Digits, previous: Vec<Digits>, facts: &Facts) -> Result<Stage> {
        let is_wanted =
            |key: &Digits| self.promote.as_ref().is_none_or(|id| key.id.to_string() == id.to_ascii_lowercase());
        let (mut wanted, others): (Vec<_>, Vec<_>) = previous.into_iter().partition(is_wanted);
        let new = match (wanted.pop(), wanted.is_empty()) {
            (Some(new), true) => new,
            (Some(_), false) => {
                return Err(Failure::new("several previous keys are set; say which with --promote KEY_ID"));
            }
            (None, _) if self.promote.is_some() => {
                return Err(Failure::new("no previous key has the id that --promote gives"));
            }
            (None, _) => {
                return Err(Failure::new("no previous key is set that stage 2 could promote; stage 1 comes first"));
            }
        };
        let comment = format!(
            "\
# Stage 2 of 3: seal with the new key {}, and still open with the old key {}.
# Put this on every node. A session that is looked at is sealed again, under the new key.
# Go on to stage 3 once the last node has run with it for {} (the idle timeout),
# or for {} (the absolute timeout) if the application calls `extend` or `set_idle_timeout`.
",
            new.id,
            primary.id,
            span(facts.idle_timeout),
            span(facts.absolute_timeout)
        );
        Ok(Stage { primary: new, previous: [vec![primary], others].concat(), comment })
    }
}

fn introduce(primary: Digits, previous: Vec<Digits>) -> Result<Stage> {
    let new = Digits::generate()?;
    if [&primary].into_iter().chain(&previous).any(|key| key.id == new.id) {
        return Err(Failure::new(KeyError::Duplicate { id: new.id }));
    }
    let comment = format!(
        "\
# Stage 1 of 3: open with the new key {}, and still seal with the key {}.
# Put this on every node. It changes no session: it prepares every node for those that stage 2 seals.
# Go on to stage 2 when every node runs with it.
",
        new.id, primary.id
    );
    Ok(Stage { primary, previous: [vec![new], previous].concat(), comment })
}

fn drop_previous(primary: Digits, previous: &[Digits]) -> Result<Stage> {
    if previous.is_empty() {
        return Err(Failure::new("no previous key is set that stage 3 could drop"));
    }
    let ids: Vec<_> = previous.iter().map(|key| key.id.to_string()).collect();
    let comment = format!(
        "\
# Stage 3 of 3: open and seal with the key {} alone; drop {}.
# Put this on every node. A session that only a dropped key opens is lost. Nothing comes after it.
",
        primary.id,
        ids.join(", ")
    );
    Ok(Stage { primary, previous: Vec::new(), comment })
}

/// Says that a key belongs into its file, if one is configured: the variable of the key and the variable that names its
/// file must not both be set.
fn file_note(found: &Found) -> Option<String> {
    let file = printable(&found.file.as_ref()?.display().to_string());
    let name = &found.name;
    Some(format!("# {name}_FILE is set: write the value of {name} to {file} instead.\n"))
}
