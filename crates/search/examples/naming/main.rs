//! Measures naming on hidden settings of test works and prints Markdown tables.
//!
//! ```sh
//! cargo run --release -p search --example naming -- STORE [FOLDER OR FILES OF O'NEILL'S BOOK IN ABC]
//! ```

#[path = "../common/mod.rs"]
mod common;
mod oneills;
mod speed;

use std::path::Path;

use anyhow::Context;
use common::numbers::interval;
use common::ranks::{ALL, System, reciprocals};
use common::{
    ALL_KINDS, Asked, KINDS, asked, has_like, hear, is_same_melody, known_and_unknown, silent,
    split, told_apart,
};
use corpus::{Corpus, Store, Work};
use rayon::prelude::*;
use search::{Heard, Namer};

/// Queries of each kind.
const QUERIES: usize = 1000;

pub(crate) const SYSTEMS: [System; 4] = [
    ("n-grams alone", |found| found.signs[0] + found.signs[1]),
    ("+ alignment", |found| found.signs[3]),
    ("vectors alone", |found| found.signs[2]),
    ALL,
];

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let store = args.next().context("usage: naming STORE [O'NEILL'S BOOK]")?;
    let store = Path::new(&store);
    let namer = speed::built(store)?;
    let corpus = Store::open_existing(store)?.load()?;
    let parts = split(&corpus)?;
    let test = parts.works(&corpus, &parts.test);
    println!(
        "corpus {}: {} works, {} settings\n",
        &corpus.hash[..12],
        namer.works(),
        namer.settings()
    );
    println!("| query | n | system | MRR (95 %) | first (95 %) |\n|---|---|---|---|---|");
    let mut mistakes = Vec::new();
    for kind in KINDS {
        let asked = asked(&test, (kind, QUERIES, 11));
        let heard = hear(&namer, &asked);
        for system in SYSTEMS {
            row(&format!("{kind:?}"), system.0, &reciprocals(&asked, &heard, system));
        }
        let why =
            asked.par_iter().zip(&heard).filter_map(|(asked, heard)| why(&namer, asked, heard));
        mistakes.push((kind, why.collect::<Vec<Why>>()));
        let asked = silent(asked);
        let heard = hear(&namer, &asked);
        row(&format!("{kind:?}, no R:"), ALL.0, &reciprocals(&asked, &heard, ALL));
    }
    let pages: Vec<String> = args.collect();
    if !pages.is_empty() {
        oneills::measure(&namer, &corpus, &pages)?;
    }
    println!(
        "\n| query | wrong first | the same melody under another id | no like left | mistaken |\n|---|---|---|---|---|"
    );
    for (kind, whys) in mistakes {
        let count = |of| whys.iter().filter(|why| **why == of).count();
        let [same, none, mistaken] = [Why::SameMelody, Why::NoLike, Why::Mistaken].map(count);
        println!("| {kind:?} | {} | {same} | {none} | {mistaken} |", whys.len());
    }
    known(&namer, &corpus, &test);
    speed::measure(&namer, &test);
    Ok(())
}

/// Why another work than the right one came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Its setting is the same melody as the whole hidden one.
    SameMelody,
    /// No other setting of the right work is the same melody as the hidden one.
    NoLike,
    /// None of these.
    Mistaken,
}

/// Why an answer is wrong; `None` where it is right.
fn why(namer: &Namer, asked: &Asked<'_>, heard: &Heard<'_>) -> Option<Why> {
    let first = heard.works.first();
    if first.is_some_and(|found| found.tune == asked.work.id) {
        return None;
    }
    let whole = asked.setting.tune();
    Some(if first.is_some_and(|found| is_same_melody(namer, &whole, found.setting)) {
        Why::SameMelody
    } else if has_like(namer, asked) {
        Why::Mistaken
    } else {
        Why::NoLike
    })
}

pub(crate) fn row(query: &str, system: &str, reciprocals: &[f64]) {
    let first: Vec<f64> =
        reciprocals.iter().map(|rank| f64::from(u8::from(*rank >= 1.0))).collect();
    let n = reciprocals.len();
    println!("| {query} | {n} | {system} | {} | {} |", interval(reciprocals), interval(&first));
}

/// How well `known` tells hidden settings that have a like left from the same with their families hidden.
fn known(namer: &Namer, corpus: &Corpus, test: &[&Work]) {
    println!(
        "\n| query | same melody left | AUROC of known | calibration error of known |\n|---|---|---|---|"
    );
    for kind in ALL_KINDS {
        let said = asked(test, (kind, QUERIES, 11));
        let heard = known_and_unknown(namer, corpus, &said);
        let unsaid = known_and_unknown(namer, corpus, &silent(said));
        for (query, heard) in [("", heard), (", no R:", unsaid)] {
            let (auroc, error) = told_apart(&heard);
            println!("| {kind:?}{query} | {} | {auroc:.3} | {error:.3} |", heard.len());
        }
    }
}
