//! Which works an experiment is about.

use corpus::{Corpus, Work};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Which part of the corpus is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorpusConfig {
    /// Sources that are shared out among training, validation and test, by the part of their ids before the colon; empty
    /// for all.
    pub sources: Vec<String>,
    /// Further sources, to learn from alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

impl CorpusConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.also.is_empty() && self.sources.is_empty() {
            let why = "needs corpus.sources beside it, which names the sources to judge on";
            return Err(Error::value("corpus.also", why));
        }
        match self.also.iter().find(|source| self.sources.contains(source)) {
            Some(source) => {
                let why = format!("and corpus.sources both name `{source}`: name it once");
                Err(Error::value("corpus.also", &why))
            }
            None => Ok(()),
        }
    }

    /// The works that are shared out. Their families are those that they have among themselves, whatever else is there.
    ///
    /// # Errors
    /// When there are no works, or a source has none.
    pub(crate) fn select(&self, all: Corpus) -> Result<Corpus, Error> {
        if all.works.is_empty() {
            let advice = "is empty; fill it with `ganainm corpus add PATH...`";
            return Err(Error::Data(advice.to_owned()));
        }
        for source in self.sources.iter().chain(&self.also) {
            if !all.works.iter().any(|work| work.source() == source) {
                let advice = format!("has no source `{source}`; see `ganainm corpus stats`");
                return Err(Error::Data(advice));
            }
        }
        Ok(reduced(all, |work| self.sources.is_empty() || holds(&self.sources, work)))
    }

    /// The works that are shared out together with those to learn from alone, in families of all of them.
    pub(crate) fn select_all(&self, all: Corpus) -> Corpus {
        reduced(all, |work| holds(&self.sources, work) || holds(&self.also, work))
    }

    /// Whether a work is to learn from alone.
    pub(crate) fn is_also(&self, work: &Work) -> bool {
        holds(&self.also, work)
    }
}

fn holds(sources: &[String], work: &Work) -> bool {
    sources.iter().any(|source| source == work.source())
}

/// The works that `keep` keeps, in families of their own where it does not keep all.
fn reduced(all: Corpus, keep: impl Fn(&Work) -> bool) -> Corpus {
    if all.works.iter().all(&keep) {
        return all;
    }
    let mut works = all.works;
    works.retain(keep);
    let mut corpus = Corpus::new(works);
    corpus.find_families();
    corpus
}
