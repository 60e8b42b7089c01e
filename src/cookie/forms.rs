//! Finds the forms in which a client may hold the session cookie besides the form in which it is set.
//!
//! A browser knows a cookie by its name, its Path, its Domain or host, and by whether it is Partitioned (RFC 6265bis
//! section 5.7, CHIPS). When one of these changes in the configuration, cookies of the former form stay in browsers,
//! and are sent along.

use super::attributes::Attributes;
use super::syntax::{CookieDomain, CookieName};

/// A form that the session cookie had.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) name: CookieName,
    pub(crate) attributes: Attributes,
}

/// Returns the texts that delete the session cookie in every form but the one in which it is set: the forms that it
/// had, and each form with a Domain without that Domain, too. If a session may take two cookies, `second` is the name
/// of the second one, which is deleted with the first in each form.
pub(super) fn deletions_of_others(
    our_name: &CookieName,
    second: Option<&CookieName>,
    ours: &Attributes,
    former: &[Form],
) -> Vec<String> {
    let mut deletions = Vec::new();
    let former = former.iter().map(|Form { name, attributes }| (name, attributes));
    for (name, attributes) in std::iter::once((our_name, ours)).chain(former) {
        let host_only = attributes.domain.is_some().then(|| Attributes { domain: None, ..attributes.clone() });
        let second_name = second.and_then(|_| name.second());
        for attributes in std::iter::once(attributes).chain(&host_only) {
            for name in std::iter::once(name).chain(&second_name) {
                let is_ours = name == our_name || Some(name) == second;
                let deletion = attributes.deletion(name);
                if !(is_ours && attributes.are_of_one_cookie(ours) || deletions.contains(&deletion)) {
                    deletions.push(deletion);
                }
            }
        }
    }
    deletions
}

impl Attributes {
    /// True when a browser takes two cookies of one name with these attributes for the same cookie.
    pub(crate) fn are_of_one_cookie(&self, other: &Self) -> bool {
        // Browsers ignore the case of a domain, and one dot in front.
        let canonical = |domain: &CookieDomain| {
            let domain = domain.as_str();
            domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase()
        };
        let [domain, other_domain] = [self, other].map(|attributes| attributes.domain.as_ref().map(canonical));
        self.path == other.path && domain == other_domain && self.partitioned == other.partitioned
    }
}
