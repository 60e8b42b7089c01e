//! A provider of OpenID Connect on loopback, as small as one can be: it logs in whoever the test names, and gives each
//! code once.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey};
use serde_json::{Value, json};

pub const CLIENT_ID: &str = "shop";
pub const CLIENT_SECRET: &str = "secret";

type Params = HashMap<String, String>;

pub struct Provider {
    pub address: String,
    pub shared: Arc<Shared>,
}

pub struct Shared {
    pub issuer: String,
    key: CoreRsaPrivateSigningKey,
    /// The request behind each code that was not spent.
    codes: Mutex<HashMap<String, Params>>,
    /// The ways in which this provider is unlike a good one.
    pub quirks: Mutex<Quirks>,
}

pub struct Quirks {
    /// The nonce in the ID token, if it is not the one that was asked for.
    pub nonce: Option<String>,
    /// The bytes of an access token.
    pub access_token_len: usize,
}

impl Provider {
    /// Starts a provider, which serves until the tests end.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            issuer: format!("http://{address}"),
            key: CoreRsaPrivateSigningKey::from_pem(KEY, Some(JsonWebKeyId::new("one".into()))).unwrap(),
            codes: Mutex::default(),
            quirks: Mutex::new(Quirks { nonce: None, access_token_len: 30 }),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(Arc::clone(&shared));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, shared }
    }

    pub fn set(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.shared.quirks.lock().unwrap());
    }
}

impl Shared {
    /// Signs a token with these claims, beside those that every token has.
    pub fn sign(&self, claims: Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut all = json!({ "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120 });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({ "alg": "RS256", "kid": "one" })), part(&all));
        let signature = self.key.sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = &shared.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Json<CoreJsonWebKeySet> {
    Json(CoreJsonWebKeySet::new(vec![shared.key.as_verification_key()]))
}

/// Logs in the user that the parameter `as` names, and sends the browser back with a code.
async fn authorize(State(shared): State<Arc<Shared>>, Query(asked): Query<Params>) -> Redirect {
    assert_eq!((&*asked["client_id"], &*asked["code_challenge_method"]), (CLIENT_ID, "S256"));
    let code = format!("code-{}", asked["state"]);
    let back = format!("{}?code={code}&state={}", asked["redirect_uri"], asked["state"]);
    shared.codes.lock().unwrap().insert(code, asked);
    Redirect::to(&back)
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<Params>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refused = |error| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let client = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    if headers.get(AUTHORIZATION).is_none_or(|value| *value != client) {
        return Err(refused("invalid_client"));
    }
    let asked = shared.codes.lock().unwrap().remove(&form["code"]).ok_or_else(|| refused("invalid_grant"))?;
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    if PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() != asked["code_challenge"] {
        return Err(refused("invalid_grant"));
    }
    let quirks = shared.quirks.lock().unwrap();
    let (sub, _) = asked["as"].split_once('.').unwrap();
    let nonce = quirks.nonce.as_ref().unwrap_or(&asked["nonce"]);
    let id_token = shared.sign(json!({ "sub": sub, "sid": asked["as"], "nonce": nonce }));
    let access_token = "a".repeat(quirks.access_token_len);
    Ok(Json(json!({ "access_token": access_token, "token_type": "Bearer", "id_token": id_token })))
}

/// The key of this provider, made for these tests, and used by nothing else.
const KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAwgbSd1Lr3ymiVggoYjmjAa5fd7TBXr1AWiF6zVti1vofhtwS
apu2mURdsX3SkzpFmod4E133Cmq3xy1KzDp6T3RPL54+qwWrr0U9MisatijI7tzx
4oa9zZFEkxfGH/XEWU0ybPPy7V1XOu9TfuxhoHIlGhpcxegE8j9VvyxJLC7AOOmT
Ke8kbl08xUYW+69622/udVMgzZPcHA2u03gg4lsKXagr5OzZEZkhhV02VKuFVHQ7
noCWMAARjSrlWLqBJOz9Y3oh1sXQM6K4By9M8psBGz7aCqD9XgMSeqFSnulz4taR
xQmQwiXuLJzaaABu2xRAwP5y0EKsZTrbLx16KwIDAQABAoIBAElw+KBG6FYntbU3
0EVhyKQdwzAV4K3CF8Yl7wwlH7P8qAtNaMEmoIbCHG7PD/I/d9ImndpC0nwEafy/
1ZSZO+uwPDrrfJASjOpCXIgNTcaOiIP1aK9UTiqt5lWBBbLaPZCJymD4M8cJ8jcy
GJot0kQ/gHCxctVMXfbt50B9/FJ20/+6Nzz8v5nC65k8uda3/5dGys/hvgqJYUCw
N5mHseK3gcEFWODziVUcauVZA+zm96d74DbGxrS809lIFC9WP7RnQdsIBAQGuaWM
EPVi3GAHA7reTMzdX2ogaLGCrviWw3KYWi/hDOfI6cU49HupW6FwZaC8jTmy5KDm
uNQqZTkCgYEA+GqOlsXnwB6yei4sbRkA1PZ1Yu/MTV4qVKfdTmJCXlNHSjJURTwW
YDc/pTCNi9OZHxajQ3ACexRdqu5yRwMZKYkPBUsEFQILML7yRPJbQ6jaTQkER47U
/uDBtjxxMTLANu2E+P39VuulM8IPb0OWEhbz/48FkQvRjOktURY4lZkCgYEAx/Mx
9aepCp2rarhTr7OISn+wuIpN4GDshtGIVdC7nra2NNnDeGDU69HqZwdAyilII7mn
jHDG+tkOK6FmYTdFFQSuaEUGEEG5nBgJA8BDj3vXZjl0T2cWlqPvn6SSoPkuBWB7
fhknyD+ssLbRsqcSaIB9PxK2INBlcACbquUcoGMCgYAuzv1RQbdahy5AQYUThZuX
hV03KFJJ3c2CKCNWSsOQvIZ5X6Rra1gYBzER8mUpjNSUfBKFeYyuHndL5yRXZykN
n4raB3mcb8cmB0TlYvl5dU61J1bMGQjfggBeU2NMzvBTKUxeEpXzE/IMH6wC3ixf
+j090XhODXkN4T4twk8lOQKBgBzCG8NrU+LU/pyg2liBB+8/IlnIep71Ec/qPyOo
m/Od7+L2FykvNDCexon+/xCUk22f/Ds01UmrAmDAHAuLeYImZDdXBiI8ccfDpThG
5PC0LSzkwpfRCeyss4BQmU5RyI65a8mdMJ2amunnwY1ifkFNibYSqONbVdugGsOf
pFhlAoGBAMj9Bhpw3LKWo5yupYOnarZEQogqY1Es7u4BYl/MO2uAH9iwHcGbCelI
7OVt/9O5CBsfDy3f/x6QVtWkHo26c/YRv0BM1++NpFxECaqPGTM07ktKZNxBFrEt
0MGlU9typ1jJLE9qHYXxdN2IXHlCRtMtldgB43S4Qup7GX58zClF
-----END RSA PRIVATE KEY-----
";
