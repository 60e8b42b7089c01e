//! Lists all small simulations, and draws one of the larger ones for each seed.

use crate::choices::Choices;
use crate::kind::Kind;
use crate::setting::{IDLE, Place, Plan, SKEW, Setting, Start, Trouble};

impl Setting {
    pub(crate) const PLACES: [(Place, bool); 6] = [
        (Place::Cookie, false),
        (Place::Cookie, true),
        (Place::Store, false),
        (Place::Store, true),
        (Place::Spill, false),
        (Place::Spill, true),
    ];

    /// The placements in which no answer that comes after a login's can undo the login, the starts of which that is
    /// true, and the kinds of requests beside which it is true.
    const PLACES_IN_ORDER: [(Place, bool); 4] =
        [(Place::Cookie, true), (Place::Store, false), (Place::Store, true), (Place::Spill, true)];
    const STARTS_IN_ORDER: [Start; 3] = [Start::Anonymous, Start::Nobody, Start::Expired];
    const KINDS_IN_ORDER: [Kind; 5] = [Kind::Read, Kind::WriteA, Kind::WriteB, Kind::Login(1), Kind::Login(2)];

    /// The starts that there are in a placement.
    pub(crate) fn starts((place, has_list): (Place, bool)) -> Vec<Start> {
        let mut starts = vec![Start::Nobody, Start::Anonymous, Start::User, Start::Twice, Start::Expired];
        if has_list || place == Place::Store {
            starts.extend([Start::Planted, Start::Devices]);
        }
        match place {
            Place::Cookie => {}
            Place::Store => starts.extend([Start::Legacy, Start::Damaged]),
            Place::Spill => starts.push(Start::Spilled),
        }
        starts
    }

    /// Returns the kinds of requests that can come in a placement.
    pub(crate) fn kinds((place, has_list): (Place, bool), has_subject: bool) -> Vec<Kind> {
        let mut kinds = vec![
            Kind::Read,
            Kind::WriteA,
            Kind::WriteB,
            Kind::Login(1),
            Kind::Login(2),
            Kind::Relogin(1),
            Kind::Renew,
            Kind::StepUp,
            Kind::Logout,
        ];
        if place == Place::Spill {
            kinds.extend([Kind::Grow, Kind::Shrink]);
        }
        if has_list || place == Place::Store {
            kinds.extend([Kind::Kill, Kind::LogoutUnasked]);
        }
        if has_list && has_subject {
            kinds.extend([
                Kind::Switch,
                Kind::SwitchKeep,
                Kind::LoginKeep(1),
                Kind::StrictLogin(1),
                Kind::Others,
                Kind::Reset,
                Kind::Ban,
            ]);
        }
        kinds
    }

    /// Returns the small worlds that are run in every order, each with the most runs that it may take. First come all
    /// pairs of requests, however many runs they take. Then come, in turns, pairs of which a question or an answer is
    /// lost or a request is dropped, and tries again; and three requests at once. A few of the latter two have millions
    /// of orders, and all together are too many to be run to the end.
    pub(crate) fn small() -> impl Iterator<Item = (Self, u64)> {
        let lost = Trouble { failures: 1, retries: 1, ..Trouble::default() };
        let dropped = Trouble { drops: 1, retries: 1, ..Trouble::default() };
        let pairs = || Self::pairs().into_iter().filter(|setting| !setting.is_in_order);
        let troubled = pairs().flat_map(move |pair| [lost, dropped].map(|trouble| Self { trouble, ..pair.clone() }));
        let threes = (0..u64::MAX).map(|seed| Self::draw_three(&mut Choices::of_seed(seed)));
        let more = troubled.zip(threes).flat_map(|(two, three)| [two, three]).map(|setting| (setting, MOST_RUNS));
        Self::pairs().into_iter().map(|setting| (setting, u64::MAX)).chain(more)
    }

    fn draw_three(choices: &mut Choices) -> Self {
        let place = choices.one_of(&Self::PLACES);
        let has_subject = place.1 && !choices.one_in(4);
        let start = choices.one_of(&Self::starts(place));
        let kinds = Self::kinds(place, has_subject);
        let drawn = [(); 3].map(|()| choices.one_of(&kinds));
        Self::calm(place, has_subject, start, &drawn)
    }

    /// Returns every two kinds of request, in every placement and from every start. The order of the list means
    /// nothing.
    pub(crate) fn pairs() -> Vec<Self> {
        let mut pairs = Vec::new();
        for place in Self::PLACES {
            for has_subject in [true, false] {
                let kinds = Self::kinds(place, has_subject);
                for start in Self::starts(place).into_iter().filter(|_| place.1 || !has_subject) {
                    for (index, first) in kinds.iter().enumerate() {
                        let with = |second: &Kind| Self::calm(place, has_subject, start, &[*first, *second]);
                        pairs.extend(kinds[index..].iter().map(with));
                    }
                }
            }
        }
        for place in Self::PLACES_IN_ORDER {
            for has_subject in [true, false] {
                for start in Self::STARTS_IN_ORDER {
                    let with = |kind: &Kind| Self {
                        is_in_order: true,
                        ..Self::calm(place, has_subject, start, &[Kind::Login(1), *kind])
                    };
                    pairs.extend(Self::KINDS_IN_ORDER.iter().map(with));
                }
            }
        }
        let mut choices = Choices::of_seed(0);
        for left in (1..pairs.len()).rev() {
            pairs.swap(left, choices.below(left + 1));
        }
        pairs
    }

    /// Draws one of the larger simulations.
    pub(crate) fn draw(choices: &mut Choices) -> Self {
        match choices.weighted(&[6, 1, 1]) {
            0 => Self::draw_fleet(choices),
            1 => Self::draw_browser(choices),
            _ => Self::draw_alone(choices),
        }
    }

    fn draw_fleet(choices: &mut Choices) -> Self {
        let place = choices.one_of(&Self::PLACES);
        let has_subject = place.1 && !choices.one_in(4);
        let start = choices.one_of(&Self::starts(place));
        let nodes = 1 + choices.below(3);
        let kinds = Self::kinds(place, has_subject);
        let mut drawn: Vec<Plan> = Vec::new();
        for _ in 0..2 + choices.below(4) {
            let kind = match drawn.last() {
                Some(last) if choices.one_in(4) => last.kind, // such as a double click
                _ => choices.one_of(&kinds),
            };
            let browser = if start == Start::Devices { choices.below(2) } else { 0 };
            let changes_mind = Self::draw_mind(choices, place.0);
            drawn.push(Plan { kind, node: choices.below(nodes), browser, changes_mind });
        }
        let is_troubled = choices.one_in(2);
        let mut some = |most: usize| if is_troubled { choices.below(most + 1) } else { 0 };
        let trouble = Trouble {
            failures: some(2),
            drops: some(2),
            retries: some(2),
            crashes: some(1),
            restarts: some(1),
            ticks: some(4),
            cleanups: some(2),
        };
        Self {
            recheck_after: if place.1 { choices.one_of(&[0, 30, 300]) } else { 0 },
            absolute: choices.one_of(&[1500, IDLE]),
            age: choices.one_of(&[200, 5]),
            offsets: (0..nodes).map(|_| choices.one_of(&[0, SKEW, SKEW / 2])).collect(),
            plans: drawn,
            trouble,
            is_slow: choices.one_in(2),
            is_watched: false,
            ..Self::calm(place, has_subject, start, &[])
        }
    }

    /// Draws a simulation of one browser, which gets every answer in the order in which they were handed out, and in
    /// which somebody logs in.
    fn draw_browser(choices: &mut Choices) -> Self {
        let place = choices.one_of(&Self::PLACES_IN_ORDER);
        let start = choices.one_of(&Self::STARTS_IN_ORDER);
        let mut kinds = vec![Kind::Login(1)];
        for _ in 0..=choices.below(3) {
            kinds.push(choices.one_of(&Self::KINDS_IN_ORDER));
        }
        let has_subject = !choices.one_in(4);
        Self { is_in_order: true, is_watched: false, ..Self::calm(place, has_subject, start, &kinds) }
    }

    /// Draws a simulation of one request, some of whose questions and answers are lost, which may be dropped, and which
    /// may try again. No node crashes or restarts, no time passes, and nothing is cleaned up.
    fn draw_alone(choices: &mut Choices) -> Self {
        let place = choices.one_of(&Self::PLACES);
        let has_subject = !choices.one_in(4);
        let start = choices.one_of(&Self::starts(place));
        let kind = choices.one_of(&Self::kinds(place, has_subject && place.1));
        let trouble = Trouble { failures: 2, drops: 2, retries: 2, ..Trouble::default() };
        let changes_mind = Self::draw_mind(choices, place.0);
        let mut alone = Self { trouble, is_slow: true, ..Self::calm(place, has_subject, start, &[kind]) };
        alone.plans[0].changes_mind = changes_mind;
        alone
    }

    /// Draws before which tries a handler changes its mind. A cookie has no room for what it then writes.
    fn draw_mind(choices: &mut Choices, place: Place) -> [bool; 2] {
        [(); 2].map(|()| place != Place::Cookie && choices.one_in(2))
    }
}

/// The number of runs that one of the larger small worlds may take at most.
const MOST_RUNS: u64 = 20_000;
