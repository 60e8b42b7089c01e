//! A contestant: seshcookie 0.1. Its codec is private, so the value level does the same steps with the same crates. The
//! real codec must open what these steps seal, and the reverse.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hkdf};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use seshcookie::{Session, SessionConfig, SessionKeys, SessionLayer};
use seshcookie_base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use tower::{Layer, service_fn};

use crate::content::Content;
use crate::contestant::{COOKIE_NAME, Case, Contestant, What, header, tampered, toggle};
use crate::contestants::cookie_rs::two;
use crate::http::{self, Request, answer, ready};
use crate::workloads::{FIRST, Workload};

pub struct Seshcookie;

type Values = Map<String, Value>;

const SECRET: [u8; 32] = [0x5a; 32];
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

struct Codec {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Codec {
    fn new() -> Self {
        let salt = digest::digest(&digest::SHA256, b"seshcookie-rs-v1-salt");
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, salt.as_ref());
        let pseudo_random_key = salt.extract(&SECRET);
        let info = [&b"seshcookie-rs v1 ChaCha20-Poly1305 session"[..]];
        let mut key = [0; 32];
        pseudo_random_key.expand(&info, &CHACHA20_POLY1305).unwrap().fill(&mut key).unwrap();
        Self { key: LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).unwrap()), random: SystemRandom::new() }
    }

    fn encode(&self, content: &impl Serialize) -> String {
        let json = serde_json::to_vec(content).unwrap();
        let issued_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut plaintext = Vec::with_capacity(9 + json.len());
        plaintext.push(1);
        plaintext.extend_from_slice(&issued_at.to_le_bytes());
        plaintext.extend_from_slice(&json);

        let mut nonce = [0; 12];
        self.random.fill(&mut nonce).unwrap();
        let mut sealed = plaintext.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed).unwrap();
        let mut envelope = Vec::with_capacity(12 + sealed.len());
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        BASE64_URL_SAFE_NO_PAD.encode(&envelope)
    }

    fn decode<T: DeserializeOwned>(&self, value: &str) -> Option<T> {
        let envelope = BASE64_URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = envelope.split_first_chunk::<12>()?;
        let mut plaintext = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plaintext = self.key.open_in_place(nonce, Aad::empty(), &mut plaintext).ok()?;
        let (1, rest) = plaintext.split_first()? else { return None };
        let (issued_at, json) = rest.split_first_chunk()?;
        let issued_at = UNIX_EPOCH + Duration::from_secs(u64::from_le_bytes(*issued_at));
        let json = json.to_vec();
        let content = serde_json::from_slice(&json).ok()?;
        (SystemTime::now() <= issued_at + MAX_AGE).then_some(content)
    }
}

fn layer<T>() -> SessionLayer<T>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let config = SessionConfig::default().cookie_name(COOKIE_NAME).max_age(MAX_AGE);
    SessionLayer::new(SessionKeys::new(&SECRET).unwrap(), config).unwrap()
}

impl Contestant for Seshcookie {
    fn name(&self) -> &'static str {
        "seshcookie"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let map = workload.map();
        let value = Codec::new().encode(&map);
        let theirs = seshcookie::__testing::encode_cookie_for_layer(&layer::<Values>(), &map, SystemTime::now());
        assert_eq!(theirs.len(), value.len());
        assert_eq!(Codec::new().decode(&theirs), Some(map.clone()));
        assert_eq!(Codec::new().decode(&theirs), Some(Content::of(workload)));
        let cookie = header(&format!("{COOKIE_NAME}={value}"));

        let encode = {
            let (codec, map) = (Codec::new(), map.clone());
            move || codec.encode(&map)
        };
        let change = {
            let (codec, mut map, mut next) = (Codec::new(), map, toggle());
            move || {
                map.insert(FIRST.to_owned(), next().into());
                codec.encode(&map)
            }
        };
        let decode = |value: String| {
            let codec = Codec::new();
            move || codec.decode::<Values>(&value)
        };
        let (codec, for_struct) = (Codec::new(), value.clone());
        let (two_of, forged) = (decode(value.clone()), decode(tampered(&value)));
        let mut cases = vec![
            Case::new(What::Encode, encode).bytes(|| format!("{COOKIE_NAME}={value}")),
            Case::new(What::Changed, change),
            Case::new(What::Struct, move || codec.decode::<Content>(&for_struct).unwrap()),
            Case::new(What::All, decode(value.clone())),
            Case::new(What::Opened, decode(value.clone())),
            Case::new(What::Two, move || two(&two_of().unwrap(), workload.second)),
            Case::new(What::Tampered, move || assert!(forged().is_none())),
        ];
        // In the order of the struct's fields: the layer seals anew what serializes to other bytes than it opened.
        let of_struct = header(&format!("{COOKIE_NAME}={}", Codec::new().encode(&Content::of(workload))));
        cases.extend(requests(&cookie, &of_struct));
        cases
    }
}

/// Extracts the session as seshcookie's documentation does, for a call of `get` or `modify`.
fn session<T>(request: Request) -> (Session<T>, Request)
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let (mut parts, body) = request.into_parts();
    let session = ready(<Session<T> as FromRequestParts<()>>::from_request_parts(&mut parts, &())).unwrap();
    (session, Request::from_parts(parts, body))
}

fn requests(cookie: &str, of_struct: &str) -> Vec<Case> {
    let untouched = service_fn(async |request: Request| answer(request));
    let read = service_fn(async |request: Request| {
        let (session, request) = session::<Values>(request);
        assert!(session.get().await.unwrap()[FIRST].is_string());
        answer(request)
    });
    let whole = service_fn(async |request: Request| {
        let (session, request) = session::<Content>(request);
        assert!(!session.get().await.unwrap().user_id().is_empty());
        answer(request)
    });
    let write = service_fn({
        let next = std::sync::Arc::new(std::sync::Mutex::new(toggle()));
        move |request: Request| {
            let user = next.lock().unwrap()();
            async move {
                let (session, request) = session::<Values>(request);
                session.modify(|content| content.as_mut().unwrap().insert(FIRST.to_owned(), user.into())).await;
                answer(request)
            }
        }
    });
    vec![
        http::case(What::HttpUntouched, cookie, layer::<Values>().layer(untouched)),
        http::case(What::HttpRead, cookie, layer::<Values>().layer(read)),
        http::case(What::HttpStruct, of_struct, layer::<Content>().layer(whole)),
        http::case(What::HttpWrite, cookie, layer::<Values>().layer(write)),
    ]
}
