//! One POST: resolve, choose, dial, send. The name is resolved once, and what was chosen is
//! what is dialled; redirects are not followed; of the answer only the status is read.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use model::topic::Protocol;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::letter::Letter;
use super::reach::Reach;
use super::target::Target;

/// The most that the head of an answer may have, in bytes.
const MAX_HEAD: usize = 16 * 1_024;
/// Names that are being resolved at a time: each holds a thread, however long it takes.
const RESOLVERS: usize = 16;

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// It took too long.
    #[error("no answer in time")]
    Time,
    /// The name is not known.
    #[error("{0} could not be resolved")]
    Name(String),
    /// The name leads nowhere that may be dialled.
    #[error("{0} has no address that notifications may go to")]
    Forbidden(String),
    /// Nobody there, or nobody who speaks HTTP.
    #[error("{0}")]
    Connection(String),
    /// The answer was not a 2xx.
    #[error("the answer was {0}")]
    Status(StatusCode),
}

impl Failed {
    /// Whether another try may do better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Time | Self::Name(_) | Self::Connection(_) => true,
            Self::Status(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Forbidden(_) => false,
        }
    }
}

/// Sends letters.
#[derive(Clone)]
pub(super) struct Post {
    reach: Arc<Reach>,
    resolvers: Arc<Semaphore>,
    limit: Duration,
}

impl Post {
    /// Within these addresses; an attempt may take so long.
    pub(super) fn new(reach: Arc<Reach>, limit: Duration) -> Self {
        Self {
            reach,
            resolvers: Arc::new(Semaphore::new(RESOLVERS)),
            limit,
        }
    }

    /// One attempt.
    pub(super) async fn send(&self, target: &Target, letter: Letter) -> Result<(), Failed> {
        let attempt = async {
            let at = self.resolve(target).await?;
            let stream = dial(&at).await?;
            let status = match target.protocol() {
                Protocol::Http => exchange(stream, target, letter).await?,
                Protocol::Https => {
                    let host = ServerName::try_from(target.host().to_owned())
                        .map_err(|_| Failed::Name(target.host().into()))?;
                    let stream = tls()?.connect(host, stream).await;
                    let stream = stream.map_err(|error| Failed::Connection(error.to_string()))?;
                    exchange(stream, target, letter).await?
                }
            };
            if status.is_success() {
                Ok(())
            } else {
                Err(Failed::Status(status))
            }
        };
        match tokio::time::timeout(self.limit, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::Time),
        }
    }

    /// The addresses that may be dialled: at least one.
    async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, Failed> {
        let (host, port) = (target.host().to_owned(), target.port());
        let found = if let Some(ip) = target.literal() {
            vec![SocketAddr::new(ip, port)]
        } else {
            let unknown = || Failed::Name(host.clone());
            // The place is given back when the thread is done, not when we stop to wait.
            let place = Arc::clone(&self.resolvers).acquire_owned().await;
            let place = place.map_err(|_| unknown())?;
            let name = host.clone();
            let asked = tokio::task::spawn_blocking(move || {
                let found = std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), port));
                drop(place);
                found.map(Iterator::collect::<Vec<_>>)
            });
            let found = asked.await.map_err(|_| unknown())?;
            found.map_err(|_| unknown())?
        };
        let chosen = self.reach.choose(found);
        if chosen.is_empty() {
            return Err(Failed::Forbidden(host));
        }
        Ok(chosen)
    }
}

/// Dials one address after the other, IPv4 first, and never anything else.
async fn dial(at: &[SocketAddr]) -> Result<TcpStream, Failed> {
    let mut at = at.to_vec();
    at.sort_by_key(SocketAddr::is_ipv6);
    TcpStream::connect(at.as_slice())
        .await
        .map_err(|error| Failed::Connection(error.to_string()))
}

/// Sends and waits for the head of the answer.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
    letter: Letter,
) -> Result<StatusCode, Failed> {
    let failed = |error: &dyn std::error::Error| Failed::Connection(error.to_string());
    let Letter { body, headers } = letter;
    let mut request = Request::post(target.path())
        .header(header::HOST, target.authority())
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(&error))?;
    request.headers_mut().extend(headers);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    tokio::pin!(connection);
    let mut answer = std::pin::pin!(sender.send_request(request));
    // Nothing reads on when the head is there: the connection ends with this function.
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error),
        },
    };
    Ok(answer.map_err(|error| failed(&error))?.status())
}

/// What HTTPS needs: the machine's certificate authorities (`SSL_CERT_FILE` names others).
fn tls() -> Result<TlsConnector, Failed> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, rustls::Error>> = OnceLock::new();
    let make = || {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate authority cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    };
    match CONFIG.get_or_init(make) {
        Ok(config) => Ok(TlsConnector::from(Arc::clone(config))),
        Err(error) => Err(Failed::Connection(error.to_string())),
    }
}
