//! How long naming takes and how much memory.

use std::path::Path;
use std::time::Instant;

use abc::Tune;
use corpus::Work;
use rayon::prelude::*;
use search::Namer;

/// Builds the index anew, then opens it; says how long both take.
pub(crate) fn built(store: &Path) -> anyhow::Result<Namer> {
    let mut index = store.as_os_str().to_owned();
    index.push(".index");
    if Path::new(&index).exists() {
        std::fs::remove_file(&index)?;
    }
    let start = Instant::now();
    drop(Namer::open(store)?);
    let built = start.elapsed();
    let start = Instant::now();
    let namer = Namer::open(store)?;
    let size = std::fs::metadata(&index)?.len();
    println!(
        "index built in {:.2} s ({:.1} MB), opened in {:.0} ms\n",
        built.as_secs_f64(),
        size as f64 / 1e6,
        start.elapsed().as_secs_f64() * 1e3
    );
    Ok(namer)
}

/// Names whole settings of test works, one after another and on all cores.
pub(crate) fn measure(namer: &Namer, works: &[&Work]) {
    let tunes: Vec<Tune> = works.iter().map(|work| work.settings[0].tune()).take(1000).collect();
    let mut times: Vec<f64> = tunes
        .iter()
        .map(|tune| {
            let start = Instant::now();
            let _ = std::hint::black_box(namer.name(tune, 5));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let start = Instant::now();
    tunes.par_iter().for_each(|tune| drop(std::hint::black_box(namer.name(tune, 5))));
    let all = start.elapsed().as_secs_f64();
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("\none query: median {:.1} ms, 95 % under {:.1} ms, one thread", at(0.5), at(0.95));
    println!("{} queries on all cores: {all:.1} s", tunes.len());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown");
    println!("peak memory of this program:{peak}");
}
