//! Many runs: all schedules of a small world, or one of each seed; and how a failure is reported.

use std::env;

use crate::choices::Choices;
use crate::scheduler::{Run, run};
use crate::setting::Setting;

/// The results of many runs.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    /// The number of small worlds that took more runs than they may.
    pub(crate) cut: u64,
    /// The number of times that each invariant was broken.
    broken: Vec<(&'static str, u64)>,
    /// The shortest run that broke an invariant, and the command that runs it again.
    shortest: Option<(Run, String)>,
}

impl Found {
    /// Runs a seed.
    pub(crate) fn run_seed(&mut self, seed: u64) {
        let again = format!("SEALED_SESSION_SIMULATION_SEED={seed} cargo test --test simulation");
        self.run_one(|| Choices::of_seed(seed), || again);
    }

    /// Runs the input of a fuzzer.
    pub(crate) fn run_bytes(&mut self, bytes: &[u8]) {
        self.run_one(|| Choices::of_bytes(bytes), || "cargo fuzz run simulation FILE".to_owned());
    }

    /// Runs the simulation that these choices draw. If it breaks an invariant, a second run tells the story.
    fn run_one(&mut self, choices: impl Fn() -> Choices, how: impl FnOnce() -> String) {
        let run = |is_told| {
            let mut choices = choices();
            let setting = Setting { only: only(), ..Setting::draw(&mut choices) };
            run(setting, &mut choices, is_told)
        };
        self.add(&run(false), || run(true), how);
    }

    /// Runs all schedules of a setting, or the most that it may take. Returns false when there was no time for them.
    pub(crate) fn run_all(&mut self, setting: &Setting, most: u64, is_time_left: &dyn Fn(&Self) -> bool) -> bool {
        let setting = Setting { only: only(), ..setting.clone() };
        let mut choices = Choices::of_tree();
        for _ in 0..most {
            if !is_time_left(self) {
                return false;
            }
            let found = run(setting.clone(), &mut choices, false);
            let again = || run(setting.clone(), &mut choices.again(), true);
            self.add(&found, again, || "cargo test --test simulation small_fleets".to_owned());
            // One story of a world is enough: its other schedules break much the same.
            if found.broken.is_some() || !choices.advance() {
                return true;
            }
        }
        self.cut += 1;
        true
    }

    fn add(&mut self, found: &Run, again: impl FnOnce() -> Run, how: impl FnOnce() -> String) {
        self.runs += 1;
        self.steps += found.steps;
        let Some(broken) = &found.broken else { return };
        match self.broken.iter_mut().find(|(invariant, _)| *invariant == broken.invariant) {
            Some((_, times)) => *times += 1,
            None => self.broken.push((broken.invariant, 1)),
        }
        if self.shortest.as_ref().is_none_or(|(shortest, _)| found.steps < shortest.steps) {
            self.shortest = Some((again(), how()));
        }
    }

    /// Fails if anything was broken, with the shortest story of all.
    pub(crate) fn report(self) {
        if let Some((run, how)) = self.shortest {
            let broken = run.broken.unwrap();
            panic!(
                "{} of {} runs broke something: {:?}. The shortest:\n\n{}\n\n{} is broken: {}\nAgain: {how}\n",
                self.broken.iter().map(|(_, times)| times).sum::<u64>(),
                self.runs,
                self.broken,
                run.story,
                broken.invariant,
                broken.what,
            );
        }
    }
}

/// `SEALED_SESSION_SIMULATION_ONLY=I4` looks for that alone, so that nothing else ends a run before.
fn only() -> Option<String> {
    env::var("SEALED_SESSION_SIMULATION_ONLY").ok()
}
