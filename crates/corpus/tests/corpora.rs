//! The importers, families and splits on real collections, where they are at hand.

use std::path::{Path, PathBuf};
use std::time::Instant;

use corpus::{ImportOptions, Split, SplitConfig, Store};

/// A file of the collections that the environment names, or by default beside the workspace.
/// Without it the test is skipped, but for continuous integration, where that is a failure.
fn corpora(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let folder = std::env::var_os("GANAINM_CORPORA").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn the_session_becomes_works_families_and_splits() {
    let Some(path) = corpora("thesession.abc") else {
        return;
    };
    let store = Store::in_memory().unwrap();
    let start = Instant::now();
    let summary = store.import(&path, &ImportOptions::default(), &mut |_| {}).unwrap();
    println!("import with families: {:.2?}", start.elapsed());
    assert_eq!((summary.tunes, summary.settings_added), (20_777, 20_777));
    let again = store.import(&path, &ImportOptions::default(), &mut |_| {}).unwrap();
    assert_eq!((again.settings_added, again.settings_known), (0, 20_777));

    let start = Instant::now();
    let corpus = store.load().unwrap();
    println!("load: {:.2?}", start.elapsed());
    let start = Instant::now();
    let tunes = corpus.tunes();
    println!("read all settings: {:.2?}", start.elapsed());
    let start = Instant::now();
    let families = corpus::families(&corpus.works, &tunes);
    println!("families: {:.2?}, {}", start.elapsed(), families.sizes.len());
    assert!(corpus.works.iter().map(|work| work.family).eq(families.of_work.iter().copied()));
    let titled = |work: &&corpus::Work| !work.titles.is_empty();
    let mut named: Vec<u32> = corpus.works.iter().filter(titled).map(|work| work.family).collect();
    named.sort_unstable();
    named.dedup();
    println!("families with a title: {}, biggest: {:?}", named.len(), families.biggest());
    assert!((7_000..8_500).contains(&named.len()));
    assert!(families.biggest().unwrap().1 < 100);

    let works = corpus.works.iter().filter(|work| work.source() == "thesession");
    assert_eq!(works.count(), 9_126);
    let bat = corpus.work("thesession:7078").unwrap();
    assert_eq!(bat.titles[0].text, "10th Bat Crossing Rhine");
    assert_eq!(bat.settings[0].key_as_played.as_deref(), Some("A mixolydian"));
    let split = Split::new(&corpus, &SplitConfig::default()).unwrap();
    split.check(&corpus).unwrap();
    assert!(split.test.len().abs_diff(corpus.works.len() / 10) < 5);
}
