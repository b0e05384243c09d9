//! A melody tower that reads grams beside the header.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use model::{
    Dims, Encoder, GramComponents, GramsConfig, Lift, MelodyBatch, MelodyConfig, MelodyTape,
    MelodyTower, Mode, Parameters, Pooling, Precision, SparseRows,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const GRAMS: GramsConfig = GramsConfig { buckets: 31, components: 3 };

/// Tunes with some of the buckets each.
fn rows(tunes: std::ops::Range<u32>) -> SparseRows {
    let mut rows = SparseRows::default();
    for tune in tunes {
        rows.push((0..9).map(|n| ((tune * 7 + n * n * 5) % 31, 1.0 + (n % 3) as f32)));
    }
    rows
}

fn tower() -> MelodyTower {
    let config = MelodyConfig {
        note_vocab: Vec::new(),
        note_dims: Dims::All(1),
        header_vocab: vec![5],
        header_dims: Dims::All(4),
        encoder: Encoder::Gru { hidden: 4, layers: 1, bidirectional: true },
        pooling: Pooling::Mean,
        mlp: 8,
        dropout: 0.0,
        output: 6,
        grams: Some(GRAMS),
        lift: Lift::default(),
        precision: Precision::F32,
    };
    let mut tower = MelodyTower::new(config, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let settings: Vec<usize> = (0..17).map(|work| 1 + work % 2).collect();
    tower.set_grams(GramComponents::fit(rows(0..25), &settings, GRAMS, 1).unwrap()).unwrap();
    tower
}

fn batch(tunes: std::ops::Range<u32>) -> MelodyBatch {
    let header = tunes.clone().map(|tune| tune % 5).collect();
    MelodyBatch { header, grams: rows(tunes), ..MelodyBatch::default() }
}

fn embed(tower: &MelodyTower, batch: &MelodyBatch) -> Vec<f32> {
    let mut tape = MelodyTape::default();
    tower.forward(batch, Mode::Evaluate, &mut tape).unwrap();
    tape.embeddings().to_vec()
}

#[test]
fn neighbours_do_not_change_an_embedding_and_a_file_keeps_the_tower() {
    let tower = tower();
    let together = embed(&tower, &batch(0..9));
    let kept = MelodyTower::from_safetensors(&tower.to_safetensors().unwrap()).unwrap();
    assert_eq!(embed(&kept, &batch(0..9)), together);
    for tune in 0..9 {
        let alone = embed(&tower, &batch(tune..tune + 1));
        let own = &together[tune as usize * 6..][..6];
        assert!(alone.iter().zip(own).all(|(a, b)| (a - b).abs() < 1e-6), "tune {tune}");
    }
    assert_ne!(together[..6], together[30..36], "tunes 0 and 5 have one header and other grams");
}

#[test]
fn the_components_get_no_gradient_and_the_rest_does() {
    let mut tower = tower();
    let mut tape = MelodyTape::default();
    tower.forward(&batch(0..9), Mode::Evaluate, &mut tape).unwrap();
    let grad: Vec<f32> = (0..54).map(|i| (i as f32).sin()).collect();
    tower.backward(&grad, &mut tape);
    tower.visit(&mut |name, param| {
        let moves = param.grad.iter().any(|g| *g != 0.0);
        assert_eq!(moves, !name.starts_with("grams"), "{name}");
        assert_eq!(param.rate, if name.starts_with("grams") { 0.0 } else { 1.0 });
    });
}

#[test]
fn grams_that_do_not_fit_are_refused() {
    let tower = tower();
    let forward = |batch: &MelodyBatch| {
        tower.forward(batch, Mode::Evaluate, &mut MelodyTape::default()).unwrap_err().to_string()
    };
    let mut beyond = batch(0..2);
    beyond.grams.columns[4] = 31;
    assert!(forward(&beyond).contains("id 31 is outside its vocabulary of 31"));
    let fewer = MelodyBatch { grams: rows(0..1), ..batch(0..2) };
    assert!(forward(&fewer).contains("header features: expected 1, found 2"));
    assert!(GramComponents::fit(rows(0..2), &[1, 1], GRAMS, 1).is_err());
}
