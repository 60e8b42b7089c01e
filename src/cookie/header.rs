//! Finds the session cookie in the Cookie header values of a request.
//!
//! Names are compared byte for byte, without percent-decoding, Unicode white space or `&str`. Browsers store cookies
//! named `\u{2000}__Host-sid` and `__%48ost-sid`, and a parser that tidies names hands those out as `__Host-sid`.
//!
//! One pair of quotes around a value is no part of it (RFC 6265bis section 4.1.1). Java's `CookieManager` puts the
//! value of a cookie that has a Max-Age and no Expires into quotes, and RFC 2109's attributes around it.

use memchr::memchr_iter;

/// The most cookies of one name that are tried for one request. A client sends more only when someone planted them.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// Returns the values that one Cookie header has under `name`.
pub(crate) fn values<'h>(header: &'h [u8], name: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
    let mut start = 0;
    memchr_iter(b';', header).chain([header.len()]).filter_map(move |end| {
        let pair = header.get(start..end)?;
        start = end.saturating_add(1);
        value_of(pair, name)
    })
}

/// Returns the value of a `name=value` pair, if the pair has this name.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    // A name holds no `=`, so nothing but white space may stand between the name and the first `=`.
    let value = trim_start(trim_start(pair).strip_prefix(name)?).strip_prefix(b"=")?;
    Some(unquoted(trim_end(trim_start(value))))
}

/// Takes one pair of quotes from around a value. A quote without its other one stays part of the value.
fn unquoted(value: &[u8]) -> &[u8] {
    if let [b'"', inside @ .., b'"'] = value { inside } else { value }
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&[u8]], name: &str) -> Vec<Vec<u8>> {
        headers.iter().flat_map(|header| values(header, name.as_bytes())).map(<[u8]>::to_vec).collect()
    }

    fn in_one(header: &str) -> Vec<String> {
        found(&[header.as_bytes()], "__Host-s").into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    #[test]
    fn the_name_is_compared_byte_for_byte() {
        // Each row is a header and the values that are found in it. Each comment is a rule.
        for (header, expected) in [
            // Anywhere in the header, with or without spaces.
            ("__Host-s=v", &["v"][..]),
            ("a=1; __Host-s=v; b=2", &["v"]),
            ("a=1;__Host-s=v;b=2", &["v"]),
            // SP and HTAB around name and value are no part of them.
            (" \t__Host-s \t=\t v \t", &["v"]),
            // Split at the first `=` only.
            ("__Host-s=a=b=", &["a=b="]),
            // Empty is a value, and every duplicate counts, in order.
            ("__Host-s=", &[""]),
            ("__Host-s=1; __Host-s=2", &["1", "2"]),
            // A name in another case, a longer name, a shorter name and a name inside a value are not the name.
            ("__host-s=v", &[]),
            ("__Host-s2=v", &[]),
            ("x__Host-s=v", &[]),
            ("__Host-=v", &[]),
            ("a=__Host-s=v", &[]),
            // A cookie without a name is not found, even if it looks like one that has the name.
            ("=__Host-s=v", &[]),
            ("__Host-s", &[]),
            // A name with percent-encoding or Unicode white space is another name.
            ("__%48ost-s=v", &[]),
            ("\u{2000}__Host-s=v", &[]),
            ("\u{85}__Host-s=v", &[]),
            ("\u{a0}__Host-s=v", &[]),
            ("__Host-s\u{a0}=v", &[]),
            ("\x0b__Host-s=v", &[]),
            ("\r\n__Host-s=v", &[]),
            // RFC 2109's attributes are cookies like any other.
            ("$Version=1; __Host-s=v; $Path=/", &["v"]),
            // A comma separates nothing.
            ("a=1, __Host-s=v", &[]),
            ("", &[]),
            (";;;", &[]),
        ] {
            assert_eq!(in_one(header), expected, "{header:?}");
        }
    }

    #[test]
    fn one_pair_of_quotes_around_a_value_is_no_part_of_it() {
        // Each row is a header and the values that are found in it. Each comment is a rule.
        for (header, expected) in [
            // White space is taken from outside of the quotes, and stays inside of them.
            (r#"__Host-s="v""#, &["v"][..]),
            ("\t__Host-s = \t\"v\"\t ", &["v"]),
            (r#"__Host-s=" v ""#, &[" v "]),
            // One pair is taken off and no more.
            (r#"__Host-s=""v"""#, &[r#""v""#]),
            // Two quotes with nothing between them are the empty value.
            (r#"__Host-s="""#, &[""]),
            (r#"__Host-s=""""#, &["\""]),
            // A quote that is alone, or inside of the value, is part of it.
            ("__Host-s=\"", &["\""]),
            (r#"__Host-s="v"#, &["\"v"]),
            (r#"__Host-s=v""#, &["v\""]),
            (r#"__Host-s=a"b"c"#, &[r#"a"b"c"#]),
            (r#"__Host-s="a"b""#, &[r#"a"b"#]),
            // Single quotes are no quotes, and a backslash escapes nothing.
            ("__Host-s='v'", &["'v'"]),
            (r#"__Host-s="v\""#, &[r"v\"]),
            // A quote hides no `;`, which ends a pair wherever it stands (RFC 6265bis section 5.6).
            (r#"__Host-s="a;b""#, &["\"a"]),
            (r#"a="; __Host-s=v; b=""#, &["v"]),
            // A name in quotes is another name.
            (r#""__Host-s"=v"#, &[]),
            (r#""__Host-s=v""#, &[]),
            // Java's `CookieManager` sends this of two cookies with a Max-Age and one without.
            (r#"$Version="1"; __Host-s="1";$Path="/"; other="2";$Path="/";$Domain="h.local""#, &["1"]),
            (r#"$Version="1"; __Host-s="1"; __Host-s=2"#, &["1", "2"]),
        ] {
            assert_eq!(in_one(header), expected, "{header:?}");
        }
    }

    #[test]
    fn foreign_bytes_do_not_hide_our_cookie() {
        assert_eq!(found(&[b"a=\xff\xfe; s=v; \x80\0=\x01"], "s"), [b"v"]);
    }

    #[test]
    fn every_header_value_is_read() {
        assert_eq!(found(&[b"a=1", b"s=1", b"b=2; s=2"], "s"), [b"1", b"2"]);
    }
}
