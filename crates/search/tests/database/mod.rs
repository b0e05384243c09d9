//! Databases of a real server for tests.

use postgres::{Client, NoTls};

/// The URL of a new database of this name; `None` where no server is given.
pub(crate) fn database(name: &str) -> Option<String> {
    let Ok(url) = std::env::var("GANAINM_POSTGRES") else {
        eprintln!("skipped: GANAINM_POSTGRES is not set; see reference/with_postgres.py");
        return None;
    };
    let mut client = Client::connect(&url, NoTls).unwrap();
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    Some(format!("{}/{name}", url.rsplit_once('/').unwrap().0))
}
