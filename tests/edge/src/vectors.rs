//! A check of every vector of tests/vectors/v1.json. Each opens to its session, or is refused for its reason.

use std::time::Duration;

use sealed_session::{Codec, Key, SessionConfig, SessionData, UnixTime};
use serde_json::Value;

/// Checks all vectors. The result is a line for the reader, or the first vector that failed.
pub fn check() -> Result<String, String> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../vectors/v1.json")).map_err(|error| error.to_string())?;
    let (accepted, refused) = (list(&vectors, "accepted"), list(&vectors, "refused"));
    for vector in accepted {
        let codec = codec(&vectors, vector);
        let data = codec.decode(text(vector, "value")).map_err(|reason| format!("{}: {reason}", vector["name"]))?;
        expect(vector, shown(&vectors, vector), seen(&data))?;
        // A vector that opened is sealed again, with a nonce from this system's generator, and must open to the same
        // session.
        let value = codec.encode(&data).map_err(|error| format!("{}: {error}", vector["name"]))?;
        expect(vector, Ok(data), codec.decode(&value))?;
    }
    for vector in refused {
        let reason = codec(&vectors, vector).decode(text(vector, "value")).map_err(|reason| reason.as_str());
        expect(vector, Err(text(vector, "reason")), reason)?;
    }
    let (accepted, refused) = (accepted.len(), refused.len());
    if accepted < 40 || refused < 20 {
        return Err(format!("only {accepted} and {refused} vectors"));
    }
    Ok(format!("{accepted} vectors open and seal again, {refused} are refused for their reason"))
}

fn codec(vectors: &Value, vector: &Value) -> Codec {
    let now = UnixTime::from_secs(number(vector, "now")).expect("a time");
    SessionConfig::new(Key::from_hex(text(vectors, "key")).expect("a key"))
        .cookie_name(text(vector, "cookie_name"))
        .audience(text(vector, "audience"))
        .schema(vector["schema"].as_u64().unwrap_or(0).try_into().expect("a schema"))
        .clock_skew(Duration::from_secs(number(vectors, "clock_skew")))
        .absolute_timeout(Duration::from_secs(number(vectors, "absolute_timeout")))
        .max_cookie_bytes(4096)
        .clock(move || now)
        .build_codec()
        .expect("a configuration")
}

/// The session of a vector, as the file describes it.
fn shown(vectors: &Value, vector: &Value) -> Value {
    let fields = ["data", "flash", "flags", "schema", "created_at", "issued_at", "expires_at"];
    fields.map(|field| &vector[field]).into_iter().chain([&vectors["session_id"]]).cloned().collect()
}

/// A session in the same form, to be compared.
fn seen(data: &SessionData) -> Value {
    let times = [data.created_at(), data.issued_at(), data.expires_at()];
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
        pairs.map(|(key, json)| Value::from(vec![key, json])).collect()
    };
    let mut fields: Vec<Value> = vec![pairs(&mut data.entries()), pairs(&mut data.flash())];
    fields.extend([u8::from(data.is_persistent()).into(), data.schema().into()]);
    fields.extend(times.map(|time| time.as_secs().into()));
    fields.push(data.id().to_string().into());
    fields.into()
}

fn expect<T: PartialEq + std::fmt::Debug>(vector: &Value, expected: T, found: T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{}: {expected:?} expected, {found:?} found", vector["name"])) }
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().expect(field)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().expect(field)
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().expect(field)
}
