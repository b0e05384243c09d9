//! Vectors in a real PostgreSQL give the answers of those in memory.
//!
//! `reference/with_postgres.py cargo test -p search --test postgres` starts a server for them; without `GANAINM_POSTGRES`, the URL of
//! one where databases can be made, they are skipped.
#![expect(clippy::unwrap_used, reason = "a test whose input cannot be made has failed")]

mod database;

use database::database;
use postgres::{Client, NoTls};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use search::{
    Answer, ExactVectors, NameError, Namer, Origin, PostgresVectors, Search, Server, VectorIndex,
};

const DIMENSIONS: usize = 37;

fn server(url: &str) -> Server {
    Server::new(url, None).unwrap()
}

fn origin() -> Origin {
    Origin { corpus: "c".repeat(64), making: "m".to_owned() }
}

/// Ends all connections to a database but one; how many there were.
fn cut(admin: &mut Client, name: &str) -> usize {
    let all = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = $1 AND pid <> pg_backend_pid()";
    admin.query(all, &[&name]).unwrap().len()
}

/// Vectors about a hundred centres, some of them twice and one without length, under ids that are not in order.
fn vectors(count: u32, dice: &mut ChaCha8Rng) -> ExactVectors {
    let mut random = |count: usize| -> Vec<f32> {
        (0..count).map(|_| dice.random_range(-1.0..1.0_f32)).collect()
    };
    let centres = random(100 * DIMENSIONS);
    let mut index = ExactVectors::new(DIMENSIONS);
    for at in 0..count {
        let centre = &centres[at as usize % 100 * DIMENSIONS..][..DIMENSIONS];
        let near = random(DIMENSIONS);
        let vector: Vec<f32> = match at % 500 {
            0..3 => centre.to_vec(),
            3 => vec![0.0; DIMENSIONS],
            _ => centre.iter().zip(near).map(|(a, b)| 3.0 * a + b).collect(),
        };
        index.add(&[at * 7919 % 100_003], &vector).unwrap();
    }
    index
}

/// Ids may change places only where rounding makes the difference.
fn assert_same(ours: &[(u32, f32)], theirs: &[(u32, f32)]) {
    assert_eq!(ours.len(), theirs.len());
    for (place, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a.1 - b.1).abs() < 1e-5, "place {place}: {a:?} {b:?}");
        let tied = |id: u32| ours.iter().any(|o| o.0 == id && (o.1 - b.1).abs() < 1e-6);
        let last = ours.last().is_some_and(|last| (last.1 - b.1).abs() < 1e-6);
        assert!(a.0 == b.0 || tied(b.0) || last, "place {place}: {a:?} {b:?}");
    }
}

#[test]
fn the_nearest_are_those_of_the_index_in_memory() {
    let Some(url) = database("nearest") else { return };
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    let exact = vectors(4000, &mut dice);
    let built = PostgresVectors::build(server(&url), (&exact, &origin()), Search::Exact).unwrap();
    assert_eq!(built.dimensions(), DIMENSIONS);
    assert!(built.bytes().unwrap() > 4 * 4000 * DIMENSIONS as u64);
    let opened = PostgresVectors::open(server(&url)).unwrap();
    for k in [0, 1, 10, 200, 5000] {
        for _ in 0..10 {
            let query: Vec<f32> =
                (0..DIMENSIONS).map(|_| dice.random_range(-2.0..2.0_f32)).collect();
            assert_same(&exact.nearest(&query, k).unwrap(), &opened.nearest(&query, k).unwrap());
        }
    }
    let nothing = vec![0.0; DIMENSIONS];
    assert_eq!(opened.origin(), &origin());
    assert_eq!(exact.nearest(&nothing, 20).unwrap(), opened.nearest(&nothing, 20).unwrap());
    let wrong = opened.nearest(&[1.0], 1);
    assert!(matches!(wrong, Err(NameError::Dimensions { expected: DIMENSIONS, found: 1 })));
}

#[test]
fn an_id_that_is_added_again_gets_the_new_vector_in_both() {
    let Some(url) = database("added") else { return };
    let mut exact = vectors(300, &mut ChaCha8Rng::seed_from_u64(6));
    let mut stored =
        PostgresVectors::build(server(&url), (&exact, &origin()), Search::Exact).unwrap();
    let mut more = vec![0.0; 3 * DIMENSIONS];
    (more[0], more[DIMENSIONS + 1], more[2 * DIMENSIONS + 2]) = (2.0, -1.0, 5.0);
    // The id 0 is there already, 200,000 is new and comes twice.
    for index in [&mut exact as &mut dyn VectorIndex, &mut stored] {
        index.add(&[200_000, 0, 200_000], &more).unwrap();
        assert!(matches!(index.add(&[1], &[1.0]), Err(NameError::Ids { ids: 1, vectors: 0 })));
    }
    for query in more.chunks(DIMENSIONS) {
        assert_same(&exact.nearest(query, 400).unwrap(), &stored.nearest(query, 400).unwrap());
    }
    let rebuilt = PostgresVectors::build(server(&url), (&exact, &origin()), Search::Exact).unwrap();
    assert_eq!(rebuilt.nearest(&more[..DIMENSIONS], 400).unwrap().len(), 301);
}

#[test]
fn a_graph_of_neighbours_finds_nearly_all_and_as_many_as_are_asked_for() {
    let Some(url) = database("graph") else { return };
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let exact = vectors(4000, &mut dice);
    drop(PostgresVectors::build(server(&url), (&exact, &origin()), Search::Neighbours).unwrap());
    let stored =
        PostgresVectors::build(server(&url), (&exact, &origin()), Search::Neighbours).unwrap();
    let mut client = Client::connect(&url, NoTls).unwrap();
    let used =
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'ganainm_vectors_hnsw'";
    let (mut hits, mut asked) = (0, 0);
    for _ in 0..50 {
        let query: Vec<f32> = (0..DIMENSIONS).map(|_| dice.random_range(-1.0..1.0_f32)).collect();
        let found = stored.nearest(&query, 20).unwrap();
        let truth = exact.nearest(&query, 20).unwrap();
        hits += truth.iter().filter(|(id, _)| found.iter().any(|f| f.0 == *id)).count();
        asked += truth.len();
    }
    assert!(hits * 100 > asked * 95, "{hits} of {asked}");
    assert_eq!(stored.nearest(&[1.0; DIMENSIONS], 300).unwrap().len(), 300);
    drop(stored);
    // The server counts them when the connection that asked has ended.
    let mut scans = 0;
    for _ in 0..100 {
        scans = client.query_one(used, &[]).unwrap().get::<_, i64>(0);
        if scans >= 50 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(scans >= 50, "the graph was walked {scans} times");
}

#[test]
fn a_lost_connection_is_one_error_and_the_next_question_connects_again() {
    let Some(url) = database("lost") else { return };
    let exact = vectors(100, &mut ChaCha8Rng::seed_from_u64(8));
    let stored = PostgresVectors::build(server(&url), (&exact, &origin()), Search::Exact).unwrap();
    let query = [1.0; DIMENSIONS];
    let before = stored.nearest(&query, 5).unwrap();
    let mut admin = Client::connect(&url, NoTls).unwrap();
    assert_eq!(cut(&mut admin, "lost"), 1);
    let error = stored.nearest(&query, 5).unwrap_err().to_string();
    assert!(
        error.contains("127.0.0.1") && error.contains("/lost: the connection was lost"),
        "{error}"
    );
    assert_eq!(stored.nearest(&query, 5).unwrap(), before);
}

#[test]
fn what_is_missing_is_said_with_the_server_and_never_the_password() {
    let Some(url) = database("missing") else { return };
    let said = |url: &str| PostgresVectors::open(server(url)).err().unwrap().to_string();
    assert!(said(&url).contains("/missing: no vectors there yet"), "{}", said(&url));
    let nowhere = said(&url.replace("/missing", "/nowhere"));
    assert!(nowhere.contains("createdb"), "{nowhere}");
    let (before, host) = url.split_once('@').unwrap();
    let (user, _) = before.rsplit_once(':').unwrap();
    let refused = said(&format!("{user}:s3cret@{host}"));
    assert!(refused.contains("PGPASSWORD") && !refused.contains("s3cret"), "{refused}");
}

#[test]
fn a_failed_build_leaves_what_was_there() {
    let Some(url) = database("failed") else { return };
    let exact = vectors(100, &mut ChaCha8Rng::seed_from_u64(9));
    let stored = PostgresVectors::build(server(&url), (&exact, &origin()), Search::Exact).unwrap();
    let mut broken = exact.clone();
    broken.add(&[3], &[f32::INFINITY; DIMENSIONS]).unwrap();
    let error =
        PostgresVectors::build(server(&url), (&broken, &origin()), Search::Exact).err().unwrap();
    assert!(error.to_string().contains("/failed: NaN not allowed in vector"), "{error}");
    assert_eq!(stored.nearest(&[1.0; DIMENSIONS], 1000).unwrap().len(), 100);
}

/// A store of tunes that are drawn at random, in a folder of its own.
fn store(tunes: usize, seed: u64) -> (tempfile::TempDir, std::path::PathBuf) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut book = String::new();
    for number in 1..=tunes {
        book += &format!("X:{number}\nT:Tune {number}\nR:reel\nM:4/4\nL:1/8\nK:G\n");
        for _ in 0..8 {
            book.extend((0..8).map(|_| char::from(b"DEFGABcdefg"[dice.random_range(0..11)])));
            book.push('|');
        }
        book += "\n\n";
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    let file = ("book.abc", book.into_bytes());
    let store = corpus::Store::open(&path).unwrap();
    store.import_bytes(file, &corpus::ImportOptions::default(), &mut |_| {}).unwrap();
    (folder, path)
}

/// Tunes that are asked about: as they are, in part, and with every eighth note wrong.
fn questions() -> Vec<abc::Tune> {
    let (_folder, path) = store(4, 3);
    let corpus = corpus::Store::open_existing(&path).unwrap().load().unwrap();
    let tunes = corpus.works.iter().flat_map(|work| &work.settings);
    let abc: Vec<String> = tunes.map(|setting| setting.abc.clone()).collect();
    let part = |abc: &String| abc.split_inclusive('|').take(3).collect::<String>();
    let wrong = |abc: &String| abc.replace('A', "C");
    let asked = [abc.clone(), abc.iter().map(part).collect(), abc.iter().map(wrong).collect()];
    asked.iter().flatten().map(|abc| abc::read_tune(abc)).collect()
}

fn sent(path: &std::path::Path, url: &str, search: Search) {
    let namer = Namer::open(path).unwrap();
    PostgresVectors::build(server(url), (namer.vectors(), &namer.origin()), search).unwrap();
}

/// The namer that asks a database for the vectors of a store, which are sent there first.
fn by_database(path: &std::path::Path, url: &str, search: Search) -> Namer {
    sent(path, url, search);
    Namer::open(path).unwrap().with_database(server(url)).unwrap()
}

fn assert_same_answer(ours: &Answer, theirs: &Answer) {
    assert!((ours.known - theirs.known).abs() < 1e-4, "{ours:?} {theirs:?}");
    assert_eq!(ours.matches.len(), theirs.matches.len());
    for (a, b) in ours.matches.iter().zip(&theirs.matches) {
        assert_eq!((&a.tune, &a.setting, &a.evidence), (&b.tune, &b.setting, &b.evidence));
        assert!((a.score - b.score).abs() < 1e-4, "{a:?} {b:?}");
    }
}

#[test]
fn the_same_questions_get_the_same_answers_by_memory_and_by_either_database() {
    let Some(url) = database("naming") else { return };
    let (_folder, path) = store(60, 3);
    let memory = Namer::open(&path).unwrap();
    for search in [Search::Exact, Search::Neighbours] {
        let database = by_database(&path, &url, search);
        assert!(database.vectors().is_empty());
        let ask = |tune: &abc::Tune| {
            let [ours, theirs] = [&memory, &database].map(|namer| namer.name(tune, 5).unwrap());
            assert_same_answer(&ours, &theirs);
        };
        // Several ask at a time.
        let questions = questions();
        std::thread::scope(|scope| {
            for part in questions.chunks(4) {
                scope.spawn(move || part.iter().for_each(ask));
            }
        });
    }
}

#[test]
fn vectors_of_another_corpus_or_making_or_of_none_are_refused_with_what_to_do() {
    let Some(url) = database("other") else { return };
    let (_folder, path) = store(20, 3);
    let (_other_folder, other) = store(20, 4);
    sent(&other, &url, Search::Exact);
    let refused = |url: &str| {
        let namer = Namer::open(&path).unwrap();
        let error = namer.with_database(server(url)).unwrap_err().to_string();
        assert!(error.contains("/other: ") && error.contains("`ganainm index --to`"), "{error}");
        error
    };
    let namer = Namer::open(&path).unwrap();
    assert!(refused(&url).contains(&namer.origin().corpus[..12]));
    let origin = Origin { making: "older".to_owned(), ..namer.origin() };
    PostgresVectors::build(server(&url), (namer.vectors(), &origin), Search::Exact).unwrap();
    assert!(refused(&url).contains("another version"));
    let mut admin = Client::connect(&url, NoTls).unwrap();
    admin.batch_execute("DROP TABLE ganainm_vectors_origin").unwrap();
    assert!(refused(&url).contains("do not tell"));
}

#[test]
fn vectors_that_are_replaced_while_they_are_asked_never_answer_for_others() {
    let Some(url) = database("replaced") else { return };
    let (_folder, path) = store(20, 3);
    let (_other_folder, other) = store(20, 4);
    let namer = by_database(&path, &url, Search::Exact);
    let tune = questions().swap_remove(0);
    let before = namer.name(&tune, 5).unwrap();
    sent(&path, &url, Search::Neighbours);
    assert_same_answer(&namer.name(&tune, 5).unwrap(), &before);
    sent(&other, &url, Search::Exact);
    for _ in 0..2 {
        let error = namer.name(&tune, 5).unwrap_err().to_string();
        assert!(
            error.contains("/replaced: ") && error.contains("start this program again"),
            "{error}"
        );
    }
}

#[test]
fn naming_goes_on_after_a_lost_connection() {
    let Some(url) = database("cut") else { return };
    let (_folder, path) = store(20, 3);
    let namer = by_database(&path, &url, Search::Exact);
    let tune = questions().swap_remove(0);
    let before = namer.name(&tune, 5).unwrap();
    let mut admin = Client::connect(&url, NoTls).unwrap();
    assert_eq!(cut(&mut admin, "cut"), 1);
    let error = namer.name(&tune, 5).unwrap_err().to_string();
    assert!(error.contains("/cut: the connection was lost"), "{error}");
    assert_same_answer(&namer.name(&tune, 5).unwrap(), &before);
}
