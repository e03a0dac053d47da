//! Whether a destination can be reached, without handing anything over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Sender, client};
use crate::core::why::Why;

/// Whoever asks is waiting.
const LONGEST: Duration = Duration::from_secs(10);

/// What stands in the way of a call.
#[derive(Debug, Error)]
pub enum Unreached {
    /// Nobody takes a connection.
    #[error("{}", Why::NoConnection(&.0.to_string()))]
    Connection(std::io::Error),
    /// Nobody took one in time.
    #[error("no connection within {} s", .0.as_secs_f64())]
    Silent(Duration),
    /// There is somebody, but not whom the URL names, or without TLS.
    #[error("no TLS: {0}")]
    Tls(String),
}

impl Sender {
    /// Connects, and speaks TLS where the URL has it, as a call would begin; then hangs up. Answers how long that took.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub async fn reach(&self) -> Result<Duration, Unreached> {
        let longest = self.basics.timeout.min(LONGEST);
        let began = Instant::now();
        match timeout(longest, self.connect()).await {
            Ok(connected) => connected.map(|()| began.elapsed()),
            Err(_) => Err(Unreached::Silent(longest)),
        }
    }

    /// Whether calls go straight there, whatever proxy the environment names.
    pub fn is_here(&self) -> bool {
        client::is_here(&self.basics.url)
    }

    /// How the URL begins.
    pub fn scheme(&self) -> &str {
        self.basics.url.scheme()
    }

    async fn connect(&self) -> Result<(), Unreached> {
        let (host, port) = self.server();
        let host = host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(Unreached::Connection)?;
        if matches!(self.scheme(), "https" | "rediss" | "amqps") {
            let spoken = speak_tls(host, stream).await;
            spoken.map_err(|error| Unreached::Tls(error.to_string()))?;
        }
        Ok(())
    }
}

async fn speak_tls(host: &str, stream: TcpStream) -> std::io::Result<()> {
    let tls = ClientConfig::with_platform_verifier().map_err(std::io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    let connected = TlsConnector::from(Arc::new(tls)).connect(name, stream);
    connected.await.map(drop)
}
