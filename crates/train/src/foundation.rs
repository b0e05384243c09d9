//! What an experiment builds on that was learned elsewhere: a language model of melodies, an encoder of sentences.

mod pooled;

use std::collections::HashSet;

use corpus::Split;
use model::{LanguageConfig, LanguageModel, MelodyTower};
use tokens::Vocabulary;

use crate::data::{Dataset, Example};
use crate::run::files;
use crate::sentence::{LoadedEncoder, SentenceVectors, copy_sentence_encoder};
use crate::{Error, Experiment, RunDir, Transfer, TransferConfig, Works};

/// What a run builds on.
#[derive(Debug, Default)]
pub(crate) struct Foundation {
    /// The language model's file.
    language: Option<Vec<u8>>,
    sentence: Option<LoadedEncoder>,
}

impl Foundation {
    /// What a run holds a copy of.
    pub(crate) fn of_run(run: &RunDir) -> Result<Self, Error> {
        let language = run.file(files::LANGUAGE).is_file();
        Ok(Self {
            language: language.then(|| run.read(files::LANGUAGE)).transpose()?,
            sentence: run.sentence_encoder()?,
        })
    }

    /// The shape of the language model.
    pub(crate) fn language(&self) -> Result<Option<LanguageConfig>, Error> {
        let config = |bytes: &Vec<u8>| Ok(LanguageModel::from_safetensors(bytes)?.config().clone());
        self.language.as_ref().map(config).transpose()
    }

    /// The length of a sentence vector; 0 without an encoder.
    pub(crate) fn sentence_width(&self) -> usize {
        self.sentence.as_ref().map_or(0, |loaded| loaded.encoder.output())
    }

    /// Gives a melody tower what its language model learned before.
    pub(crate) fn transfer(
        &self,
        tower: &mut MelodyTower,
        config: &TransferConfig,
    ) -> Result<(), Error> {
        let Some(bytes) = &self.language else { return Ok(()) };
        let rate = match config.how {
            Transfer::Frozen | Transfer::Recurrent => 0.0,
            Transfer::FineTuned => config.rate,
            Transfer::Scratch => return Ok(()),
        };
        Ok(tower.transfer(bytes, rate)?)
    }

    /// The sentence vectors of works' titles, the name first, then the other names: nothing without an encoder.
    fn sentences(&self, examples: &[Example]) -> Vec<Vec<f32>> {
        let Some(loaded) = &self.sentence else {
            return examples.iter().map(|_| Vec::new()).collect();
        };
        let folder = SentenceVectors::default_folder();
        let mut vectors = SentenceVectors::new(loaded, folder.as_deref());
        let names = examples.iter().flat_map(Example::names);
        let all = vectors.of(&names.collect::<Vec<&str>>());
        let mut rest = &all[..];
        let mut take = |example: &Example| {
            let (own, others) = rest.split_at(example.names().count() * loaded.encoder.output());
            rest = others;
            own.to_vec()
        };
        examples.iter().map(&mut take).collect()
    }

    /// What the towers need not compute again of some works.
    pub(crate) fn see(
        &self,
        tower: &MelodyTower,
        (experiment, data): (&Experiment, &Dataset),
        examples: &[Example],
    ) -> Result<Seen, Error> {
        let reading = experiment.melody.reading();
        let how = experiment.melody.transfer.as_ref().map(|transfer| transfer.how);
        let pooled = match (how, &self.language) {
            (Some(Transfer::Frozen), Some(weights)) => {
                pooled::of_settings((tower, weights), (&reading, &data.vocabulary), examples)?
            }
            _ => None,
        };
        Ok(Seen { pooled, sentences: self.sentences(examples) })
    }
}

/// What was learned elsewhere makes of some works, once and for all.
pub(crate) struct Seen {
    /// What the frozen language model makes of each work's settings, (settings, width) each; none without one.
    pub(crate) pooled: Option<Vec<Vec<f32>>>,
    /// The sentence vectors of each work's names, (names, width) each; empty without an encoder.
    pub(crate) sentences: Vec<Vec<f32>>,
}

impl Seen {
    /// What is pooled of a work's setting.
    pub(crate) fn pooled(&self, work: usize, (setting, settings): (usize, usize)) -> &[f32] {
        let Some(own) = self.pooled.as_ref().map(|pooled| &pooled[work]) else { return &[] };
        let width = own.len() / settings;
        &own[setting * width..][..width]
    }

    /// The sentence vector of a work's name.
    pub(crate) fn sentence(&self, work: usize, (name, names): (usize, usize)) -> &[f32] {
        let width = self.sentences[work].len() / names;
        &self.sentences[work][name * width..][..width]
    }
}

/// An experiment that is about to begin, with what it builds on found.
pub(crate) struct Found {
    /// The experiment, with the features that its language model reads.
    pub(crate) experiment: Experiment,
    /// The language model's vocabulary.
    pub(crate) vocabulary: Option<Vocabulary>,
    language: Option<Vec<u8>>,
}

impl Found {
    /// Looks for what an experiment names.
    ///
    /// # Errors
    /// When the language model is not there, or learned from a family that the experiment keeps from training.
    pub(crate) fn new(experiment: &Experiment, works: &Works) -> Result<Self, Error> {
        let mut experiment = experiment.clone();
        let Some(transfer) = &experiment.melody.transfer else {
            return Ok(Self { experiment, vocabulary: None, language: None });
        };
        let run = RunDir::open(&transfer.from)?;
        let pretraining = run.pretraining()?;
        let its_split: Split = run.read_json(files::SPLIT)?;
        check_split(works, &its_split, &run)?;
        experiment.melody.notes = pretraining.features();
        experiment.check()?;
        let vocabulary = Some(run.vocabulary()?);
        Ok(Self { experiment, vocabulary, language: Some(run.weights(files::MELODY)?) })
    }

    /// Leaves copies of all that was found in a new run.
    pub(crate) fn copy_to(&self, run: &RunDir) -> Result<(), Error> {
        if let Some(bytes) = &self.language {
            run.write(files::LANGUAGE, bytes)?;
        }
        match &self.experiment.title.sentence_encoder {
            Some(path) => copy_sentence_encoder(path, &run.file(files::SENTENCE)),
            None => Ok(()),
        }
    }
}

/// That a language model learned from no family on which the towers are to be judged.
fn check_split(
    Works { corpus, split, .. }: &Works,
    its_split: &Split,
    run: &RunDir,
) -> Result<(), Error> {
    let families = |ids: &[String]| -> HashSet<u32> {
        ids.iter().filter_map(|id| Some(corpus.work(id)?.family)).collect()
    };
    let learned = families(&its_split.train);
    let other = its_split.corpus_hash != corpus.hash;
    let seen = [&split.validation, &split.test]
        .into_iter()
        .any(|side| !families(side).is_disjoint(&learned));
    if !other && !seen {
        return Ok(());
    }
    let why = if other {
        "learned from another corpus"
    } else {
        "learned from works that this experiment keeps for validation or test"
    };
    let advice = "pretrain one on the same corpus with the same [split]";
    Err(Error::damaged(run.path(), format!("{why}; {advice}")))
}
