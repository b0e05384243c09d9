//! Numbers for the values of every feature, and back.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use abc::Duration;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::error::Error;
use crate::feature::Feature;
use crate::symbol::Symbol;
use crate::tokens::Tokens;
use crate::value::Value;

/// Id of a feature that has nothing to say in a row, and of padding.
pub const ABSENT: u32 = 0;
/// Id of every value that is not in the vocabulary.
pub const UNKNOWN: u32 = 1;

const VERSION: u32 = 1;
const FIRST: u32 = 2;

/// What goes into a vocabulary.
#[derive(Clone, Debug)]
pub struct VocabularyOptions {
    /// Values seen less often are unknown; start and end never are.
    pub min_count: u64,
    /// Pitches and keys are counted also as they are after each of these transpositions, in
    /// semitones, so that transposed tunes meet no unknown ones.
    pub transpositions: RangeInclusive<i8>,
}

impl Default for VocabularyOptions {
    /// All that was seen, as it was seen.
    fn default() -> Self {
        Self { min_count: 1, transpositions: 0..=0 }
    }
}

/// The values of every feature and their ids: 0 is [`ABSENT`], 1 is [`UNKNOWN`], then the values
/// from 2 on: numbers and durations ascending, words by letter.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    entries: Vec<Entries>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Entries {
    names: Vec<String>,
    ids: FxHashMap<u64, u32>,
}

/// A tune as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// How many rows there are: T.
    pub rows: usize,
    /// Ids by row: (T, F).
    pub ids: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    features: BTreeMap<Feature, Vec<String>>,
}

impl Vocabulary {
    /// The vocabulary of all features of these tunes; their order does not matter.
    pub fn build<'a>(
        tunes: impl IntoIterator<Item = &'a Tokens>,
        options: &VocabularyOptions,
    ) -> Self {
        let mut counts = Counts::new();
        for tokens in tunes {
            counts.add(tokens);
        }
        let values = Feature::ALL.iter().map(|&feature| counts.values(feature, options));
        Self { entries: values.map(|values| Entries::of(&values)).collect() }
    }

    /// How many ids a feature has, those of absent and unknown included.
    pub fn size(&self, feature: Feature) -> usize {
        self.entries(feature).names.len() + FIRST as usize
    }

    /// The id of a value.
    pub fn id(&self, feature: Feature, value: Value<'_>) -> u32 {
        self.entries(feature).id(value)
    }

    /// The value of an id; `None` for absent, unknown and ids that there are not.
    pub fn value(&self, feature: Feature, id: u32) -> Option<Value<'_>> {
        let place = usize::try_from(id.checked_sub(FIRST)?).ok()?;
        Value::parse(feature, self.entries(feature).names.get(place)?)
    }

    /// The ids of these features in every row.
    pub fn encode(&self, tokens: &Tokens, features: &[Feature]) -> Encoded {
        let (rows, width) = (tokens.len(), features.len());
        let mut ids = vec![ABSENT; rows * width]; // (T, F)
        for (column, &feature) in features.iter().enumerate() {
            let entries = self.entries(feature);
            // Values often stay the same from row to row.
            let mut last = (Value::Absent, ABSENT);
            let constant = tokens.is_constant(feature);
            for row in 0..rows {
                let value = if constant && row > 0 { last.0 } else { tokens.value(row, feature) };
                if value != last.0 {
                    last = (value, entries.id(value));
                }
                ids[row * width + column] = last.1;
            }
        }
        Encoded { rows, ids }
    }

    /// The ids of these features in one row: (F).
    ///
    /// # Panics
    /// If there is no such row.
    pub fn encode_row(&self, tokens: &Tokens, row: usize, features: &[Feature]) -> Vec<u32> {
        features.iter().map(|&f| self.id(f, tokens.value(row, f))).collect()
    }

    /// The ids of these features in the first row, which is where the header's are read: (F).
    pub fn encode_header(&self, tokens: &Tokens, features: &[Feature]) -> Vec<u32> {
        if tokens.is_empty() {
            return vec![ABSENT; features.len()];
        }
        self.encode_row(tokens, 0, features)
    }

    /// The pair that an id of [`Feature::Symbol`] and one of [`Feature::Duration`] stand for.
    ///
    /// # Errors
    /// [`Error::UnknownId`] if the symbol's id has no value, or the duration's where the symbol
    /// needs one.
    pub fn decode(&self, symbol: u32, duration: u32) -> Result<(Symbol, Duration), Error> {
        let Some(Value::Symbol(main)) = self.value(Feature::Symbol, symbol) else {
            return Err(self.unknown_id(Feature::Symbol, symbol));
        };
        if !main.has_duration() {
            return Ok((main, Duration::ZERO));
        }
        match self.value(Feature::Duration, duration) {
            Some(Value::Duration(length)) => Ok((main, length)),
            _ => Err(self.unknown_id(Feature::Duration, duration)),
        }
    }

    /// As indented JSON, one value a line, in the order of their ids.
    ///
    /// # Errors
    /// None that a vocabulary of this crate's making could cause.
    pub fn to_json(&self) -> Result<String, Error> {
        let lists = Feature::ALL.iter().map(|&f| (f, self.entries(f).names.clone()));
        let file = File { version: VERSION, features: lists.collect() };
        Ok(serde_json::to_string_pretty(&file)?)
    }

    /// Reads what [`Vocabulary::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Version`], [`Error::MissingFeature`], [`Error::Entry`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let version = serde_json::from_str::<Version>(json)?.version;
        if version != VERSION {
            return Err(Error::Version { found: version, expected: VERSION });
        }
        let mut file: File = serde_json::from_str(json)?;
        let mut entries = Vec::with_capacity(Feature::COUNT);
        for &feature in Feature::ALL {
            let names = file.features.remove(&feature);
            let names = names.ok_or(Error::MissingFeature(feature.name()))?;
            entries.push(Entries::new(feature, names)?);
        }
        Ok(Self { entries })
    }

    fn entries(&self, feature: Feature) -> &Entries {
        &self.entries[feature as usize]
    }

    fn unknown_id(&self, feature: Feature, id: u32) -> Error {
        Error::UnknownId { feature: feature.name(), id, size: self.size(feature) }
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Entries {
    fn of(values: &[Value<'_>]) -> Self {
        let names = values.iter().map(ToString::to_string).collect();
        let ids = (FIRST..).zip(values).map(|(id, value)| (value.code(), id)).collect();
        Self { names, ids }
    }

    fn new(feature: Feature, names: Vec<String>) -> Result<Self, Error> {
        let mut ids = FxHashMap::default();
        for (id, name) in (FIRST..).zip(&names) {
            let problem = match Value::parse(feature, name) {
                None => "no value of that feature",
                Some(value) if ids.insert(value.code(), id).is_some() => "there twice",
                Some(_) => continue,
            };
            return Err(Error::Entry { feature: feature.name(), value: name.clone(), problem });
        }
        Ok(Self { names, ids })
    }

    fn id(&self, value: Value<'_>) -> u32 {
        if value == Value::Absent {
            return ABSENT;
        }
        self.ids.get(&value.code()).copied().unwrap_or(UNKNOWN)
    }
}
