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
fn vectors_go_into_a_database_and_name_tunes_until_the_corpus_changes() {
    let Ok(url) = std::env::var("GANAINM_POSTGRES") else {
        eprintln!("skipped: GANAINM_POSTGRES is not set; see reference/with_postgres.py");
        return;
    };
    let workshop = Workshop::new(24);
    for _ in 0..2 {
        let said = workshop.succeed(&["index", "--to", &url, "--db", "corpus.db", "--neighbours"]);
        assert!(said.contains("/postgres: 24 vectors of 480 numbers"), "{said}");
    }
    let named = |more: &[&str]| {
        let args = ["name", "--json", "-k", "1", "--db", "corpus.db", "book.abc"];
        let shown = workshop.succeed(&[&args, more].concat());
        let tune = |line: &str| line.split("\"matches\":").nth(1).unwrap()[..20].to_owned();
        shown.lines().map(tune).collect::<Vec<String>>()
    };
    assert_eq!(named(&["--vectors", &url]), named(&[]));
    std::fs::write(workshop.path("more.abc"), "X:1\nT:More\nK:G\nGABc dedB|\n").unwrap();
    workshop.succeed(&["corpus", "add", "more.abc", "--db", "corpus.db"]);
    let refused = workshop.fail(&["name", "--vectors", &url, "--db", "corpus.db", "book.abc"]);
    assert!(refused.contains("send them anew with `ganainm index --to`"), "{refused}");
}
