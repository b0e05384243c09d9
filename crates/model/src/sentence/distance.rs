//! MPNet's attention heeds how far tokens are apart: distances in groups, after T5 (Raffel et al., arXiv 1910.10683).

/// The groups, half of them each way. The reference knows no other number.
pub(super) const BUCKETS: usize = 32;

/// Groups of each direction.
const HALF: usize = BUCKETS / 2;

/// Distances that are groups by themselves, each way.
const NEAR: usize = HALF / 2;

/// From this distance on all are in the last group of their direction.
const FAR: f32 = 128.0;

/// What each head adds to its scores by the distance from query to key, (heads, 2L - 1) for L tokens at most, from what it adds
/// for each group: (buckets, heads).
pub(super) fn by_distance(groups: &[f32], (heads, longest): (usize, usize)) -> Vec<f32> {
    let far = longest as i32 - 1;
    let of_head = |head| (-far..=far).map(move |distance| groups[bucket(distance) * heads + head]);
    (0..heads).flat_map(of_head).collect()
}

/// The group of a distance from query to key: those before the query first; the near ones each by itself, the others in groups
/// that widen.
fn bucket(distance: i32) -> usize {
    let start = if distance > 0 { HALF } else { 0 };
    let apart = distance.unsigned_abs() as usize;
    if apart < NEAR {
        return start + apart;
    }
    let share = (apart as f32 / NEAR as f32).ln() / (FAR / NEAR as f32).ln();
    start + (NEAR + (share * (HALF - NEAR) as f32) as usize).min(HALF - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_the_reference() {
        // `MPNetEncoder.relative_position_bucket` of transformers 5.24.0.
        let distances = [0, -1, 1, -7, 7, -8, 8, -12, 16, -32, 64, -127, 128, 300];
        let expected = [0, 1, 17, 7, 23, 8, 24, 9, 26, 12, 30, 15, 31, 31];
        assert_eq!(distances.map(bucket), expected);
        let groups: Vec<f32> = (0..2 * BUCKETS).map(|at| at as f32).collect();
        assert_eq!(by_distance(&groups, (2, 2)), [2.0, 0.0, 34.0, 3.0, 1.0, 35.0]);
    }
}
