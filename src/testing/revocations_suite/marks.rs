//! The rules of a list for the mark of an id.

use super::{PASSED, Seen, Suite, must, new_id};
use crate::backend::Mark;
use crate::data::SessionId;
use crate::testing::at_once::at_once;
use crate::time::UnixTime;

impl Suite<'_> {
    pub(super) async fn marked(&self) -> Result<(), Seen> {
        let mut marks = vec![Mark::Ended, Mark::Became(SessionId::from_bytes([0xff; 16]))];
        for bit in 0..u128::BITS {
            marks.push(Mark::Became(SessionId::from_bytes(1_u128.rotate_left(bit).to_be_bytes())));
        }
        for mark in marks {
            for until in [self.far, UnixTime::MAX] {
                let id = new_id()?;
                self.puts("the first mark", id, mark, until, mark).await?;
                self.marks("asked", id, Some(mark)).await?;
                self.marks("asked again", id, Some(mark)).await?;
                self.puts("the same mark", id, mark, until, mark).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn neighbours(&self) -> Result<(), Seen> {
        let id = new_id()?;
        self.puts("the first mark", id, Mark::Ended, self.far, Mark::Ended).await?;
        let number = u128::from_be_bytes(id.to_bytes());
        for bit in 0..u128::BITS {
            let neighbour = SessionId::from_bytes((number ^ 1_u128.rotate_left(bit)).to_be_bytes());
            self.marks(&format!("bit {bit}"), neighbour, None).await?;
        }
        Ok(())
    }

    pub(super) async fn marked_again(&self) -> Result<(), Seen> {
        let [one, other] = [Mark::Became(new_id()?), Mark::Became(new_id()?)];
        for [first, second] in [[Mark::Ended, one], [one, Mark::Ended], [one, other], [other, one]] {
            let id = new_id()?;
            self.puts("the first mark", id, first, self.far, first).await?;
            for until in [self.far, UnixTime::MAX, PASSED] {
                self.puts("the second mark", id, second, until, first).await?;
                self.marks("after the second", id, Some(first)).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn marks_at_once(&self) -> Result<(), Seen> {
        let id = new_id()?;
        let mut marks = vec![Mark::Ended];
        for _ in 0..63 {
            marks.push(Mark::Became(new_id()?));
        }
        let told = at_once(marks.iter().map(|mark| self.list.revoke(id, *mark, self.far))).await;
        let told = told.into_iter().collect::<Result<Vec<_>, _>>()?;
        let stands = self.list.look(Some(id), None).await?.mark;
        let is_one = stands.is_some_and(|stands| marks.contains(&stands));
        must(is_one, || format!("{stands:?} stands, and nobody put it"))?;
        let others = told.iter().filter(|told| Some(**told) != stands).count();
        must(others == 0, || format!("{stands:?} stands, and {others} of 64 were told of another"))
    }

    pub(super) async fn later_mark(&self) -> Result<(), Seen> {
        let (lowered, other, raised) = (new_id()?, new_id()?, new_id()?);
        let mark = Mark::Became(new_id()?);
        self.list.revoke(lowered, mark, self.far).await?;
        self.list.revoke(lowered, mark, PASSED).await?;
        self.list.revoke(other, mark, self.far).await?;
        self.list.revoke(other, Mark::Ended, PASSED).await?;
        self.list.revoke(raised, mark, PASSED).await?;
        self.list.revoke(raised, mark, self.far).await?;
        self.fill().await?;
        self.marks("far, then passed", lowered, Some(mark)).await?;
        self.marks("far, then another mark until a time that passed", other, Some(mark)).await?;
        self.marks("passed, then far", raised, Some(mark)).await
    }
}
