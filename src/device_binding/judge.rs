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
    /// The session has no mark, and a bound cookie names it: another response, sealed from before the registration,
    /// took the mark away. The binding stands.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SessionConfig;
    use crate::crypto::Key;
    use crate::data::{BindingId, SessionId};

    #[test]
    fn a_session_is_judged_by_both_its_id_and_its_binding() {
        let codec = SessionConfig::new(Key::generate().unwrap()).build_codec().unwrap();
        let binding = |byte| BindingId::from_bytes([byte; 16]);
        let session = |byte| SessionId::from_bytes([byte; 16]);
        let bound = |b, s, previous: Option<u8>| Bound {
            binding: binding(b),
            session: session(s),
            previous: previous.map(session),
        };
        let mut data = codec.create().unwrap();
        data.set_id(session(1));
        // Without a mark: (bound cookies, judgement).
        for (cookies, expected) in [
            (vec![], Judged::Unbound),
            (vec![bound(8, 2, None)], Judged::Unbound),
            (vec![bound(8, 2, Some(3))], Judged::Unbound),
            (vec![bound(8, 1, None)], Judged::Lost(bound(8, 1, None))),
            (vec![bound(8, 2, None), bound(8, 2, Some(1))], Judged::Lost(bound(8, 2, Some(1)))),
        ] {
            assert_eq!(judge(&data, &cookies), expected);
        }
        data.set_bound(binding(8)).unwrap();
        for (cookies, expected) in [
            (vec![], Judged::Stale),
            (vec![bound(9, 1, None)], Judged::Stale),
            (vec![bound(8, 2, None)], Judged::Stale),
            (vec![bound(8, 2, Some(1))], Judged::Stale),
            (vec![bound(9, 1, None), bound(8, 1, None)], Judged::Fresh(bound(8, 1, None))),
        ] {
            assert_eq!(judge(&data, &cookies), expected);
        }
    }
}
