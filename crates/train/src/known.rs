//! A run asked for the titles of tunes that it knows, by settings of them that it has not seen.

use std::collections::HashMap;
use std::fmt;

use retrieval::{Bootstrap, Embeddings, Metric, Metrics, Truth};
use serde::Serialize;
use tokens::Tokens;

use crate::data::Example;
use crate::{Error, RunDir, dataset};

/// How high the titles of known works stand among all titles, by settings kept from training.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    /// How many titles there are, those that fold to the same words counted once.
    pub titles: usize,
    /// The measures over the settings.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (settings, titles) = (self.metrics.mrr.n, self.titles);
        writeln!(
            f,
            "{settings} settings of known works, kept from training, among {titles} titles"
        )?;
        for (name, metric) in self.metrics.named() {
            let Metric { value, low, high, chance, .. } = metric;
            writeln!(f, "  {name:<14}{value:>10.4} [{low:.4}, {high:.4}]  chance {chance:.4}")?;
        }
        Ok(())
    }
}

/// Ranks the titles of all works for each setting that `training.hide_settings` kept from training.
///
/// # Errors
/// When the run kept none, lacks a file or one is damaged.
pub fn known(run: &RunDir) -> Result<Known, Error> {
    let experiment = run.experiment()?;
    let loaded = run.works(&experiment.corpus)?;
    let data = dataset(run, &experiment, &loaded)?;
    let embedder = run.embedder()?;
    let mut places = HashMap::new();
    let mut titles: Vec<&str> = Vec::new();
    for title in loaded.corpus.works.iter().filter_map(|work| work.titles.first()) {
        places.entry(corpus::fold(&title.text)).or_insert_with(|| {
            titles.push(&title.text);
            titles.len() as u32 - 1
        });
    }
    let queries: Vec<&Tokens> = data.hidden.iter().map(Example::query).collect();
    let relevant = data.hidden.iter().map(|work| {
        let place = places.get(&corpus::fold(&work.title));
        place.copied().into_iter().collect::<Vec<u32>>()
    });
    let truth = Truth::new(relevant.collect(), titles.len())?;
    let numbers = (0..titles.len()).map(|title| title.to_string()).collect();
    let ids = data.hidden.iter().map(|work| work.id.clone()).collect();
    let melodies = Embeddings::new(ids, embedder.output(), embedder.embed_melodies(&queries)?)?;
    let vectors = Embeddings::new(numbers, embedder.output(), embedder.embed_titles(&titles)?)?;
    let outcomes = vectors.scores(&melodies)?.rank(&truth, 1)?.outcomes();
    let draws = Bootstrap::new(experiment.evaluation.resamples, experiment.seed, 0.95)?;
    let metrics = outcomes.metrics(&draws).ok_or_else(|| {
        let why =
            "kept no settings of its training works; train one with training.hide_settings = true";
        Error::damaged(run.path(), why)
    })?;
    Ok(Known { titles: titles.len(), metrics })
}
