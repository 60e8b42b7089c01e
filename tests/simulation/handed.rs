//! Checks the answers that hand out a cookie: none of them is for a session that had ended before.

use sealed_session::SessionId;

use crate::ledger::{End, Ledger};
use crate::setting::{Place, Setting};

impl Ledger {
    /// I13: a request gets no cookie for a session whose end somebody was told of before the request tried its commit,
    /// and none for a session whose subject was revoked before the request came, whatever its node remembers. A request
    /// that destroys its session, or that logs in from nobody's, may begin another session. Runs in which a question or
    /// an answer was lost are left out.
    pub(crate) fn check_was_not_over(&mut self, setting: &Setting, request: usize, id: SessionId) {
        let act = &self.acts[request];
        let Some(loaded) = &act.loaded else { return };
        let has_begun = loaded.id != id && (act.was_nobodys || act.has_destroyed);
        let is_disturbed = self.acts.iter().any(|act| act.is_disturbed_or_late);
        if has_begun || is_disturbed || !(setting.has_list || setting.place == Place::Store) {
            return;
        }
        // Beside a list, the half of an end that goes to the store may come after somebody was told of the other half.
        // A write that was loaded before then still succeeds, and the list refuses its cookie.
        let is_whole = !setting.has_list || setting.place == Place::Cookie;
        let is_before = |end: &End| is_whole && end.step < act.committed;
        let is_ended = self.ends_of(loaded.id).any(is_before);
        let is_superseded = self.superseded.iter().any(|end| end.id == loaded.id && is_before(end));
        if is_ended || is_superseded {
            return self.break_it("I13", format!("request {} gets a cookie of a session that had ended", request + 1));
        }
        let login = loaded.values.get("login").filter(|_| setting.has_subject).and_then(|login| login.parse().ok());
        let is_earlier = |returned: Option<u64>| returned.is_some_and(|returned| returned < act.began);
        let revoked = login.and_then(|login| self.revocation_of(login, |revocation| is_earlier(revocation.returned)));
        if revoked.is_some() {
            self.break_it("I13", format!("request {} gets a cookie of a subject that had been revoked", request + 1));
        }
    }
}
