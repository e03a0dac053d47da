//! Where nodes listen.

use redis::{Client, ConnectionAddr, RedisResult};

/// Host and port of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) struct Address {
    /// Its name or number.
    pub(in crate::store) host: String,
    /// Where it listens.
    pub(in crate::store) port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Address {
    /// Where connections of a client lead to.
    pub(in crate::store) fn of(client: &Client) -> Self {
        let (host, port) = match client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                (host.clone(), *port)
            }
            ConnectionAddr::Unix(path) => (path.display().to_string(), 0),
            _ => (String::new(), 0),
        };
        Self { host, port }
    }

    /// What leads to it, in the way and with the login that lead to another node.
    ///
    /// # Errors
    /// When nothing can be dialled there.
    pub(in crate::store) fn client_like(&self, other: &Client) -> RedisResult<Client> {
        let info = other.get_connection_info().clone();
        Client::open(info.set_addr(self.reached_as(other)))
    }

    /// It, reached as another node is.
    pub(in crate::store) fn reached_as(&self, other: &Client) -> ConnectionAddr {
        let (host, port) = (self.host.clone(), self.port);
        match other.get_connection_info().addr() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        }
    }
}
