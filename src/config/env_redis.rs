//! Reads what the environment says about a Redis beside its URL: certificates and replicas.

use super::env_reader::Variables;
#[cfg(feature = "redis")]
use crate::backend::RedisPool;
#[cfg(feature = "redis")]
use crate::error::ConfigError;
use crate::error::ProblemKind;

pub(super) const STORE_CA_FILE: &str = "SESSION_STORE_CA_FILE";
pub(super) const STORE_CERT_FILE: &str = "SESSION_STORE_CERT_FILE";
pub(super) const STORE_KEY_FILE: &str = "SESSION_STORE_KEY_FILE";
pub(super) const STORE_REPLICAS: &str = "SESSION_STORE_REPLICAS";

/// What the variables say about a Redis beside its URL.
#[derive(Default)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "without the client nobody asks"))]
pub(super) struct RedisSettings {
    ca: Option<String>,
    /// The certificate that the client shows, and its key.
    client: Option<(String, String)>,
    replicas: u32,
}

/// The variable to blame, and its problem.
pub(super) type Problem = (&'static str, ProblemKind);

impl Variables<'_> {
    /// Reads the settings of a Redis. Where the store is none, each of these variables is a mistake.
    pub(super) fn redis_settings(&mut self, is_redis: bool) -> RedisSettings {
        if !is_redis {
            for name in [STORE_CA_FILE, STORE_CERT_FILE, STORE_KEY_FILE, STORE_REPLICAS] {
                if let Some(var) = self.var(name) {
                    let rule = "must not be set unless SESSION_BACKEND is redis";
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
        let replicas = self.parse(STORE_REPLICAS, "a number of replicas, such as 1", |text| text.parse().ok());
        RedisSettings { ca, client: certificates.zip(key), replicas: replicas.unwrap_or_default() }
    }

    fn pem(&mut self, name: &str) -> Option<String> {
        self.file(name, PEM_LIMIT).map(|var| var.text)
    }
}

#[cfg(feature = "redis")]
impl RedisSettings {
    /// Makes the pool at a URL, which stands in a variable that takes what `takes` says. Nothing is connected yet.
    pub(super) fn pool(&self, url: &str, variable: &'static str, takes: &'static str) -> Result<RedisPool, Problem> {
        let opened =
            if self.ca.is_some() || self.client.is_some() { self.open_with_tls(url) } else { RedisPool::open(url) };
        let pool = opened.map_err(|error| match error.problems().first() {
            Some(problem)
                if !matches!(problem.kind(), ProblemKind::Invalid { .. }) || problem.setting() != "redis url" =>
            {
                let variable = match problem.setting() {
                    "ca_pem" => STORE_CA_FILE,
                    "client_pem" => STORE_CERT_FILE,
                    "client_pem key" => STORE_KEY_FILE,
                    _ => variable,
                };
                (variable, problem.kind().clone())
            }
            _ => (variable, ProblemKind::Invalid { takes }),
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
        RedisPool::open_with_tls(url, &tls)
    }

    #[cfg(not(feature = "redis-tls"))]
    fn open_with_tls(&self, _: &str) -> Result<RedisPool, ConfigError> {
        let setting = if self.ca.is_some() { "ca_pem" } else { "client_pem" };
        let kind = ProblemKind::NeedsFeature { feature: "the crate's feature `redis-tls`" };
        Err(ConfigError::new(vec![crate::error::ConfigProblem::new(setting, kind)]))
    }
}

/// The certificates that a system trusts have some 220 KB.
const PEM_LIMIT: u64 = 1 << 20;
