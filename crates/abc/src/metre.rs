//! Metres and the `M:` field.

use std::fmt;
use std::str::FromStr;

use crate::duration::Duration;

/// A metre such as 6/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Metre {
    /// Beats, or for compound metres pulses, in a bar; the sum for additive metres (`2+3/8`).
    pub numerator: u32,
    /// The note value that is counted: 1, 2, 4, 8, 16...
    pub denominator: u32,
}

impl Metre {
    /// The length of a full bar.
    pub fn bar(self) -> Duration {
        Duration::new(self.numerator, self.denominator)
    }

    /// Whether beats divide in three (6/8, 9/8, 12/8...).
    pub fn is_compound(self) -> bool {
        self.numerator > 3 && self.numerator.is_multiple_of(3) && self.denominator >= 8
    }

    /// Whether a bar has three beats (3/4, 9/8, 3/2...).
    pub fn is_triple(self) -> bool {
        self.numerator == 3 || (self.is_compound() && self.numerator == 9)
    }

    /// The length of one beat: a dotted note in compound metres.
    pub fn beat(self) -> Duration {
        Duration::new(if self.is_compound() { 3 } else { 1 }, self.denominator)
    }

    /// The unit note length that holds where there is no `L:` (ABC 2.1, section 3.1.7): 1/16 for
    /// bars shorter than 3/4 of a whole note, 1/8 otherwise.
    pub fn default_unit(self) -> Duration {
        let short = self.bar() < Duration::new(3, 4);
        Duration::new(1, if short { 16 } else { 8 })
    }
}

impl fmt::Display for Metre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// A text that is no metre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetreError(String);

impl fmt::Display for MetreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metre `{}` should be like `6/8`, `C` or `C|`", self.0)
    }
}

impl std::error::Error for MetreError {}

/// Beats in a bar beyond this are a slip of the keyboard.
const MAX_PART: u32 = 1024;

impl FromStr for Metre {
    type Err = MetreError;

    /// Reads `6/8`, `C`, `C|`, `2+3/8`, `(2+3+2)/8` and `3/4+2/4`.
    fn from_str(text: &str) -> Result<Self, MetreError> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let error = || MetreError(text.trim().chars().take(40).collect());
        match compact.as_str() {
            "C" | "c" => return Ok(Self { numerator: 4, denominator: 4 }),
            "C|" | "c|" => return Ok(Self { numerator: 2, denominator: 2 }),
            _ => {}
        }
        let metre = additive(&compact).ok_or_else(error)?;
        let sound = |part: u32| (1..=MAX_PART).contains(&part);
        if sound(metre.numerator) && sound(metre.denominator) { Ok(metre) } else { Err(error()) }
    }
}

/// Adds up the terms of a metre; each term without a denominator takes the next one's.
fn additive(text: &str) -> Option<Metre> {
    let bare: String = text.chars().filter(|c| !matches!(c, '(' | ')')).collect();
    let mut denominator = None;
    let mut total = Duration::ZERO;
    for term in bare.rsplit('+') {
        let (beats, value) = match term.split_once('/') {
            Some((beats, value)) => (beats, Some(number(value)?)),
            None => (term, None),
        };
        let value = value.or(denominator)?;
        denominator = Some(value);
        total = total + Duration::new(number(beats)?, value);
    }
    let finest =
        bare.split('/').skip(1).filter_map(|rest| number(rest.split('+').next()?)).max()?;
    let whole = total.ratio(Duration::new(1, finest));
    (whole.den() == 1).then_some(Metre { numerator: whole.num(), denominator: finest })
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| (1..=MAX_PART).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let metre: Result<Metre, _> = text.parse();
        let found = metre.map_or_else(|error| error.to_string(), |metre| metre.to_string());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn metres_of_every_form_are_read() {
        check("6/8", "6/8");
        check(" 2 / 4 ", "2/4");
        check("C", "4/4");
        check("C|", "2/2");
        check("2+3/8", "5/8");
        check("(2+3+2)/8", "7/8");
        check("3/4+2/4", "5/4");
        check("3/4+3/8", "9/8");
        check("7", "metre `7` should be like `6/8`, `C` or `C|`");
        check("7/", "metre `7/` should be like `6/8`, `C` or `C|`");
        check("0/4", "metre `0/4` should be like `6/8`, `C` or `C|`");
        check("99999999999/8", "metre `99999999999/8` should be like `6/8`, `C` or `C|`");
    }

    #[test]
    fn the_unit_note_follows_the_metre() {
        let unit = |text: &str| text.parse::<Metre>().map(Metre::default_unit);
        assert_eq!(unit("2/4"), Ok(Duration::new(1, 16)));
        assert_eq!(unit("3/4"), Ok(Duration::new(1, 8)));
        assert_eq!(unit("6/8"), Ok(Duration::new(1, 8)));
        assert_eq!(unit("3/8"), Ok(Duration::new(1, 16)));
    }
}
