//! Measures how fast a book is read, on one thread: `cargo run --release --example throughput --
//! BOOK.abc [RUNS]` prints the best and the median of the runs.

use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| {
        eprintln!("usage: throughput BOOK.abc [RUNS]");
        std::process::exit(2)
    });
    let runs = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(9usize).max(1);
    let bytes = std::fs::read(path)?;
    let megabytes = bytes.len() as f64 / 1e6;
    let mut rates: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            let book = abc::read_bytes(&bytes);
            let rate = megabytes / start.elapsed().as_secs_f64();
            assert!(!book.tunes.is_empty(), "the book has no tunes");
            rate
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let (best, median) = (rates[runs - 1], rates[runs / 2]);
    println!("{megabytes:.1} MB, {runs} runs: best {best:.1} MB/s, median {median:.1} MB/s");
    Ok(())
}
