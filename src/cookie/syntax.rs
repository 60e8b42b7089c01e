//! Holds the names, paths and domains that browsers take, each as a type. A value of such a type can't break out of the
//! Set-Cookie header.

use super::split::SUFFIX;

/// The name of a cookie: 1 to 256 characters of an RFC 9110 token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieName(String);

/// The Path attribute: up to 1024 bytes of ASCII that begin with `/`, without `;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookiePath(String);

/// The Domain attribute: a host name of two labels or more, or `localhost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieDomain(String);

impl CookieName {
    /// Returns `None` when the text is not a token of 1 to 256 characters.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        is_token(name).then(|| Self(name.to_owned()))
    }

    /// Returns the name of the second of two cookies, or `None` when it would be too long for a name.
    pub(crate) fn second(&self) -> Option<Self> {
        Self::parse(&format!("{}{SUFFIX}", self.0))
    }

    /// Returns the name of the bound cookie beside this one, or `None` when it would be too long for a name.
    #[cfg(feature = "dbsc")]
    pub(crate) fn bound(&self) -> Option<Self> {
        Self::parse(&format!("{}-bound", self.0))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl CookiePath {
    /// Returns `None` when browsers would not take the text as it is.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        is_path(path).then(|| Self(path.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl CookieDomain {
    /// Returns `None` when the text is no host name, or is a single label that browsers ignore.
    pub(crate) fn parse(domain: &str) -> Option<Self> {
        is_domain(domain).then(|| Self(domain.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=256).contains(&name.len()) && name.bytes().all(is_tchar)
}

fn is_path(path: &str) -> bool {
    let is_path_byte = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b';';
    // Browsers trim a space at the end, and a deletion must name the same path.
    let is_trimmed = path.starts_with('/') && !path.ends_with(' ');
    is_trimmed && path.len() <= ATTRIBUTE_LIMIT && path.bytes().all(is_path_byte)
}

/// True for a host name (RFC 1123 section 2.1). Browsers ignore one dot in front of it.
///
/// Browsers ignore a cookie for a whole top-level domain, such as `com`, and for every other public suffix (RFC 6265bis
/// section 5.7). A single label is always one of them, unless it is the host's own name, and then the cookie is what it
/// is without a Domain. Only a list that changes weekly knows which longer names are public suffixes, such as `co.uk`,
/// so this function does not ask it.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_host_byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = domain.strip_prefix('.').unwrap_or(domain);
    let is_site = name.contains('.') || name.eq_ignore_ascii_case("localhost");
    domain.len() <= 253 && is_site && name.split('.').all(is_label)
}

/// Returns a cookie name without its prefix, such as `__Host-`, by which it asks browsers for more checks.
pub(crate) fn without_prefix(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| strip_prefix(name, prefix)).unwrap_or(name)
}

/// Returns the name without this prefix, if the name has it in any case. Browsers ignore the case too.
pub(crate) fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The prefixes of cookie names. All of them need Secure. Longer ones come first.
pub(crate) const PREFIXES: [&str; 4] = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"];

/// The most bytes that browsers keep of an attribute's value (RFC 6265bis section 5.6).
const ATTRIBUTE_LIMIT: usize = 1024;
