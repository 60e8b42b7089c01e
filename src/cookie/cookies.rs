//! Holds [`Cookies`], which writes the Set-Cookie lines around a sealed text, for one cookie or for two.

use super::attributes::Attributes;
use super::budget::Budget;
use super::forms::{Form, deletions_of_others};
use super::set_cookies::SetCookies;
use super::split::{MARK, halves, of_both};
use super::syntax::CookieName;
use super::writer::SetCookieWriter;

/// The settings of the cookie. The configuration has checked each of them.
#[derive(Debug)]
pub(crate) struct CookieSettings {
    pub(crate) name: CookieName,
    /// The name of the second cookie, where a session may take two.
    pub(crate) second: Option<CookieName>,
    pub(crate) attributes: Attributes,
    /// The forms that the cookie had before.
    pub(crate) former: Vec<Form>,
    /// The most bytes that one Set-Cookie line may have.
    pub(crate) max_bytes: usize,
}

/// The lines, the names and the sizes of the session cookie, or of both cookies.
#[derive(Debug)]
pub(crate) struct Cookies {
    first: SetCookieWriter,
    second: Option<SetCookieWriter>,
    /// The lines that delete the cookie, or both cookies, in every form but the one in which it is set.
    other_deletions: Vec<String>,
    budget: Budget,
}

impl Cookies {
    pub(crate) fn new(settings: &CookieSettings) -> Self {
        let CookieSettings { name, second, attributes, former, max_bytes } = settings;
        let first = SetCookieWriter::new(name, attributes);
        let budget = Budget::new(name.as_str().len(), first.overhead(), *max_bytes, second.is_some());
        let other_deletions = deletions_of_others(name, second.as_ref(), attributes, former);
        let second = second.as_ref().map(|name| SetCookieWriter::new(name, attributes));
        Self { first, second, other_deletions, budget }
    }

    pub(crate) fn name(&self) -> &str {
        self.first.cookie_name()
    }

    /// Returns the name of the second cookie, if a session may take two.
    pub(crate) fn second_name(&self) -> Option<&str> {
        self.second.as_ref().map(SetCookieWriter::cookie_name)
    }

    /// Returns the Set-Cookie lines around a text of `chars` characters. `seal` appends that text to the line that it
    /// is given.
    ///
    /// `max_age` is in seconds; without it the browser drops the cookie when it is closed. `has_second` is true when
    /// the client holds a second cookie, which is deleted if the text no longer needs it.
    pub(crate) fn set<E>(
        &self,
        chars: usize,
        max_age: Option<u64>,
        has_second: bool,
        seal: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<SetCookies, E> {
        if let Some(second) = self.second.as_ref().filter(|_| self.is_split(chars)) {
            let mut text = String::new();
            seal(&mut text)?;
            let (one, two) = halves(&text);
            // The second part goes first. A client may take the lines one by one, and until it has the first part too,
            // the cookie that it held before still opens.
            return Ok(SetCookies::new(second.line(["", two], max_age), Some(self.first.line([MARK, one], max_age))));
        }
        let mut line = self.first.begin(chars);
        seal(&mut line)?;
        self.first.finish(&mut line, max_age);
        Ok(SetCookies::new(line, self.second.as_ref().filter(|_| has_second).map(SetCookieWriter::deletion)))
    }

    /// Returns the Set-Cookie lines that delete every cookie that the client may hold.
    pub(crate) fn deletions(&self) -> SetCookies {
        let ours = SetCookies::new(self.first.deletion(), self.second.as_ref().map(SetCookieWriter::deletion));
        self.instead_of_others(ours)
    }

    /// Adds to Set-Cookie lines those that delete the cookie in every other form in which the client may hold it. They
    /// come first: a client that takes two forms for one cookie keeps what comes last.
    pub(crate) fn instead_of_others(&self, lines: SetCookies) -> SetCookies {
        lines.after(self.other_deletions.clone())
    }

    /// True when a text of `chars` characters takes two cookies.
    pub(crate) fn is_split(&self, chars: usize) -> bool {
        self.second.is_some() && chars > self.budget.one_chars
    }

    /// Returns the text behind the mark of a first part. Returns `None` for a whole text, and when no session takes two
    /// cookies.
    pub(crate) fn first_part<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        self.second.as_ref()?;
        value.strip_prefix(MARK.as_bytes()).filter(|part| !part.is_empty())
    }

    /// Returns the most characters of a text that is written to one cookie.
    pub(crate) fn max_whole(&self) -> usize {
        self.budget.one_chars
    }

    /// Returns the most characters of a value that is read as a whole text.
    pub(crate) fn max_value(&self) -> usize {
        self.budget.read_one
    }

    /// Returns the most characters of a part that is read, without its mark.
    pub(crate) fn max_part(&self) -> usize {
        self.budget.read_one.saturating_sub(MARK.len())
    }

    /// Returns the most characters of a text that is read out of two cookies.
    pub(crate) fn max_joined(&self) -> usize {
        self.budget.read_both
    }

    /// Returns the most characters of a text that is written, to one cookie or to two.
    pub(crate) fn max_chars(&self) -> usize {
        self.budget.max_chars
    }

    /// Returns the bytes of the Set-Cookie lines around a text of `chars` characters, with the text.
    pub(crate) fn line_bytes(&self, chars: usize) -> usize {
        self.around(self.budget.overhead, chars).saturating_add(chars)
    }

    /// Returns the bytes of the names and values of the cookies that hold a text of `chars` characters.
    pub(crate) fn cookie_bytes(&self, chars: usize) -> usize {
        self.around(self.name().len(), chars).saturating_add(chars)
    }

    /// Returns the most bytes that the Set-Cookie lines may have.
    pub(crate) fn limit(&self) -> usize {
        self.line_bytes(self.budget.max_chars)
    }

    fn around(&self, of_one: usize, chars: usize) -> usize {
        if self.is_split(chars) { of_both(of_one) } else { of_one }
    }

    /// Returns the Cookie header in which a client sends a sealed text back, in one cookie or in two.
    pub(crate) fn header(&self, text: &str) -> String {
        let name = self.name();
        match self.second_name().filter(|_| self.is_split(text.len())) {
            None => format!("{name}={text}"),
            Some(second) => {
                let (one, two) = halves(text);
                format!("{name}={MARK}{one}; {second}={two}")
            }
        }
    }
}
