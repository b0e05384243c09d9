//! The losses, the optimiser and both towers end to end equal PyTorch in double precision.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

#[path = "../../kernels/tests/common/mod.rs"]
mod common;

use common::Fixture;
use model::{
    AdamW, AdamWConfig, InfoNce, InfoNceConfig, InfoNceTape, Loss, LossConfig, LossTape,
    MarginConfig, Matched, MelodyBatch, MelodyTower, Mode, Pair, Pairs, Param, Parameters,
    SigmoidConfig, TitleBatch, TitleTape, TitleTower, Towers, TowersBatch, TowersTape,
    title_features,
};

fn pairs(fixture: &Fixture, size: usize) -> Pairs {
    let mut pairs = Pairs::diagonal(size);
    for (at, kind) in fixture.ints("pairs").into_iter().enumerate() {
        let kind = match kind.cast_signed() {
            1 => Pair::Positive,
            0 => Pair::Negative,
            _ => Pair::Excluded,
        };
        pairs.set(at / size, at % size, kind);
    }
    pairs
}

fn info_nce(log_scale: &[f32]) -> InfoNce {
    let mut loss = InfoNce::new(InfoNceConfig::default()).unwrap();
    loss.visit_mut(&mut |_, param| param.value.copy_from_slice(log_scale));
    loss
}

#[test]
fn the_contrastive_loss_equals_pytorch_with_several_positives_and_at_its_limits() {
    for name in ["info_nce_diagonal", "info_nce_several", "info_nce_above", "info_nce_below"] {
        let f = Fixture::open(name);
        let (melodies, titles, pairs) = (f.floats("melodies"), f.floats("titles"), pairs(&f, 7));
        let batch = Matched { melodies: &melodies, titles: &titles, pairs: &pairs };
        let (mut loss, mut tape) = (info_nce(&f.floats("log_scale")), InfoNceTape::default());
        f.check_output("loss", &[loss.forward(batch, &mut tape).unwrap()]);
        loss.backward(batch, &mut tape);
        f.check_gradient("melodies", tape.gradients().0);
        f.check_gradient("titles", tape.gradients().1);
        loss.visit(&mut |_, scale| match name {
            // Beyond its limits the scale has no gradient.
            "info_nce_above" | "info_nce_below" => assert_eq!(scale.grad, [0.0]),
            _ => f.check_gradient("log_scale", &scale.grad),
        });
    }
}

/// A matrix that decays and a vector that does not.
struct Two {
    matrix: Param,
    vector: Param,
}

impl Two {
    fn new(f: &Fixture) -> Self {
        let param = |key, shape: &[usize], decay| {
            let value = f.floats(key);
            Param { grad: vec![0.0; value.len()], value, shape: shape.to_vec(), decay, rate: 1.0 }
        };
        Two {
            matrix: param("start.matrix", &[5, 7], true),
            vector: param("start.vector", &[11], false),
        }
    }
}

impl Parameters for Two {
    fn visit_at(&self, _: &str, f: &mut dyn FnMut(&str, &Param)) {
        f("matrix", &self.matrix);
        f("vector", &self.vector);
    }

    fn visit_at_mut(&mut self, _: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        f("matrix", &mut self.matrix);
        f("vector", &mut self.vector);
    }
}

#[test]
fn five_clipped_steps_of_adamw_equal_pytorch() {
    let f = Fixture::open("adamw");
    let mut two = Two::new(&f);
    let config = AdamWConfig { betas: (0.8, 0.95), epsilon: 1e-6, decay: 0.1, clip: Some(1.0) };
    let mut optimiser = AdamW::new(config);
    for (step, rate) in f.floats("rates").into_iter().enumerate() {
        two.visit_mut(&mut |name, param| param.grad = f.floats(&format!("grad.{step}.{name}")));
        let norm = optimiser.step(&mut two, rate).unwrap();
        f.check_output(&format!("norm.{step}"), &[norm]);
        two.visit(&mut |name, param| {
            f.check_output(&format!("value.{step}.{name}"), &param.value);
        });
    }
}

/// What the towers' fixtures are of.
const TITLES: [&str; 5] =
    ["drowsy maggie", "the butterfly", "an buachaill caol dubh", "a fig for a kiss", "o"];

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn check_towers(name: &str) {
    let f = Fixture::open(name);
    let melody = MelodyTower::from_safetensors(&file(&format!("{name}_melody"))).unwrap();
    let title = TitleTower::from_safetensors(&file(&format!("{name}_title"))).unwrap();
    let has_header = !melody.config().header_vocab.is_empty();
    let mut towers =
        Towers::new(melody, title, Loss::InfoNce(info_nce(&f.floats("log_scale")))).unwrap();
    let batch = TowersBatch {
        melodies: MelodyBatch {
            lengths: f.sizes("lengths"),
            notes: f.ints("notes"),
            header: if has_header { f.ints("header") } else { Vec::new() },
            ..MelodyBatch::default()
        },
        titles: TitleBatch::new(TITLES),
        pairs: pairs(&f, 5),
    };
    let mut tape = TowersTape::default();

    let loss = towers.evaluate(&batch, &mut tape).unwrap();
    f.check_output("loss", &[loss]);
    towers.backward(&batch, &mut tape);
    towers.visit(&mut |name, param| f.check_gradient(name, &param.grad));
}

#[test]
fn both_towers_from_ids_to_loss_and_back_equal_pytorch() {
    for name in ["towers_full", "towers_one_way", "towers_notes", "towers_header"] {
        check_towers(name);
    }
}

#[test]
fn a_title_tower_with_sentence_vectors_equals_pytorch_with_and_without_n_grams() {
    for name in ["title_sentence", "title_sentence_alone"] {
        let (f, mut batch) = (Fixture::open(name), TitleBatch::default());
        let mut tower = TitleTower::from_safetensors(&file(&format!("{name}_weights"))).unwrap();
        for (title, dense) in TITLES.iter().zip(f.floats("dense").chunks_exact(7)) {
            batch.push(&title_features(title), dense);
        }
        let mut tape = TitleTape::default();
        tower.forward(&batch, Mode::Evaluate, &mut tape).unwrap();
        f.check_output("embeddings", tape.embeddings());
        tower.backward(&f.floats("grad_output.embeddings"), &mut tape);
        tower.visit(&mut |name, param| f.check_gradient(name, &param.grad));

        let again = TitleTower::from_safetensors(&tower.to_safetensors().unwrap()).unwrap();
        assert_eq!(again.config(), tower.config());
        let error = tower.forward(&TitleBatch::new(TITLES), Mode::Evaluate, &mut tape).unwrap_err();
        let message = "batch: values of sentence vectors: expected 35, found 0";
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn the_pairwise_losses_equal_pytorch_with_several_positives_and_excluded_pairs() {
    let margin = |hardest| LossConfig::Margin(MarginConfig { margin: 0.3, hardest });
    let sigmoid = LossConfig::Sigmoid(SigmoidConfig::default());
    let losses =
        [("sigmoid", sigmoid), ("margin_all", margin(false)), ("margin_hardest", margin(true))];
    for (name, config) in losses {
        let f = Fixture::open(name);
        let (melodies, titles, pairs) = (f.floats("melodies"), f.floats("titles"), pairs(&f, 7));
        let batch = Matched { melodies: &melodies, titles: &titles, pairs: &pairs };
        let (mut loss, mut tape) = (Loss::new(config).unwrap(), LossTape::default());
        loss.visit_mut(&mut |name, param| param.value = f.floats(name));
        f.check_output("loss", &[loss.forward(batch, &mut tape).unwrap()]);
        let (of_melodies, of_titles) = loss.backward(batch, &mut tape);
        f.check_gradient("melodies", of_melodies);
        f.check_gradient("titles", of_titles);
        loss.visit(&mut |name, param| f.check_gradient(name, &param.grad));
    }
}

#[test]
fn pairwise_losses_name_what_is_wrong_with_a_batch() {
    let margin = Loss::new(LossConfig::Margin(MarginConfig::default())).unwrap();
    let sigmoid = Loss::new(LossConfig::Sigmoid(SigmoidConfig::default())).unwrap();
    let mut none = Pairs::diagonal(3);
    none.set(1, 1, Pair::Negative);
    let side = [0.5; 3 * 2];
    let batch = Matched { melodies: &side, titles: &side, pairs: &none };
    let error = margin.forward(batch, &mut LossTape::default()).unwrap_err();
    assert_eq!(error.to_string(), "batch: melody 1 has no positive pair");
    assert!(sigmoid.forward(batch, &mut LossTape::default()).is_ok(), "each pair is by itself");
    let (nan, pairs) = ([f32::NAN; 3 * 2], Pairs::diagonal(3));
    let batch = Matched { melodies: &nan, titles: &nan, pairs: &pairs };
    for loss in [margin, sigmoid] {
        let error = loss.forward(batch, &mut LossTape::default()).unwrap_err();
        assert!(matches!(error, model::Error::NotFinite { .. }));
    }
    let margin = Loss::new(LossConfig::Margin(MarginConfig::default())).unwrap();
    let (alone, pairs) = ([f32::NAN; 2], Pairs::diagonal(1));
    let batch = Matched { melodies: &alone, titles: &alone, pairs: &pairs };
    let error = margin.forward(batch, &mut LossTape::default()).unwrap_err();
    assert!(matches!(error, model::Error::NotFinite { .. }), "without any negative");
    assert!(Loss::new(LossConfig::Margin(MarginConfig { margin: 0.0, hardest: true })).is_err());
    assert!(Loss::new(LossConfig::Sigmoid(SigmoidConfig { scale: -1.0, bias: 0.0 })).is_err());
}
