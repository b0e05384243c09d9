//! Local alignment (Smith and Waterman 1981) of two tunes on their grids.
//!
//! Cells of one antidiagonal depend on the two before it only, so the inner loop runs over plain arrays of 16-bit numbers
//! and compiles to vector instructions; `pulp` chooses the widest that the processor has.

use super::melody::{LONGEST, pitch};

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

/// From so many steps on, sixteen bars of a reel, the pitches of a query tell a transposition well enough for others to be
/// left untried whose overlap is less than this share of the best.
const TELLING: usize = 128;
const NEAR_BEST: f32 = 0.9;

/// Cells that are computed at once.
const LANES: usize = 32;

/// Steps that are like no other, behind a query and around a setting: what is computed beyond the edges stays there.
const BEHIND_QUERY: i16 = -8000;
const AROUND_SETTING: i16 = 8000;

/// Such steps on either side of a setting: as many as a query may have.
const AROUND: usize = LONGEST.next_multiple_of(LANES);

/// Buffers for alignments, used again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligner {
    /// Transposed, with steps behind it up to whole lanes.
    query: Vec<i16>,
    /// Turned round, with [`AROUND`] steps on either side.
    setting: Vec<i16>,
    rows: [Vec<i16>; 3],
    /// The most of all cells so far, lane by lane.
    best: Lanes,
}

impl Aligner {
    /// The setting that the following queries are compared with.
    pub(crate) fn set(&mut self, setting: &[i16]) {
        self.setting.clear();
        self.setting.resize(AROUND, AROUND_SETTING);
        self.setting.extend(setting.iter().rev());
        self.setting.resize(setting.len() + 2 * AROUND, AROUND_SETTING);
    }

    /// The points of the best local alignment with the setting of a query of at most [`LONGEST`] steps, moved up by
    /// `transposition` semitones.
    pub(crate) fn score(&mut self, query: &[i16], transposition: i16) -> i16 {
        let (n, m) = (query.len().min(LONGEST), self.setting.len().saturating_sub(2 * AROUND));
        if n == 0 || m == 0 {
            return 0;
        }
        let whole = n.next_multiple_of(LANES);
        self.query.clear();
        self.query.extend(query[..n].iter().map(|step| step + 4 * transposition));
        self.query.resize(whole, BEHIND_QUERY);
        for row in &mut self.rows {
            row.clear();
            row.resize(whole + 1, 0);
        }
        self.best = [0; LANES];
        pulp::Arch::new().dispatch(Sweep { aligner: self, sizes: (n, m) });
        self.best.iter().copied().max().unwrap_or(0)
    }

    /// Goes over the antidiagonals; cell (i, j) of a row stands at i + 1. Cells before a setting's start stay 0, and
    /// those behind its end or the query's lead nowhere but further out.
    #[inline(always)]
    fn sweep(&mut self, (n, m): (usize, usize)) {
        let [now, last, before] = &mut self.rows;
        let mut best = self.best;
        for diagonal in 0..n + m - 1 {
            let low = (diagonal + 1).saturating_sub(m) / LANES * LANES;
            let count = (diagonal.min(n - 1) + 1).next_multiple_of(LANES) - low;
            let cells = Cells {
                query: &self.query[low..][..count],
                setting: &self.setting[AROUND + m - 1 + low - diagonal..][..count],
                up: &last[low..][..count],
                left: &last[low + 1..][..count],
                corner: &before[low..][..count],
            };
            cells.fill(&mut now[low + 1..][..count], &mut best);
            std::mem::swap(before, last);
            std::mem::swap(last, now);
        }
        self.best = best;
    }
}

/// A sweep to be compiled for each width of vectors; a closure would not be inlined into them.
struct Sweep<'a> {
    aligner: &'a mut Aligner,
    sizes: (usize, usize),
}

impl pulp::WithSimd for Sweep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.aligner.sweep(self.sizes);
    }
}

/// What one antidiagonal is computed from, in whole lanes.
struct Cells<'a> {
    query: &'a [i16],
    setting: &'a [i16],
    up: &'a [i16],
    left: &'a [i16],
    corner: &'a [i16],
}

impl Cells<'_> {
    #[inline(always)]
    fn fill(&self, now: &mut [i16], best: &mut Lanes) {
        let inputs = self.query.as_chunks().0.iter().zip(self.setting.as_chunks().0);
        let beside = self.up.as_chunks().0.iter().zip(self.left.as_chunks().0);
        let corner = self.corner.as_chunks().0.iter();
        let outputs = now.as_chunks_mut().0;
        for ((((query, setting), (up, left)), corner), now) in
            inputs.zip(beside).zip(corner).zip(outputs)
        {
            lanes((query, setting), (up, left, corner), (now, best));
        }
    }
}

type Lanes = [i16; LANES];

#[inline(always)]
fn lanes(
    (query, setting): (&Lanes, &Lanes),
    (up, left, corner): (&Lanes, &Lanes, &Lanes),
    (now, best): (&mut Lanes, &mut Lanes),
) {
    for lane in 0..LANES {
        let matched = corner[lane] + points(query[lane], setting[lane]);
        let value = matched.max(up[lane].max(left[lane]) - GAP).max(0);
        now[lane] = value;
        best[lane] = best[lane].max(value);
    }
}

/// The transpositions of a query, in semitones up, under which its pitches are most often those of the setting, best first:
/// at most `count`, and of a long query only those that are nearly as good as the best.
pub(crate) fn transpositions(query: &[i16], setting: &[i16], count: usize) -> Vec<i16> {
    let query_steps = query.len();
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
    let best = found.first().map_or(0.0, |best| best.0);
    let least = if query_steps >= TELLING { best * NEAR_BEST } else { 0.0 };
    let worth = |overlap: f32| overlap > 0.0 && overlap >= least;
    found.into_iter().filter(|found| worth(found.0)).map(|found| found.1).collect()
}

/// The share of steps at each MIDI number.
fn histogram(steps: &[i16]) -> [f32; 128] {
    let mut counts = [0.0; 128];
    for &step in steps {
        counts[pitch(step).clamp(0, 127) as usize] += 1.0 / steps.len() as f32;
    }
    counts
}
