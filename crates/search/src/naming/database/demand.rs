//! What the URL of a database asks about encryption.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// Values of `sslmode` that want a connection encrypted.
const MODES: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// The value of `sslrootcert` for the authorities that the machine trusts, as without it.
const SYSTEM: &str = "system";

/// A connection is to be encrypted, and the server's certificate verified, its host name too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// The PEM file of those who may vouch for the server, if not all whom this machine trusts.
    pub(super) authorities: Option<PathBuf>,
}

/// A URL as the client of PostgreSQL takes it, which knows no `sslrootcert` and of the modes that encrypt only `require`; and what
/// it asks for.
pub(super) fn read(url: &str) -> (String, Option<Demand>) {
    let Some((address, options)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (mut left, mut demanded, mut authorities) = (Vec::new(), false, None);
    for option in options.split('&') {
        match option.split_once('=') {
            Some(("sslmode", mode)) if MODES.contains(&mode) => demanded = true,
            Some(("sslrootcert", SYSTEM)) => demanded = true,
            Some(("sslrootcert", file)) => {
                demanded = true;
                authorities = Some(percent_decode_str(file).decode_utf8_lossy().as_ref().into());
            }
            _ => left.push(option),
        }
    }
    if demanded {
        left.push("sslmode=require");
    }
    let url =
        if left.is_empty() { address.to_owned() } else { format!("{address}?{}", left.join("&")) };
    (url, demanded.then_some(Demand { authorities }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_for_encryption_demands_it() {
        for plain in [
            "postgres://a/b",
            "postgres://a/b?sslmode=prefer",
            "postgres://a/b?connect_timeout=3&sslmode=disable",
        ] {
            assert_eq!(read(plain), (plain.to_owned(), None));
        }
        for mode in MODES {
            let (url, demand) = read(&format!("postgres://a/b?sslmode={mode}&connect_timeout=3"));
            assert_eq!(url, "postgres://a/b?connect_timeout=3&sslmode=require");
            assert_eq!(demand, Some(Demand { authorities: None }));
        }
    }

    #[test]
    fn a_file_of_authorities_demands_encryption() {
        let (url, demand) = read("postgres://a/b?sslrootcert=%2Fetc%2Four%20own.pem");
        assert_eq!(url, "postgres://a/b?sslmode=require");
        assert_eq!(demand, Some(Demand { authorities: Some("/etc/our own.pem".into()) }));
        let (_, demand) = read("postgres://a/b?sslrootcert=system");
        assert_eq!(demand, Some(Demand { authorities: None }));
    }
}
