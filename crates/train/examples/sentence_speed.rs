//! What a sentence encoder makes of titles, one a line of a file: the time it takes, to be compared with
//! `bench/sentence_torch.py`, or the tokens and vectors, for `reference/sentence_check.py`.
//!
//! ```sh
//! cargo run --release -p train --example sentence_speed -- speed ENCODER TITLES f32 5
//! cargo run --release -p train --example sentence_speed -- tokens ENCODER TITLES
//! cargo run --release -p train --example sentence_speed -- vectors ENCODER TITLES OUT
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use model::{Precision, SentenceEncoder};
use train::load_sentence_encoder;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [kind, encoder, titles, ..] = args[..] else {
        return Err("usage: sentence_speed speed|tokens|vectors ENCODER TITLES ...".into());
    };
    let mut encoder = load_sentence_encoder(Path::new(encoder))?.encoder;
    let titles = fs::read_to_string(titles)?;
    let titles: Vec<&str> = titles.lines().collect();
    match (kind, &args[3..]) {
        ("speed", [precision, rounds]) => {
            encoder.precision = match *precision {
                "f32" => Precision::F32,
                "bf16" => Precision::Bf16,
                _ => return Err(format!("no such precision: {precision}").into()),
            };
            speed(&encoder, &titles, rounds.parse()?);
        }
        ("tokens", []) => {
            titles.iter().for_each(|title| println!("{:?}", encoder.token_ids(title)))
        }
        ("vectors", [out]) => {
            let vectors = encoder.embed(&titles);
            fs::write(out, vectors.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
        }
        _ => return Err("usage: speed ... f32|bf16 ROUNDS, tokens ..., vectors ... OUT".into()),
    }
    Ok(())
}

/// Prints the median time of embedding all titles, after one round that is not counted.
fn speed(encoder: &SentenceEncoder, titles: &[&str], rounds: usize) {
    let round = |_| {
        let start = Instant::now();
        std::hint::black_box(encoder.embed(titles));
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..=rounds).map(round).skip(1).collect();
    times.sort_by(f64::total_cmp);
    println!("median {:.2} ms", times[times.len() / 2]);
}
