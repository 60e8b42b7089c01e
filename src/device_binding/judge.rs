//! Says what a session is by its mark and by the bound cookies that came beside it.

use super::parts::Bound;
use crate::data::SessionData;

/// The judgement on a session and the bound cookies beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The session has no mark, and no bound cookie names it.
    Unbound,
    /// The session has a mark, and the bound cookie of the same binding came.
    Fresh(Bound),
    /// The session has no mark, and a bound cookie names it: another response, sealed from before the registration, took the
    /// mark away. The binding stands.
    Lost(Bound),
    /// The session has a mark, and no living bound cookie of that binding came.
    Stale,
}

/// Judges a session. `cookies` are the bound cookies of the request that are authentic and alive.
pub(crate) fn judge(data: &SessionData, cookies: &[Bound]) -> Judged {
    let of_this = |bound: &&Bound| bound.session == data.id();
    if data.is_marked() {
        let proven = cookies.iter().filter(of_this).find(|bound| Some(bound.binding) == data.bound());
        return proven.map_or(Judged::Stale, |bound| Judged::Fresh(*bound));
    }
    let names_it = |bound: &&Bound| of_this(bound) || bound.previous == Some(data.id());
    cookies.iter().find(names_it).map_or(Judged::Unbound, |bound| Judged::Lost(*bound))
}
