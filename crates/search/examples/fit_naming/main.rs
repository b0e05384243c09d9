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

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use common::{Asked, KINDS, Kind, asked, has_like, split};
use corpus::{Corpus, Store, Work};
use rayon::prelude::*;
use regression::{Choice, Example, logistic, softmax};
use search::{Heard, KNOWN_SIGNS, Namer, WORK_SIGNS, Weights};

/// Candidates of a query that the ranking is fitted on.
const CANDIDATES: usize = 60;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let store = args.next().context("usage: fit_naming STORE [WORKS]")?;
    let count = args.next().map_or(Ok(700), |count| count.parse())?;
    let corpus = Store::open_existing(Path::new(&store))?.load()?;
    let parts = split(&corpus)?;
    let (train, validation) =
        (parts.works(&corpus, &parts.train), parts.works(&corpus, &parts.validation));
    let mut namer = Namer::open(Path::new(&store))?;
    let mut weights = Weights::fitted().map_err(anyhow::Error::msg)?;
    // The best setting of a work depends on the weights, so they are fitted twice.
    for seed in [1, 2] {
        weights.ranking = ranking(&namer, &train, (count, seed));
        namer = namer.with_weights(weights.clone());
    }
    (weights.known, weights.known_bias) = known(&namer, &corpus, (&train, count));
    namer = namer.with_weights(weights.clone());
    for kind in KINDS {
        let asked = asked(&validation, (kind, 1000, 3));
        let heard = hear(&namer, &asked);
        println!("{kind:?}, {} validation works: MRR {:.3}", asked.len(), mrr(&asked, &heard));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/naming/weights.toml");
    let head = "# Written by `cargo run --release -p search --example fit_naming -- STORE`.\n";
    std::fs::write(path, format!("{head}{}", weights.to_toml())).context(path)?;
    println!("{}", weights.to_toml());
    Ok(())
}

fn hear<'n>(namer: &'n Namer, asked: &[Asked<'_>]) -> Vec<Heard<'n>> {
    let hear = |asked: &Asked<'_>| namer.heard(&asked.tune, &|_, id| id == asked.setting.id);
    asked.par_iter().map(hear).collect()
}

fn mrr(asked: &[Asked<'_>], heard: &[Heard<'_>]) -> f64 {
    let rank = |(asked, heard): (&Asked<'_>, &Heard<'_>)| {
        let at = heard.works.iter().position(|found| found.tune == asked.work.id);
        at.map_or(0.0, |at| 1.0 / (at + 1) as f64)
    };
    asked.iter().zip(heard).map(rank).sum::<f64>() / asked.len() as f64
}

/// Weights of the ranking: a softmax over the candidates of each query that has the truth among them.
fn ranking(namer: &Namer, works: &[&Work], (count, seed): (usize, u64)) -> [f32; WORK_SIGNS] {
    let mut choices: Vec<Choice<WORK_SIGNS>> = Vec::new();
    for kind in KINDS {
        let asked = asked(works, (kind, count, seed));
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

/// Weights that tell known tunes from unknown ones: hidden settings with others of the same melody left, and the same
/// settings with their whole families hidden.
fn known(
    namer: &Namer,
    corpus: &Corpus,
    (works, count): (&[&Work], usize),
) -> ([f32; KNOWN_SIGNS], f32) {
    let families: HashMap<&str, u32> =
        corpus.works.iter().map(|work| (work.id.as_str(), work.family)).collect();
    let examples = |kind: Kind| {
        let asked = asked(works, (kind, count, 4));
        let kept = asked.into_par_iter().filter(|asked| has_like(namer, asked));
        let both = kept.flat_map_iter(|asked| {
            let known = namer.heard(&asked.tune, &|_, id| id == asked.setting.id);
            let family = |work: &str, _: &str| families.get(work) == Some(&asked.work.family);
            let unknown = namer.heard(&asked.tune, &family);
            [(known, true), (unknown, false)].map(|(heard, known)| Example {
                signs: heard.known_signs.unwrap_or_default(),
                known,
            })
        });
        both.collect::<Vec<Example<KNOWN_SIGNS>>>()
    };
    logistic(&KINDS.into_iter().chain([Kind::Short]).flat_map(examples).collect::<Vec<_>>())
}
