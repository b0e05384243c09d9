//! Times whole models on real tunes: a training step of the melody language model, to be compared with
//! `bench/language_torch.py`, and the embedding of tunes.
//!
//! ```sh
//! cargo run --release -p train --example model_speed -- language BOOK.abc configs/pretrain.toml f32 8 FOLDER
//! cargo run --release -p train --example model_speed -- embed BOOK.abc configs/gru.toml 5
//! ```

mod embed;
mod language;

use std::error::Error;
use std::path::Path;

use model::Precision;
use tokens::{Facts, Tokens};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["language", book, config, precision, steps, folder] => {
            let precision = match precision {
                "f32" => Precision::F32,
                "bf16" => Precision::Bf16,
                _ => return Err(format!("no such precision: {precision}").into()),
            };
            let how = (precision, steps.parse()?);
            language::run(&tunes(book)?, Path::new(config), how, Path::new(folder))
        }
        ["embed", book, config, rounds] => {
            embed::run(tunes(book)?, Path::new(config), rounds.parse()?)
        }
        _ => Err("usage: model_speed language BOOK CONFIG PRECISION STEPS FOLDER | embed BOOK CONFIG ROUNDS"
            .into()),
    }
}

/// The tunes of a book that have notes.
fn tunes(book: &str) -> Result<Vec<Tokens>, Box<dyn Error>> {
    let book = abc::read_bytes(&std::fs::read(book)?);
    let tunes = book.tunes.iter().map(|tune| Tokens::new(tune, &Facts::default()));
    Ok(tunes.filter_map(Result::ok).collect())
}

/// The middle of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
