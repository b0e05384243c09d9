//! Imports a path into a store and prints how long each stage takes.
//!
//! `cargo run --release -p corpus --example measure -- PATH STORE`

use std::path::Path;
use std::time::Instant;

use corpus::{ImportOptions, Stage, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, store] = arguments.as_slice() else {
        return Err("usage: measure PATH STORE".into());
    };
    let store = Store::open(Path::new(store))?;
    let start = Instant::now();
    let mut last = (Stage::Reading, start);
    let summary = store.import(Path::new(path), &ImportOptions::default(), &mut |progress| {
        if progress.stage != last.0 {
            println!("{:?}: {:.2?}", last.0, last.1.elapsed());
            last = (progress.stage, Instant::now());
        }
    })?;
    println!("{:?}: {:.2?}", last.0, last.1.elapsed());
    println!("import: {:.2?}", start.elapsed());
    println!("{summary:#?}");

    let start = Instant::now();
    let corpus = store.load()?;
    println!("load: {:.2?}", start.elapsed());
    let start = Instant::now();
    let tunes = corpus.tunes();
    println!("read {} works: {:.2?}", tunes.len(), start.elapsed());
    let start = Instant::now();
    let families = corpus::families(&corpus.works, &tunes);
    println!("families: {:.2?}, {} of them", start.elapsed(), families.sizes.len());
    let mut sizes: Vec<(usize, u32)> = families.sizes.iter().copied().zip(0..).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    for (size, family) in sizes.into_iter().take(5) {
        let members = corpus.works.iter().zip(&families.of_work).filter(|(_, of)| **of == family);
        let names = members.filter_map(|(work, _)| Some(work.name()?.text.as_str()));
        println!("  {size} works: {:?}", names.take(12).collect::<Vec<_>>());
    }
    println!("{:#?}", corpus.stats(&store.findings()?));
    Ok(())
}
