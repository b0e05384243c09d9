//! Towers that read with a language model, and linear towers: equal to PyTorch, and what they promise.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

#[path = "../../kernels/tests/common/mod.rs"]
mod common;

use common::Fixture;
use model::{
    AdamW, AdamWConfig, BagPooling, Lift, LinearLayer, LinearTitles, MelodyBatch, MelodyTape,
    MelodyTower, Mode, Parameters, TitleBatch, TitleConfig, TitleTape, TitleTower, title_features,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn tower(name: &str) -> MelodyTower {
    let path = format!("{}/tests/fixtures/{name}_weights.safetensors", env!("CARGO_MANIFEST_DIR"));
    MelodyTower::from_safetensors(&std::fs::read(path).unwrap()).unwrap()
}

fn batch(fixture: &Fixture) -> MelodyBatch {
    MelodyBatch {
        lengths: fixture.sizes("lengths"),
        notes: fixture.ints("notes"),
        bars: fixture.sizes("bars"),
        header: fixture.ints("header"),
        ..MelodyBatch::default()
    }
}

/// Which of the tower's weights stay as they are.
fn stays(name: &str, tower: &str) -> bool {
    match tower {
        // The heads, which foretell, are not asked.
        "transfer_fine_tuned" => name.starts_with("notes.language.heads"),
        _ => name.starts_with("notes.language"),
    }
}

#[test]
fn towers_on_a_language_model_equal_pytorch_and_what_is_frozen_has_no_gradient() {
    for name in ["transfer_fine_tuned", "transfer_recurrent", "transfer_frozen", "transfer_linear"]
    {
        let fixture = Fixture::open(name);
        let (mut tower, mut tape) = (tower(name), MelodyTape::default());
        tower.forward(&batch(&fixture), Mode::Evaluate, &mut tape).unwrap();
        fixture.check_output("embeddings", tape.embeddings());
        tower.backward(&fixture.floats("grad_output.embeddings"), &mut tape);
        tower.visit(&mut |param_name, param| match stays(param_name, name) {
            true => assert!(param.grad.iter().all(|&grad| grad == 0.0), "{param_name}"),
            false => fixture.check_gradient(param_name, &param.grad),
        });
    }
}

/// The titles of the fixtures.
const TITLES: [&str; 5] =
    ["drowsy maggie", "the butterfly", "an buachaill caol dubh", "a fig for a kiss", "o"];

#[test]
fn linear_title_towers_equal_pytorch() {
    for name in ["linear_title", "linear_title_anchors"] {
        let fixture = Fixture::open(name);
        let path = format!("tests/fixtures/{name}_weights.safetensors");
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        let mut tower = TitleTower::from_safetensors(&std::fs::read(path).unwrap()).unwrap();
        let mut batch = TitleBatch::default();
        for (title, dense) in TITLES.iter().zip(fixture.floats("dense").chunks_exact(5)) {
            batch.push(&title_features(title), dense);
        }
        let mut tape = TitleTape::default();
        tower.forward(&batch, Mode::Evaluate, &mut tape).unwrap();
        fixture.check_output("embeddings", tape.embeddings());
        tower.backward(&fixture.floats("grad_output.embeddings"), &mut tape);
        tower.visit(&mut |param_name, param| match param_name {
            "anchors.vectors" => assert!(param.grad.iter().all(|&grad| grad == 0.0)),
            _ => fixture.check_gradient(param_name, &param.grad),
        });
    }
}

#[test]
fn what_would_leave_the_sphere_is_cut_to_it() {
    let config = TitleConfig {
        buckets: 97,
        dims: 4,
        pooling: BagPooling::ScaledSum,
        hidden: 0,
        dropout: 0.0,
        output: 8,
        sentence: 0,
        anchors: None,
        lift: Lift { radius: 1.1, penalty: 0.5 },
    };
    let tower = TitleTower::new(config, &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
    let mut tape = TitleTape::default();
    tower.forward(&TitleBatch::new(TITLES), Mode::Evaluate, &mut tape).unwrap();
    for vector in tape.embeddings().chunks_exact(8) {
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
    }
}

#[test]
fn a_frozen_language_model_is_not_moved_by_the_optimiser_and_a_slow_one_is() {
    for (rate, moves) in [(0.0, false), (0.1, true)] {
        let fixture = Fixture::open("transfer_fine_tuned");
        let mut tower = tower("transfer_fine_tuned");
        let mut before = Vec::new();
        tower.visit(&mut |name, param| {
            if name == "notes.language.reader.query" {
                before.clone_from(&param.value);
            }
        });
        tower.visit_mut(&mut |name, param| {
            if name.starts_with("notes.language") {
                param.rate = rate;
            }
        });
        let mut tape = MelodyTape::default();
        tower.forward(&batch(&fixture), Mode::Evaluate, &mut tape).unwrap();
        tower.backward(&fixture.floats("grad_output.embeddings"), &mut tape);
        AdamW::new(AdamWConfig::default()).step(&mut tower, 1e-2).unwrap();
        tower.visit(&mut |name, param| {
            if name == "notes.language.reader.query" {
                assert_eq!(param.value != before, moves, "at a rate of {rate}");
            }
        });
    }
}

#[test]
fn what_was_pooled_before_stands_for_the_notes() {
    let (fixture, tower) = (Fixture::open("transfer_frozen"), tower("transfer_frozen"));
    let notes = batch(&fixture);
    let pooled = tower.pool(&notes).unwrap().unwrap();
    let short = MelodyBatch {
        lengths: notes.lengths.clone(),
        header: notes.header.clone(),
        pooled,
        ..MelodyBatch::default()
    };
    let embed = |batch: &MelodyBatch| {
        let mut tape = MelodyTape::default();
        tower.forward(batch, Mode::Evaluate, &mut tape).unwrap();
        tape.embeddings().to_vec()
    };
    assert_eq!(embed(&short), embed(&notes));
    let learning = self::tower("transfer_fine_tuned");
    assert_eq!(learning.pool(&notes).unwrap(), None, "what it makes of the notes will change");
}

#[test]
fn lifted_vectors_have_unit_length_and_rank_titles_by_their_distance() {
    let (fixture, melody) = (Fixture::open("transfer_linear"), tower("transfer_linear"));
    let config = TitleConfig {
        buckets: 97,
        dims: 15,
        pooling: BagPooling::ScaledSum,
        hidden: 0,
        dropout: 0.0,
        output: 19,
        sentence: 0,
        anchors: None,
        lift: Lift::default(),
    };
    let mut title = TitleTower::new(config, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
    let identity = (0..15 * 15).map(|at| f32::from(u8::from(at / 15 == at % 15))).collect();
    let table = (0..97 * 15).map(|at| ((at * 31) % 17) as f32 / 8.0 - 1.0).collect();
    let lift = Lift { radius: 40.0, penalty: 0.5 };
    let layer = LinearLayer { weight: identity, bias: vec![0.0; 15], lift };
    title.set_linear(LinearTitles { table, anchors: None, layer }).unwrap();
    let (mut melodies, mut titles) = (MelodyTape::default(), TitleTape::default());
    melody.forward(&batch(&fixture), Mode::Evaluate, &mut melodies).unwrap();
    let names = ["The Kesh", "Drowsy Maggie", "O", "An Buachaill Caol Dubh"];
    title.forward(&TitleBatch::new(names), Mode::Evaluate, &mut titles).unwrap();
    let rows = |vectors: &[f32]| -> Vec<Vec<f32>> {
        vectors.chunks_exact(19).map(<[f32]>::to_vec).collect()
    };
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    for melody in rows(melodies.embeddings()) {
        assert!((dot(&melody, &melody) - 1.0).abs() < 1e-5);
        for title in rows(titles.embeddings()) {
            assert!((dot(&title, &title) - 1.0).abs() < 1e-5);
            let plain = |row: &[f32], radius: f32| -> Vec<f32> {
                row[..15].iter().map(|x| x * radius).collect()
            };
            let (y, p) = (plain(&melody, 9.0), plain(&title, 40.0));
            let fit = dot(&y, &p) - dot(&p, &p) / 2.0 - 0.125 * dot(&y, &y);
            assert!((dot(&melody, &title) * 360.0 - fit).abs() < 1e-3);
        }
    }
}
