//! Fits the weights of naming on hidden settings of training works, and shows how they do on validation works.
//!
//! ```sh
//! cargo run --release -p search --example fit_naming -- STORE [WORKS]
//! ```
//!
//! writes `crates/search/src/naming/weights.toml`.

#[path = "../common/mod.rs"]
mod common;
mod regression;

use std::path::Path;

use anyhow::Context;
use common::numbers::interval;
use common::ranks::{ALL, reciprocals};
use common::{ALL_KINDS, Asked, KINDS, asked, hear, known_and_unknown, silent, split, told_apart};
use corpus::{Corpus, Store, Work};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regression::{Choice, Example, logistic, softmax};
use search::{IN_PIECES, KNOWN_SIGNS, Namer, WORK_SIGNS, Weights};

/// Candidates of a query that the ranking is fitted on.
const CANDIDATES: usize = 60;

/// Share of the queries that do not say their dance type.
const SILENT: f64 = 1.0 / 3.0;

/// Share of the others that say that of another tune. The settings of one work of The Session always agree, but not two books: see
/// what `naming` prints of O'Neill's.
const OTHERWISE: f64 = 0.05;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let store = args.next().context("usage: fit_naming STORE [WORKS]")?;
    let count = args.next().map_or(Ok(2000), |count| count.parse())?;
    let corpus = Store::open_existing(Path::new(&store))?.load()?;
    let parts = split(&corpus)?;
    let (train, validation) =
        (parts.works(&corpus, &parts.train), parts.works(&corpus, &parts.validation));
    let mut namer = Namer::open(Path::new(&store))?;
    let mut weights =
        Weights { ranking: [0.0; WORK_SIGNS], known: [0.0; KNOWN_SIGNS], known_bias: 0.0 };
    weights.ranking[IN_PIECES] = 1.0;
    // The best setting of a work depends on the weights, so they are fitted three times.
    for seed in [1, 2, 3] {
        namer = namer.with_weights(weights.clone());
        weights.ranking = ranking(&namer, &train, (count, seed));
    }
    namer = namer.with_weights(weights.clone());
    (weights.known, weights.known_bias) = known(&namer, &corpus, (&train, count));
    namer = namer.with_weights(weights.clone());
    println!(
        "| validation | works | MRR | without `R:` | AUROC of known | calibration error |\n|---|---|---|---|---|---|"
    );
    for kind in ALL_KINDS {
        let said = asked(&validation, (kind, 1000, 3));
        let heard = known_and_unknown(&namer, &corpus, &said);
        let told = mrr(&namer, &said);
        let unsaid = silent(said);
        let untold = mrr(&namer, &unsaid);
        let (auroc, error) = told_apart(&heard);
        println!("| {kind:?} | {} | {told} | {untold} | {auroc:.3} | {error:.3} |", unsaid.len());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/naming/weights.toml");
    let head = "# Written by `cargo run --release -p search --example fit_naming -- STORE`.\n";
    std::fs::write(path, format!("{head}{}", weights.to_toml())).context(path)?;
    println!("\n{}", weights.to_toml());
    Ok(())
}

/// The mean reciprocal rank, with its interval.
fn mrr(namer: &Namer, asked: &[Asked<'_>]) -> String {
    interval(&reciprocals(asked, &hear(namer, asked), ALL))
}

/// The queries with what players may say of their dance types: nothing, or now and then another one.
fn as_said(mut asked: Vec<Asked<'_>>, seed: u64) -> Vec<Asked<'_>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let types: Vec<Option<String>> =
        asked.iter().map(|asked| asked.tune.header.rhythm.clone()).collect();
    for asked in &mut asked {
        if rng.random_bool(SILENT) {
            asked.tune.header.rhythm = None;
        } else if rng.random_bool(OTHERWISE) {
            asked.tune.header.rhythm = types[rng.random_range(0..types.len())].clone();
        }
    }
    asked
}

/// Weights of the ranking: a softmax over the candidates of each query that has the truth among them.
fn ranking(namer: &Namer, works: &[&Work], (count, seed): (usize, u64)) -> [f32; WORK_SIGNS] {
    let mut choices: Vec<Choice<WORK_SIGNS>> = Vec::new();
    for kind in KINDS {
        let asked = as_said(asked(works, (kind, count, seed)), seed);
        for (asked, heard) in asked.iter().zip(hear(namer, &asked)) {
            let found = heard.works.iter().take(CANDIDATES);
            let (mut right, mut signs) = (None, Vec::new());
            for (at, candidate) in found.enumerate() {
                right = right.or((candidate.tune == asked.work.id).then_some(at));
                signs.push(candidate.signs);
            }
            choices.extend(right.map(|right| Choice { right, signs }));
        }
    }
    softmax(&choices)
}

/// Weights that tell known tunes from unknown ones.
fn known(
    namer: &Namer,
    corpus: &Corpus,
    (works, count): (&[&Work], usize),
) -> ([f32; KNOWN_SIGNS], f32) {
    let mut examples: Vec<Example<KNOWN_SIGNS>> = Vec::new();
    for kind in ALL_KINDS {
        let asked = as_said(asked(works, (kind, count, 4)), 4);
        for (known, unknown) in known_and_unknown(namer, corpus, &asked) {
            examples.extend([(known, true), (unknown, false)].map(|(heard, known)| Example {
                signs: heard.known_signs.unwrap_or_default(),
                known,
            }));
        }
    }
    logistic(&examples)
}
