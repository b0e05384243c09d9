//! The melody tower's encoders: equal to PyTorch, and what only some of them could get wrong.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

#[path = "../../kernels/tests/common/mod.rs"]
mod common;

use common::Fixture;
use model::{
    Dims, Encoder, Lift, MelodyBatch, MelodyConfig, MelodyTape, MelodyTower, Mode, Parameters,
    Pooling, Precision,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn check(name: &str) {
    let fixture = Fixture::open(name);
    let path = format!("{}/tests/fixtures/{name}_weights.safetensors", env!("CARGO_MANIFEST_DIR"));
    let mut tower = MelodyTower::from_safetensors(&std::fs::read(path).unwrap()).unwrap();
    let batch = MelodyBatch {
        lengths: fixture.sizes("lengths"),
        notes: fixture.ints("notes"),
        header: fixture.ints("header"),
        ..MelodyBatch::default()
    };
    let mut tape = MelodyTape::default();
    // After another batch, so that what a tape remembers of the one before cannot matter.
    let longer = batch_of(&[23, 2, 17, 5], tower.config());
    tower.forward(&longer, Mode::Evaluate, &mut tape).unwrap();
    tower.forward(&batch, Mode::Evaluate, &mut tape).unwrap();
    fixture.check_output("embeddings", tape.embeddings());
    tower.backward(&fixture.floats("grad_output.embeddings"), &mut tape);
    tower.visit(&mut |name, param| fixture.check_gradient(name, &param.grad));
}

#[test]
fn convolutions_equal_pytorch_in_double_precision() {
    for name in ["encoder_cnn", "encoder_cnn_second", "encoder_cnn_unpooled"] {
        check(name);
    }
}

#[test]
fn transformers_equal_pytorch_in_double_precision() {
    for name in ["encoder_transformer", "encoder_transformer_mean", "encoder_transformer_max"] {
        check(name);
    }
}

fn encoders() -> [Encoder; 4] {
    [
        Encoder::Gru { hidden: 19, layers: 2, bidirectional: true },
        Encoder::Cnn { channels: 31, layers: 3, kernel: 3, pool_every: 1 },
        Encoder::Cnn { channels: 31, layers: 2, kernel: 5, pool_every: 0 },
        Encoder::Transformer { width: 33, layers: 2, heads: 3, feed_forward: 47 },
    ]
}

fn config(encoder: Encoder) -> MelodyConfig {
    MelodyConfig {
        note_vocab: vec![13, 7, 3],
        note_dims: Dims::Each(vec![11, 5, 2]),
        header_vocab: vec![17, 5],
        header_dims: Dims::All(3),
        encoder,
        pooling: Pooling::Attention,
        mlp: 23,
        dropout: 0.2,
        output: 29,
        grams: None,
        lift: Lift::default(),
        precision: Precision::F32,
    }
}

fn tower(config: MelodyConfig) -> MelodyTower {
    MelodyTower::new(config, &mut ChaCha8Rng::seed_from_u64(3)).unwrap()
}

/// Tunes of these lengths.
fn batch_of(lengths: &[usize], config: &MelodyConfig) -> MelodyBatch {
    let ids = |rows: usize, vocab: &[usize]| -> Vec<u32> {
        let id = |t: usize, size: usize| ((t * t + 3 * t + size) * 7919 % 1009 % size) as u32;
        (0..rows).flat_map(|t| vocab.iter().map(move |&size| id(t, size))).collect()
    };
    MelodyBatch {
        lengths: lengths.to_vec(),
        notes: ids(lengths.iter().sum(), &config.note_vocab),
        header: ids(lengths.len(), &config.header_vocab),
        ..MelodyBatch::default()
    }
}

fn embed(tower: &MelodyTower, batch: &MelodyBatch) -> Vec<f32> {
    let mut tape = MelodyTape::default();
    tower.forward(batch, Mode::Evaluate, &mut tape).unwrap();
    tape.embeddings().to_vec()
}

#[test]
fn an_encoder_in_bf16_embeds_nearly_as_in_f32() {
    for encoder in encoders() {
        let exact = tower(config(encoder.clone()));
        let mut rough = config(encoder);
        rough.precision = Precision::Bf16;
        let rough = tower(rough);
        let batch = batch_of(&[7, 1, 60, 13], exact.config());
        let (exact, rough) = (embed(&exact, &batch), embed(&rough, &batch));
        assert!(exact != rough);
        for (exact, rough) in exact.chunks(29).zip(rough.chunks(29)) {
            let cosine: f32 = exact.iter().zip(rough).map(|(x, y)| x * y).sum();
            assert!(cosine > 0.9995, "{cosine}");
        }
    }
}

/// An embedding of more tunes than one part of the layout holds, in training, and all gradients.
fn pass(encoder: &Encoder, threads: usize) -> Vec<Vec<f32>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let (mut tower, mut tape) = (tower(config(encoder.clone())), MelodyTape::default());
        let lengths: Vec<usize> = (0..71).map(|b| (b * 37) % 53).collect();
        let batch = batch_of(&lengths, tower.config());
        let mut random = ChaCha8Rng::seed_from_u64(5);
        tower.forward(&batch, Mode::Train(&mut random), &mut tape).unwrap();
        let mut results = vec![tape.embeddings().to_vec()];
        let grad: Vec<f32> = (0..71 * 29).map(|at| (at * 31 % 47) as f32 / 47.0 - 0.5).collect();
        tower.backward(&grad, &mut tape);
        tower.visit(&mut |_, param| results.push(param.grad.clone()));
        results
    })
}

#[test]
fn no_embedding_and_no_gradient_depends_on_the_number_of_threads() {
    for encoder in encoders() {
        let alone = pass(&encoder, 1);
        assert!(alone == pass(&encoder, 2) && alone == pass(&encoder, 3), "{encoder:?}");
    }
}

#[test]
fn the_order_of_the_notes_matters_to_every_encoder() {
    for encoder in encoders() {
        let tower = tower(config(encoder));
        let batch = batch_of(&[60], tower.config());
        let notes = batch.notes.chunks(3).rev().flatten().copied().collect();
        let turned = MelodyBatch { notes, ..batch.clone() };
        let (one_way, other) = (embed(&tower, &batch), embed(&tower, &turned));
        let off = one_way.iter().zip(other).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(off > 1e-3, "{:?}: {off}", tower.config().encoder);
    }
}

#[test]
fn a_tune_may_be_longer_than_any_before() {
    for encoder in encoders() {
        let (tower, mut tape) = (tower(config(encoder)), MelodyTape::default());
        for length in [3, 700, 1, 50] {
            let batch = batch_of(&[length, 2], tower.config());
            tower.forward(&batch, Mode::Evaluate, &mut tape).unwrap();
            assert_eq!(tape.embeddings(), embed(&tower, &batch));
        }
    }
}

#[test]
fn a_config_that_describes_no_encoder_says_why() {
    let cnn = |layers, kernel| Encoder::Cnn { channels: 7, layers, kernel, pool_every: 1 };
    let transformer =
        |width, heads, feed_forward| Encoder::Transformer { width, layers: 1, heads, feed_forward };
    for (encoder, message) in [
        (cnn(0, 3), "config: layers has to be at least 1"),
        (cnn(2, 4), "config: kernel is 4, which is not odd"),
        (cnn(2, 0), "config: kernel is 0, which is not odd"),
        (transformer(15, 0, 7), "config: heads has to be at least 1"),
        (transformer(15, 4, 7), "config: width is 15, which 4 heads cannot share"),
        (transformer(15, 3, 0), "config: feed_forward has to be at least 1"),
    ] {
        let found = MelodyTower::new(config(encoder), &mut ChaCha8Rng::seed_from_u64(3));
        assert_eq!(found.unwrap_err().to_string(), message);
    }
}
