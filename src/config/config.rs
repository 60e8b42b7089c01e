//! [`SessionConfig`]: the methods that set each setting, with its default and its unit.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::former::FormerCookie;
use super::options::Options;
use crate::backend::{FailurePolicy, Placement, Revocations, SessionStore};
use crate::cookie::SameSite;
use crate::crypto::KeyRing;
use crate::data::SessionData;
#[cfg(feature = "dbsc")]
use crate::device_binding::DeviceBinding;
#[cfg(feature = "import")]
use crate::import::PrivateImport;
use crate::observe::Observer;
use crate::session::MismatchPolicy;
use crate::time::{Clock, UnixTime};

/// The settings of a deployment. [`SessionConfig::build`] checks all of them and reports every problem at once; nothing
/// is checked before.
///
/// ```
/// use sealed_session::{Key, SameSite, SessionConfig};
/// use std::time::Duration;
///
/// let manager = SessionConfig::new(Key::generate()?)
///     .cookie_name("__Host-session")
///     .same_site(SameSite::Strict)
///     .idle_timeout(Duration::from_secs(30 * 60))
///     .absolute_timeout(Duration::from_secs(8 * 60 * 60))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SessionConfig {
    pub(super) keys: KeyRing,
    pub(super) options: Options,
}

impl SessionConfig {
    /// Takes the key, or a [`KeyRing`] of several keys. Every other setting has its default.
    ///
    /// ```
    /// use sealed_session::{Key, KeyRing, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).build()?;
    /// assert_eq!(manager.codec().cookie_name(), "tideway_session");
    /// let ring = KeyRing::new(Key::generate()?, vec![Key::generate()?])?;
    /// assert!(SessionConfig::new(ring).build().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(keys: impl Into<KeyRing>) -> Self {
        Self { keys: keys.into(), options: Options::default() }
    }

    /// Sets the name of the cookie, `tideway_session` by default: an RFC 9110 token of 1 to 256 bytes.
    ///
    /// A name that begins with `__Host-` is the best choice: browsers keep such a cookie only if this very host set it,
    /// with Secure and `Path=/` (RFC 6265bis section 4.1.3).
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).cookie_name("__Host-shop").build()?;
    /// assert_eq!(manager.codec().cookie_name(), "__Host-shop");
    /// assert!(SessionConfig::new(Key::generate()?).cookie_name("my shop").build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.options.cookie_name = name.into();
        self
    }

    /// Sets the Path attribute, `/` by default: up to 1024 bytes of ASCII that begin with `/`, without `;`.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).path("/shop").build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.contains("; Path=/shop;"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.options.path = path.into();
        self
    }

    /// Sets the Domain attribute to a host name. By default there is none, and browsers send the cookie to this host
    /// alone.
    ///
    /// With a Domain, every host below that name gets the cookie, and can plant another cookie of the same name.
    ///
    /// Browsers ignore a cookie for a public suffix, a name under which anyone can register, such as `com` or `co.uk`.
    /// A single label is refused, except `localhost`. Longer public suffixes are not checked, since the list of them
    /// changes weekly: with `co.uk`, no browser keeps the cookie. Nor is it checked that the Domain is the host that
    /// serves the application, or one above it.
    ///
    /// A logout and a login also delete the cookie of this name that has no Domain. So a Domain can be added to a site
    /// whose visitors have cookies already. To take a Domain away or to change it, name it with
    /// [`SessionConfig::formerly`].
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).domain("example.com").build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.contains("; Domain=example.com;"));
    /// assert!(SessionConfig::new(Key::generate()?).domain("com").build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.options.domain = Some(domain.into());
        self
    }

    /// Sets whether the cookie has the Secure attribute, on by default: browsers then send it only over https, and to
    /// localhost.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).secure(false).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(!set_cookie.contains("; Secure"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.options.secure = secure;
        self
    }

    /// Sets whether the cookie has the `HttpOnly` attribute, on by default: scripts in the page then can't read the
    /// cookie.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).http_only(false).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(!set_cookie.contains("; HttpOnly"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.options.http_only = http_only;
        self
    }

    /// Sets the `SameSite` attribute, [`SameSite::Lax`] by default.
    ///
    /// ```
    /// use sealed_session::{Key, SameSite, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).same_site(SameSite::Strict).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.contains("; SameSite=Strict;"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.options.same_site = same_site;
        self
    }

    /// Sets whether the cookie has the Partitioned attribute (CHIPS), off by default: browsers then keep one cookie for
    /// each site that embeds this one.
    ///
    /// ```
    /// use sealed_session::{Key, SameSite, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).partitioned(true).same_site(SameSite::None).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.contains("; Partitioned;"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.options.partitioned = partitioned;
        self
    }

    /// Adds a form in which the session cookie was set before: with another name, Path or Domain, or with Partitioned
    /// where it has none now. There may be several. By default there is none.
    ///
    /// A browser takes the cookie of the new form for another one, and keeps the old one beside it. Both are good, and
    /// the newer one counts. Without this setting, a logout deletes the new one alone, and the visitor is still logged
    /// in by the old one. With it, every logout deletes the cookie in each form that it had, and so does every login,
    /// which is a Set-Cookie after [`Session::regenerate`](crate::Session::regenerate). Each form is one more
    /// Set-Cookie line of a login or a logout, or two if it had a Domain, of about 130 bytes each; with
    /// [`SessionConfig::two_cookies`] there are twice as many.
    ///
    /// Keep a former cookie in the configuration until the last cookie of that form is over: for the idle timeout from
    /// the change on, or for the absolute timeout if your code calls [`Session::extend`](crate::Session::extend) or
    /// [`Session::set_idle_timeout`](crate::Session::set_idle_timeout).
    ///
    /// ```
    /// use sealed_session::{FormerCookie, Key, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).path("/app");
    /// let manager = config.formerly(FormerCookie::new("tideway_session").path("/")).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.regenerate()?; // the login
    /// session.set("user_id", 42)?;
    /// let set_cookies: Vec<_> = manager.commit(&session)?.into_iter().collect();
    /// assert!(set_cookies[0].contains("; Path=/; Max-Age=0;"));
    /// assert!(set_cookies[1].contains("; Path=/app; Max-Age=86400"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn formerly(mut self, cookie: FormerCookie) -> Self {
        self.options.former.push(cookie);
        self
    }

    /// Sets whether new sessions outlive the browser, on by default: their cookies then have a Max-Age attribute,
    /// without which browsers drop a cookie when they are closed.
    /// [`Session::set_persistent`](crate::Session::set_persistent) decides for one session.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).persistent(false).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(!set_cookie.contains("Max-Age"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.options.persistent = persistent;
        self
    }

    /// Sets whether a new session in which nothing was stored gets a cookie when a request looked at it, off by
    /// default, so that no visitor is given a cookie without need. Such a session is called a pre-session; the next
    /// requests find its id.
    ///
    /// The lifetime of a pre-session begins when it gets its cookie. It replaces a refused cookie that no node would
    /// open, and one whose record is gone. A refused cookie is left alone if another node may open it
    /// ([`DecodeError::may_open_elsewhere`](crate::DecodeError::may_open_elsewhere)) or if its session was revoked.
    /// The cookie of a session that the handler destroyed is deleted. CSRF protection needs no pre-session:
    /// [`Session::csrf_token`](crate::Session::csrf_token) stores the token, and so makes a session that is kept.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).save_uninitialized(true).build()?;
    /// let session = manager.load(None::<&str>);
    /// assert!(manager.commit(&session)?.is_empty(), "nobody looked at it");
    /// let id = session.id()?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert_eq!(session.id()?, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "pre_session")]
    pub fn save_uninitialized(mut self, save: bool) -> Self {
        self.options.save_uninitialized = save;
        self
    }

    /// Sets how long a session lives unused, in whole seconds, 24 hours by default.
    ///
    /// A lower value holds for sessions that are created or regenerated from then on. A session whose cookie was sent
    /// before keeps the expiry that it has, so that a longer life given by [`Session::extend`](crate::Session::extend)
    /// is kept too. To end such sessions, lower [`SessionConfig::absolute_timeout`] or set
    /// [`SessionConfig::not_before`].
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// use std::time::Duration;
    /// let idle = Duration::from_secs(30 * 60);
    /// let codec = SessionConfig::new(Key::generate()?).idle_timeout(idle).build_codec()?;
    /// let data = codec.create()?;
    /// assert_eq!(Some(data.expires_at()), data.created_at().checked_add(idle));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "ttl")]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.options.idle_timeout = timeout;
        self
    }

    /// Sets how long a session lives at most, in whole seconds, 30 days by default. The time counts from its creation
    /// or from its last [`Session::regenerate`](crate::Session::regenerate). A lower value holds for every session,
    /// also for those whose cookies were sent before.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// use std::time::Duration;
    /// let absolute = Duration::from_secs(7 * 24 * 60 * 60);
    /// let manager = SessionConfig::new(Key::generate()?).absolute_timeout(absolute).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.extend(2 * absolute)?;
    /// assert_eq!(Some(session.expires_at()), session.created_at().checked_add(absolute));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "max_lifetime")]
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.options.absolute_timeout = timeout;
        self
    }

    /// Sets how old a cookie must be, in whole seconds, before a request that looks at the session seals it again, so
    /// that its idle timeout starts anew. The default is 10 % of the idle timeout, but at least 60 seconds, and at most
    /// half of the idle timeout.
    ///
    /// A session may end this much sooner than an idle timeout after its last use, because a request before this age
    /// does not move the expiry. With zero, every request that looks at the session seals it again, as long as that
    /// moves the expiry.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let config = SessionConfig::new(Key::generate()?).extend_after(Duration::from_secs(300));
    /// let manager = config.clock(move || at(10_300)).build()?;
    /// for (issued_at, is_due) in [(10_000, true), (10_001, false)] {
    ///     let data = SessionData::new(at(issued_at), Duration::from_secs(3600))?;
    ///     let session = manager.load([format!("tideway_session={}", manager.codec().encode(&data)?)]);
    ///     assert!(session.is_empty(), "this looks at the session");
    ///     assert_eq!(!manager.commit(&session)?.is_empty(), is_due);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "rolling")]
    #[doc(alias = "sliding")]
    pub fn extend_after(mut self, age: Duration) -> Self {
        self.options.extend_after = Some(age);
        self
    }

    /// Sets how far in the future a cookie may have been issued, in whole seconds, 60 by default and a day at most, so
    /// that servers whose clocks differ accept each other's cookies.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let config = SessionConfig::new(Key::generate()?).clock_skew(Duration::from_secs(5));
    /// let codec = config.clock(move || at(10_000)).build_codec()?;
    /// let sealed_at = |seconds| codec.encode(&SessionData::new(at(seconds), Duration::from_secs(3600))?);
    /// assert!(codec.decode(&sealed_at(10_005)?).is_ok());
    /// assert!(codec.decode(&sealed_at(10_006)?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "leeway")]
    pub fn clock_skew(mut self, skew: Duration) -> Self {
        self.options.clock_skew = skew;
        self
    }

    /// Refuses every session that was created before this time, which logs everyone out. By default there is no such
    /// time. Until a time in the future has come, the sessions of new logins are refused too.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let config = SessionConfig::new(Key::generate()?).not_before(at(10_000));
    /// let codec = config.clock(move || at(10_060)).build_codec()?;
    /// let created_at = |seconds| codec.encode(&SessionData::new(at(seconds), Duration::from_secs(3600))?);
    /// assert!(codec.decode(&created_at(10_000)?).is_ok());
    /// assert!(codec.decode(&created_at(9_999)?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn not_before(mut self, time: UnixTime) -> Self {
        self.options.not_before = time;
        self
    }

    /// Sets the audience, empty by default and up to 65535 bytes. It separates applications that share a key: a cookie
    /// that was sealed for one audience is refused by every other.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, SessionConfig};
    /// # let key = || Key::from_hex("9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988");
    /// let shop = SessionConfig::new(key()?).audience("shop").build_codec()?;
    /// let forum = SessionConfig::new(key()?).audience("forum").build_codec()?;
    /// let value = shop.encode(&shop.create()?)?;
    /// assert_eq!(forum.decode(&value), Err(DecodeError::NotAuthentic));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.options.audience = audience.into();
        self
    }

    /// Pads the session to a multiple of this many bytes, 32 by default and from 1 to 1024, so that the length of the
    /// cookie says little about what is in it. With 1 nothing is padded.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).padding_block(128).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user", "Ada")?;
    /// let bytes = session.cookie_bytes();
    /// session.set("user", "Grace Hopper")?;
    /// assert_eq!(session.cookie_bytes(), bytes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn padding_block(mut self, bytes: usize) -> Self {
        self.options.padding_block = bytes;
        self
    }

    /// Sets the most bytes that the whole Set-Cookie text may have, 3500 by default. With the other headers of a
    /// response, such a text stays under the 4096 bytes of nginx's default proxy buffer, beyond which nginx answers
    /// 502.
    ///
    /// Whatever is set here, name and value together never exceed the 4096 bytes that browsers keep (RFC 6265bis
    /// section 5.6). With [`SessionConfig::two_cookies`] the limit holds for each of the two texts.
    ///
    /// ```
    /// use sealed_session::{EncodeError, Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).max_cookie_bytes(1000).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("draft", "x".repeat(1000))?;
    /// assert!(matches!(manager.commit(&session), Err(EncodeError::TooLarge { limit: 1000, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_cookie_bytes(mut self, bytes: usize) -> Self {
        self.options.max_cookie_bytes = bytes;
        self
    }

    /// Sets whether a session that does not fit into one cookie may take two, off by default. The second cookie has the
    /// name of the first with `-2` behind it.
    ///
    /// With the other defaults a session then holds 5,055 bytes of entries, and not 2,463, since each of the two
    /// Set-Cookie texts keeps to [`SessionConfig::max_cookie_bytes`]. Whatever is set there, both names and values
    /// together never exceed 7,600 bytes, because servers and clients drop or refuse more than some 8,000 bytes of
    /// cookies, and a site has other cookies too. With the name and the padding of the defaults, 7,600 bytes hold 5,567
    /// bytes of entries. A response with both cookies is more than nginx takes by default (`proxy_buffer_size`,
    /// [docs/operations.md](crate::_docs::operations)).
    ///
    /// One seal covers both parts, so that two parts that don't belong together are no session
    /// ([`DecodeError::Incomplete`](crate::DecodeError::Incomplete)). Every request carries both cookies: if the values
    /// are much larger, or few requests need them, keep only their id in the session. Only a server that allows two
    /// cookies reads them, so turn this on everywhere before sessions grow. Turning it off again logs out the sessions
    /// that take two cookies.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).two_cookies(true).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("draft", "x".repeat(4000))?;
    /// let set_cookies = manager.commit(&session)?;
    /// let names: Vec<_> = set_cookies.iter().filter_map(|line| line.split('=').next()).collect();
    /// assert_eq!(names, ["tideway_session-2", "tideway_session"]);
    /// assert!(manager.load(set_cookies).contains("draft")); // the next request brings both back
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "chunk")]
    #[doc(alias = "split")]
    pub fn two_cookies(mut self, allowed: bool) -> Self {
        self.options.two_cookies = allowed;
        self
    }

    /// Sets the number of the schema in which the application keeps its values in a session, 0 by default. A cookie of
    /// another schema goes through [`SessionConfig::migrate`] or is refused.
    ///
    /// ```
    /// use sealed_session::{EncodeError, Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).schema(2).build_codec()?;
    /// let mut data = codec.create()?;
    /// assert_eq!(data.schema(), 2);
    /// data.set_schema(1);
    /// assert_eq!(codec.encode(&data), Err(EncodeError::Schema { found: 1, expected: 2 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schema(mut self, schema: u8) -> Self {
        self.options.schema = schema;
        self
    }

    /// Sets the function that changes a session of another schema to the configured schema. By default there is none,
    /// and such a session is refused.
    ///
    /// The function gets the schema that the cookie has. It is called once, when the session is opened, and the session
    /// is then sealed again with the configured schema. If the function returns an error, the cookie is refused. It can
    /// change the values only: the id and the times stay what they were.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?)
    ///     .schema(1)
    ///     .migrate(|from, data| {
    ///         if from != 0 {
    ///             return Err(format!("schema {from} is newer than this release").into());
    ///         }
    ///         let name: Option<String> = data.remove("user_name")?;
    ///         data.set("name", name.unwrap_or_default())?;
    ///         Ok(())
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn migrate<F>(mut self, migrate: F) -> Self
    where
        F: Fn(u8, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    {
        self.options.migrate = Some(Arc::new(migrate));
        self
    }

    /// Binds sessions to the devices of their browsers (Device Bound Session Credentials, W3C draft), so that a copied
    /// cookie stops working within minutes. By default no session is bound. Feature `dbsc`, experimental: this part of
    /// the API may change in any release.
    ///
    /// The cookie must have Secure, `Path=/` and no Domain, `SameSite` must be Lax or Strict, and Partitioned must be
    /// off. A second cookie is set, whose name is that of the session cookie with `-bound` behind it.
    ///
    /// A login must call [`Session::regenerate`](crate::Session::regenerate), since its response offers the binding.
    /// docs/device-bound.md says what is guaranteed and what is not.
    ///
    /// ```
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new());
    /// assert!(config.build().is_ok());
    /// let config = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new());
    /// let error = config.domain("example.com").build().unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "domain");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    #[must_use]
    pub fn device_binding(mut self, binding: DeviceBinding) -> Self {
        self.options.device_binding = Some(binding);
        self
    }

    /// Sets the clock that the time is read from, [`SystemClock`](crate::SystemClock) by default.
    ///
    /// A list, or a [`MemoryStore`](crate::MemoryStore), removes old entries by itself and reads a clock for that. What
    /// the environment names reads this one. If the code makes the list or the store, give it the same clock, for
    /// instance by `SqliteRevocations::clock`: with a clock that is far ahead, a list forgets logouts, and a store
    /// sessions.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// let now = UnixTime::from_secs(1_700_000_000).unwrap();
    /// let codec = SessionConfig::new(Key::generate()?).clock(move || now).build_codec()?;
    /// assert_eq!(codec.create()?.created_at(), now);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.options.clock = Arc::new(clock);
        self.options.backend_clock.set(Arc::clone(&self.options.clock));
        self
    }

    /// Adds an observer that is told what becomes of the cookies. By default there is none. If there are several, each
    /// of them gets every event, in the order in which they were added.
    ///
    /// ```
    /// use sealed_session::{Counters, Key, SessionConfig};
    /// let counters = Counters::new();
    /// let manager = SessionConfig::new(Key::generate()?).observer(counters.clone()).build()?;
    /// let session = manager.load(["tideway_session=forged"]);
    /// assert!(session.is_empty());
    /// assert_eq!(counters.snapshot().refusals("malformed"), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.options.observers.add(observer);
        self
    }

    /// Keeps the values of every session in this store. The cookie is still sealed, but holds only the id and the
    /// times. By default there is no store, and the cookie holds everything.
    ///
    /// With a store, load and commit a session by the methods that ask the store, as the adapters do:
    /// [`SessionManager::load_async`](crate::SessionManager::load_async) and
    /// [`commit_async`](crate::SessionManager::commit_async). A session that came by
    /// [`load`](crate::SessionManager::load) is refused. A session in a store may hold 65,535 bytes of entries. A
    /// cookie that was sealed with its values in it, before there was a store, still opens, and its values move into
    /// the store with the next change. The store is asked about it, so that it ends with its session.
    ///
    /// Of two requests that write, both writes stay, key by key; of one key the later commit wins.
    ///
    /// ```
    /// use sealed_session::{Key, MemoryStore, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).store(MemoryStore::new()).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("draft", "x".repeat(10_000))?;
    /// let set_cookie = manager.commit_async(&session).await?.into_iter().next().unwrap();
    /// assert!(set_cookie.len() < 300);
    ///
    /// let session = manager.load_async([set_cookie]).await?;
    /// assert_eq!(session.get::<String>("draft")?.unwrap().len(), 10_000);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn store(self, store: impl SessionStore + 'static) -> Self {
        self.placed(Placement::Store, store)
    }

    /// Keeps the values of a session in its cookie while they fit, and in this store while they don't. By default there
    /// is no store.
    ///
    /// As with [`SessionConfig::store`], load and commit a session by the methods that ask the store. The store is not
    /// asked about a session whose values are in its cookie, so a copy of such a cookie outlives a logout unless there
    /// is a list of revocations. A session that came into the store stays there until it is regenerated or ends.
    ///
    /// ```
    /// use sealed_session::{Key, MemoryStore, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).spill(MemoryStore::new()).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("draft", "x".repeat(1_000))?;
    /// assert!(manager.commit_async(&session).await?.iter().next().unwrap().len() > 1_000, "in the cookie");
    /// session.set("draft", "x".repeat(10_000))?;
    /// assert!(manager.commit_async(&session).await?.iter().next().unwrap().len() < 300, "in the store");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn spill(self, store: impl SessionStore + 'static) -> Self {
        self.placed(Placement::Spill, store)
    }

    fn placed(mut self, placement: Placement, store: impl SessionStore + 'static) -> Self {
        self.options.backend.placement = placement;
        self.options.backend.store = Some(Arc::new(store));
        self
    }

    /// Asks this list about every session that opens, before the handler runs. Sessions that
    /// [`Session::destroy`](crate::Session::destroy) and [`Session::regenerate`](crate::Session::regenerate) end are
    /// put on the list, so that a logout also ends every copy of the cookie, and every session that another request
    /// makes from it meanwhile. By default there is no list.
    ///
    /// With a list, load and commit a session by the methods that ask the list, as the adapters do:
    /// [`SessionManager::load_async`](crate::SessionManager::load_async) and
    /// [`commit_async`](crate::SessionManager::commit_async). A session that came by
    /// [`load`](crate::SessionManager::load) is refused.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new()).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let stolen = manager.commit_async(&session).await?.into_iter().next().unwrap();
    /// session.destroy();
    /// let _ = manager.commit_async(&session).await?;
    /// assert_eq!(manager.load_async([stolen]).await?.rejected(), Some(DecodeError::Revoked));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn revocations(mut self, revocations: impl Revocations + 'static) -> Self {
        self.options.backend.revocations = Some(Arc::new(revocations));
        self
    }

    /// Sets how long this manager may use an answer of the list of revocations again, in whole seconds up to an hour.
    /// By default it never does, and asks the list about every session that opens.
    ///
    /// Only the answer that a session is not revoked counts, for that session and its subject. So **a logout or a ban
    /// that another process records takes effect here up to this much later**; one that this manager or a clone of it
    /// records takes effect here at once. While the list fails, sessions with such an answer go on for so long. At most
    /// 65,536 answers are kept.
    ///
    /// A request that changes or regenerates its session asks the list all the same, and so do
    /// [`SessionManager::revoke_others`](crate::SessionManager::revoke_others) and
    /// [`SessionManager::begin_login`](crate::SessionManager::begin_login). A route that must not go by an old answer
    /// calls [`SessionManager::recheck`](crate::SessionManager::recheck). The window counts by the clock of
    /// [`SessionConfig::clock`].
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig, UnixTime};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let key = || Key::from_hex("9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988");
    /// let list = Arc::new(MemoryRevocations::new());
    /// let config = || Ok::<_, sealed_session::KeyError>(SessionConfig::new(key()?).revocations(Arc::clone(&list)));
    /// let (here, elsewhere) = (config()?.recheck_after(Duration::from_secs(60)).build()?, config()?.build()?);
    /// let session = here.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let cookies: Vec<_> = here.commit_async(&session).await?.into_iter().collect();
    ///
    /// assert!(here.load_async(&cookies).await?.contains("user_id")); // asks, and remembers the answer
    /// elsewhere.revoke(session.id()?, UnixTime::MAX).await?;
    /// let session = here.load_async(&cookies).await?;
    /// assert!(session.contains("user_id"), "for up to a minute");
    /// assert_eq!(here.recheck(&session).await?, Some(DecodeError::Revoked)); // a sensitive route
    /// assert_eq!(here.load_async(&cookies).await?.rejected(), Some(DecodeError::Revoked), "and now it is known here");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn recheck_after(mut self, window: Duration) -> Self {
        self.options.recheck_after = window;
        self
    }

    /// Sets the key of the entry that says whose session it is, such as `user_id`: 1 to 127 bytes.
    /// [`SessionManager::revoke_subject`](crate::SessionManager::revoke_subject) ends sessions by the value of this
    /// entry, where there is a list of revocations. By default there is no such entry. Needs a list or a store.
    ///
    /// Set it with every backend. A session without the entry is nobody's, so that both requests of a login that is
    /// clicked twice succeed; without this setting, any value makes a session somebody's, and one of the two is
    /// [`EncodeError::Ended`](crate::EncodeError::Ended).
    ///
    /// If there is a list, a session whose entry gets another value, or loses it, goes on under a new id, as if it were
    /// regenerated: no cookie of the former subject becomes a cookie of the new one.
    ///
    /// ```
    /// use sealed_session::{Key, MemoryRevocations, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new()).subject("user_id");
    /// assert!(config.build().is_ok());
    /// assert!(SessionConfig::new(Key::generate()?).subject("user_id").build().is_err(), "there is no backend to ask");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn subject(mut self, key: impl Into<String>) -> Self {
        self.options.backend.subject = Some(key.into());
        self
    }

    /// Sets what becomes of a session whose values do not make the type of a [`Typed`](crate::Typed),
    /// [`MismatchPolicy::Fail`] by default. [docs/values.md](crate::_docs::values) shows what to try before
    /// [`MismatchPolicy::BeginAnew`]: defaults, and [`SessionConfig::schema`] with [`SessionConfig::migrate`].
    ///
    /// ```
    /// use sealed_session::{Key, MismatchPolicy, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).on_mismatch(MismatchPolicy::BeginAnew);
    /// assert!(config.build().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_mismatch(mut self, policy: MismatchPolicy) -> Self {
        self.options.on_mismatch = policy;
        self
    }

    /// Sets what happens to a request while the store or the list of revocations fails, [`FailurePolicy::Refuse`] by
    /// default.
    ///
    /// ```
    /// use sealed_session::{FailurePolicy, Key, MemoryRevocations, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// assert!(config.on_backend_failure(FailurePolicy::Admit).build().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_backend_failure(mut self, policy: FailurePolicy) -> Self {
        self.options.backend.policy = policy;
        self
    }

    /// Adds an import: when no cookie of this crate opens, the session is read from the old cookie of another crate;
    /// see [`import`](crate::import). By default there is none. Feature `import`.
    ///
    /// Each import costs a request one more scan of its Cookie headers, and nothing else once the old cookie is gone.
    ///
    /// ```
    /// use sealed_session::import::{self, ImportKey, PrivateImport};
    /// use sealed_session::{Key, SessionConfig, Status};
    /// # let old_key: Vec<u8> = (0..64).collect();
    /// # let mut jar = cookie::CookieJar::new();
    /// # jar.private_mut(&cookie::Key::from(&old_key)).add(("cart", r#"{"items":["apple"]}"#));
    /// # let old_cookie = jar.get("cart").unwrap().to_string();
    /// let cart = PrivateImport::new(ImportKey::from_bytes(&old_key)?, "cart", import::json_object);
    /// let manager = SessionConfig::new(Key::generate()?).import(cart).build()?;
    /// let session = manager.load([old_cookie]);
    /// assert_eq!(session.get::<Vec<String>>("items")?.unwrap(), ["apple"]);
    /// assert_eq!(session.status(), Status::Changed, "so it is sealed as ours");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "import")]
    #[cfg_attr(docsrs, doc(cfg(feature = "import")))]
    #[must_use]
    pub fn import(mut self, import: PrivateImport) -> Self {
        self.options.imports.push(Arc::new(import));
        self
    }

    /// True when the key was made up for this run, because none was given and `TIDEWAY_SESSION_ALLOW_INSECURE_KEY`
    /// allows that. Then no session outlives the process, and no other node opens one.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let config = SessionConfig::from_vars("SHOP_", [("SHOP_SESSION_ALLOW_INSECURE_KEY", "true")])?;
    /// assert!(config.has_insecure_key());
    /// assert!(!SessionConfig::new(Key::generate()?).has_insecure_key());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn has_insecure_key(&self) -> bool {
        self.options.insecure_key
    }
}

impl fmt::Debug for SessionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionConfig").field("keys", &self.keys).field("options", &self.options).finish()
    }
}
