//! The way in, first half: the Cookie headers of a request are looked through once, and what came is kept until
//! somebody asks.

use std::sync::Arc;

#[cfg(feature = "dbsc")]
use super::bound_cookies::BoundCookies;
use super::engine::Engine;
use super::session::Session;
use super::shared::{Shared, TOO_LONG};
#[cfg(feature = "tower")]
use crate::cookie::SetCookies;
use crate::cookie::{SecondParts, header};
use crate::import::OldCookies;

impl Session {
    /// The session of a request. Every header value is looked through once, and no cookie is opened.
    pub(crate) fn load<H: AsRef<[u8]>>(engine: &Arc<Engine>, cookie_headers: impl IntoIterator<Item = H>) -> Self {
        let mut shared: Option<Arc<Shared>> = None;
        let mut second_parts: Option<Box<SecondParts>> = None;
        let mut old = OldCookies::default();
        let names = [Some(engine.cookies.name()), engine.cookies.second_name()];
        #[cfg(feature = "dbsc")]
        let mut bound = BoundCookies::default();
        for header in cookie_headers {
            #[cfg(feature = "dbsc")]
            bound.collect(engine, header.as_ref());
            engine.imports.collect(header.as_ref(), &mut old);
            for (name, is_second) in names.into_iter().zip([false, true]) {
                let Some(name) = name else { break };
                for value in header::values(header.as_ref(), name.as_bytes()) {
                    let value = value.get(..TOO_LONG).unwrap_or(value);
                    if is_second {
                        second_parts.get_or_insert_default().add(value);
                        continue;
                    }
                    let shared = shared.get_or_insert_with(|| Shared::with_room(engine, value.len()));
                    if let Some(shared) = Arc::get_mut(shared) {
                        shared.candidates.add(value);
                    }
                }
            }
        }
        let mut shared = shared.unwrap_or_else(|| Shared::with_room(engine, 0));
        if let Some(shared) = Arc::get_mut(&mut shared) {
            shared.old = old;
            #[cfg(feature = "dbsc")]
            {
                shared.bound = bound;
            }
            if let Some(second_parts) = second_parts {
                shared.candidates.put_second_parts(second_parts);
            }
        }
        Self { shared }
    }

    /// Returns the bearer token that does for a client what these cookies do for a browser.
    #[cfg(feature = "tower")]
    pub(crate) fn bearer_of(&self, set_cookies: &SetCookies) -> Option<String> {
        self.shared.engine.cookies.token_of(set_cookies)
    }

    /// Looks at the session, since a handler takes it. The handler may be done before anyone asks for a value, as one
    /// is whose body is streamed, and the headers of the response depend on the session all the same.
    #[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn hand_out(&self) {
        self.with(|_, _| ());
    }

    /// True when the session was loaded with this engine, or with one that differs in its keys.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn is_of(&self, engine: &Engine) -> bool {
        self.shared.engine.is_of_one_manager_with(engine)
    }
}
