//! Where a database is, and what is said of it when something fails: never its password.

use std::error::Error;
use std::io;
use std::time::Duration;

use postgres::config::Host;
use postgres::error::{DbError, SqlState};
use postgres::{Client, Config, NoTls};

use super::demand;
use super::tls::{self, Encryption};
use crate::naming::NameError;

/// How long a server may take to answer when a connection is made, and to take what it is sent, unless the URL says so.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why work on a database failed.
pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// A PostgreSQL server and a database on it.
#[derive(Clone, Debug)]
pub struct Server {
    config: Config,
    /// None where what is sent may be read on the way.
    encryption: Option<Encryption>,
    /// Its URL without the password.
    name: String,
}

impl Server {
    /// The server of a URL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, which may name several hosts and options as
    /// PostgreSQL's own clients take them; `password` is for a URL without one. Where `sslmode` demands encryption, or `sslrootcert`
    /// names a PEM file of authorities, the server's certificate is verified, its host name too.
    ///
    /// # Errors
    /// [`NameError::Backend`] when it is no such URL, when those authorities cannot be read, or when it demands encryption of a
    /// program that is built without the feature `tls`.
    pub fn new(url: &str, password: Option<&str>) -> Result<Self, NameError> {
        // What is wrong with a URL is not said more closely: the words may be part of its password.
        let misread = || {
            let expected = "not a URL of a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE is \
                            expected, other signs than letters and digits written as %40 for @";
            NameError::Backend(expected.to_owned())
        };
        let (url, demand) = demand::read(url);
        let encryption = demand.as_ref().map(Encryption::new).transpose();
        let encryption = encryption.map_err(NameError::Backend)?;
        let schemed = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let mut config: Config = url.parse().ok().filter(|_| schemed).ok_or_else(misread)?;
        let name = name(&config);
        if name.matches('@').count() > 1 {
            return Err(misread());
        }
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE);
        }
        Ok(Self { config, encryption, name })
    }

    /// Its URL without the password.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection.
    pub(super) fn connect(&self) -> Result<Client, NameError> {
        let connected = match &self.encryption {
            None => self.config.connect(NoTls),
            Some(encryption) => encryption.connect(&self.config),
        };
        connected.map_err(|error| match database_error(&error) {
            Some(_) => self.failure(&error),
            None => self.told(&self.unreached(&error)),
        })
    }

    /// Why there is no connection.
    fn unreached(&self, error: &(dyn Error + 'static)) -> String {
        if let Some(refusal) = chain(error).find_map(tls::refusal) {
            return refusal;
        }
        let encrypted = if self.encryption.is_some() { ", and does it take TLS" } else { "" };
        format!(
            "cannot be reached ({}): is the server running, its address right{encrypted}?",
            root(error)
        )
    }

    /// What went wrong here, and what to do.
    pub(super) fn told(&self, what: &str) -> NameError {
        NameError::Backend(format!("{}: {what}", self.name))
    }

    /// The error behind one of PostgreSQL's client.
    pub(super) fn failure(&self, error: &(dyn Error + 'static)) -> NameError {
        match database_error(error) {
            Some(answer) => self.told(&advice(answer)),
            None if is_lost(error) => self.told(LOST),
            None => self.told(&root(error)),
        }
    }
}

const LOST: &str =
    "the connection was lost: what was begun is undone; try again when the server is back";

/// What the server answered, with what to do where that is known.
fn advice(answer: &DbError) -> String {
    let said = answer.message();
    match answer.code() {
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            format!(
                "{said}: give the right user in the URL, and the password there or in PGPASSWORD"
            )
        }
        &SqlState::INVALID_CATALOG_NAME => format!("{said}: make it with createdb"),
        &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN => LOST.to_owned(),
        &SqlState::UNDEFINED_FILE | &SqlState::FEATURE_NOT_SUPPORTED => {
            format!("{said}: install pgvector on the server")
        }
        &SqlState::INSUFFICIENT_PRIVILEGE => {
            format!(
                "{said}: the user needs the right to make tables, and, the first time, the extension `vector`"
            )
        }
        &SqlState::READ_ONLY_SQL_TRANSACTION => {
            format!("{said}: this is a replica; write to its primary")
        }
        _ => format!("{said} (SQLSTATE {})", answer.code().code()),
    }
}

/// An error and those behind it.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn database_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e DbError> {
    chain(error).find_map(|error| error.downcast_ref::<DbError>())
}

fn is_lost(error: &(dyn Error + 'static)) -> bool {
    let closed = |e: &(dyn Error + 'static)| {
        e.is::<io::Error>() || e.downcast_ref::<postgres::Error>().is_some_and(|e| e.is_closed())
    };
    chain(error).any(closed)
}

/// The innermost error's words.
fn root(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// A config as a URL without a password.
fn name(config: &Config) -> String {
    let port = |at: usize| config.get_ports().get(at).or(config.get_ports().first()).copied();
    let host = |(at, host): (usize, &Host)| {
        let host = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        format!("{host}:{}", port(at).unwrap_or(5432))
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_its_password() {
        let url =
            "postgresql://niamh:s%40cret@db.example,replica.example:5433/tunes?connect_timeout=3";
        let server = Server::new(url, None).unwrap();
        assert_eq!(server.name(), "postgres://niamh@db.example:5432,replica.example:5433/tunes");
        assert!(!format!("{server:?}").contains("cret"));
    }

    #[test]
    fn what_is_no_url_is_refused_without_repeating_it() {
        for wrong in [
            "postgres://u:s3cret@x@localhost/db",
            "postgres://u:s3cret@localhost:port/db",
            "host=localhost password=s3cret",
            "postgres://u:pass@localhost/db?s3cret=1",
            "mysql://u:s3cret@localhost/db",
        ] {
            let error = Server::new(wrong, None).unwrap_err().to_string();
            assert!(error.contains("postgres://USER:PASSWORD@HOST"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(Server::new("postgres://u@localhost/db?sslmode=prefer", None).is_ok());
    }

    #[test]
    #[cfg(not(feature = "tls"))]
    fn a_program_without_encryption_says_so() {
        for option in ["sslmode=require", "sslmode=verify-full", "sslrootcert=ours.pem"] {
            let url = format!("postgres://u:s3cret@localhost/db?{option}");
            let error = Server::new(&url, None).unwrap_err().to_string();
            assert!(error.contains("--features tls") && error.contains("tunnel"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_named() {
        let server = Server::new("postgres://u:s3cret@127.0.0.1:1/db", None).unwrap();
        let error = server.connect().err().unwrap().to_string();
        assert!(error.contains("postgres://u@127.0.0.1:1/db: cannot be reached"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
