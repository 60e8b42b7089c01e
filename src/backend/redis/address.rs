//! [`Address`]: the host and the port of a server.

use std::fmt;

/// The host and the port of a server. The host is a name or an IP address; one of IPv6 has no brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Reads `host:port` out of a redirection. Redis leaves the host out when it does not know its own; the host is
    /// then the one that was `asked`. Redis writes an address of IPv6 without brackets.
    pub(super) fn of_redirection(text: &str, asked: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Some(Self { host: known(host, asked)?, port: port.parse().ok()? })
    }
}

/// Returns the host that Redis names, or the one that was `asked` where Redis names none. `?` stands for a host whose
/// name nobody told Redis (`cluster-preferred-endpoint-type`), which can't be reached.
pub(super) fn known(host: &str, asked: &str) -> Option<String> {
    match host {
        "?" => None,
        "" => Some(asked.to_owned()),
        host => Some(host.trim_matches(['[', ']']).to_owned()),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_names_a_host_or_means_the_one_that_was_asked() {
        for (text, expected) in [
            ("10.0.0.7:7001", Some(("10.0.0.7", 7001))),
            ("redis-1.internal:7001", Some(("redis-1.internal", 7001))),
            (":7001", Some(("asked", 7001))),
            ("::1:7001", Some(("::1", 7001))),
            ("[::1]:7001", Some(("::1", 7001))),
            ("?:7001", None),
            ("10.0.0.7", None),
            ("10.0.0.7:", None),
            ("10.0.0.7:70000", None),
        ] {
            let expected = expected.map(|(host, port)| Address { host: host.to_owned(), port });
            assert_eq!(Address::of_redirection(text, "asked"), expected, "{text}");
        }
        assert_eq!(Address { host: "::1".into(), port: 1 }.to_string(), "[::1]:1");
    }
}
