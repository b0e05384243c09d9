//! How long ranking and measuring take: `cargo run --release -p retrieval --example speed`.
//!
//! Vectors are random, each candidate near its query, so that ranks spread as those of a fair model do.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use retrieval::report::{Evaluation, Report, Role, Settings, System};
use retrieval::{Bootstrap, Embeddings, Result, Truth};

const DIM: usize = 128;

fn main() -> Result<()> {
    let (titles, melodies) = pair(629)?;
    let truth = Truth::diagonal(629);
    let scores = titles.scores(&melodies)?;
    time("score 629 x 629", 20, || titles.scores(&melodies))?;
    time("rank 629 x 629, 10 kept", 20, || scores.rank(&truth, 10))?;
    time("rank 629 x 629, all kept", 20, || scores.rank(&truth, 629))?;
    time("nearest 10 of 629", 20, || titles.nearest(melodies.vector(0), 10))?;
    let rankings = scores.rank(&truth, 0)?;
    time("pools of 500 of 629", 20, || rankings.pooled(500))?;

    let (titles, melodies) = pair(1000)?;
    let scores = titles.scores(&melodies)?;
    let outcomes = scores.rank(&Truth::diagonal(1000), 0)?.outcomes();
    let bootstrap = Bootstrap::new(1000, 1, 0.95)?;
    time("bootstrap 1,000 x 1,000, 9 measures", 10, || Ok(outcomes.metrics(&bootstrap)))?;
    time("paired test 1,000 x 1,000", 10, || Ok(outcomes.differences(&outcomes, &bootstrap)))?;
    let groups: Vec<String> = (0..1000).map(|i| format!("dance {}", i % 12)).collect();
    let system = |i: usize| System { name: format!("{i}"), role: role(i), scores: scores.clone() };
    let systems: Vec<System> = (0..5).map(system).collect();
    let evaluation = Evaluation {
        truth: &Truth::diagonal(1000),
        melody_groups: &groups,
        title_groups: &groups,
        systems: &systems,
    };
    let settings = Settings { bootstrap, pool: Some(630) };
    time("report 1,000 x 1,000, 5 systems, pools, 12 groups, both ways", 3, || {
        Report::both_ways("speed", &settings, &evaluation)
    })?;

    let (titles, melodies) = pair(20_000)?;
    let truth = Truth::diagonal(20_000);
    time("nearest 10 of 20,000", 20, || titles.nearest(melodies.vector(0), 10))?;
    time("stream 20,000 x 20,000, 10 kept", 2, || titles.rank(&melodies, &truth, 10))
}

fn role(number: usize) -> Role {
    if number == 0 { Role::Model } else { Role::Baseline }
}

/// Prints the least of several times.
fn time<T>(what: &str, times: usize, run: impl Fn() -> Result<T>) -> Result<()> {
    let mut least = Duration::MAX;
    for _ in 0..times {
        let start = Instant::now();
        black_box(run()?);
        least = least.min(start.elapsed());
    }
    println!("{:>10.3} ms  {what}", least.as_secs_f64() * 1e3);
    Ok(())
}

/// Titles and melodies, each melody near its title.
fn pair(n: usize) -> Result<(Embeddings, Embeddings)> {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    let titles: Vec<f32> = (0..n * DIM).map(|_| rng.random_range(-1.0..1.0)).collect();
    let melodies = titles.iter().map(|t| t + rng.random_range(-4.0..4.0)).collect();
    let ids = |prefix: &str| (0..n).map(|i| format!("{prefix}:{i}")).collect();
    Ok((
        Embeddings::new(ids("title"), DIM, titles)?,
        Embeddings::new(ids("melody"), DIM, melodies)?,
    ))
}
