//! Where a schedule comes from: every decision of a simulation is one answer of [`Choices`], so the same answers are the same
//! run.

/// Decides between so many ways to go on.
pub(crate) struct Choices {
    source: Source,
    /// Each answer so far, and how many there were to choose from.
    made: Vec<(usize, usize)>,
}

enum Source {
    /// The state of a splitmix64.
    Seed(u64),
    /// These answers, then always the first.
    List(Vec<usize>),
    /// The input of a fuzzer, then always the first.
    #[expect(dead_code, reason = "for the fuzz target")]
    Bytes(Vec<u8>),
}

impl Choices {
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self { source: Source::Seed(seed), made: Vec::new() }
    }

    pub(crate) fn of_list(list: Vec<usize>) -> Self {
        Self { source: Source::List(list), made: Vec::new() }
    }

    /// A number below `ways`. There must be a way.
    pub(crate) fn below(&mut self, ways: usize) -> usize {
        if ways == 1 {
            return 0;
        }
        let answer = match &mut self.source {
            Source::Seed(state) => usize::try_from(splitmix64(state) % u64::try_from(ways).unwrap()).unwrap(),
            Source::List(list) => list.get(self.made.len()).copied().unwrap_or(0),
            Source::Bytes(bytes) => bytes.get(self.made.len()).map_or(0, |byte| usize::from(*byte) % ways),
        };
        self.made.push((answer, ways));
        answer
    }

    /// The index of one of these weights, more often that of a great one. A list of answers names the index itself.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        if matches!(self.source, Source::List(_)) {
            return self.below(weights.len());
        }
        let mut left = self.below(weights.iter().sum());
        weights.iter().position(|weight| left.checked_sub(*weight).map(|less| left = less).is_none()).unwrap()
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Whether one of so many times comes.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    /// The answers so far.
    pub(crate) fn list(&self) -> Vec<usize> {
        self.made.iter().map(|(answer, _)| *answer).collect()
    }

    /// The list that is next, depth first, after the run that these choices were: its last answer that can still go up does.
    pub(crate) fn next_list(self) -> Option<Vec<usize>> {
        let mut made = self.made;
        while let Some((answer, ways)) = made.pop() {
            if answer + 1 < ways {
                made.push((answer + 1, ways));
                return Some(made.into_iter().map(|(answer, _)| answer).collect());
            }
        }
        None
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
