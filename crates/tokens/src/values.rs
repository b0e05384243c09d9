//! What each feature says of a row.

use crate::feature::Feature;
use crate::key::KeyName;
use crate::metre::MetreName;
use crate::place::{self, NO_STRENGTH};
use crate::tokens::{NO_INTERVAL, Row, Tokens};
use crate::value::Value;

impl Tokens {
    /// What `feature` says of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn value(&self, row: usize, feature: Feature) -> Value<'_> {
        use Feature as F;
        let r = &self.rows[row];
        match feature {
            F::Symbol => Value::Symbol(self.symbol(row)),
            F::Duration if r.symbol.has_duration() => Value::Duration(r.duration),
            F::Duration => Value::Absent,
            F::Pitch => number(r.midi()),
            F::PitchClass => number(r.midi().map(|midi| midi % 12)),
            F::Octave => number(r.midi().map(|midi| i32::from(midi / 12) - 1)),
            F::Degree => number(self.degree(r)),
            F::Interval => number((r.interval != NO_INTERVAL).then_some(r.interval)),
            F::BarIndex => Value::Number(r.bar.into()),
            F::BarIndexMod4 => Value::Number(r.bar.rem_euclid(4).into()),
            F::BarPosition => Value::Duration(r.position),
            F::Part => Value::Number(r.part.into()),
            F::IsOnBeat => flag(self.is_on_beat(r)),
            F::IsMiddleBeat => flag(self.is_middle_beat(r)),
            F::BeatStrength => strength(r.strength),
            F::NextBarIndex => Value::Number(r.next_bar.into()),
            F::NextBarIndexMod4 => Value::Number(r.next_bar.rem_euclid(4).into()),
            F::NextPosition => Value::Duration(r.next_position()),
            F::NextBeatStrength => strength(r.next_strength),
            F::PhraseEcho | F::PartEcho | F::PhraseEchoDuration | F::PartEchoDuration => {
                self.echo(r, feature)
            }
            F::PlayedKey | F::PlayedRoot | F::PlayedSignature => played(feature, self.head.played),
            F::Key | F::Root | F::Mode | F::Signature => in_key(feature, self.key_of(r)),
            F::UnitLength => Value::Duration(self.head.unit),
            F::DanceType => self.head.dance_type.as_deref().map_or(Value::Absent, Value::Name),
            F::Metre => Value::Metre(self.metre_of(r)),
            F::Numerator | F::Denominator | F::Compound | F::Triple => {
                in_metre(feature, self.metre_of(r))
            }
        }
    }

    /// The symbol or the duration of an earlier row.
    fn echo(&self, row: &Row, feature: Feature) -> Value<'_> {
        let [phrase, part] = row.echoes;
        let (echo, said) = match feature {
            Feature::PhraseEcho => (phrase, Feature::Symbol),
            Feature::PhraseEchoDuration => (phrase, Feature::Duration),
            Feature::PartEcho => (part, Feature::Symbol),
            _ => (part, Feature::Duration),
        };
        echo.row().map_or(Value::Absent, |row| self.value(row, said))
    }

    fn key_of(&self, row: &Row) -> KeyName {
        self.keys[usize::from(row.key)].transposed(self.shift)
    }

    fn metre_of(&self, row: &Row) -> MetreName {
        self.metres[usize::from(row.metre)]
    }

    fn degree(&self, row: &Row) -> Option<u8> {
        let root = self.key_of(row).root?;
        Some((row.midi()? + 12 - root.pitch_class()) % 12)
    }

    fn is_on_beat(&self, row: &Row) -> Option<bool> {
        let metre = self.metre_of(row).metre().filter(|_| row.symbol.is_timed())?;
        Some(match place::beats(metre) {
            Some(_) => row.position < metre.bar() && place::is_multiple(row.position, metre.beat()),
            None => row.position.is_zero(),
        })
    }

    fn is_middle_beat(&self, row: &Row) -> Option<bool> {
        let metre = self.metre_of(row).metre().filter(|_| row.symbol.is_timed())?;
        let doubled = row.position + row.position;
        Some(place::beats(metre) == Some(4) && doubled == metre.bar())
    }
}

fn number(number: Option<impl Into<i32>>) -> Value<'static> {
    number.map_or(Value::Absent, |n| Value::Number(n.into()))
}

fn flag(flag: Option<bool>) -> Value<'static> {
    flag.map_or(Value::Absent, Value::Flag)
}

fn strength(strength: u8) -> Value<'static> {
    number((strength != NO_STRENGTH).then_some(strength))
}

fn played(feature: Feature, key: KeyName) -> Value<'static> {
    match feature {
        Feature::PlayedRoot => in_key(Feature::Root, key),
        Feature::PlayedSignature => in_key(Feature::Signature, key),
        _ => in_key(Feature::Key, key),
    }
}

fn in_key(feature: Feature, key: KeyName) -> Value<'static> {
    match feature {
        Feature::Root => key.root.map_or(Value::Absent, Value::Root),
        Feature::Mode => key.root.map_or(Value::Absent, |_| Value::Mode(key.mode)),
        Feature::Signature => Value::Number(key.sharps.into()),
        _ => Value::Key(key),
    }
}

fn in_metre(feature: Feature, metre: MetreName) -> Value<'static> {
    let Some(metre) = metre.metre() else { return Value::Absent };
    match feature {
        Feature::Numerator => number(i32::try_from(metre.numerator).ok()),
        Feature::Denominator => number(i32::try_from(metre.denominator).ok()),
        Feature::Compound => Value::Flag(metre.is_compound()),
        _ => Value::Flag(metre.is_triple()),
    }
}
