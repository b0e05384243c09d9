//! Which values a corpus has, and how often.

use rustc_hash::FxHashMap;

use crate::feature::Feature;
use crate::symbol::Symbol;
use crate::tokens::Tokens;
use crate::value::Value;
use crate::vocabulary::VocabularyOptions;

/// How often each value of each feature was seen.
pub(crate) struct Counts<'a> {
    by_feature: Vec<FxHashMap<u64, (Value<'a>, u64)>>,
}

impl<'a> Counts<'a> {
    pub(crate) fn new() -> Self {
        Self { by_feature: vec![FxHashMap::default(); Feature::COUNT] }
    }

    pub(crate) fn add(&mut self, tokens: &'a Tokens) {
        let rows = tokens.len();
        for &feature in Feature::ALL {
            if rows > 0 && tokens.is_constant(feature) {
                self.count(feature, tokens.value(0, feature), rows as u64);
                continue;
            }
            // Values often stay the same from row to row.
            let (mut last, mut times) = (Value::Absent, 0);
            for row in 0..rows {
                let value = tokens.value(row, feature);
                if value != last {
                    self.count(feature, last, times);
                    (last, times) = (value, 0);
                }
                times += 1;
            }
            self.count(feature, last, times);
        }
    }

    fn count(&mut self, feature: Feature, value: Value<'a>, times: u64) {
        if value != Value::Absent {
            self.by_feature[feature as usize].entry(value.code()).or_insert((value, 0)).1 += times;
        }
    }

    /// The values of `feature` that a vocabulary with these options has, each once, in the order
    /// of their ids.
    pub(crate) fn values(&self, feature: Feature, options: &VocabularyOptions) -> Vec<Value<'a>> {
        let mut values = self.seen(feature, options);
        match feature {
            Feature::Symbol => {
                values = moved(values, options);
                values.extend([Value::Symbol(Symbol::Start), Value::Symbol(Symbol::End)]);
            }
            Feature::Pitch | Feature::Key | Feature::PhraseEcho | Feature::PartEcho => {
                values = moved(values, options);
            }
            Feature::PitchClass | Feature::Octave => {
                let pitches = self.values(Feature::Pitch, options);
                values.extend(pitches.into_iter().filter_map(|v| part_of_pitch(feature, v)));
            }
            Feature::Root | Feature::Signature => {
                let keys = self.values(Feature::Key, options);
                values.extend(keys.into_iter().filter_map(|v| part_of_key(feature, v)));
            }
            _ => {}
        }
        values.sort_by(|a, b| a.order(*b));
        values.dedup();
        values
    }

    fn seen(&self, feature: Feature, options: &VocabularyOptions) -> Vec<Value<'a>> {
        let counts = self.by_feature[feature as usize].values();
        counts.filter(|(_, count)| *count >= options.min_count).map(|(value, _)| *value).collect()
    }
}

/// What pitches and keys become by the transpositions of the options; other values stay.
fn moved<'a>(values: Vec<Value<'a>>, options: &VocabularyOptions) -> Vec<Value<'a>> {
    let by = |n: i8, value: &Value<'a>| match *value {
        Value::Symbol(Symbol::Note(midi)) => {
            shifted(midi.into(), n).map(|midi| Value::Symbol(Symbol::Note(midi)))
        }
        Value::Symbol(Symbol::Key(key)) => Some(Value::Symbol(Symbol::Key(key.transposed(n)))),
        Value::Number(midi) => shifted(midi, n).map(|midi| Value::Number(midi.into())),
        Value::Key(key) => Some(Value::Key(key.transposed(n))),
        other => Some(other),
    };
    let ways = options.transpositions.clone();
    ways.flat_map(|n| values.iter().filter_map(move |value| by(n, value))).collect()
}

fn shifted(midi: i32, semitones: i8) -> Option<u8> {
    u8::try_from(midi + i32::from(semitones)).ok().filter(|&midi| midi < 128)
}

fn part_of_pitch(feature: Feature, pitch: Value<'_>) -> Option<Value<'static>> {
    let Value::Number(midi) = pitch else { return None };
    Some(Value::Number(if feature == Feature::Octave { midi / 12 - 1 } else { midi % 12 }))
}

fn part_of_key(feature: Feature, key: Value<'_>) -> Option<Value<'static>> {
    let Value::Key(key) = key else { return None };
    match feature {
        Feature::Signature => Some(Value::Number(key.sharps.into())),
        _ => key.root.map(Value::Root),
    }
}
