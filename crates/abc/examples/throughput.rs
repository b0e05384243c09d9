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
    let (mut wall, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (start, used) = (Instant::now(), processor_seconds());
        let book = abc::read_bytes(&bytes);
        wall.push(megabytes / start.elapsed().as_secs_f64());
        let used = processor_seconds().zip(used).map(|(now, then)| now - then);
        processor.extend(used.filter(|&seconds| seconds > 0.0).map(|seconds| megabytes / seconds));
        assert!(!book.tunes.is_empty(), "the book has no tunes");
    }
    println!("{megabytes:.1} MB, {runs} runs: {}", summary(&mut wall));
    if !processor.is_empty() {
        println!("by processor time: {}", summary(&mut processor));
    }
    Ok(())
}

fn summary(rates: &mut [f64]) -> String {
    rates.sort_by(f64::total_cmp);
    let (best, median) = (rates[rates.len() - 1], rates[rates.len() / 2]);
    format!("best {best:.1} MB/s, median {median:.1} MB/s")
}

/// Time that this thread has had on a processor, where Linux tells: on a busy machine it says more
/// than the clock.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
