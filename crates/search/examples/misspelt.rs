//! How often a misspelt title still finds its tune: `cargo run --release -p search --example misspelt -- STORE [SEED]`.
//!
//! A thousand works are drawn; in each one's name a letter is dropped, doubled, swapped with its neighbour or changed, once
//! and then twice, and the words are searched. Right is the work itself or one that bears the very same title.

use std::path::Path;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use search::{Finder, Query};

const WORKS: usize = 1000;
const MOST: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let store = args.next().ok_or("name a store")?;
    let seed = args.next().map_or(Ok(1), |seed| seed.parse())?;
    let start = Instant::now();
    let finder = Finder::open(Path::new(&store), None, &search::silent)?;
    println!("opened in {} ms", start.elapsed().as_millis());
    println!("slips  first   in ten   MRR     median ms  95 % ms");
    for slips in 0..=2 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let (mut first, mut ten, mut mrr, mut times) = (0, 0, 0.0, Vec::new());
        for _ in 0..WORKS {
            let works = &finder.corpus().works;
            let work = &works[dice.random_range(0..works.len())];
            let Some(title) = work.titles.first() else { continue };
            let mut words = title.text.clone();
            for _ in 0..slips {
                words = slipped(&words, &mut dice);
            }
            let start = Instant::now();
            let found = finder.find(&Query { words, most: MOST, ..Query::default() })?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            let same = |id: &str| {
                let other = finder.corpus().work(id);
                other.is_some_and(|work| work.titles.iter().any(|t| t.folded == title.folded))
            };
            if let Some(place) = found.iter().position(|found| same(&found.tune)) {
                first += usize::from(place == 0);
                ten += 1;
                mrr += 1.0 / (place + 1) as f64;
            }
        }
        times.sort_by(f64::total_cmp);
        let n = times.len() as f64;
        let share = |count: usize| 100.0 * count as f64 / n;
        let (median, late) = (times[times.len() / 2], times[times.len() * 95 / 100]);
        let (first, ten, mrr) = (share(first), share(ten), mrr / n);
        println!("{slips:5}  {first:4.1} %  {ten:5.1} %  {mrr:.3}  {median:9.1}  {late:7.1}");
    }
    Ok(())
}

/// A title with one slip of the pen in one of its letters.
fn slipped(title: &str, dice: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = title.chars().collect();
    let places: Vec<usize> =
        (0..letters.len()).filter(|&place| letters[place].is_alphabetic()).collect();
    let Some(&at) = places.get(dice.random_range(0..places.len().max(1))) else {
        return title.to_owned();
    };
    match dice.random_range(0..4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => letters[at] = char::from(b'a' + dice.random_range(0..26)),
    }
    letters.into_iter().collect()
}
