//! Decides whether shared caches may store a response, and keeps a response that sets a cookie from them.
//!
//! | the handler's headers say | a dispensable seal | a response that must set a cookie |
//! |---|---|---|
//! | nothing | is sent | gets `Cache-Control: private, no-store` |
//! | `private` or `no-store` | is sent | stays as it is |
//! | another Cache-Control, such as `max-age=60` | is sent | gets `private` in front of it |
//! | `public` or `s-maxage`, or a header for CDNs and proxies that lets them store | is left out | gets `private, no-store` instead, and a warning goes to the log |
//!
//! A cache that is shared may store a response that says `max-age=60` alone (RFC 9111 section 3), but whoever writes
//! that may well mean the browser. Whoever writes `public` means everybody.

use std::borrow::Cow;

use super::headers::ResponseHeaders;

/// The caches that may store a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// The response does not say who may store it.
    Unsaid,
    /// Nobody may, or the visitor's browser alone.
    Refused,
    /// Everybody may, since nothing is said against it.
    Possible,
    /// The response is meant to be stored for everybody.
    Meant,
}

/// The headers that CDNs and proxies obey instead of Cache-Control (RFC 9213, Edge Architecture Specification; the last
/// three are those of Akamai, of nginx, which takes a number of seconds, and of the web server `LiteSpeed`). With each
/// stands the word by which it refuses to store, beside `private` and `no-store`, if it has one.
const TARGETED: [(&str, &str); 9] = [
    ("cdn-cache-control", ""),
    ("surrogate-control", ""),
    ("cloudflare-cdn-cache-control", ""),
    ("deno-cdn-cache-control", ""),
    ("netlify-cdn-cache-control", ""),
    ("vercel-cdn-cache-control", ""),
    ("edge-control", "bypass-cache"),
    ("x-accel-expires", "0"),
    ("x-litespeed-cache-control", "no-cache"),
];
const CACHE_CONTROL: &str = "cache-control";
const NOT_STORED: &str = "private, no-store";

/// Says who may store the response.
pub(super) fn sharing(response: &impl ResponseHeaders) -> Sharing {
    let own = sharing_of(response.values(CACHE_CONTROL), "");
    let is_targeted = TARGETED.into_iter().any(|(name, refuses)| {
        let targeted = sharing_of(response.values(name), refuses);
        matches!(targeted, Sharing::Possible | Sharing::Meant)
    });
    if is_targeted { Sharing::Meant } else { own }
}

/// Keeps a response that sets a cookie from every cache but the visitor's own.
pub(super) fn keep_from_others(response: &mut impl ResponseHeaders) {
    match sharing(response) {
        Sharing::Refused => {}
        Sharing::Unsaid => response.set(CACHE_CONTROL, NOT_STORED.into()),
        Sharing::Possible => {
            let private = with_private(response.values(CACHE_CONTROL));
            response.set(CACHE_CONTROL, private);
        }
        Sharing::Meant => {
            log::warn!(
                target: "sealed_session",
                "a response that its headers let everybody store sets the session cookie: it is sent as {NOT_STORED}"
            );
            response.set(CACHE_CONTROL, NOT_STORED.into());
            // A CDN or a proxy that finds none of these obeys Cache-Control.
            for (name, _) in TARGETED {
                response.remove(name);
            }
        }
    }
}

/// Says who may store a response with these values of one header, in which the word `refuses` refuses, too.
fn sharing_of<'v>(values: impl Iterator<Item = &'v [u8]>, refuses: &str) -> Sharing {
    let mut sharing = Sharing::Unsaid;
    for directive in values.flat_map(directives) {
        let (name, has_argument) = match directive.iter().position(|byte| *byte == b'=') {
            Some(end) => (directive.get(..end).unwrap_or_default(), true),
            None => (directive, false),
        };
        let is = |known: &str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
        // With an argument, `private` speaks of single headers only.
        if !has_argument && (is("private") || is("no-store") || !refuses.is_empty() && is(refuses)) {
            return Sharing::Refused;
        }
        if is("public") || is("s-maxage") {
            sharing = Sharing::Meant;
        } else if sharing == Sharing::Unsaid && !name.trim_ascii().is_empty() {
            sharing = Sharing::Possible;
        }
    }
    sharing
}

/// Splits a value at its commas, except for those in quotes. In quotes, a backslash takes its meaning from the
/// character behind it (RFC 9110 section 5.6.4).
fn directives(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    value.split(move |byte| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        is_escaped = is_quoted && *byte == b'\\';
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    })
}

/// Puts `private` in front of the values of a Cache-Control.
fn with_private<'v>(values: impl Iterator<Item = &'v [u8]>) -> Cow<'static, str> {
    let mut text = "private".to_owned();
    for value in values {
        match str::from_utf8(value) {
            Ok(value) if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                text.push_str(", ");
                text.push_str(value);
            }
            _ => return NOT_STORED.into(),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_store_a_response_is_read_as_caches_read_it() {
        use Sharing::{Meant, Possible, Refused, Unsaid};
        for (values, expected) in [
            (&[][..], Unsaid),
            (&[""], Unsaid),
            (&[" , "], Unsaid),
            (&["public"], Meant),
            (&["max-age=60, PUBLIC"], Meant),
            (&["max-age=60", "public"], Meant),
            (&["s-maxage=60"], Meant),
            (&["S-MaxAge = 0"], Meant),
            // A directive that refuses counts, wherever it stands.
            (&["public, private"], Refused),
            (&["s-maxage=60", "no-store"], Refused),
            (&["Private,max-age=60"], Refused),
            (&["no-store"], Refused),
            // Without either, caches may store the response.
            (&["max-age=60"], Possible),
            (&["no-cache"], Possible),
            (&["must-revalidate"], Possible),
            // A directive with an argument is about single headers.
            (&["private=\"set-cookie\""], Possible),
            (&["no-cache=\"a, private, no-store\""], Possible),
            (&["public, no-cache=\"set-cookie\""], Meant),
            // Quotes end, and the directives behind them count.
            (&["no-cache=\"set-cookie, date\", public"], Meant),
            (&["public, no-cache=\"set-cookie, date\", private"], Refused),
            (&[r#"a="\", private, b""#], Possible),
            (&[r#"a="\\", private"#], Refused),
            (&[r#"a=\", private, b""#], Possible),
            // Names are whole.
            (&["publicly, x-private, no-stores"], Possible),
        ] {
            assert_eq!(sharing_of(values.iter().map(|value| value.as_bytes()), ""), expected, "{values:?}");
        }
    }

    #[test]
    fn a_header_of_one_proxy_is_read_as_that_proxy_reads_it() {
        use Sharing::{Meant, Possible, Refused, Unsaid};
        for (name, value, expected) in [
            ("x-accel-expires", "0", Refused),
            ("x-accel-expires", " 0 ", Refused),
            ("x-accel-expires", "600", Possible),
            ("x-accel-expires", "@1700000000", Possible),
            ("x-accel-expires", "", Unsaid),
            ("edge-control", "bypass-cache", Refused),
            ("edge-control", "no-store, max-age=600", Refused),
            ("edge-control", "!no-store, cache-maxage=1d", Possible),
            ("x-litespeed-cache-control", "no-cache", Refused),
            ("x-litespeed-cache-control", "public,max-age=600", Meant),
            ("cdn-cache-control", "no-cache", Possible),
            ("cdn-cache-control", "bypass-cache, 0", Possible),
        ] {
            let refuses = TARGETED.iter().find(|(known, _)| *known == name).unwrap().1;
            assert_eq!(sharing_of([value.as_bytes()].into_iter(), refuses), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_cache_control_becomes_private_as_a_whole() {
        let of = |values: &[&'static [u8]]| with_private(values.iter().copied());
        assert_eq!(of(&[b"max-age=60"]), "private, max-age=60");
        assert_eq!(of(&[b"max-age=60", b"immutable"]), "private, max-age=60, immutable");
        assert_eq!(of(&[b"max-age=60\xff"]), NOT_STORED);
        assert_eq!(of(&["max-age=60\u{a0}".as_bytes()]), NOT_STORED);
    }
}
