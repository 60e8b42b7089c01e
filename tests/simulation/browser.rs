//! The browsers: each keeps the last Set-Cookie that it got, a deletion too, beside a cookie of the same name at another path,
//! if it has one.

use crate::fleet::COOKIE;
use crate::ledger::Ledger;

/// The cookies of a browser, as numbers of those that were ever handed out.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<usize>,
    /// Of the same name, at another path: no answer changes it.
    pub(crate) another: Option<usize>,
}

impl Browser {
    pub(crate) fn cookies(&self) -> Vec<usize> {
        self.cookie.into_iter().chain(self.another).collect()
    }
}

/// The Cookie header with these cookies.
pub(crate) fn header(ledger: &Ledger, cookies: &[usize]) -> String {
    let pairs: Vec<String> =
        cookies.iter().map(|cookie| format!("{COOKIE}={}", ledger.cookies[*cookie].value)).collect();
    pairs.join("; ")
}

/// The value that a Set-Cookie text gives our cookie; empty if it deletes it.
pub(crate) fn value_of(line: &str) -> &str {
    let pair = line.split(';').next().unwrap();
    pair.strip_prefix(COOKIE).and_then(|pair| pair.strip_prefix('=')).unwrap()
}

/// An answer on its way to a browser.
pub(crate) struct Answer {
    pub(crate) request: usize,
    pub(crate) browser: usize,
    /// The cookie that it sets; `None` deletes it.
    pub(crate) cookie: Option<usize>,
}
