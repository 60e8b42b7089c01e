//! The provider of OpenID Connect, as this program sees it: where it is, its keys, and what it says.

use std::error::Error;
use std::{env, io};

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use openidconnect::core::{CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, JsonWebKey, JsonWebKeyId, Nonce, OAuth2TokenResponse, PkceCodeVerifier, RedirectUrl,
    TokenResponse,
};
use sealed_session::UnixTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;
type AnyError = Box<dyn Error + Send + Sync>;

pub struct Provider {
    pub client: Client,
    client_id: String,
    metadata: CoreProviderMetadata,
}

/// The provider's words about somebody who logged in.
pub struct Login {
    /// The `sub`: the user, as this provider names them.
    pub subject: String,
    /// The `sid`: the session at the provider. It is there if the provider has back-channel logouts by session.
    pub sid: Option<String>,
    pub access_token: String,
}

/// The claims of a logout token that say who is to be logged out.
#[derive(Deserialize)]
pub struct LogoutToken {
    pub sub: Option<String>,
    pub sid: Option<String>,
    iss: String,
    aud: Audience,
    iat: u64,
    exp: u64,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: JsonWebKeyId,
}

#[derive(Deserialize)]
struct SessionClaim {
    sid: Option<String>,
}

/// The seconds by which the clocks of the provider and of this server may differ.
const CLOCK_SKEW: u64 = 60;

impl Provider {
    /// Asks the provider in `OIDC_ISSUER` for its endpoints and its keys.
    pub async fn from_env(callback: &str) -> Result<Self, AnyError> {
        let variable = |name| env::var(name).map_err(|_| format!("{name} is not set"));
        let client_id = variable("OIDC_CLIENT_ID")?;
        let secret = ClientSecret::new(variable("OIDC_CLIENT_SECRET")?);
        let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(variable("OIDC_ISSUER")?)?, &http).await?;
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(client_id.clone()), Some(secret))
                .set_redirect_uri(RedirectUrl::new(callback.to_owned())?);
        Ok(Self { client, client_id, metadata })
    }

    /// Spends the code of a login.
    pub async fn exchange(&self, code: String, verifier: PkceCodeVerifier, nonce: &Nonce) -> Result<Login, AnyError> {
        let request = self.client.exchange_code(AuthorizationCode::new(code))?.set_pkce_verifier(verifier);
        let tokens = request.request_async(&http).await?;
        let id_token = tokens.id_token().ok_or("there is no ID token")?;
        let claims = id_token.claims(&self.client.id_token_verifier(), nonce)?;
        // The signature was verified just now. The crate openidconnect has no name for this claim.
        let SessionClaim { sid } =
            part(id_token.to_string().split('.').nth(1).unwrap_or_default()).ok_or("the ID token has no claims")?;
        let access_token = tokens.access_token().secret().clone();
        Ok(Login { subject: claims.subject().to_string(), sid, access_token })
    }

    /// Verifies a logout token as section 2.6 of OpenID Connect Back-Channel Logout 1.0 asks. Which token was used
    /// before is not remembered: to send one again, until it expires, logs out once more and does nothing else.
    pub fn verify_logout(&self, token: &str, now: UnixTime) -> Option<LogoutToken> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let Header { alg, kid } = part(header)?;
        let key = self.metadata.jwks().keys().iter().find(|key| key.key_id() == Some(&kid))?;
        key.verify_signature(&alg, message.as_bytes(), &bytes(signature)?).ok()?;
        let claims: LogoutToken = part(claims)?;
        let is_for_us = match &claims.aud {
            Audience::One(id) => *id == self.client_id,
            Audience::Several(ids) => ids.contains(&self.client_id),
        };
        let now = now.as_secs();
        let is_good = claims.iss == self.metadata.issuer().as_str()
            && is_for_us
            && now.saturating_sub(CLOCK_SKEW) < claims.exp
            && claims.iat <= now + CLOCK_SKEW
            && claims.events.contains_key("http://schemas.openid.net/event/backchannel-logout")
            && claims.nonce.is_none(); // an ID token has one
        is_good.then_some(claims)
    }
}

/// Decodes a part of a signed token.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&bytes(text)?).ok()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Sends a request to the provider, without TLS: the tests have a provider on this machine. Take `reqwest` for any
/// other, which the crate openidconnect knows, and let it follow no redirects.
async fn http(request: HttpRequest) -> io::Result<HttpResponse> {
    let client: HttpClient<_, Full<Bytes>> = HttpClient::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.map(|body| Full::new(body.into()))).await.map_err(io::Error::other)?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(io::Error::other)?;
    Ok(HttpResponse::from_parts(head, body.to_bytes().into()))
}

/// The bytes of the longest answer that is read.
const MAX_BODY: usize = 1 << 20;
