//! Exact durations as rational numbers of whole notes.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Rem, Sub};

/// An exact duration in whole notes, always in lowest terms, never negative.
///
/// `Duration::new(3, 8)` is a dotted quarter.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Duration {
    num: u32,
    den: u32,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// A whole note.
    pub const WHOLE: Self = Self { num: 1, den: 1 };

    /// The shortest time that rounding leaves.
    pub(crate) const FINEST: Self = Self { num: 1, den: 65_536 };

    /// A number of whole notes.
    pub(crate) const fn whole_notes(number: u32) -> Self {
        Self { num: number, den: 1 }
    }

    /// `num/den` of a whole note; a zero denominator counts as one, and a value too fine or too
    /// long for 32-bit parts is rounded to the nearest 1/65536.
    pub fn new(num: u32, den: u32) -> Self {
        Self::from_wide(u64::from(num), u64::from(den))
    }

    /// Numerator in lowest terms.
    pub fn num(self) -> u32 {
        self.num
    }

    /// Denominator in lowest terms; at least 1.
    pub fn den(self) -> u32 {
        self.den
    }

    /// Whether this is no time at all.
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// The value in whole notes.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// `self / other`, or zero when `other` is zero.
    pub fn ratio(self, other: Self) -> Self {
        if other.num == 0 {
            return Self::ZERO;
        }
        Self::from_wide(
            u64::from(self.num) * u64::from(other.den),
            u64::from(self.den) * u64::from(other.num),
        )
    }

    /// The difference, or zero when `other` is longer.
    pub fn saturating_sub(self, other: Self) -> Self {
        let a = u64::from(self.num) * u64::from(other.den);
        let b = u64::from(other.num) * u64::from(self.den);
        Self::from_wide(a.saturating_sub(b), u64::from(self.den) * u64::from(other.den))
    }

    /// The product, sparing the arithmetic where there is nothing to scale.
    #[inline]
    pub(crate) fn scaled(self, factor: Self) -> Self {
        if factor.num == 1 && factor.den == 1 { self } else { self * factor }
    }

    #[inline]
    fn from_wide(num: u64, den: u64) -> Self {
        let den = den.max(1);
        let divisor = gcd(num, den);
        let (num, den) = (num / divisor, den / divisor);
        match (u32::try_from(num), u32::try_from(den)) {
            (Ok(num), Ok(den)) => Self { num, den },
            _ => Self::rounded(num, den),
        }
    }

    fn rounded(num: u64, den: u64) -> Self {
        const GRID: u64 = 65_536;
        let scaled = (u128::from(num) * u128::from(GRID) + u128::from(den) / 2) / u128::from(den);
        let scaled = u64::try_from(scaled).unwrap_or(u64::MAX);
        let divisor = gcd(scaled, GRID);
        match u32::try_from(scaled / divisor) {
            Ok(num) => Self { num, den: (GRID / divisor) as u32 },
            Err(_) => Self { num: u32::try_from(scaled / GRID).unwrap_or(u32::MAX), den: 1 },
        }
    }
}

impl Default for Duration {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.den == other.den {
            return Self::from_wide(
                u64::from(self.num) + u64::from(other.num),
                u64::from(self.den),
            );
        }
        let (a, b) = (u64::from(self.den), u64::from(other.den));
        let common = gcd(a, b);
        // The cross products stay below 2^64 only one by one, so their sum saturates.
        let num = (u64::from(self.num) * (b / common))
            .saturating_add(u64::from(other.num) * (a / common));
        Self::from_wide(num, a / common * b)
    }
}

impl Sub for Duration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Mul for Duration {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::from_wide(
            u64::from(self.num) * u64::from(other.num),
            u64::from(self.den) * u64::from(other.den),
        )
    }
}

impl Rem for Duration {
    type Output = Self;
    /// What is left after taking out `other` as often as it goes; all when `other` is no time.
    fn rem(self, other: Self) -> Self {
        if other.num == 0 {
            return self;
        }
        let a = u64::from(self.num) * u64::from(other.den);
        let b = u64::from(other.num) * u64::from(self.den);
        Self::from_wide(a % b, u64::from(self.den) * u64::from(other.den))
    }
}

impl std::iter::Sum for Duration {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Self) -> Ordering {
        let a = u64::from(self.num) * u64::from(other.den);
        let b = u64::from(other.num) * u64::from(self.den);
        a.cmp(&b)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The greatest common divisor; 1 when both are zero. Denominators are nearly always powers of
/// two, which need no division.
#[inline]
fn gcd(a: u64, b: u64) -> u64 {
    if b.is_power_of_two() && a != 0 {
        return 1 << a.trailing_zeros().min(b.trailing_zeros());
    }
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_exact_and_reduced() {
        let third = Duration::new(1, 12);
        assert_eq!(third + third + third, Duration::new(1, 4));
        assert_eq!(Duration::new(6, 8), Duration::new(3, 4));
        assert_eq!(Duration::new(0, 8), Duration::ZERO);
        assert_eq!(Duration::new(1, 4) - Duration::new(1, 8), Duration::new(1, 8));
        assert_eq!(Duration::new(1, 8) - Duration::new(1, 4), Duration::ZERO);
        assert_eq!(Duration::new(3, 8).ratio(Duration::new(1, 8)), Duration::new(3, 1));
        assert_eq!(Duration::new(7, 8) % Duration::new(1, 4), Duration::new(1, 8));
    }

    #[test]
    fn extreme_values_round_instead_of_overflowing() {
        let fine = Duration::new(1, u32::MAX) * Duration::new(1, u32::MAX);
        assert_eq!(fine, Duration::ZERO);
        let long = Duration::new(u32::MAX, 1) + Duration::new(u32::MAX, 1);
        assert_eq!(long, Duration::new(u32::MAX, 1));
        assert_eq!(Duration::new(5, 0), Duration::new(5, 1));
        let uneven = Duration::new(u32::MAX, 7) + Duration::new(u32::MAX, 11);
        assert!((uneven.as_f64() / 1_004_018_328.0 - 1.0).abs() < 1e-6, "{uneven}");
    }
}
