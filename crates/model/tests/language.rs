//! The melody language model: equal to PyTorch, the same row by row as all at once, blind to what is to come.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

#[path = "../../kernels/tests/common/mod.rs"]
mod common;

use common::Fixture;
use model::{
    Dims, LanguageBatch, LanguageConfig, LanguageModel, LanguageTape, LossWeight, Mode, Parameters,
    Precision, Stack, Structure,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn model(name: &str) -> LanguageModel {
    let path = format!("{}/tests/fixtures/{name}_weights.safetensors", env!("CARGO_MANIFEST_DIR"));
    LanguageModel::from_safetensors(&std::fs::read(path).unwrap()).unwrap()
}

fn batch(fixture: &Fixture) -> LanguageBatch {
    LanguageBatch {
        lengths: fixture.sizes("lengths"),
        rows: fixture.ints("rows"),
        bars: fixture.sizes("bars"),
        symbols: fixture.ints("symbols"),
        durations: fixture.ints("durations"),
    }
}

#[test]
fn losses_and_gradients_equal_pytorch_in_double_precision() {
    for name in ["language_hierarchical", "language_flat"] {
        let fixture = Fixture::open(name);
        let (mut model, mut tape) = (model(name), LanguageTape::default());
        // Twice, so that what a tape remembers of the batch before cannot matter.
        for _ in 0..2 {
            model.zero_gradients();
            let loss = model.forward(&batch(&fixture), Mode::Evaluate, &mut tape).unwrap();
            fixture.check_output("symbol", &[loss.symbol]);
            fixture.check_output("duration", &[loss.duration]);
            model.backward(LossWeight { symbol: 1.0, duration: 0.5 }, &mut tape);
            model.visit(&mut |name, param| fixture.check_gradient(name, &param.grad));
        }
    }
}

fn shapes() -> [Structure; 2] {
    let (note, bar) = (Stack { hidden: 7, layers: 2 }, Stack { hidden: 11, layers: 2 });
    let output = Stack { hidden: 13, layers: 1 };
    [Structure::Flat(bar), Structure::Hierarchical { note, bar, output }]
}

fn random(structure: Structure) -> LanguageModel {
    let config = LanguageConfig {
        vocab: vec![17, 5],
        dims: Dims::Each(vec![7, 3]),
        structure,
        symbols: 17,
        durations: 5,
        symbol_dims: 3,
        duration_hidden: 7,
        dropout: 0.3,
        precision: Precision::F32,
    };
    LanguageModel::new(config, &mut ChaCha8Rng::seed_from_u64(5)).unwrap()
}

/// Tunes of these lengths; every fifth row closes a bar.
fn tunes(lengths: &[usize], seed: usize) -> LanguageBatch {
    let mut batch = LanguageBatch { lengths: lengths.to_vec(), ..LanguageBatch::default() };
    for (tune, &rows) in lengths.iter().enumerate() {
        for t in 0..rows {
            let id = |factor: usize, of: usize| ((tune + seed + 1) * factor * (t + 3) % of) as u32;
            batch.rows.extend([id(5, 17), id(3, 5)]);
            batch.bars.push(t / 5);
            batch.symbols.push(id(7, 17));
            batch.durations.push(id(11, 5));
        }
    }
    batch
}

fn losses(model: &LanguageModel, batch: &LanguageBatch) -> (f32, f32) {
    let loss = model.forward(batch, Mode::Evaluate, &mut LanguageTape::default()).unwrap();
    (loss.symbol, loss.duration)
}

fn log_probability(logits: &[f32], class: u32) -> f64 {
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|&x| f64::from(x - top).exp()).sum();
    f64::from(logits[class as usize] - top) - sum.ln()
}

#[test]
fn tunes_read_row_by_row_are_foretold_as_all_at_once() {
    for structure in shapes() {
        let (model, lengths) = (random(structure), [47, 11, 17]);
        let batch = tunes(&lengths, 2);
        let mut state = model.begin(3);
        let (mut live, mut symbols, mut durations) = (vec![0, 1, 2], 0.0, (0.0, 0));
        for t in 0..47 {
            let kept: Vec<bool> = live.iter().map(|&tune: &usize| t < lengths[tune]).collect();
            state.keep(&kept);
            live.retain(|&tune| t < lengths[tune]);
            let at = |tune: usize| lengths[..tune].iter().sum::<usize>() + t;
            let rows: Vec<u32> =
                live.iter().flat_map(|&tune| batch.rows[2 * at(tune)..][..2].to_vec()).collect();
            let closes: Vec<bool> = live.iter().map(|_| t % 5 == 4).collect();
            model.read(&rows, &closes, &mut state);
            let next: Vec<u32> = live.iter().map(|&tune| batch.symbols[at(tune)]).collect();
            for (logits, &symbol) in state.symbol_logits().chunks(17).zip(&next) {
                symbols -= log_probability(logits, symbol);
            }
            let logits = model.duration_logits(&next, &mut state);
            for (logits, &tune) in logits.chunks(5).zip(&live) {
                let duration = batch.durations[at(tune)];
                if duration != tokens::ABSENT {
                    durations.0 -= log_probability(logits, duration);
                    durations.1 += 1;
                }
            }
        }
        let (symbol, duration) = losses(&model, &batch);
        assert!((f64::from(symbol) - symbols / 75.0).abs() < 1e-5);
        assert!((f64::from(duration) - durations.0 / f64::from(durations.1)).abs() < 1e-5);
    }
}

#[test]
fn batch_mates_do_not_change_a_tune() {
    for structure in shapes() {
        let model = random(structure);
        let (alone, together) = (tunes(&[23], 0), tunes(&[23, 5, 41, 1], 0));
        let (a, _) = losses(&model, &alone);
        let rest = LanguageBatch {
            lengths: vec![5, 41, 1],
            rows: together.rows[46..].to_vec(),
            bars: together.bars[23..].to_vec(),
            symbols: together.symbols[23..].to_vec(),
            durations: together.durations[23..].to_vec(),
        };
        let ((b, _), (all, _)) = (losses(&model, &rest), losses(&model, &together));
        assert!((all * 70.0 - a * 23.0 - b * 47.0).abs() < 2e-3, "{all} {a} {b}");
    }
}

#[test]
fn every_parameter_gets_a_gradient() {
    for structure in shapes() {
        let (mut model, mut tape) = (random(structure), LanguageTape::default());
        let mut dropout = ChaCha8Rng::seed_from_u64(3);
        let batch = tunes(&[23, 29, 11, 31], 3);
        model.forward(&batch, Mode::Train(&mut dropout), &mut tape).unwrap();
        model.backward(LossWeight::default(), &mut tape);
        model.visit(&mut |name, param| {
            let norm: f32 = param.grad.iter().map(|g| g * g).sum();
            assert!(norm.is_finite() && norm > 0.0, "{name}");
        });
    }
}

#[test]
fn a_batch_of_nothing_costs_nothing() {
    for structure in shapes() {
        let (mut model, mut tape) = (random(structure), LanguageTape::default());
        let loss = model.forward(&LanguageBatch::default(), Mode::Evaluate, &mut tape).unwrap();
        assert_eq!((loss.symbol, loss.duration, loss.symbols), (0.0, 0.0, 0));
        model.backward(LossWeight::default(), &mut tape);
        model.visit(&mut |name, param| assert!(param.grad.iter().all(|g| *g == 0.0), "{name}"));
    }
}

#[test]
fn a_file_of_weights_gives_the_model_back() {
    for structure in shapes() {
        let model = random(structure);
        let again = LanguageModel::from_safetensors(&model.to_safetensors().unwrap()).unwrap();
        assert_eq!(again.config(), model.config());
        let batch = tunes(&[23, 5], 4);
        assert_eq!(losses(&again, &batch), losses(&model, &batch));
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let model = random(shapes()[1]);
    let mut tape = LanguageTape::default();
    let mut refuse = |change: fn(&mut LanguageBatch), expected: &str| {
        let mut batch = tunes(&[7, 3], 0);
        change(&mut batch);
        let error = model.forward(&batch, Mode::Evaluate, &mut tape).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refuse(|batch| batch.rows.truncate(9), "features of rows");
    refuse(|batch| batch.bars.truncate(9), "bars");
    refuse(|batch| batch.symbols[4] = 17, "next symbol");
    refuse(|batch| batch.durations[4] = 5, "next duration");
    refuse(|batch| batch.rows[4] = 99, "row");
}
