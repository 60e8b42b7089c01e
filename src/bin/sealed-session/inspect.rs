//! `inspect`: shows what is in a cookie, and says whether the application would accept it.

use std::fmt::Write;

use crate::judge::Judge;
use crate::object::Object;
use crate::outcome::{Failure, Output, Result};
use crate::vars::{Source, Vars};
use crate::{candidates, instant, shown};

/// Show what is in a cookie, and why it is accepted or refused
///
/// Takes the value of a cookie, a Cookie or Set-Cookie header with or without the header's name,
/// all headers of a message, as `curl -si` and `curl -v` print them, or a cookie jar of curl. Each
/// cookie of the configured name is shown, and judged as if all of them came in one request. A
/// session in two cookies is read if both are there.
///
/// Without a key it shows what anyone can see: version, key id, size, and what is wrong on sight.
/// With the key from the variables it shows the session too, also one that is over. The output
/// then holds what the session holds. It does not ask a store: a cookie without values may be
/// that of a session whose values are there.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Exit codes:
  0  a cookie would be accepted (without a key: nothing is wrong with it on sight)
  1  no cookie would be accepted
  2  the arguments, the environment or the input are wrong

Examples:
  sealed-session inspect 'Cookie: theme=dark; tideway_session=AfV8ds5A...'
  sealed-session inspect --env-file .env --at 2026-01-31T12:00:00Z <cookie.txt
  curl -si https://example.com | sealed-session inspect --json | jq '.cookies[].session.data'"
)]
pub(crate) struct Inspect {
    /// The cookie; standard input without it, or with `-`
    #[arg(value_name = "COOKIE")]
    cookie: Option<String>,
    /// Judge it at TIME: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The name of the cookie, if it is not the configured one
    #[arg(long)]
    name: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result {
        let at = self.at.as_deref().map(instant::parse).transpose();
        let at = at.map_err(|error| Failure::new(format_args!("--at {error}")))?;
        let judge = Judge::new(Vars::read(&self.source)?, self.name.clone(), at)?;
        let text = candidates::input(self.cookie.as_deref())?;
        let found = candidates::find(&text, judge.cookie_name())?;
        let (verdict, cookies) = judge.judge(&found)?;
        let now = judge.now;
        if self.json {
            let cookies: Vec<_> = cookies.iter().map(|cookie| shown::json(cookie, now)).collect();
            let report = Object::default()
                .with("name", judge.cookie_name())
                .with("now", instant::json(now, now))
                .with("cookies", cookies);
            return Ok(Output::new(verdict, report.line()));
        }
        let mut report = String::new();
        for (number, cookie) in (1..).zip(&cookies) {
            if cookies.len() > 1 {
                let gap = if number > 1 { "\n" } else { "" };
                // Writing to a String never fails.
                let _ = writeln!(report, "{gap}cookie {number} of {}", cookies.len());
            }
            report.push_str(&shown::text(cookie, now));
        }
        Ok(Output::new(verdict, report))
    }
}
