//! A connection to a broker before it speaks AMQP: a socket, and TLS by the certificates of the system.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::sockets::Io;
use crate::core::broker_url::BrokerUrl;

/// Connects to the first of the addresses that takes a connection.
pub(super) async fn dial(url: &BrokerUrl, addresses: &[SocketAddr]) -> io::Result<Box<dyn Io>> {
    let stream = TcpStream::connect(addresses).await?;
    // A message is handed over in small pieces.
    stream.set_nodelay(true)?;
    if !url.tls {
        return Ok(Box::new(stream));
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let tls = tls.with_safe_default_protocol_versions();
    let tls = tls.and_then(|tls| tls.with_platform_verifier());
    let tls = tls.map_err(io::Error::other)?.with_no_client_auth();
    let name = ServerName::try_from(url.host.clone()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream);
    Ok(Box::new(stream.await?))
}
