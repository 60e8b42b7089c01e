//! Decides how a schedule goes on. Every decision of a simulation is one answer of [`Choices`], so the same answers
//! make the same run.

use crate::event::{Event, Footprint};
use crate::tree::Tree;

/// Decides between so many ways to go on.
pub(crate) struct Choices {
    source: Source,
    /// The number of decisions so far between two ways or more: the place of the next byte of a fuzzer, or of the next
    /// event of a path, of which each event counts. A tree counts its own decisions, and so none is counted here.
    made: usize,
}

enum Source {
    /// The state of a splitmix64.
    Seed(u64),
    /// The schedules of a small world, one after the other.
    Tree(Tree),
    /// The events of a run that was made before.
    Path(Vec<Event>),
    /// The input of a fuzzer. Once its bytes are used up, every decision is for the first way.
    Bytes(Vec<u8>),
}

impl Choices {
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self { source: Source::Seed(seed), made: 0 }
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self { source: Source::Bytes(bytes.to_vec()), made: 0 }
    }

    pub(crate) fn of_tree() -> Self {
        Self { source: Source::Tree(Tree::default()), made: 0 }
    }

    /// Returns choices that make once more the run that these choices just made.
    pub(crate) fn again(&self) -> Self {
        let Source::Tree(tree) = &self.source else { panic!("a seed is run again by its number") };
        Self { source: Source::Path(tree.path()), made: 0 }
    }

    /// Makes ready for the next run of a tree. Returns false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        if let Source::Tree(tree) = &mut self.source { tree.advance() } else { false }
    }

    /// Returns the event that happens next, drawn by these weights; `None` if all that may follow was seen in other
    /// runs.
    pub(crate) fn event(&mut self, events: &[(usize, Event)]) -> Option<Event> {
        let all: Vec<Event> = events.iter().map(|(_, event)| *event).collect();
        match &mut self.source {
            Source::Tree(tree) => tree.choose(&all),
            Source::Path(path) => {
                self.made += 1;
                path.get(self.made - 1).copied()
            }
            Source::Seed(_) | Source::Bytes(_) => {
                let weights: Vec<usize> = events.iter().map(|(weight, _)| *weight).collect();
                Some(all[self.weighted(&weights)])
            }
        }
    }

    /// Notes what the event touched.
    pub(crate) fn note(&mut self, touched: Footprint) {
        if let Source::Tree(tree) = &mut self.source {
            tree.note(touched);
        }
    }

    /// Returns a number below `ways`, which must be at least 1.
    pub(crate) fn below(&mut self, ways: usize) -> usize {
        if ways == 1 {
            return 0;
        }
        self.made += 1;
        match &mut self.source {
            Source::Seed(state) => usize::try_from(splitmix64(state) % u64::try_from(ways).unwrap()).unwrap(),
            Source::Bytes(bytes) => bytes.get(self.made - 1).map_or(0, |byte| usize::from(*byte) % ways),
            Source::Tree(_) | Source::Path(_) => panic!("a small world has nothing but its order"),
        }
    }

    /// Returns the index of one of these weights. A greater weight is drawn more often.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        weights.iter().position(|weight| left.checked_sub(*weight).map(|less| left = less).is_none()).unwrap()
    }

    /// Returns one of these elements.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Returns true in one case out of so many.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }
}

/// The generator of Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
