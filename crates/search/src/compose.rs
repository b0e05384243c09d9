//! New tunes from a melody language model.
//!
//! The model says how likely each row is to come next; a grammar takes away what would break the
//! form ([`tokens::form`]), and of what is left one is drawn. Many tunes are written at once, row by
//! row. What is drawn for a tune depends on the seed and the tune's number alone, so that the first
//! ten of a thousand tunes are the ten that one gets when asking for ten.

mod desk;
mod grammar;
mod part;
mod rules;
mod sampling;

use std::collections::BTreeMap;

use abc::Duration;
use model::LanguageModel;
use tokens::{Fault, Feature, Head, KeyName, MetreName, Tokens, Value, Vocabulary, form};

use desk::{Desk, Draft};
use rules::Rules;
pub use sampling::Sampling;

/// How many tunes are written at once.
const TOGETHER: usize = 128;

/// A melody language model with what it reads.
#[derive(Clone, Debug)]
pub struct Composer {
    /// The model.
    pub model: LanguageModel,
    /// The values of every feature.
    pub vocabulary: Vocabulary,
    /// The features of a row, in the order in which the model takes them.
    pub features: Vec<Feature>,
}

/// What tunes are asked for.
#[derive(Clone, Debug)]
pub struct Commission {
    /// Dance type, key, metre and unit note length.
    pub head: Head,
    /// How many tunes.
    pub count: usize,
    /// How rows are drawn.
    pub sampling: Sampling,
    /// With the same seed the same tunes are written.
    pub seed: u64,
    /// How often a tune without the form of one is written anew.
    pub retries: u32,
}

/// A tune that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// Its number, from 1.
    pub number: usize,
    /// Its rows.
    pub tokens: Tokens,
    /// What is wrong with its form; nothing, as a rule.
    pub faults: Vec<Fault>,
    /// How often it was written, 1 being the first time.
    pub attempts: u32,
}

/// Why no tunes could be written.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The model never saw a value of the head.
    #[error("the model knows no {what} `{value}`; it knows {known}")]
    Unknown {
        /// `dance type`, `key` or `metre`.
        what: &'static str,
        /// What was asked for.
        value: String,
        /// What there is.
        known: String,
    },
    /// The vocabulary has not the notes and signs for a tune in this key and metre.
    #[error("the model cannot fill bars of {metre} in {key}: its vocabulary lacks notes or signs")]
    Bars {
        /// The key.
        key: KeyName,
        /// The metre.
        metre: MetreName,
    },
    /// A number of [`Sampling`] is out of range.
    #[error("{0}")]
    Sampling(String),
}

impl Composer {
    /// Writes tunes and hands each to `take`, in the order of their numbers, as soon as it and all
    /// before it are done. An error of `take` stops the work.
    ///
    /// # Errors
    /// [`ComposeError`] before the first tune, and whatever `take` fails with.
    pub fn compose<E: From<ComposeError>>(
        &self,
        commission: &Commission,
        mut take: impl FnMut(Composed) -> Result<(), E>,
    ) -> Result<(), E> {
        let rules = self.rules(commission)?;
        let mut waiting = BTreeMap::new();
        let mut next = 1;
        for start in (1..=commission.count).step_by(TOGETHER) {
            let end = commission.count.min(start + TOGETHER - 1);
            let mut numbers: Vec<usize> = (start..=end).collect();
            for attempt in 1..=commission.retries.saturating_add(1) {
                let drafts = numbers.iter().map(|&number| {
                    Draft::new(&commission.head, &rules, (commission.seed, number, attempt))
                });
                let mut failed = Vec::new();
                let mut desk = Desk::new(self, commission.sampling, drafts.collect());
                while !desk.is_empty() {
                    for (number, tokens) in desk.step() {
                        let faults = form(&tokens).err().unwrap_or_default();
                        if !faults.is_empty() && attempt <= commission.retries {
                            failed.push(number);
                            continue;
                        }
                        let tune = Composed { number, tokens, faults, attempts: attempt };
                        waiting.insert(number, tune);
                    }
                    while let Some(tune) = waiting.remove(&next) {
                        take(tune)?;
                        next += 1;
                    }
                }
                failed.sort_unstable();
                numbers = failed;
                if numbers.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn rules(&self, commission: &Commission) -> Result<Rules, ComposeError> {
        if let Some(problem) = commission.sampling.problem() {
            return Err(ComposeError::Sampling(problem));
        }
        let head = &commission.head;
        if let Some(dance) = head.dance_type.as_deref() {
            self.check("dance type", Feature::DanceType, Value::Name(dance))?;
        }
        self.check("key", Feature::Key, Value::Key(head.key))?;
        self.check("metre", Feature::Metre, Value::Metre(head.metre))?;
        let bar = head.metre.metre().map_or(Duration::ZERO, abc::Metre::bar);
        Rules::new(&self.vocabulary, head.key, bar)
            .ok_or(ComposeError::Bars { key: head.key, metre: head.metre })
    }

    fn check(
        &self,
        what: &'static str,
        feature: Feature,
        value: Value<'_>,
    ) -> Result<(), ComposeError> {
        if self.vocabulary.id(feature, value) != tokens::UNKNOWN {
            return Ok(());
        }
        let ids = (0..).take(self.vocabulary.size(feature));
        let known: Vec<String> = ids
            .filter_map(|id| self.vocabulary.value(feature, id))
            .map(|value| value.to_string())
            .collect();
        Err(ComposeError::Unknown { what, value: value.to_string(), known: known.join(", ") })
    }
}

/// The metre and the unit note length that most tunes of a dance type have, or most tunes of all
/// where none is of that type; `None` without tunes.
pub fn usual_metre<'t>(
    tunes: impl IntoIterator<Item = &'t Tokens>,
    dance_type: &str,
) -> Option<(MetreName, Duration)> {
    let mut counts: BTreeMap<(bool, String), (usize, MetreName, Duration)> = BTreeMap::new();
    for tune in tunes {
        let head = tune.head();
        let of_type = head.dance_type.as_deref() == Some(dance_type);
        let name = format!("{} {}", head.metre, head.unit);
        counts.entry((of_type, name)).or_insert((0, head.metre, head.unit)).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|((of_type, _), (count, ..))| (*of_type, *count));
    most.map(|(_, (_, metre, unit))| (metre, unit))
}

#[cfg(test)]
mod tests;
