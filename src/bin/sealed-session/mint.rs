//! `mint`: makes a cookie for tests and support.

use std::time::Duration;

use sealed_session::{Clock, Codec, EncodeError, SessionData, SystemClock, UnixTime};

use crate::facts::{ENDLESS, Facts};
use crate::object::Object;
use crate::outcome::{Failure, Output, Result};
use crate::vars::{KEY, Source, Vars};
use crate::{candidates, instant};

/// Make a cookie, for tests and support, under the key of the variables
///
/// Prints `name=value`, ready for a Cookie header. It opens the application: treat it like a
/// password. A warning goes to standard error if the application would refuse the cookie now.
///
/// The values are in the cookie, also where the variables name a store: the application takes such
/// a cookie, and moves the values into its store with the first change.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  curl -b \"$(sealed-session mint '{\"user_id\":42}')\" http://localhost:3000
  sealed-session mint --flash '{\"notice\":\"Saved\"}' --set-cookie <data.json
  sealed-session mint '{}' --created-at 2026-01-01T00:00:00Z --expires-at 2026-01-02T00:00:00Z   # one that is over"
)]
pub(crate) struct Mint {
    /// The session's values, a JSON object; standard input without it, or with `-`
    #[arg(value_name = "DATA")]
    data: Option<String>,
    /// Its flash values, a JSON object
    #[arg(long, value_name = "JSON")]
    flash: Option<String>,
    /// When the session began: RFC 3339, or seconds since 1970 [default: --issued-at, or now]
    #[arg(long, value_name = "TIME")]
    created_at: Option<String>,
    /// When the cookie was sealed [default: --created-at, or now]
    #[arg(long, value_name = "TIME")]
    issued_at: Option<String>,
    /// When it expires [default: as the variables have it]
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// A cookie that the browser drops when it is closed: without Max-Age
    #[arg(long)]
    browser_session: bool,
    /// The application's schema number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    schema: u8,
    /// Print a Set-Cookie line, with the header's name and the attributes of the variables
    #[arg(long)]
    set_cookie: bool,
    #[command(flatten)]
    source: Source,
}

impl Mint {
    pub(crate) fn run(&self) -> Result {
        let vars = Vars::read(&self.source)?;
        if vars.config()?.has_insecure_key() {
            return Err(Failure::new(format_args!("{} is not set: nobody would open the cookie", vars.full(KEY))));
        }
        let created = time("--created-at", self.created_at.as_deref())?;
        let issued = time("--issued-at", self.issued_at.as_deref())?;
        let expires = time("--expires-at", self.expires_at.as_deref())?;
        let created_at = created.or(issued).unwrap_or_else(|| SystemClock.now());
        let issued_at = issued.unwrap_or(created_at);
        let codec = vars.config()?.schema(self.schema).clock(move || issued_at).build_codec()?;
        let mut data = codec.create().map_err(Failure::new)?;
        self.fill(&mut data)?;
        set_times(&codec, &mut data, [created_at, issued_at], expires).map_err(Failure::new)?;
        data.set_persistent(!self.browser_session);
        let value = codec.encode(&data).map_err(Failure::new)?;
        let cookie = format!("{}={value}", codec.cookie_name());
        let text = if self.set_cookie {
            format!("Set-Cookie: {cookie}{}\n", attributes(&vars, &data)?)
        } else {
            format!("{cookie}\n")
        };
        Ok(Output::fine(text).with_warning(self.warning(&vars, &value)?))
    }

    /// Says why the application refuses the cookie now, if it does.
    fn warning(&self, vars: &Vars, value: &str) -> Result<Option<String>> {
        let refused = vars.config()?.schema(self.schema).build_codec()?.decode(value).err();
        Ok(refused.map(|reason| format!("the application refuses this cookie ({}): {reason}", reason.as_str())))
    }

    fn fill(&self, data: &mut SessionData) -> Result<()> {
        let text = candidates::exact_input(self.data.as_deref())?;
        for (key, json) in object("DATA", &text)?.fields() {
            data.set(key, json).map_err(Failure::new)?;
        }
        let flash = self.flash.as_deref().map(|text| object("--flash", text)).transpose()?.unwrap_or_default();
        for (key, json) in flash.fields() {
            data.set_flash(key, json).map_err(Failure::new)?;
        }
        Ok(())
    }
}

fn set_times(
    codec: &Codec,
    data: &mut SessionData,
    [created_at, issued_at]: [UnixTime; 2],
    expires_at: Option<UnixTime>,
) -> Result<(), EncodeError> {
    data.set_times(created_at, issued_at, expires_at.unwrap_or(issued_at))?;
    if expires_at.is_none() {
        // The codec's clock stands at `issued_at`.
        codec.extend(data);
    }
    Ok(())
}

/// Returns the attributes that follow the value in a Set-Cookie line. They are learned from a session that lives as
/// long as `data`.
fn attributes(vars: &Vars, data: &SessionData) -> Result<String> {
    let left = data.expires_at().as_secs().saturating_sub(data.issued_at().as_secs());
    if left == 0 {
        return Err(Failure::new("--expires-at must be after --issued-at in a Set-Cookie line"));
    }
    let config = vars.config()?.persistent(data.is_persistent()).extend_after(Duration::ZERO);
    Ok(Facts::learn(config.idle_timeout(Duration::from_secs(left)).absolute_timeout(ENDLESS))?.attributes)
}

fn time(option: &str, text: Option<&str>) -> Result<Option<UnixTime>> {
    let time = text.map(instant::parse).transpose();
    time.map_err(|error| Failure::new(format_args!("{option} {error}")))
}

fn object(what: &str, text: &str) -> Result<Object> {
    Object::parse(text).map_err(|error| Failure::new(format_args!("{what} {error}")))
}
