//! Metres as a row holds them.

use std::fmt;

use abc::Metre;

/// A metre that fits two bytes, `6/8`; `none` for free time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MetreName {
    numerator: u8,
    denominator: u8,
}

impl MetreName {
    /// Free time.
    pub const NONE: Self = Self { numerator: 0, denominator: 0 };

    /// The metre, `None` in free time.
    pub fn metre(self) -> Option<Metre> {
        (self != Self::NONE).then(|| Metre {
            numerator: self.numerator.into(),
            denominator: self.denominator.into(),
        })
    }

    /// Reads what [`fmt::Display`] writes: `6/8` or `none`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::NONE);
        }
        let (numerator, denominator) = text.split_once('/')?;
        let (numerator, denominator) = (numerator.parse().ok()?, denominator.parse().ok()?);
        (numerator > 0 && denominator > 0).then_some(Self { numerator, denominator })
    }

    pub(crate) fn code(self) -> u64 {
        u64::from(self.denominator) << 8 | u64::from(self.numerator)
    }
}

impl From<Option<Metre>> for MetreName {
    /// Numbers above 255 count as free time.
    fn from(metre: Option<Metre>) -> Self {
        let small = |metre: Metre| {
            let numerator = u8::try_from(metre.numerator).ok().filter(|&n| n > 0)?;
            let denominator = u8::try_from(metre.denominator).ok().filter(|&n| n > 0)?;
            Some(Self { numerator, denominator })
        };
        metre.and_then(small).unwrap_or(Self::NONE)
    }
}

impl fmt::Display for MetreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.metre() {
            Some(metre) => metre.fmt(f),
            None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_read_back() {
        for name in ["6/8", "4/4", "255/1", "none"] {
            assert_eq!(MetreName::parse(name).unwrap().to_string(), name);
        }
        for bad in ["6", "6/", "0/4", "256/4", "C"] {
            assert_eq!(MetreName::parse(bad), None, "{bad}");
        }
    }
}
