//! Reads what the environment says about a Redis beside its URL: certificates and replicas. It holds for every Redis
//! that the environment names: the one of the store and the one of the list of revocations.

use zeroize::Zeroizing;

use super::env_reader::Variables;
#[cfg(feature = "redis")]
use crate::backend::RedisPool;
use crate::error::ProblemKind;
#[cfg(feature = "redis")]
use crate::error::{ConfigError, ConfigProblem};

pub(super) const STORE_CA_FILE: &str = "SESSION_STORE_CA_FILE";
pub(super) const STORE_CERT_FILE: &str = "SESSION_STORE_CERT_FILE";
pub(super) const STORE_KEY_FILE: &str = "SESSION_STORE_KEY_FILE";
pub(super) const STORE_SERVER_NAME: &str = "SESSION_STORE_SERVER_NAME";
pub(super) const STORE_REPLICAS: &str = "SESSION_STORE_REPLICAS";

/// The settings of a Redis that variables hold beside its URL.
#[derive(Default)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "without the client nobody asks"))]
pub(super) struct RedisSettings {
    ca: Option<Zeroizing<String>>,
    /// The certificate that the client shows, and its key.
    client: Option<(Zeroizing<String>, Zeroizing<String>)>,
    /// The name that the certificate of Redis must have.
    server_name: Option<String>,
    replicas: u32,
}

/// The variable to blame, which is the one that has the URL if none is named, and its problem.
pub(super) type Problem = (Option<&'static str>, ProblemKind);

impl Variables<'_> {
    /// Reads the settings of a Redis. Each of them is a mistake if nothing is in Redis, unless it is `None`, unknown,
    /// whether something is.
    pub(super) fn redis_settings(&mut self, has_redis: Option<bool>) -> RedisSettings {
        if has_redis != Some(true) {
            for name in [STORE_CA_FILE, STORE_CERT_FILE, STORE_KEY_FILE, STORE_SERVER_NAME, STORE_REPLICAS] {
                if let (Some(var), Some(false)) = (self.var(name), has_redis) {
                    let rule = "must not be set unless SESSION_BACKEND or SESSION_REVOCATIONS is redis";
                    self.note(var.name, ProblemKind::Conflict { rule });
                }
            }
            return RedisSettings::default();
        }
        let ca = self.pem(STORE_CA_FILE);
        let (certificates, key) = (self.pem(STORE_CERT_FILE), self.pem(STORE_KEY_FILE));
        for (name, is_alone) in [
            (STORE_KEY_FILE, certificates.is_some() && key.is_none()),
            (STORE_CERT_FILE, certificates.is_none() && key.is_some()),
        ] {
            if is_alone && !self.has_problem(name) {
                let takes = "the path of a file; a certificate and its key go together";
                self.note(self.name_of(name), ProblemKind::Missing { takes });
            }
        }
        let server_name = self.parse(STORE_SERVER_NAME, SERVER_NAME, |text| Some(text.to_owned()));
        let replicas = self.parse(STORE_REPLICAS, "a number of replicas, such as 1", |text| text.parse().ok());
        RedisSettings { ca, client: certificates.zip(key), server_name, replicas: replicas.unwrap_or_default() }
    }

    fn pem(&mut self, name: &str) -> Option<Zeroizing<String>> {
        self.file(name, PEM_LIMIT).map(|var| var.text)
    }
}

impl RedisSettings {
    /// Checks everything that opening would, for a pool connects nothing before its first request. `takes` says what
    /// the variable of the URL takes. Without the client for Redis, only the scheme is judged: a build that has the
    /// client may know more of them.
    #[cfg_attr(not(feature = "redis"), expect(clippy::unused_self, reason = "the client alone reads certificates"))]
    pub(super) fn check(&self, url: &str, takes: &'static str) -> Result<(), Problem> {
        #[cfg(feature = "redis")]
        return self.pool(url, takes).map(drop);
        #[cfg(not(feature = "redis"))]
        {
            let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            let is_known = |scheme: String| ["redis", "valkey", "unix"].iter().any(|known| scheme.starts_with(known));
            if scheme.is_some_and(is_known) { Ok(()) } else { Err((None, ProblemKind::Invalid { takes })) }
        }
    }
}

#[cfg(feature = "redis")]
impl RedisSettings {
    /// Makes the pool at a URL. Nothing is connected yet.
    pub(super) fn pool(&self, url: &str, takes: &'static str) -> Result<RedisPool, Problem> {
        let has_tls = self.ca.is_some() || self.client.is_some() || self.server_name.is_some();
        let opened = if has_tls { self.open_with_tls(url) } else { RedisPool::open(url) };
        let pool = opened.map_err(|error| {
            let problem = error.problems().first();
            let variable = problem.and_then(|problem| match problem.setting() {
                "ca_pem" => Some(STORE_CA_FILE),
                "client_pem" => Some(STORE_CERT_FILE),
                "client_pem key" => Some(STORE_KEY_FILE),
                "server_name" => Some(STORE_SERVER_NAME),
                _ => None,
            });
            match (variable, problem.map(ConfigProblem::kind)) {
                (None, Some(ProblemKind::Invalid { .. })) | (_, None) => (None, ProblemKind::Invalid { takes }),
                (variable, Some(kind)) => (variable, kind.clone()),
            }
        })?;
        Ok(pool.wait_for_replicas(self.replicas))
    }

    #[cfg(feature = "redis-tls")]
    fn open_with_tls(&self, url: &str) -> Result<RedisPool, ConfigError> {
        let mut tls = crate::backend::RedisTls::new();
        if let Some(ca) = &self.ca {
            tls = tls.ca_pem(ca.as_str());
        }
        if let Some((certificates, key)) = &self.client {
            tls = tls.client_pem(certificates.as_str(), key.as_str());
        }
        if let Some(name) = &self.server_name {
            tls = tls.server_name(name);
        }
        RedisPool::open_with_tls(url, &tls)
    }

    #[cfg(not(feature = "redis-tls"))]
    fn open_with_tls(&self, _: &str) -> Result<RedisPool, ConfigError> {
        let setting = match (&self.ca, &self.client) {
            (Some(_), _) => "ca_pem",
            (None, Some(_)) => "client_pem",
            (None, None) => "server_name",
        };
        let kind = ProblemKind::NeedsFeature { feature: "the crate's feature `redis-tls`" };
        Err(ConfigError::new(vec![ConfigProblem::new(setting, kind)]))
    }
}

/// The text that [`STORE_SERVER_NAME`] takes, as an error says it.
const SERVER_NAME: &str = "a host name or an IP address";

/// The certificates that a system trusts have some 220 KB, and a file must be shorter than this, in bytes.
const PEM_LIMIT: usize = 1 << 20;
