//! O'Neill's book asked against the corpus: its tunes and the corpus's are paired by title.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use abc::Tune;
use corpus::Corpus;
use rayon::prelude::*;
use search::{Heard, IN_PIECES, Namer};

use crate::common::ranks::reciprocal;
use crate::{SYSTEMS, row};

/// From this share of its points in pieces, a tune of the same title is plausibly the same melody.
const PLAUSIBLE: f32 = 0.3;

/// A tune of the book, and the works that have its title.
struct Pair<'c> {
    tune: Tune,
    works: Vec<&'c corpus::Work>,
}

impl Pair<'_> {
    /// Whether one of the works is of the dance type that the tune says it is, where it says one.
    fn agrees(&self) -> Option<bool> {
        let own = self.tune.header.rhythm.as_deref().and_then(corpus::dance_type)?;
        Some(self.works.iter().any(|work| work.dance_type.as_deref() == Some(own)))
    }
}

/// Prints rows for all pairs, and for those where one of the works is plausibly the same melody.
pub(crate) fn measure(namer: &Namer, corpus: &Corpus, paths: &[String]) -> anyhow::Result<()> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        let path = Path::new(path);
        match path.is_dir() {
            true => {
                for entry in std::fs::read_dir(path)? {
                    files.push(entry?.path());
                }
            }
            false => files.push(path.to_owned()),
        }
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "abc"));
    files.sort();
    let mut titles: BTreeMap<&str, Vec<&corpus::Work>> = BTreeMap::new();
    for work in &corpus.works {
        for title in &work.titles {
            titles.entry(&title.folded).or_default().push(work);
        }
    }
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for file in files {
        for tune in abc::read_bytes(&std::fs::read(&file)?).tunes {
            pairs.extend(pair(&titles, tune));
        }
    }
    let heard: Vec<(Heard<'_>, bool)> = pairs
        .par_iter()
        .map(|pair| (namer.heard(&pair.tune, &|_, _| false), plausible(namer, pair)))
        .collect();
    for (name, only_plausible) in [("O'Neill's, all pairs", false), ("O'Neill's, plausible", true)]
    {
        for system in SYSTEMS {
            let kept = pairs.iter().zip(&heard).filter(|(_, heard)| heard.1 || !only_plausible);
            let ranks: Vec<f64> = kept
                .map(|(pair, heard)| {
                    reciprocal(&heard.0, system, &|id| pair.works.iter().any(|w| w.id == id))
                })
                .collect();
            row(name, system.0, &ranks);
        }
    }
    let plausible = pairs.iter().zip(&heard).filter(|(_, heard)| heard.1);
    let agree: Vec<bool> = plausible.filter_map(|(pair, _)| pair.agrees()).collect();
    println!(
        "\nOf {} plausible tunes that say their dance type {} say that of a work of their title.",
        agree.len(),
        agree.iter().filter(|agrees| **agrees).count()
    );
    Ok(())
}

fn pair<'c>(titles: &BTreeMap<&str, Vec<&'c corpus::Work>>, tune: Tune) -> Option<Pair<'c>> {
    let mut works: Vec<&corpus::Work> = Vec::new();
    for field in &tune.header.titles {
        let cleaned = corpus::clean_title(field);
        for title in cleaned.text.iter().chain(&cleaned.aliases) {
            works.extend(titles.get(corpus::fold(title).as_str()).into_iter().flatten());
        }
    }
    (!works.is_empty() && !tune.bars.is_empty()).then_some(Pair { tune, works })
}

fn plausible(namer: &Namer, pair: &Pair<'_>) -> bool {
    let settings = pair.works.iter().flat_map(|work| &work.settings);
    let mut likeness = settings.filter_map(|setting| namer.aligned(&pair.tune, &setting.id));
    likeness.any(|signs| signs[IN_PIECES] >= PLAUSIBLE)
}
