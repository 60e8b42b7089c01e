//! The browsers: each keeps the last Set-Cookie that it got, a deletion too, beside a cookie of the same name at
//! another path, if it has one.

use crate::fleet::COOKIE;
use crate::ledger::Ledger;

/// The cookies of a browser, each as its number among those that were ever handed out.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<usize>,
    /// A cookie of the same name at another path, which no answer changes.
    pub(crate) another: Option<usize>,
}

impl Browser {
    pub(crate) fn cookies(&self) -> Vec<usize> {
        self.cookie.into_iter().chain(self.another).collect()
    }
}

/// Returns the Cookie header with these cookies.
pub(crate) fn header(ledger: &Ledger, cookies: &[usize]) -> String {
    let pairs: Vec<String> =
        cookies.iter().map(|cookie| format!("{COOKIE}={}", ledger.cookies[*cookie].value)).collect();
    pairs.join("; ")
}

/// Returns the value that a Set-Cookie text gives the session cookie. The value is empty if the text deletes the
/// cookie.
pub(crate) fn value_of(line: &str) -> &str {
    let pair = line.split(';').next().unwrap();
    pair.strip_prefix(COOKIE).and_then(|pair| pair.strip_prefix('=')).unwrap()
}

/// An answer on its way to a browser.
pub(crate) struct Answer {
    pub(crate) request: usize,
    pub(crate) browser: usize,
    /// The cookie that the answer sets; `None` if it deletes the cookie.
    pub(crate) cookie: Option<usize>,
}
