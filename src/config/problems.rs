//! [`Problems`]: collects the rules that the settings break.

use crate::error::{ConfigProblem, ProblemKind};

/// The problems that were found so far, in the order of the checks.
#[derive(Default)]
pub(super) struct Problems(Vec<ConfigProblem>);

impl Problems {
    /// Adds a problem of this setting unless `holds` is true.
    pub(super) fn require(&mut self, holds: bool, setting: &str, kind: ProblemKind) {
        if !holds {
            self.0.push(ConfigProblem::new(setting, kind));
        }
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_all(self) -> Vec<ConfigProblem> {
        self.0
    }
}

pub(super) fn invalid(takes: &'static str) -> ProblemKind {
    ProblemKind::Invalid { takes }
}

pub(super) fn conflict(rule: &'static str) -> ProblemKind {
    ProblemKind::Conflict { rule }
}

/// The rule for the names of cookies that are not ours: those of the cookies beside ours are taken.
pub(super) const IS_TAKEN: &str = "must not be the name of the second of two cookies or of the bound cookie, which are the cookie's own with \
     `-2` or `-bound` behind it";
