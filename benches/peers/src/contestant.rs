//! [`Contestant`] and [`What`]: the crates that are measured, and the operations that are measured of each.

use crate::workloads::Workload;

/// A crate that keeps a session in an encrypted cookie. To add a contestant, write a file in `contestants` and a line
/// in its `mod.rs`.
pub trait Contestant {
    fn name(&self) -> &'static str;

    /// Returns a case for each [`What`] that the crate can do with this session.
    fn cases(&self, workload: &'static Workload) -> Vec<Case>;

    /// True when opening leaves the values as text that was not parsed. This is less work than that of a peer which
    /// parses all of them, so the two are not compared.
    fn keeps_text(&self) -> bool {
        false
    }

    /// Returns the name of the contestant that is the same HTTP service without a session.
    fn bare(&self) -> &'static str {
        "no layer (tower)"
    }

    /// Returns a call that looks for the session's cookie in a Cookie header without one. `None` when the crate can do
    /// that over HTTP only.
    fn search(&self, _header: String) -> Option<Call> {
        None
    }
}

pub struct Case {
    pub what: What,
    /// The length of the cookie's value on the wire, for [`What::Encode`].
    pub bytes: usize,
    pub call: Call,
}

pub type Call = Box<dyn FnMut()>;

impl Case {
    pub fn new<R>(what: What, mut call: impl FnMut() -> R + 'static) -> Self {
        Self { what, bytes: 0, call: Box::new(move || drop(std::hint::black_box(call()))) }
    }

    /// Sets the length of the value to the mean of 200 pairs of name and value, since a value that is percent-encoded
    /// varies in length.
    pub fn bytes(mut self, mut pair: impl FnMut() -> String) -> Self {
        const PAIRS: usize = 200;
        let total: usize = (0..PAIRS).map(|_| pair().len() - COOKIE_NAME.len() - 1).sum();
        self.bytes = total.div_ceil(PAIRS);
        self
    }
}

macro_rules! what {
    ($($variant:ident $title:literal,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum What { $($variant,)* }

        impl What {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

what! {
    Encode "value: encode",
    Changed "value: change one value, then encode",
    Opened "value: open, no value read",
    Two "value: open, two values read into their types",
    Struct "value: open, all values read into a struct",
    All "value: open, all values read into a map",
    Tampered "value: refuse a tampered cookie",
    UnknownKey "value: refuse one of an unknown key",
    WrongVersion "value: refuse one of another version",
    TooLong "value: refuse one that is too long",
    HeaderWrite "header: change one value, then the text of Set-Cookie",
    HeaderOpened "header: find the cookie among three and open it, no value read",
    HeaderUntouched "header: find the cookie among three, and never look at the session",
    HttpUntouched "HTTP: a request that never looks at its session",
    HttpRead "HTTP: a request that reads one value",
    HttpStruct "HTTP: a request that reads all values into a struct",
    HttpWrite "HTTP: a request that changes one value",
}

impl What {
    pub fn has_bytes(self) -> bool {
        self == Self::Encode
    }

    pub fn is_http(self) -> bool {
        self >= Self::HttpUntouched
    }
}

/// Returns a function whose value differs from that of the call before.
pub fn toggle() -> impl FnMut() -> &'static str + Clone + Send + 'static {
    let mut odd = false;
    move || {
        odd = !odd;
        if odd { "01JD3V6Z9QK2M8X4T7B5N0C1R0" } else { "01JD3V6Z9QK2M8X4T7B5N0C1R1" }
    }
}

/// Changes one character in the middle of the value to another one of the alphabet.
pub fn tampered(value: &str) -> String {
    let mut text = value.as_bytes().to_vec();
    let middle = text.len() / 2;
    text[middle] = if text[middle] == b'A' { b'B' } else { b'A' };
    String::from_utf8(text).unwrap()
}

/// Returns the Cookie header of a browser that has two other cookies of the site.
pub fn header(pair: &str) -> String {
    format!("_ga=GA1.1.1234567890.1700000000; theme=dark; {pair}")
}

pub const COOKIE_NAME: &str = "session";
