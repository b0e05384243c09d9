use std::sync::LazyLock;

use model::{Dims, LanguageConfig, Precision, Stack, Structure};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokens::{Facts, Symbol, VocabularyOptions};

use super::*;

/// Tunes with everything that tunes have, from which the vocabulary is made.
const BOOK: [&str; 4] = [
    "R:reel\nM:4/4\nL:1/8\nK:G\nd|:G2BG dGBd|(3efg fe d2-de|c>A B<G z2 A/B/c|1g4 G3d:|2g4 G4||\
     [K:D]D,2A,2 a2b'2|[M:6/8]A8-|A8|]",
    "R:jig\nM:6/8\nL:1/8\nK:Ador\n|:e|A3 B3|c2d e2f|(4gfed (2cB A2|A6-|A4 z2|A5:|",
    "R:waltz\nM:3/4\nL:1/8\nK:Dmix\n|:A4 d2|(5ABcde f2z2|^f3e dc|d6::g2e2c2|B2G2E2|",
    "R:polka\nM:2/4\nL:1/8\nK:Emin\n|:E>F GA|B/A/G/F/ E/D/B,/D/|(3e/f/g/ B2 z|e4:|",
];

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let read = |abc: &&str| Tokens::new(&abc::read_tune(abc), &Facts::default()).unwrap();
    let tunes: Vec<Tokens> = BOOK.iter().map(read).collect();
    let options = VocabularyOptions { transpositions: -5..=6, ..Default::default() };
    Vocabulary::build(&tunes, &options)
});

fn head(dance: &str, metre: &str, key: &str) -> Head {
    let key = KeyName::parse(key).unwrap();
    Head {
        key,
        played: key,
        metre: MetreName::parse(metre).unwrap(),
        unit: Duration::new(1, 8),
        dance_type: Some(dance.into()),
    }
}

/// A small model with random weights.
fn composer(seed: u64) -> Composer {
    let vocabulary = VOCABULARY.clone();
    let features = vec![Feature::Symbol, Feature::Duration, Feature::BarPosition, Feature::Key];
    let stack = Stack { hidden: 13, layers: 1 };
    let config = LanguageConfig {
        vocab: features.iter().map(|&feature| vocabulary.size(feature)).collect(),
        dims: Dims::All(7),
        structure: Structure::Hierarchical { note: stack, bar: stack, output: stack },
        symbols: vocabulary.size(Feature::Symbol),
        durations: vocabulary.size(Feature::Duration),
        symbol_dims: 5,
        duration_hidden: 11,
        dropout: 0.0,
        precision: Precision::F32,
    };
    let model = LanguageModel::new(config, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    Composer { model, vocabulary, features }
}

fn commission(count: usize) -> Commission {
    Commission {
        head: head("reel", "4/4", "Gmaj"),
        count,
        sampling: Sampling::default(),
        seed: 7,
        retries: 3,
    }
}

fn compose(composer: &Composer, commission: &Commission) -> Vec<Composed> {
    let mut tunes = Vec::new();
    let take = |tune| {
        tunes.push(tune);
        Ok::<(), ComposeError>(())
    };
    composer.compose(commission, take).unwrap();
    tunes
}

/// A tune drawn from the grammar with strong likings for some symbols and lengths, whatever they are.
fn tune_of_whims(head: &Head, seed: u64) -> Tokens {
    let vocabulary = &*VOCABULARY;
    let bar = head.metre.metre().unwrap().bar();
    let rules = Rules::new(vocabulary, head.key, bar).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let strength = random.random_range(0.1..9.0_f32);
    let mut whims = |feature| -> Vec<f32> {
        let size = vocabulary.size(feature);
        (0..size).map(|_| random.random_range(-strength..=strength)).collect()
    };
    let (symbols, durations) = (whims(Feature::Symbol), whims(Feature::Duration));
    let mut draft = Draft::new(head, &rules, (seed, 1, 1));
    loop {
        draft.draw_symbol(&symbols, Sampling::default());
        draft.draw_duration(&durations, Sampling::default());
        if draft.is_done() {
            return draft.finish();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_the_logits_the_form_closes_and_the_abc_reads_back(seed: u64) {
        let kinds = [("reel", "4/4", "Gmaj"), ("jig", "6/8", "Ador"), ("polka", "2/4", "Emin"),
            ("waltz", "3/4", "Dmix"), ("slide", "12/8", "Fmaj"), ("slip jig", "9/8", "Bmin")];
        let (dance, metre, key) = kinds[(seed % 6) as usize];
        let tokens = tune_of_whims(&head(dance, metre, key), seed);
        let abc = abc::write(&tokens.to_tune());
        prop_assert_eq!(form(&tokens).err(), None, "{}", abc);
        let read = abc::read(&format!("X:1\n{}", abc.trim_start_matches("X:1\n"))).tunes.remove(0);
        let back = Tokens::new(&read, &Facts::default()).unwrap();
        let pairs = |tokens: &Tokens| tokens.pairs().collect::<Vec<_>>();
        prop_assert!(pairs(&back) == pairs(&tokens), "{}", abc);
        prop_assert!(back.range().unwrap() >= (55, 55) && back.range().unwrap().1 <= 88);
    }
}

#[test]
fn whims_find_every_kind_of_tune() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..500 {
        let tokens = tune_of_whims(&head("reel", "4/4", "Gmaj"), seed);
        let mut kinds: Vec<String> = tokens
            .pairs()
            .map(|(symbol, _)| match symbol {
                Symbol::Note(_) => "note".to_owned(),
                other => other.to_string(),
            })
            .collect();
        kinds.sort();
        kinds.dedup();
        kinds.into_iter().for_each(|kind| *seen.entry(kind).or_insert(0) += 1);
    }
    for kind in ["|:", ":|", "[1", "[2", "||", "|]", "|", "-", "rest", "pickup", "(3:2:3", "note"] {
        assert!(seen.get(kind).is_some_and(|&tunes| tunes >= 10), "{kind}: {seen:?}");
    }
}

#[test]
fn the_first_tunes_of_many_are_the_tunes_of_few() {
    let composer = composer(3);
    let many = compose(&composer, &commission(150));
    let few = compose(&composer, &commission(11));
    assert_eq!(many[..11], few);
    assert!(many.iter().enumerate().all(|(place, tune)| tune.number == place + 1));
    assert!(many.iter().all(|tune| tune.faults.is_empty() && tune.attempts == 1));
    let other = compose(&composer, &Commission { seed: 8, ..commission(11) });
    assert!(few.iter().zip(&other).all(|(a, b)| a.tokens != b.tokens));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| compose(&composer, &commission(11))), few);
}

#[test]
fn tunes_are_in_the_key_and_metre_that_were_asked_for() {
    let head = head("jig", "6/8", "Ador");
    for tune in compose(&composer(5), &Commission { head: head.clone(), ..commission(7) }) {
        assert_eq!(tune.tokens.head(), head);
        assert_eq!(tune.tokens.to_tune().header.rhythm.as_deref(), Some("jig"));
    }
}

#[test]
fn what_the_model_does_not_know_is_refused_by_name() {
    let refused = |commission: Commission| {
        let mut take = |_| -> Result<(), ComposeError> { panic!("a tune") };
        composer(5).compose(&commission, &mut take).unwrap_err().to_string()
    };
    let of = |head| refused(Commission { head, ..commission(1) });
    assert_eq!(
        of(head("tango", "4/4", "Gmaj")),
        "the model knows no dance type `tango`; it knows jig, polka, reel, waltz"
    );
    assert!(
        of(head("reel", "7/8", "Gmaj")).starts_with("the model knows no metre `7/8`; it knows")
    );
    assert!(of(head("reel", "4/4", "Glyd")).starts_with("the model knows no key `Glyd`"));
    let sampling = Sampling { temperature: -1.0, ..Default::default() };
    let refused = refused(Commission { sampling, ..commission(1) });
    assert_eq!(refused, "a temperature of -1 should be 0 or more");
}

#[test]
fn the_usual_metre_is_that_of_most_tunes() {
    let tunes: Vec<Tokens> =
        ["R:jig\nM:6/8", "R:jig\nM:9/8", "R:jig\nM:6/8", "M:4/4", "M:4/4", "M:4/4"]
            .map(|fields| format!("{fields}\nL:1/8\nK:C\nC"))
            .iter()
            .map(|abc| Tokens::new(&abc::read_tune(abc), &Facts::default()).unwrap())
            .collect();
    let usual = |dance| usual_metre(&tunes, dance).map(|(metre, _)| metre.to_string());
    assert_eq!(usual("jig").as_deref(), Some("6/8"));
    assert_eq!(usual("tango").as_deref(), Some("4/4"));
    assert_eq!(usual_metre([], "jig"), None);
}
