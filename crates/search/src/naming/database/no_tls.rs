//! What stands in for encrypted connections in a program that is built without them.

use std::convert::Infallible;
use std::error::Error;

use postgres::{Client, Config};

use super::demand::Demand;

const WITHOUT: &str = "this program is built without encrypted connections: build it with `cargo build --release --features tls`, or \
                       leave sslmode and sslrootcert out and reach the server by its Unix socket, or through a tunnel or a proxy on \
                       this machine that encrypts";

/// How connections are encrypted: not at all.
#[derive(Clone, Debug)]
pub(super) struct Encryption(Infallible);

impl Encryption {
    /// What a URL demands.
    ///
    /// # Errors
    /// Always.
    pub(super) fn new(_: &Demand) -> Result<Self, String> {
        Err(WITHOUT.to_owned())
    }

    /// A new connection.
    pub(super) fn connect(&self, _: &Config) -> Result<Client, postgres::Error> {
        match self.0 {}
    }
}

/// Why a handshake failed: there is none.
pub(super) fn refusal(_: &(dyn Error + 'static)) -> Option<String> {
    None
}
