//! [`Typed`]: the session as a type of the application's, and why a framework could not hand out a session.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::session::Session;
use crate::error::ValueError;

/// All values of the session as one `T`, which [`Typed::save`] writes back.
///
/// An extractor of axum and actix-web and a request guard of Rocket; [`Typed::new`] is for everything else. `T` is the
/// whole content: a value that it has no field for goes when it is saved ([`Session::set_data`]), unless a flattened map
/// keeps it. Give its fields defaults, or a visitor without a session is an error. Flash values are apart.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use sealed_session::Typed;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Deserialize, Serialize)]
/// #[serde(default)]
/// struct Visitor {
///     name: Option<String>,
///     visits: u32,
///     #[serde(flatten)]
///     rest: BTreeMap<String, serde_json::Value>, // what other handlers store
/// }
///
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("cart", ["apple"])?;
/// let mut visitor = Typed::<Visitor>::new(session.clone())?; // in a handler: (mut visitor: Typed<Visitor>)
/// visitor.visits += 1;
/// visitor.save()?;
/// assert_eq!(session.get("visits")?, Some(1));
/// assert!(session.contains("cart"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Typed<T> {
    session: Session,
    value: T,
}

impl<T> Typed<T> {
    /// Reads the session.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when its values don't make a `T`.
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
        Ok(Self { value: session.data()?, session })
    }

    /// Makes the value, as it is now, all that the session holds. Without this call a change of it is in no cookie.
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
    pub fn save(&self) -> Result<(), ValueError>
    where
        T: Serialize,
    {
        self.session.set_data(&self.value)
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
