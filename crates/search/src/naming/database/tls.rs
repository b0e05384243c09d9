//! Encrypted connections, by rustls, to servers whose certificates are verified.

use std::error::Error;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use postgres::{Client, Config};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

use super::demand::Demand;

/// The name of PostgreSQL's protocol in a handshake.
const PROTOCOL: &[u8] = b"postgresql";

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub(super) struct Encryption(Arc<ClientConfig>);

impl Encryption {
    /// What a URL demands.
    ///
    /// # Errors
    /// When the certificates of the authorities cannot be read, or there are none, as a message.
    pub(super) fn new(demand: &Demand) -> Result<Self, String> {
        let trusted = match &demand.authorities {
            Some(file) => of_file(file)?,
            None => of_machine()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut config = builder.with_root_certificates(trusted).with_no_client_auth();
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// A new connection.
    pub(super) fn connect(&self, config: &Config) -> Result<Client, postgres::Error> {
        config.connect(self.clone())
    }
}

/// Those whom a PEM file names.
fn of_file(file: &Path) -> Result<RootCertStore, String> {
    let misread = |error: &dyn Error| format!("sslrootcert {}: {error}", file.display());
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| misread(&error))? {
        let certificate = certificate.map_err(|error| misread(&error))?;
        trusted.add(certificate).map_err(|error| misread(&error))?;
    }
    if trusted.is_empty() {
        return Err(format!("sslrootcert {}: no certificate in it", file.display()));
    }
    Ok(trusted)
}

/// Those whom this machine trusts.
fn of_machine() -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted.is_empty() {
        return Err("this machine has no certificates of authorities: install them (ca-certificates), or name a \
                    PEM file with sslrootcert=FILE"
            .to_owned());
    }
    Ok(trusted)
}

/// Why a handshake failed, where that is why there is no connection.
pub(super) fn refusal(error: &(dyn Error + 'static)) -> Option<String> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    let error = inner.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(_) => format!(
            "its certificate is not accepted ({error}): it must be for the host in the URL, and of an authority that this machine \
             trusts or that the PEM file of sslrootcert=FILE names"
        ),
        _ => format!("the handshake of TLS failed ({error})"),
    })
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Encryption {
    type Stream = Encrypted<S>;
    type TlsConnect = ToHost;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, InvalidDnsNameError> {
        let host = ServerName::try_from(host)?.to_owned();
        Ok(ToHost { host, connector: TlsConnector::from(Arc::clone(&self.0)) })
    }
}

/// How a connection to one host is encrypted.
pub(super) struct ToHost {
    host: ServerName<'static>,
    connector: TlsConnector,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for ToHost {
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.host, stream).await.map(Encrypted) })
    }
}

/// An encrypted connection.
pub(super) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    /// None: the server's certificate, host name included, is what tells who it is.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
