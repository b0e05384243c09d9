//! What has to hold of every model, whatever it has learned.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use model::{
    AdamW, AdamWConfig, BagPooling, Dims, Encoder, Error, InfoNce, InfoNceConfig, Lift, Loss,
    MelodyBatch, MelodyConfig, MelodyTape, MelodyTower, Mode, Pair, Pairs, Parameters, Pooling,
    Precision, TitleBatch, TitleConfig, TitleTape, TitleTower, Towers, TowersBatch, TowersTape,
    load_parameters, save_parameters,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const TITLES: [&str; 6] =
    ["The Kesh", "Drowsy Maggie", "An Chúilfhionn", "Gan Ainm", "O'Carolan's Concerto", "?"];

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn melody_config() -> MelodyConfig {
    MelodyConfig {
        note_vocab: vec![13, 7, 3],
        note_dims: Dims::Each(vec![11, 5, 2]),
        header_vocab: vec![17, 5],
        header_dims: Dims::All(3),
        encoder: Encoder::Gru { hidden: 19, layers: 2, bidirectional: true },
        pooling: Pooling::Attention,
        mlp: 23,
        dropout: 0.2,
        output: 29,
        grams: None,
        lift: Lift::default(),
        precision: Precision::F32,
    }
}

/// Configs that differ in what reads the notes: every kind of encoder.
fn encoders() -> [MelodyConfig; 4] {
    [
        Encoder::Gru { hidden: 19, layers: 2, bidirectional: true },
        Encoder::Cnn { channels: 19, layers: 3, kernel: 3, pool_every: 1 },
        Encoder::Cnn { channels: 19, layers: 2, kernel: 5, pool_every: 0 },
        Encoder::Transformer { width: 21, layers: 2, heads: 3, feed_forward: 31 },
    ]
    .map(|encoder| MelodyConfig { encoder, ..melody_config() })
}

/// The encoders with each way of pooling.
fn encoders_and_poolings() -> impl Iterator<Item = MelodyConfig> {
    encoders().into_iter().flat_map(|config| {
        [Pooling::Attention, Pooling::Mean, Pooling::Max]
            .map(|pooling| MelodyConfig { pooling, ..config.clone() })
    })
}

fn title_config() -> TitleConfig {
    let pooling = BagPooling::ScaledSum;
    TitleConfig {
        buckets: 211,
        dims: 13,
        pooling,
        hidden: 17,
        dropout: 0.2,
        output: 29,
        lift: Lift::default(),
        sentence: 0,
        anchors: None,
    }
}

fn towers(melody: MelodyConfig) -> Towers {
    let mut rng = rng(11);
    let melody = MelodyTower::new(melody, &mut rng).unwrap();
    let title = TitleTower::new(title_config(), &mut rng).unwrap();
    Towers::new(melody, title, Loss::InfoNce(InfoNce::new(InfoNceConfig::default()).unwrap()))
        .unwrap()
}

/// Random tunes of these lengths.
fn melodies(lengths: &[usize], config: &MelodyConfig) -> MelodyBatch {
    let mut rng = rng(5);
    let mut draw = |n: usize, vocab: &[usize]| -> Vec<u32> {
        let rows = (0..n).flat_map(|_| vocab.iter());
        rows.map(|&size| rng.random_range(0..size as u32)).collect()
    };
    MelodyBatch {
        lengths: lengths.to_vec(),
        notes: draw(lengths.iter().sum(), &config.note_vocab),
        header: draw(lengths.len(), &config.header_vocab),
        ..MelodyBatch::default()
    }
}

fn batch(config: &MelodyConfig) -> TowersBatch {
    let melodies = melodies(&[7, 1, 13, 5, 2, 3], config);
    let pairs = Pairs::grouped(&[0, 1, 1, 2, 2, 3], Pair::Excluded);
    TowersBatch { melodies, titles: TitleBatch::new(TITLES), pairs }
}

fn embed(tower: &MelodyTower, batch: &MelodyBatch) -> Vec<f32> {
    let mut tape = MelodyTape::default();
    tower.forward(batch, Mode::Evaluate, &mut tape).unwrap();
    tape.embeddings().to_vec()
}

/// Trains for a few steps and returns everything that it changed.
fn train(towers: &mut Towers, optimiser: &mut AdamW, steps: std::ops::Range<u64>) {
    let batch = batch(towers.melody.config());
    let mut tape = TowersTape::default();
    for step in steps {
        towers.zero_gradients();
        towers.forward(&batch, &mut rng(step), &mut tape).unwrap();
        towers.backward(&batch, &mut tape);
        optimiser.step(towers, 0.01).unwrap();
        towers.loss.clamp();
    }
}

#[test]
fn padding_and_neighbours_do_not_change_an_embedding() {
    for config in encoders_and_poolings() {
        let tower = MelodyTower::new(config.clone(), &mut rng(3)).unwrap();
        // More tunes than one part of the layout holds, among them one without notes.
        let lengths: Vec<usize> = (0..71).map(|b| (b * 37) % 23).collect();
        let all = melodies(&lengths, &config);
        let together = embed(&tower, &all);
        let mut start = 0;
        for (b, &length) in lengths.iter().enumerate() {
            let alone = MelodyBatch {
                lengths: vec![length],
                notes: all.notes[start * 3..(start + length) * 3].to_vec(),
                header: all.header[b * 2..][..2].to_vec(),
                ..MelodyBatch::default()
            };
            start += length;
            for (x, y) in embed(&tower, &alone).iter().zip(&together[b * 29..]) {
                let encoder = &config.encoder;
                assert!((x - y).abs() < 1e-6, "{encoder:?}: tune {b} of {length} notes: {x} {y}");
            }
        }
    }
}

#[test]
fn a_batch_without_tunes_and_tunes_without_notes_are_no_trouble() {
    for config in encoders_and_poolings() {
        let mut towers = towers(config.clone());
        assert!(embed(&towers.melody, &MelodyBatch::default()).is_empty());
        let melodies = melodies(&[0, 0], &config);
        let titles = TitleBatch::new(["", "The Kesh"]);
        let batch = TowersBatch { melodies, titles, pairs: Pairs::diagonal(2) };
        let mut tape = TowersTape::default();
        towers.forward(&batch, &mut rng(1), &mut tape).unwrap();
        towers.backward(&batch, &mut tape);
        let finite = |param: &model::Param| param.grad.iter().all(|g| g.is_finite());
        towers.visit(&mut |name, param| assert!(finite(param), "{name}"));
    }
}

#[test]
fn every_parameter_gets_a_finite_gradient_that_is_not_zero() {
    let no_notes =
        MelodyConfig { note_vocab: vec![], note_dims: Dims::Each(vec![]), ..melody_config() };
    let no_header = MelodyConfig { header_vocab: vec![], ..melody_config() };
    for config in encoders_and_poolings().chain([no_notes, no_header]) {
        let (mut towers, mut tape) = (towers(config.clone()), TowersTape::default());
        let batch = batch(&config);
        towers.forward(&batch, &mut rng(2), &mut tape).unwrap();
        towers.backward(&batch, &mut tape);
        towers.visit(&mut |name, param| {
            assert!(param.grad.iter().all(|g| g.is_finite()), "{name}");
            assert!(param.grad.iter().any(|&g| g != 0.0), "{name}");
        });
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_bit_for_bit_on_any_number_of_threads() {
    let run = |threads, config: &MelodyConfig| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut towers = towers(config.clone());
            let mut optimiser = AdamW::new(AdamWConfig::default());
            train(&mut towers, &mut optimiser, 0..4);
            (save_parameters(&towers).unwrap(), optimiser.to_safetensors().unwrap())
        })
    };
    for config in encoders() {
        let alone = run(1, &config);
        assert!(alone == run(2, &config) && alone == run(3, &config), "{:?}", config.encoder);
    }
}

#[test]
fn training_that_is_resumed_ends_bit_for_bit_as_if_unbroken() {
    let mut unbroken = towers(melody_config());
    let mut optimiser = AdamW::new(AdamWConfig::default());
    train(&mut unbroken, &mut optimiser, 0..3);
    let (weights, state) =
        (save_parameters(&unbroken).unwrap(), optimiser.to_safetensors().unwrap());
    train(&mut unbroken, &mut optimiser, 3..6);

    let mut resumed = towers(melody_config());
    load_parameters(&mut resumed, &weights).unwrap();
    let mut loaded = AdamW::from_safetensors(&state, &resumed).unwrap();
    assert_eq!(loaded.steps(), 3);
    train(&mut resumed, &mut loaded, 3..6);
    assert!(save_parameters(&unbroken).unwrap() == save_parameters(&resumed).unwrap());
    assert_eq!(optimiser, loaded);
}

#[test]
fn training_brings_the_loss_down() {
    for config in encoders() {
        let (mut towers, mut tape) = (towers(config.clone()), TowersTape::default());
        let batch = batch(&config);
        let before = towers.evaluate(&batch, &mut tape).unwrap();
        let mut optimiser = AdamW::new(AdamWConfig::default());
        train(&mut towers, &mut optimiser, 0..30);
        let after = towers.evaluate(&batch, &mut tape).unwrap();
        assert!(after < 0.5 * before, "{:?}: {before} {after}", config.encoder);
    }
}

#[test]
fn a_tower_comes_back_from_its_file_as_it_was() {
    for config in encoders() {
        let tower = MelodyTower::new(config, &mut rng(3)).unwrap();
        let bytes = tower.to_safetensors().unwrap();
        let melody = MelodyTower::from_safetensors(&bytes).unwrap();
        assert_eq!(melody.config(), tower.config());
        let tunes = melodies(&[3, 5], melody.config());
        assert_eq!(embed(&melody, &tunes), embed(&tower, &tunes));
        assert!(melody.to_safetensors().unwrap() == bytes);
    }

    let towers = towers(melody_config());
    let title = TitleTower::from_safetensors(&towers.title.to_safetensors().unwrap()).unwrap();
    let embed = |tower: &TitleTower| {
        let mut tape = TitleTape::default();
        tower.forward(&TitleBatch::new(TITLES), Mode::Evaluate, &mut tape).unwrap();
        tape.embeddings().to_vec()
    };
    assert_eq!(embed(&title), embed(&towers.title));
}

#[test]
fn a_file_that_is_not_the_models_is_refused_and_changes_nothing() {
    let mut whole = towers(melody_config());
    let other = MelodyConfig { mlp: 24, ..melody_config() };
    let check = |error: Error, message: &str| assert_eq!(error.to_string(), message);
    let before = save_parameters(&whole).unwrap();
    let error = load_parameters(&mut whole, &save_parameters(&towers(other)).unwrap());
    let message = "weights: `melody.head.hidden.weight` has shape [24, 44], expected [23, 44]";
    check(error.unwrap_err(), message);
    let title = save_parameters(&whole.title).unwrap();
    let error = load_parameters(&mut whole, &title);
    let message = "weights: `melody.notes.embeddings.tables.0` is missing";
    check(error.unwrap_err(), message);
    let error = load_parameters(&mut whole.title.clone(), &before);
    check(error.unwrap_err(), "weights: `table` is missing");
    let header_only =
        MelodyConfig { note_vocab: vec![], note_dims: Dims::All(1), ..melody_config() };
    let fewer = MelodyConfig { header_vocab: vec![17], ..header_only.clone() };
    let mut fewer = MelodyTower::new(fewer, &mut rng(1)).unwrap();
    let more = MelodyTower::new(header_only, &mut rng(1)).unwrap().to_safetensors().unwrap();
    assert!(load_parameters(&mut fewer, &more).is_err());
    assert!(save_parameters(&whole).unwrap() == before);
    assert!(matches!(MelodyTower::from_safetensors(b"no such"), Err(Error::Safetensors(_))));
    let error = MelodyTower::from_safetensors(&before).unwrap_err();
    check(error, "weights: the file's metadata has no config");
}

#[test]
fn a_batch_or_a_config_that_does_not_fit_is_named() {
    let tower = MelodyTower::new(melody_config(), &mut rng(1)).unwrap();
    let check = |change: &dyn Fn(&mut MelodyBatch), message: &str| {
        let mut batch = melodies(&[3, 5], tower.config());
        change(&mut batch);
        let found = tower.forward(&batch, Mode::Evaluate, &mut MelodyTape::default());
        assert_eq!(found.unwrap_err().to_string(), message);
    };
    check(
        &|batch| batch.notes[4] = 7,
        "batch: note feature 1: id 7 is outside its vocabulary of 7",
    );
    check(
        &|batch| batch.header[3] = 5,
        "batch: header feature 1: id 5 is outside its vocabulary of 5",
    );
    check(&|batch| batch.lengths[0] = 4, "batch: note features: expected 27, found 24");
    check(&|batch| batch.header.truncate(2), "batch: header features: expected 4, found 2");
    let bad = MelodyConfig { dropout: 1.0, ..melody_config() };
    let error = MelodyTower::new(bad, &mut rng(1)).unwrap_err();
    assert_eq!(error.to_string(), "config: dropout is 1, which is not in 0..1");
    for (buckets, dims, sentence) in [(0, 0, 0), (0, 13, 7), (211, 0, 7)] {
        let bad = TitleConfig { buckets, dims, sentence, ..title_config() };
        let error = TitleTower::new(bad, &mut rng(1)).unwrap_err().to_string();
        assert!(error.ends_with("has to be at least 1"), "{error}");
    }
}

#[test]
fn a_gradient_that_is_not_finite_stops_the_step_and_changes_nothing() {
    let mut towers = towers(melody_config());
    let before = save_parameters(&towers).unwrap();
    towers.visit_mut(&mut |_, param| param.grad[0] = f32::INFINITY);
    let mut optimiser = AdamW::new(AdamWConfig::default());
    let error = optimiser.step(&mut towers, 0.1).unwrap_err();
    assert_eq!(error.to_string(), "the gradient is not finite");
    assert!(save_parameters(&towers).unwrap() == before && optimiser.steps() == 0);
}
