//! A request, from its first byte to its answer: load, handler, commit, and once more if that failed.

use std::sync::Arc;

use sealed_session::{EncodeError, SessionManager};

use crate::handler;
use crate::kind::Kind;
use crate::ledger::Outcome;
use crate::outside;
use crate::setting::Plan;
use crate::world::{Wait, World};

pub(crate) struct Request {
    pub(crate) world: Arc<World>,
    pub(crate) manager: SessionManager,
    pub(crate) number: usize,
    pub(crate) plan: Plan,
}

impl Request {
    /// Does the whole request, and notes its outcome in the books.
    pub(crate) async fn run(self, cookies: Vec<usize>) {
        let outcome = if self.plan.kind.is_from_outside() {
            outside::administer(&self).await
        } else {
            self.serve(&cookies).await
        };
        self.answer(outcome);
    }

    async fn serve(&self, cookies: &[usize]) -> Outcome {
        let header = self.begin(cookies);
        let session = if self.plan.kind == Kind::LogoutUnasked {
            self.manager.load([header])
        } else {
            match self.world.unless_dropped(self.manager.load_async([header])).await {
                Some(Ok(session)) => session,
                Some(Err(_)) => return Outcome::Failed,
                None => return Outcome::Gone,
            }
        };
        self.note_load(&session);
        if let Err(outcome) = outside::begin_login(self, &session).await {
            return outcome;
        }
        self.world.wait(self.number, Wait::Handler).await;
        if let Err(outcome) = handler::handle(self, &session).await {
            return outcome;
        }
        let mut retries = self.plan.changes_mind.iter().take(self.world.setting.trouble.retries);
        loop {
            self.note_commit();
            let outcome = match self.world.unless_dropped(self.manager.commit_async(&session)).await {
                Some(Ok(set_cookies)) => return self.note_cookies(&set_cookies),
                Some(Err(EncodeError::Ended)) => return Outcome::Ended,
                Some(Err(EncodeError::Backend(_))) => {
                    self.note_lateness();
                    Outcome::Failed
                }
                Some(Err(error)) => return Outcome::Error(error.to_string()),
                None => Outcome::Gone,
            };
            let Some(changes_mind) = retries.next() else { return outcome };
            self.world.tell(self.number, |_| "tries again".to_owned());
            self.world.wait(self.number, Wait::Handler).await;
            if *changes_mind {
                handler::change_mind(self, &session);
            }
        }
    }
}
