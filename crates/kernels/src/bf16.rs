//! Numbers of 16 bits: the upper half of an f32.

/// The bits of the nearest number of 16 bits, ties to even; NaN stays NaN, and what is too large becomes infinite.
#[inline(always)]
pub(crate) fn bits(x: f32) -> u16 {
    (upper(x) >> 16) as u16
}

/// The number of these bits.
#[inline(always)]
pub(crate) fn number(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The nearest number of 16 bits.
#[inline(always)]
pub(crate) fn round(x: f32) -> f32 {
    f32::from_bits(upper(x))
}

/// The bits of the nearest number of 16 bits as those of an f32.
#[inline(always)]
fn upper(x: f32) -> u32 {
    let bits = x.to_bits();
    // Half of the last place, less one where the last place is even: a tie then carries into odd numbers alone.
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000;
    // A carry would make some NaN infinite.
    if x.is_nan() { (bits | 0x0040_0000) & 0xffff_0000 } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_to_the_nearest_and_ties_to_even() {
        for (x, rounded) in [
            (0x3f80_0000, 0x3f80_0000),
            (0x3f80_7fff, 0x3f80_0000),
            (0x3f80_8000, 0x3f80_0000),
            (0x3f80_8001, 0x3f81_0000),
            (0x3f81_8000, 0x3f82_0000),
            (0xbf81_8000, 0xbf82_0000),
            (0x8000_0000, 0x8000_0000),
            (0x7f7f_ffff, 0x7f80_0000),
            (0x7f80_0000, 0x7f80_0000),
            (0xff80_0000, 0xff80_0000),
        ] {
            assert_eq!(round(f32::from_bits(x)).to_bits(), rounded, "{x:x}");
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for bits in [0x7f80_0001, 0x7fc0_0000, 0x7fff_ffff, 0xffff_ffff] {
            assert!(round(f32::from_bits(bits)).is_nan());
        }
    }

    #[test]
    fn the_bits_of_a_number_give_it_back() {
        for x in [0.0, -0.0, 1.5, -3.0e30, f32::INFINITY] {
            assert_eq!(number(bits(x)).to_bits(), round(x).to_bits());
        }
    }
}
