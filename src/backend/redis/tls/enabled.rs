//! [`Tls`]: checked settings, and the connector that all connections share.

use std::io;
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::options::RedisTls;
use crate::backend::redis::address::Address;
use crate::error::ProblemKind;

/// The setting that is wrong, `ca_pem`, `client_pem`, `client_pem key` or `server_name`, and what is wrong with it.
pub(crate) type Problem = (&'static str, ProblemKind);

/// Makes TLS connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls {
    connector: TlsConnector,
    server_name: Option<ServerName<'static>>,
    /// The name that stands in the certificate of a server which is known by its IP address.
    name_of_addresses: Option<ServerName<'static>>,
}

impl Tls {
    pub(crate) fn of_the_system() -> Result<Self, Problem> {
        Self::new(&RedisTls::new())
    }

    /// Checks the settings.
    pub(crate) fn new(options: &RedisTls) -> Result<Self, Problem> {
        let invalid = |setting, takes| (setting, ProblemKind::Invalid { takes });
        let roots = match &options.ca {
            Some(pem) => trusted(pem).ok_or(invalid("ca_pem", CERTIFICATES))?,
            None => roots_of_the_system().ok_or(("ca_pem", ProblemKind::Missing { takes: NO_ROOTS }))?,
        };
        // This provider is the configuration's own: none is installed for the process, and none that is there is used.
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|_| invalid("server_name", VERSIONS))?;
        let config = config.with_root_certificates(roots);
        let config = match &options.client {
            None => config.with_no_client_auth(),
            Some((pem, key)) => {
                let chain = certificates(pem).ok_or(invalid("client_pem", CERTIFICATES))?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| invalid("client_pem key", PRIVATE_KEY))?;
                config.with_client_auth_cert(chain, key).map_err(|error| match error {
                    rustls::Error::InvalidCertificate(_) => invalid("client_pem", CERTIFICATES),
                    _ => invalid("client_pem key", PRIVATE_KEY),
                })?
            }
        };
        let server_name = options.server_name.clone().map(ServerName::try_from).transpose();
        let server_name = server_name.map_err(|_| invalid("server_name", "a host name or an IP address"))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), server_name, name_of_addresses: None })
    }

    /// Returns the settings for a cluster whose URL names these servers. A cluster may know its servers by address,
    /// while their certificate has the name that leads to all of them (redis-rs issue 1963). So a server that is known
    /// by address has to show the first name of the URL, if the URL has one.
    pub(crate) fn of_a_cluster(&self, seeds: &[Address]) -> Self {
        let mut names = seeds.iter().filter_map(|seed| ServerName::try_from(seed.host.clone()).ok());
        let name_of_addresses = names.find(|name| matches!(name, ServerName::DnsName(_)));
        Self { name_of_addresses, ..self.clone() }
    }

    /// Connects, verifies the certificate, and logs in.
    pub(crate) async fn connect(
        &self,
        address: &Address,
        login: &RedisConnectionInfo,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisError> {
        let name = self.name(address).ok_or_else(|| io::Error::other("no certificate can name this host"))?;
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(name, stream).await?;
        let (connection, driver) = MultiplexedConnection::new_with_config(login, stream, config).await?;
        // The task ends when the connection is dropped.
        tokio::spawn(driver);
        Ok(connection)
    }
}

impl Tls {
    /// Returns the name that the certificate of a server must have.
    fn name(&self, address: &Address) -> Option<ServerName<'static>> {
        let name = || ServerName::try_from(address.host.clone()).ok();
        self.server_name.clone().or_else(|| match name()? {
            name @ ServerName::IpAddress(_) => Some(self.name_of_addresses.clone().unwrap_or(name)),
            name => Some(name),
        })
    }
}

/// Reads certificates, of which there must be one at least.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

fn trusted(pem: &[u8]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    certificates(pem)?.into_iter().try_for_each(|certificate| roots.add(certificate)).ok()?;
    Some(roots)
}

/// Reads what the system trusts. A certificate of the system that nobody can use is passed over, as other programs do.
fn roots_of_the_system() -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (added > 0).then_some(roots)
}

const CERTIFICATES: &str = "certificates as PEM text, at least one";
const PRIVATE_KEY: &str = "the private key of the certificate as PEM text, without a password";
const NO_ROOTS: &str = "certificates as PEM text, since this system trusts none";
const VERSIONS: &str = "a TLS version that rustls has";
