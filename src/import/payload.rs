//! Reads the texts of old cookies, as known crates write them, into a session.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::value::RawValue;

use crate::data::{SessionData, json};
use crate::format::Namespace;
use crate::time::UnixTime;

/// Reads what actix-session's `CookieSessionStore` keeps. Pass this function to
/// [`PrivateImport::new`](crate::import::PrivateImport::new).
///
/// Up to version 0.11 that is a JSON object of strings, each of them the JSON text of a value. The release after it
/// writes `{"v":1,"state":{…}}`, with the values as they are (actix-session/src/storage/format.rs in its repository).
/// Both are read, so that an application can move from either, and from one to the other meanwhile.
///
/// # Errors
/// An error when the text is neither, when it is of a later version than 1, or when it doesn't fit into a session.
///
/// ```
/// use sealed_session::{SessionData, UnixTime, import};
/// # use std::time::Duration;
/// for plaintext in [
///     r#"{"user_id":"42","roles":"[\"editor\"]"}"#,
///     r#"{"v":1,"state":{"user_id":42,"roles":["editor"]}}"#,
/// ] {
///     let mut data = SessionData::new(UnixTime::MIN, Duration::from_secs(60))?;
///     import::actix_session(plaintext, &mut data)?;
///     assert_eq!(data.get("user_id")?, Some(42));
///     assert_eq!(data.get::<Vec<String>>("roles")?.unwrap(), ["editor"]);
/// }
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn actix_session(plaintext: &str, data: &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(plaintext)?;
    // In the older form every value is a string, so a number under `v` beside an object under `state` is the newer
    // form.
    let field = |name: &str| fields.get(name).map(|json| json.get());
    let version = field("v").and_then(|json| serde_json::from_str::<u64>(json).ok());
    if let (Some(version), Some(state)) = (version, field("state").filter(|json| json.starts_with('{'))) {
        if version != 1 {
            return Err("the session is in a later format of actix-session".into());
        }
        return json_object(state, data);
    }
    for (key, json) in fields {
        let json: String = serde_json::from_str(json.get())?;
        let json: &RawValue = serde_json::from_str(&json)?;
        data.put(Namespace::Data, &key, json.get())?;
    }
    Ok(())
}

/// Reads what Tideway's `CookieSessionStore` keeps: strings, the time at which the session was created, and the time at
/// which it ends. Pass this function to [`PrivateImport::new`](crate::import::PrivateImport::new).
///
/// The session keeps its `created_at`, unless that is in the future.
///
/// # Errors
/// An error when the text is not that, when the session is over, or when it doesn't fit into a session of this crate.
///
/// ```
/// use sealed_session::{SessionData, UnixTime, import};
/// # use std::time::Duration;
/// let now = UnixTime::from_secs(1_700_000_000).unwrap();
/// let old = r#"{
///     "data": {"user_id": "42"},
///     "created_at": {"secs_since_epoch": 1699990000, "nanos_since_epoch": 0},
///     "expires_at": {"secs_since_epoch": 1700000001, "nanos_since_epoch": 0}
/// }"#;
/// let mut data = SessionData::new(now, Duration::from_secs(60))?;
/// import::tideway(old, &mut data)?;
/// assert_eq!(data.get("user_id")?, Some("42".to_owned()));
/// assert_eq!(data.created_at().as_secs(), 1_699_990_000);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn tideway(plaintext: &str, data: &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(plaintext)?;
    let field = |name: &str| fields.get(name).map(|json| json.get()).ok_or("a field is missing");
    let time = |name: &str| -> Result<UnixTime, Box<dyn Error + Send + Sync>> {
        // This is how serde writes a `SystemTime`.
        let time: BTreeMap<String, u64> = serde_json::from_str(field(name)?)?;
        let part = |name: &str| time.get(name).copied().ok_or("a part of a time is missing");
        part("nanos_since_epoch")?;
        Ok(UnixTime::from_secs(part("secs_since_epoch")?).unwrap_or(UnixTime::MAX))
    };
    // The session that receives the values was made at the present time.
    let now = data.issued_at();
    if now >= time("expires_at")? {
        return Err("the session is over".into());
    }
    data.set_times(time("created_at")?.min(now), now, data.expires_at())?;
    let values: BTreeMap<String, String> = serde_json::from_str(field("data")?)?;
    for (key, value) in values {
        data.set(&key, value)?;
    }
    Ok(())
}

/// Reads a JSON object, of which each field becomes a value. Pass this function to
/// [`PrivateImport::new`](crate::import::PrivateImport::new).
///
/// # Errors
/// An error when the text is not a JSON object, or doesn't fit into a session.
///
/// ```
/// use sealed_session::{SessionData, UnixTime, import};
/// # use std::time::Duration;
/// let mut data = SessionData::new(UnixTime::MIN, Duration::from_secs(60))?;
/// import::json_object(r#"{"user_id":42,"roles":["editor"]}"#, &mut data)?;
/// assert_eq!(data.get("user_id")?, Some(42));
/// assert!(import::json_object("42", &mut data).is_err());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn json_object(plaintext: &str, data: &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> {
    for (key, json) in json::json_fields(plaintext)? {
        data.put(Namespace::Data, &key, json)?;
    }
    Ok(())
}

/// Returns a function that stores the text as it is, as a string under this key. It suits a private cookie that holds
/// one value. Pass that function to [`PrivateImport::new`](crate::import::PrivateImport::new).
///
/// ```
/// use sealed_session::{SessionData, UnixTime, import};
/// # use std::time::Duration;
/// let mut data = SessionData::new(UnixTime::MIN, Duration::from_secs(60))?;
/// import::text("user_id")("42", &mut data)?;
/// assert_eq!(data.get("user_id")?, Some("42".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn text(
    key: impl Into<String>,
) -> impl Fn(&str, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static {
    let key = key.into();
    move |plaintext, data| {
        data.set(&key, plaintext)?;
        Ok(())
    }
}
