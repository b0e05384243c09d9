//! `ganainm index` from the command line.

use crate::workshop::Workshop;

#[test]
fn the_index_is_made_once_and_is_up_to_date_after() {
    let workshop = Workshop::new(24);
    let first = workshop.succeed(&["index", "--db", "corpus.db"]);
    assert!(first.contains("corpus.db.index: 24 settings of 24 works") && first.contains("made"));
    let again = workshop.succeed(&["index", "--db", "corpus.db"]);
    assert!(again.contains("up to date"), "{again}");
}

#[test]
fn a_server_that_is_not_there_is_one_error_without_the_password() {
    let workshop = Workshop::new(24);
    let url = "postgres://u:s3cret@127.0.0.1:1/tunes";
    let error = workshop.fail(&["index", "--to", url, "--db", "corpus.db"]);
    assert!(error.contains("postgres://u@127.0.0.1:1/tunes: cannot be reached"), "{error}");
    assert!(!error.contains("s3cret") && error.trim().lines().count() == 1, "{error}");
}

#[test]
fn vectors_go_into_a_database() {
    let Ok(url) = std::env::var("GANAINM_POSTGRES") else {
        eprintln!("skipped: GANAINM_POSTGRES is not set; see reference/with_postgres.py");
        return;
    };
    let workshop = Workshop::new(24);
    for _ in 0..2 {
        let said = workshop.succeed(&["index", "--to", &url, "--db", "corpus.db", "--neighbours"]);
        assert!(said.contains("/postgres: 24 vectors of 256 numbers"), "{said}");
    }
}
