//! Local alignment (Smith and Waterman 1981) of two tunes on their grids.
//!
//! Cells of one antidiagonal depend on the two before it only, so the inner loop runs over plain slices of 16-bit numbers
//! and compiles to vector instructions; `pulp` chooses the widest that the processor has.

use super::melody::pitch;

/// What a pair of steps counts for, in points.
pub(crate) const SAME: i16 = 5;
const SAME_PITCH: i16 = 4;
const OCTAVE: i16 = 3;
const NEAR: i16 = -2;
const OTHER: i16 = -4;
/// What a step left out costs.
pub(crate) const GAP: i16 = 4;

/// Transpositions reach this many semitones up and down.
const REACH: i16 = 30;

/// Points for a pair of steps, `a` being transposed already.
#[inline(always)]
pub(crate) fn points(a: i16, b: i16) -> i16 {
    let distance = (a - b).abs();
    // Steps hold four numbers a semitone, so that ±1 is the same pitch with and without a start.
    let mut points = if distance <= 9 { NEAR } else { OTHER };
    points = if (distance - 48).abs() <= 1 { OCTAVE } else { points };
    points = if distance <= 1 { SAME_PITCH } else { points };
    if distance == 0 { SAME } else { points }
}

/// Buffers for alignments, used again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligner {
    query: Vec<i16>,
    reversed: Vec<i16>,
    rows: [Vec<i16>; 3],
    best: Vec<i16>,
}

impl Aligner {
    /// The setting that the following queries are compared with.
    pub(crate) fn set(&mut self, setting: &[i16]) {
        self.reversed.clear();
        self.reversed.extend(setting.iter().rev());
    }

    /// The points of the best local alignment with the setting of a query moved up by `transposition` semitones.
    pub(crate) fn score(&mut self, query: &[i16], transposition: i16) -> i16 {
        let (n, m) = (query.len(), self.reversed.len());
        if n == 0 || m == 0 {
            return 0;
        }
        self.query.clear();
        self.query.extend(query.iter().map(|step| step + 4 * transposition));
        for row in &mut self.rows {
            row.clear();
            row.resize(n + 1, 0);
        }
        self.best.clear();
        self.best.resize(n, 0);
        pulp::Arch::new().dispatch(|| self.sweep());
        self.best.iter().copied().max().unwrap_or(0)
    }

    /// Goes over the antidiagonals; cell (i, j) of a row stands at i + 1, and what was never written is 0.
    #[inline(always)]
    fn sweep(&mut self) {
        let (n, m) = (self.query.len(), self.reversed.len());
        let [now, last, before] = &mut self.rows;
        for diagonal in 0..n + m - 1 {
            let low = (diagonal + 1).saturating_sub(m);
            let count = diagonal.min(n - 1) + 1 - low;
            let cells = Cells {
                query: &self.query[low..][..count],
                setting: &self.reversed[m - 1 + low - diagonal..][..count],
                up: &last[low..][..count],
                left: &last[low + 1..][..count],
                corner: &before[low..][..count],
            };
            cells.fill(&mut now[low + 1..][..count], &mut self.best[low..][..count]);
            std::mem::swap(before, last);
            std::mem::swap(last, now);
        }
    }
}

/// What one antidiagonal is computed from.
struct Cells<'a> {
    query: &'a [i16],
    setting: &'a [i16],
    up: &'a [i16],
    left: &'a [i16],
    corner: &'a [i16],
}

impl Cells<'_> {
    #[inline(always)]
    fn fill(&self, now: &mut [i16], best: &mut [i16]) {
        let count = now.len();
        let (query, setting) = (&self.query[..count], &self.setting[..count]);
        let (up, left, corner) = (&self.up[..count], &self.left[..count], &self.corner[..count]);
        let best = &mut best[..count];
        for i in 0..count {
            let matched = corner[i] + points(query[i], setting[i]);
            let value = matched.max(up[i].max(left[i]) - GAP).max(0);
            now[i] = value;
            best[i] = best[i].max(value);
        }
    }
}

/// The transpositions of a query, in semitones up, under which its pitches are most often those of the setting, best first.
pub(crate) fn transpositions(query: &[i16], setting: &[i16], count: usize) -> Vec<i16> {
    let (query, setting) = (histogram(query), histogram(setting));
    let Some(first) = query.iter().position(|&n| n > 0.0) else {
        return Vec::new();
    };
    let last = query.iter().rposition(|&n| n > 0.0).unwrap_or(first);
    let overlap = |by: i16| -> f32 {
        let at = |pitch: usize| usize::try_from(pitch as i16 + by).ok().filter(|&at| at < 128);
        (first..=last).filter_map(|p| Some(query[p].min(setting[at(p)?]))).sum()
    };
    let mut found: Vec<(f32, i16)> = (-REACH..=REACH).map(|by| (overlap(by), by)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.abs().cmp(&b.1.abs())));
    found.truncate(count);
    found.into_iter().filter(|(overlap, _)| *overlap > 0.0).map(|(_, by)| by).collect()
}

/// The share of steps at each MIDI number.
fn histogram(steps: &[i16]) -> [f32; 128] {
    let mut counts = [0.0; 128];
    for &step in steps {
        counts[pitch(step).clamp(0, 127) as usize] += 1.0 / steps.len() as f32;
    }
    counts
}
