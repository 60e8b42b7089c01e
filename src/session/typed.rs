//! [`Typed`]: the session as a type of the application's.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::mismatch::MismatchPolicy;
use super::session::Session;
use crate::data::{Fields, SessionData, are_one_field, differing, from_entries, to_fields};
use crate::error::ValueError;
use crate::format::Namespace;
use crate::observe::Event;

/// The values of the session as one `T`, of which [`Typed::save`] writes back what changed.
///
/// An extractor of axum and actix-web and a request guard of Rocket; [`Typed::new`] is for everything else. Each field
/// is the value with its name. Values that `T` has no field for stay as they are, and so do flash values. Give its
/// fields defaults: without them, a visitor without a session is an error. [`MismatchPolicy`] says what becomes of a
/// session whose values do not make a `T`.
///
/// ```
/// use sealed_session::Typed;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Deserialize, Serialize)]
/// #[serde(default)]
/// struct Visitor {
///     name: Option<String>,
///     visits: u32,
/// }
///
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("cart", ["apple"])?;
/// let mut visitor = Typed::<Visitor>::new(session.clone())?; // in a handler: (mut visitor: Typed<Visitor>)
/// session.set("name", "Ada")?; // meanwhile, by another part of the program
/// visitor.visits += 1;
/// visitor.save()?;
/// assert_eq!(session.get("visits")?, Some(1));
/// assert_eq!(session.get("name")?, Some("Ada".to_owned()), "this field of the visitor did not change");
/// assert!(session.contains("cart"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Typed<T> {
    session: Session,
    value: T,
    base: Base,
}

/// The values that a change is told by.
#[derive(Clone)]
enum Base {
    /// The session as it was read. Its fields are found when they are needed, so that reading alone costs nothing more.
    Read(SessionData),
    /// The fields as they were saved last.
    Saved(Fields),
}

impl<T> Typed<T> {
    /// Reads the session.
    ///
    /// # Errors
    /// Those of [`Session::data`], when its values don't make a `T`. Under [`MismatchPolicy::BeginAnew`] the session
    /// begins anew instead, if a `T` can be made of no values.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("visits", 2)?;
    /// let counts = sealed_session::Typed::<BTreeMap<String, u32>>::new(session.clone())?;
    /// assert_eq!(counts["visits"], 2);
    /// assert!(sealed_session::Typed::<BTreeMap<String, bool>>::new(session).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(session: Session) -> Result<Self, ValueError>
    where
        T: DeserializeOwned,
    {
        loop {
            let read = session.contents();
            let error = match read.data() {
                Ok(value) => return Ok(Self { session, value, base: Base::Read(read) }),
                Err(error) => error,
            };
            let policy = session.shared.engine.on_mismatch;
            if policy == MismatchPolicy::Fail || from_entries::<T>(&std::iter::empty()).is_err() {
                return Err(error);
            }
            // Another thread of this request may have changed the session meanwhile. Then it is read once more.
            session.begin_anew(&read, error);
        }
    }

    /// Writes back the fields that changed since the session was read, or since they were last saved. A field that is
    /// `None` now, and an element that a map has no more, is removed. A field that was read by its
    /// `#[serde(alias = "..")]` is written under its name, and the value under the alias goes. Without this call a
    /// change is in no cookie.
    ///
    /// Whatever else the session holds by now stays: values that another part of the program stored meanwhile, and
    /// fields that another `Typed` of this request saved. If both changed one field, the last call counts.
    ///
    /// # Errors
    /// As for [`Session::set_data`]; nothing is changed then.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// let mut counts = sealed_session::Typed::<BTreeMap<String, u32>>::new(session.clone())?;
    /// counts.insert("visits".to_owned(), 1);
    /// assert!(session.is_empty(), "it is not saved yet");
    /// counts.save()?;
    /// assert_eq!(session.get("visits")?, Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&mut self) -> Result<(), ValueError>
    where
        T: DeserializeOwned + Serialize,
    {
        let now = to_fields(&self.value)?;
        let before = match &self.base {
            // A default that is another one each time, such as a random token, differs here, and so it is stored.
            Base::Read(read) => Cow::Owned(to_fields(&read.data::<T>()?)?),
            Base::Saved(saved) => Cow::Borrowed(saved),
        };
        let (changed, mut gone) = differing(&before, now.clone());
        gone.extend(self.aliases(&before, &changed, &gone));
        self.session.change(|data| data.put_fields(Namespace::Data, &changed, &gone))?;
        self.base = Base::Saved(now);
        Ok(())
    }

    /// Returns the keys of the values that are a field under an alias, where the field changed or is gone. Beside a
    /// value under the name of the field, `T` would refuse such a value from then on.
    fn aliases(&self, before: &Fields, changed: &Fields, gone: &[String]) -> Vec<String>
    where
        T: DeserializeOwned,
    {
        let session = self.session.contents();
        let fields: HashMap<&str, &str> =
            before.iter().chain(changed).map(|(key, json)| (key.as_str(), json.as_str())).collect();
        let values: HashSet<&str> = session.values(Namespace::Data).map(|(key, _)| key).collect();
        let others: Vec<&str> = values.iter().filter(|key| !fields.contains_key(*key)).copied().collect();
        if others.is_empty() {
            return Vec::new();
        }
        let touched = changed.iter().map(|(key, _)| key).chain(gone).map(String::as_str);
        let unread: Vec<_> =
            touched.filter(|key| !values.contains(key)).filter_map(|key| fields.get_key_value(key)).collect();
        let is_alias = |other: &str| unread.iter().any(|(field, json)| are_one_field::<T>(field, other, json));
        others.into_iter().filter(|other| is_alias(other)).map(str::to_owned).collect()
    }

    /// The session that it was read from, for everything that is no value: flash values, login, logout.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// let counts = sealed_session::Typed::<BTreeMap<String, u32>>::new(session.clone())?;
    /// counts.session().set_flash("notice", "Counted")?;
    /// assert_eq!(session.take_flash("notice")?, Some("Counted".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The value alone.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("visits", 2)?;
    /// let counts = sealed_session::Typed::<BTreeMap<String, u32>>::new(session)?.into_inner();
    /// assert_eq!(counts, BTreeMap::from([("visits".to_owned(), 2)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl Session {
    /// Ends this session, whose values do not make the type that was asked for, if they still are `read`.
    fn begin_anew(&self, read: &SessionData, error: ValueError) {
        let is_current = self.with(|state, engine| {
            let is_current = state.data.content() == read.content();
            if is_current {
                state.destroy(engine);
            }
            is_current
        });
        if is_current {
            let observers = &self.shared.engine.observers;
            observers.tell_noted(observers.note(|| Event::BegunAnew { error }));
        }
    }
}

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Typed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Shows no value, whatever `T` would show.
impl<T> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("session", &self.session).finish_non_exhaustive()
    }
}
