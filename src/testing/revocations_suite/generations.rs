//! The rules of a list for the generation of a subject.

use super::{PASSED, Seen, Suite, generation, must, new_id, new_subject};
use crate::backend::{Generation, Only};
use crate::testing::at_once::at_once;
use crate::time::UnixTime;

impl Suite<'_> {
    pub(super) async fn revoked(&self) -> Result<(), Seen> {
        for bytes in [[0; 8], [0xff; 8], *b"\0 \r\n\xf0\x9f'\\", 1_u64.to_be_bytes(), 1_u64.to_le_bytes()] {
            let to = Generation::from_bytes(bytes);
            for until in [self.far, UnixTime::MAX] {
                let subject = new_subject()?;
                self.replaces("the first generation", &subject, Only::Any, to, until, true).await?;
                self.has("asked", &subject, Some(to)).await?;
                self.has("asked again", &subject, Some(to)).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn other_subjects(&self) -> Result<(), Seen> {
        let tag = new_id()?;
        let revoked = format!("\"{tag} Ada*\"");
        self.list.revoke_subject(&revoked, Only::Any, generation(1), self.far).await?;
        let others = [
            format!("\"{tag} Ada\""),
            format!("\"{tag} Ada**\""),
            format!("\"{tag} Adam\""),
            format!("\"{tag} ada*\""),
            format!("\"{tag} Ada* \""),
            format!("{tag} Ada*"),
            format!(" {revoked}"),
            "\"\"".to_owned(),
            String::new(),
        ];
        for other in others {
            self.has(&other, &other, None).await?;
        }
        self.has("the one that was revoked", &revoked, Some(generation(1))).await
    }

    pub(super) async fn any_subject(&self) -> Result<(), Seen> {
        let tag = new_id()?;
        let subjects = [
            format!("\"{tag}@example.com\""),
            format!("\"{tag} \u{0} \\u0000 \\r\\n : * ? [a-z] {{0}} %00 ' \\\" \u{10ffff}\""),
            format!("{{\"tenant\": 7, \"user\": \"{tag}\"}}"),
            // This subject is the longest value that an entry can have.
            format!("\"{tag}{}\"", "x".repeat(65_535 - 34)),
        ];
        for (subject, number) in subjects.iter().zip(1..) {
            self.list.revoke_subject(subject, Only::Any, generation(number), self.far).await?;
        }
        for (subject, number) in subjects.iter().zip(1..) {
            let shown = subject.get(..50).unwrap_or(subject);
            self.has(shown, subject, Some(generation(number))).await?;
            let shorter = subject.get(..subject.len().saturating_sub(1)).unwrap_or_default();
            self.has(shown, shorter, None).await?;
        }
        Ok(())
    }

    pub(super) async fn replaced(&self) -> Result<(), Seen> {
        let subject = new_subject()?;
        for to in [5, 9, 1, 9, 9, 5] {
            let case = format!("generation {to}");
            self.replaces(&case, &subject, Only::Any, generation(to), self.far, true).await?;
            self.has(&case, &subject, Some(generation(to))).await?;
        }
        Ok(())
    }

    pub(super) async fn replaced_only(&self) -> Result<(), Seen> {
        let (old, other, to) = (generation(5), generation(7), generation(6));
        let cases = [
            // Each case is the generation that is there, the one that it must be, and true when it is replaced.
            (None, None, true),
            (None, Some(old), true),
            (None, Some(to), true),
            (Some(old), None, false),
            (Some(old), Some(old), true),
            (Some(old), Some(other), false),
            (Some(old), Some(to), false),
            (Some(to), None, true),
            (Some(to), Some(old), true),
            (Some(to), Some(to), true),
        ];
        for (there, only, is_replaced) in cases {
            let subject = new_subject()?;
            if let Some(there) = there {
                self.replaces("the first generation", &subject, Only::Any, there, self.far, true).await?;
            }
            let case = format!("{there:?} was there, to be replaced only if it is {only:?}");
            for until in [self.far, PASSED, UnixTime::MAX] {
                self.replaces(&case, &subject, Only::Of(only), to, until, is_replaced).await?;
                self.has(&case, &subject, if is_replaced { Some(to) } else { there }).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn later_generation(&self) -> Result<(), Seen> {
        let cases = [
            // Each case is the first generation and its time, and then the second and its time.
            (1, self.far, 1, PASSED),
            (1, PASSED, 1, self.far),
            (1, self.far, 2, PASSED),
            (1, PASSED, 2, self.far),
        ];
        let mut subjects = Vec::new();
        for (first, first_until, second, second_until) in cases {
            for only in [Only::Any, Only::Of(Some(generation(first)))] {
                let subject = new_subject()?;
                self.list.revoke_subject(&subject, Only::Any, generation(first), first_until).await?;
                self.replaces("the second", &subject, only, generation(second), second_until, true).await?;
                subjects.push((format!("{first}, then {second}, {only:?}"), subject, generation(second)));
            }
        }
        self.fill().await?;
        for (case, subject, stands) in subjects {
            self.has(&case, &subject, Some(stands)).await?;
        }
        Ok(())
    }

    pub(super) async fn replacements_at_once(&self) -> Result<(), Seen> {
        for before in [None, Some(generation(100))] {
            let subject = new_subject()?;
            if let Some(before) = before {
                self.replaces("the first generation", &subject, Only::Any, before, self.far, true).await?;
            }
            let only = Only::Of(before);
            let calls = (0..64).map(|to| self.list.revoke_subject(&subject, only, generation(to), self.far));
            let done = at_once(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            let done: Vec<_> = done.iter().zip(0..).filter(|(is_done, _)| **is_done).map(|(_, to)| to).collect();
            let [to] = done.as_slice() else {
                return Err(Seen(format!(
                    "64 at once replaced {before:?}, and {} were told that they did",
                    done.len()
                )));
            };
            self.has("the one of 64 that was told so", &subject, Some(generation(*to))).await?;
        }
        Ok(())
    }

    pub(super) async fn generations_at_once(&self) -> Result<(), Seen> {
        let subject = new_subject()?;
        let calls = (0..64).map(|to| self.list.revoke_subject(&subject, Only::Any, generation(to), self.far));
        let done = at_once(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        must(done.iter().all(|is_done| *is_done), || "a generation that may replace any was refused".to_owned())?;
        let stands = self.list.look(None, Some(&subject)).await?.generation;
        let is_one = (0..64).any(|to| Some(generation(to)) == stands);
        must(is_one, || format!("{stands:?} stands, and nobody put it"))
    }
}
