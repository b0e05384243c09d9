//! One map turned, mirrored, scaled and moved onto another (Gower 1975), so that maps over training can be compared.

use super::Place;
use crate::error::{Error, Result, check_length};

/// A turn, perhaps a mirror image, a scale and a move of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Where the middle of the moved map lies before.
    from: [f64; 2],
    /// Where it lies after.
    to: [f64; 2],
    /// Cosine and sine of the turn, times the scale.
    turn: [f64; 2],
    /// 1, or -1 where the second axis is mirrored first.
    mirror: f64,
}

impl Motion {
    /// Moves one place.
    pub fn apply(&self, place: Place) -> Place {
        let x = f64::from(place[0]) - self.from[0];
        let y = (f64::from(place[1]) - self.from[1]) * self.mirror;
        let [c, s] = self.turn;
        [(c * x - s * y + self.to[0]) as f32, (s * x + c * y + self.to[1]) as f32]
    }
}

/// The motion that brings `map` nearest to `target`, by the sum of squared distances of corresponding places.
///
/// # Errors
/// Maps of different sizes, or fewer than 2 places.
pub fn align(map: &[Place], target: &[Place]) -> Result<Motion> {
    check_length("places of the target", map.len(), target.len())?;
    if map.len() < 2 {
        let got = map.len().to_string();
        return Err(Error::Setting { what: "shared places", expected: "at least 2", got });
    }
    let (from, to) = (middle(map), middle(target));
    // Sums of products of coordinates: of the map along the first index, of the target along the second.
    let mut sums = [[0.0; 2]; 2];
    let mut squares = 0.0;
    for (a, b) in map.iter().zip(target) {
        for (i, sums) in sums.iter_mut().enumerate() {
            let x = f64::from(a[i]) - from[i];
            squares += x * x;
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum += x * (f64::from(b[j]) - to[j]);
            }
        }
    }
    let turns = [1.0, -1.0].map(|mirror| {
        let cosine = sums[0][0] + mirror * sums[1][1];
        let sine = sums[0][1] - mirror * sums[1][0];
        (cosine, sine, mirror)
    });
    let [plain, mirrored] = turns;
    let length = |turn: &(f64, f64, f64)| turn.0.hypot(turn.1);
    let (cosine, sine, mirror) = if length(&mirrored) > length(&plain) { mirrored } else { plain };
    let turn = if squares > 0.0 { [cosine / squares, sine / squares] } else { [1.0, 0.0] };
    Ok(Motion { from, to, turn, mirror })
}

fn middle(map: &[Place]) -> [f64; 2] {
    [0, 1].map(|axis| map.iter().map(|p| f64::from(p[axis])).sum::<f64>() / map.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Vec<Place> {
        (0..7).map(|i| [(i * 3 % 7) as f32, (i * i % 5) as f32]).collect()
    }

    #[test]
    fn a_map_moved_turned_scaled_and_mirrored_comes_back() {
        let target = map();
        for mirror in [1.0, -1.0] {
            let moved: Vec<Place> = target
                .iter()
                .map(|&[x, y]| {
                    let (x, y) = (2.0 * x, 2.0 * y * mirror);
                    [0.6 * x - 0.8 * y + 5.0, 0.8 * x + 0.6 * y - 3.0]
                })
                .collect();
            let motion = align(&moved, &target).unwrap();
            for (place, wanted) in moved.iter().zip(&target) {
                let got = motion.apply(*place);
                assert!((0..2).all(|axis| (got[axis] - wanted[axis]).abs() < 1e-5), "{got:?}");
            }
        }
    }

    #[test]
    fn places_without_extent_are_only_moved() {
        let motion = align(&[[1.0, 1.0]; 3], &[[2.0, 3.0]; 3]).unwrap();
        assert_eq!(motion.apply([1.0, 1.0]), [2.0, 3.0]);
        assert!(align(&map()[..1], &map()[..1]).is_err());
    }
}
