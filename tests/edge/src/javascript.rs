//! The interface for JavaScript. The clock is that of JavaScript, since `SystemTime::now` panics on this target.

use sealed_session::UnixTime;
use wasm_bindgen::prelude::*;

use crate::site;

fn now() -> UnixTime {
    // JavaScript counts milliseconds. A cast to u64 cuts off parts of a second, and never leaves the range.
    UnixTime::from_secs((js_sys::Date::now() / 1000.0) as u64).unwrap_or(UnixTime::MAX)
}

/// The site. A JavaScript module makes one and keeps it.
#[wasm_bindgen]
pub struct Site(site::Site);

#[wasm_bindgen(getter_with_clone)]
pub struct Answer {
    pub body: String,
    #[wasm_bindgen(js_name = setCookie)]
    pub set_cookie: Option<String>,
}

#[wasm_bindgen]
impl Site {
    #[wasm_bindgen(constructor)]
    pub fn new(key: &str) -> Result<Self, JsError> {
        site::Site::new(key, now).map(Self).map_err(failed)
    }

    pub fn answer(&self, path: &str, cookie: Option<String>) -> Result<Answer, JsError> {
        let site::Answer { body, set_cookie } = self.0.answer(path, cookie.as_deref()).map_err(failed)?;
        Ok(Answer { body, set_cookie })
    }
}

fn failed(error: impl ToString) -> JsError {
    JsError::new(&error.to_string())
}

#[cfg(feature = "vectors")]
mod check {
    use super::*;
    use sealed_session::{Clock, SystemClock};

    #[wasm_bindgen(js_name = checkVectors)]
    pub fn check_vectors() -> Result<String, JsError> {
        crate::vectors::check().map_err(failed)
    }

    /// Does every operation. If any of them asked the system for the time, this would end in a trap.
    #[wasm_bindgen(js_name = checkEveryOperation)]
    pub fn check_every_operation() -> Result<String, JsError> {
        crate::walk::every_operation().map_err(failed)
    }

    #[wasm_bindgen(js_name = systemClock)]
    pub fn system_clock() -> f64 {
        SystemClock.now().as_secs() as f64
    }
}
