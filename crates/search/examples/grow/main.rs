//! How the cost of naming grows: made-up corpora of more and more settings, imported, indexed, opened and asked.
//!
//! ```sh
//! cargo run --release -p search --example grow -- STORE FOLDER 20000 100000 300000 1000000
//! ```
//!
//! Each figure is of a process of its own. A table in Markdown comes out; the corpora stay in FOLDER and are used again.

mod chain;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};
use chain::Chains;
use corpus::{ImportOptions, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use search::Namer;

/// Settings that are written into the store at a time.
const PART: usize = 100_000;

/// Tunes that are asked about.
const QUERIES: usize = 100;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["make", store, path, count] => make(Path::new(store), Path::new(path), count.parse()?),
        ["index", path] => index(Path::new(path)),
        ["ask", path] => ask(Path::new(path)),
        [store, folder, ref counts @ ..] if !counts.is_empty() => grow(store, folder, counts),
        _ => bail!("usage: grow STORE FOLDER COUNT..."),
    }
}

fn grow(store: &str, folder: &str, counts: &[&str]) -> anyhow::Result<()> {
    println!(
        "| settings | works | import | index built in | its memory | index | opened in | memory open | one query: median | 95 % | right first |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for count in counts {
        let path = PathBuf::from(folder).join(format!("{count}.db"));
        let path = path.to_str().context("a folder whose name is text")?;
        let made = if Path::new(path).exists() {
            "before".to_owned()
        } else {
            child(&["make", store, path, count])?
        };
        let (built, asked) = (child(&["index", path])?, child(&["ask", path])?);
        let (works, asked) = asked.split_once(' ').context("works, then the rest")?;
        println!("| {count} | {works} | {made} | {built} | {asked} |");
    }
    Ok(())
}

/// What this program prints with these arguments.
fn child(args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(std::env::current_exe()?).args(args).output()?;
    if !output.status.success() {
        bail!("{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A store of so many made-up settings; prints how long their import took.
fn make(store: &Path, path: &Path, count: usize) -> anyhow::Result<()> {
    let corpus = Store::open_existing(store)?.load()?;
    let tunes: Vec<abc::Tune> =
        corpus.works.iter().flat_map(|work| &work.settings).map(|setting| setting.tune()).collect();
    let chains = Chains::new(&tunes);
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let grown = Store::open(path)?;
    let options = ImportOptions { families_later: true, ..ImportOptions::default() };
    let (mut settings, mut work, mut seconds) = (0, 0, 0.0);
    while settings < count {
        let mut book = String::new();
        let end = (settings + PART).min(count);
        while settings < end {
            work += 1;
            let tune = chains.tune(&mut dice);
            // The Session has 1.7 settings a work.
            while settings < end {
                settings += 1;
                let mut own = chain::varied(&tune, &mut dice);
                own.header.titles = vec![format!("Tune {work}")];
                let address = format!("https://thesession.org/tunes/{work}#setting{settings}");
                own.header.others.push(('S', address));
                own.header.number = settings.to_string();
                book += &abc::write(&own);
                book.push('\n');
                if dice.random_bool(0.6) {
                    break;
                }
            }
        }
        let start = Instant::now();
        let name = format!("grown-{end}.abc");
        let file = (name.as_str(), book.into_bytes());
        grown.import_bytes(file, &options, &mut |_| {})?;
        seconds += start.elapsed().as_secs_f64();
    }
    println!("{seconds:.0} s");
    Ok(())
}

/// Builds the index of a store anew.
fn index(path: &Path) -> anyhow::Result<()> {
    let mut file = path.as_os_str().to_owned();
    file.push(".index");
    if Path::new(&file).exists() {
        std::fs::remove_file(&file)?;
    }
    let start = Instant::now();
    let kept = Namer::keep(path)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds:.1} s | {} | {:.0} MB", memory("VmHWM:"), kept.bytes as f64 / 1e6);
    Ok(())
}

/// Opens a store for naming and asks about settings of it, every tenth note wrong, one after another.
fn ask(path: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let namer = Namer::open(path)?;
    let (opened, held) = (start.elapsed().as_secs_f64(), memory("VmRSS:"));
    let corpus = namer.settings();
    let mut dice = ChaCha8Rng::seed_from_u64(2);
    let (mut times, mut right) = (Vec::new(), 0);
    let ids: Vec<&str> = namer.ids().collect();
    for at in (0..QUERIES).map(|query| query * corpus / QUERIES) {
        let text = namer.abc(ids[at]).context("a setting of the index")?;
        let tune = chain::noisy(&abc::read_tune(text), &mut dice);
        let start = Instant::now();
        let answer = namer.name(&tune, 5)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let work = ids[at].split('#').next();
        right += usize::from(answer.matches.first().map(|found| found.tune.as_str()) == work);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[times.len() * share / 100];
    let (median, late) = (at(50), at(95));
    println!(
        "{} {opened:.2} s | {held} | {median:.0} ms | {late:.0} ms | {right} of {QUERIES}",
        namer.works()
    );
    Ok(())
}

/// Memory of this process, as Linux tells it.
fn memory(which: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(which));
    let number = kilobytes.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    number.map_or("unknown".to_owned(), |kilobytes| format!("{:.0} MB", kilobytes * 1024.0 / 1e6))
}
