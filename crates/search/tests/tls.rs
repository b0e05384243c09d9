//! Vectors in PostgreSQL by an encrypted connection, and the servers that are refused one.
//!
//! `cargo test -p search --features tls --test tls`; a proxy of the test's own encrypts for the server that
//! `reference/with_postgres.py` starts. `reference/tls_fixtures.sh` makes the certificates.
#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "a test whose input cannot be made has failed")]

mod database;

use std::sync::Arc;

use database::database;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use search::{ExactVectors, Origin, PostgresVectors, Search, Server, VectorIndex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls");

/// What no error may show.
const PASSWORD: &str = "fiddlestick";

/// What a client sends that wants a connection encrypted, and what the server answers.
const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const WILLING: u8 = b'S';
const UNWILLING: u8 = b'N';

/// A port that answers as a server of PostgreSQL which encrypts, for as long as it is kept.
struct Proxy {
    port: u16,
    /// What runs it.
    _runtime: Runtime,
}

impl Proxy {
    /// What it decrypts goes to the server at `behind`, HOST:PORT.
    fn start(behind: &str, answer: u8) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, behind) = (acceptor(), behind.to_owned());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that refuses the certificate hangs up: no matter.
                tokio::spawn(serve(stream, acceptor.clone(), behind.clone(), answer));
            }
        });
        Self { port, _runtime: runtime }
    }

    fn url(&self, host: &str, options: &str) -> String {
        format!("postgres://niamh:{PASSWORD}@{host}:{}/d?{options}", self.port)
    }
}

async fn serve(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    behind: String,
    answer: u8,
) -> std::io::Result<()> {
    let mut request = [0; REQUEST.len()];
    stream.read_exact(&mut request).await?;
    assert_eq!(request, REQUEST, "what is not encrypted does not come through");
    stream.write_all(&[answer]).await?;
    let mut decrypted = acceptor.accept(stream).await?;
    let mut server = TcpStream::connect(behind).await?;
    copy_bidirectional(&mut decrypted, &mut server).await?;
    Ok(())
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(format!("{FOLDER}/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}/server.key")).unwrap();
    let builder = rustls::ServerConfig::builder().with_no_client_auth();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()))
}

/// The options of a URL that trust one authority of the tests.
fn trusting(authority: &str, mode: &str) -> String {
    format!("sslmode={mode}&sslrootcert={FOLDER}/{authority}.pem")
}

fn refused(url: &str) -> String {
    let server = Server::new(url, None).unwrap();
    let error = PostgresVectors::open(server).unwrap_err().to_string();
    assert!(!error.contains(PASSWORD), "{error}");
    error
}

#[test]
fn vectors_come_and_go_encrypted() {
    let Some(plain) = database("encrypted") else { return };
    let (user, rest) = plain.rsplit_once('@').unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(address, WILLING);
    let mut vectors = ExactVectors::new(3);
    for (id, vector) in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.8, 0.0]].iter().enumerate() {
        vectors.add(&[u32::try_from(id).unwrap()], vector).unwrap();
    }
    let origin = Origin { corpus: "c".to_owned(), making: "m".to_owned() };
    for mode in ["require", "verify-full"] {
        let options = trusting("authority", mode);
        let url = format!("{user}@localhost:{}/encrypted?{options}", proxy.port);
        let server = Server::new(&url, None).unwrap();
        let there = PostgresVectors::build(server, (&vectors, &origin), Search::Exact).unwrap();
        let nearest = |index: &dyn VectorIndex| {
            let found = index.nearest(&[0.7, 0.6, 0.1], 3).unwrap();
            found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        assert_eq!(nearest(&there), nearest(&vectors));
    }
}

#[test]
fn a_server_that_is_not_vouched_for_is_refused() {
    let proxy = Proxy::start("127.0.0.1:1", WILLING);
    for mode in ["require", "verify-ca", "verify-full"] {
        let stranger = refused(&proxy.url("localhost", &trusting("stranger", mode)));
        assert!(
            stranger.contains("UnknownIssuer") && stranger.contains("sslrootcert=FILE"),
            "{stranger}"
        );
        let other_host = refused(&proxy.url("127.0.0.1", &trusting("authority", mode)));
        assert!(
            other_host.contains("not valid for name") && other_host.contains("the host in the URL"),
            "{other_host}"
        );
    }
}

#[test]
fn those_whom_the_machine_trusts_do_not_vouch_for_the_tests() {
    let proxy = Proxy::start("127.0.0.1:1", WILLING);
    let server = Server::new(&proxy.url("localhost", "sslmode=verify-full"), None);
    let error = server.and_then(PostgresVectors::open).unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer") || error.contains("has no certificates"), "{error}");
    assert!(error.contains("sslrootcert=FILE"), "{error}");
}

#[test]
fn a_server_that_does_not_encrypt_is_not_spoken_to() {
    let proxy = Proxy::start("127.0.0.1:1", UNWILLING);
    let error = refused(&proxy.url("localhost", &trusting("authority", "require")));
    assert!(
        error.contains("does not support TLS") && error.contains("does it take TLS"),
        "{error}"
    );
}

#[test]
fn a_file_that_has_no_certificates_is_told() {
    for file in [format!("{FOLDER}/server.key"), format!("{FOLDER}/missing.pem")] {
        let url = format!("postgres://niamh:{PASSWORD}@localhost/d?sslrootcert={file}");
        let error = Server::new(&url, None).unwrap_err().to_string();
        assert!(error.contains(&file) && !error.contains(PASSWORD), "{error}");
    }
}
