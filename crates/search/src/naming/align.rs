//! Local alignment (Smith and Waterman 1981) of two tunes on their grids.
//!
//! Cells of one antidiagonal depend on the two before it only, so the inner loop runs over plain arrays of 16-bit numbers
//! and compiles to vector instructions; `pulp` chooses the widest that the processor has.

use std::ops::Range;

use super::melody::{LONGEST, pitch};

/// What a pair of steps counts for, in points; one of the same pitch with and without a start counts one less.
pub(crate) const SAME: i16 = 5;
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
    // From 47 to 49: below that the difference wraps around to a large number.
    points = if (distance - 47).cast_unsigned() <= 2 { OCTAVE } else { points };
    if distance <= 1 { SAME - distance } else { points }
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
    /// Transposed, one query after the other, with steps behind each up to whole lanes.
    queries: Vec<i16>,
    /// Turned round, with [`AROUND`] steps on either side.
    setting: Vec<i16>,
    /// Three antidiagonals of each query.
    rows: [Vec<i16>; 3],
    /// The most of all cells of each query so far, lane by lane.
    best: Vec<Lanes>,
}

/// How far cells go.
#[derive(Clone, Copy)]
struct Sizes {
    /// Steps of the longest query.
    query: usize,
    /// The same in whole lanes.
    whole: usize,
    /// Steps of the setting.
    setting: usize,
}

impl Sizes {
    /// Room for an antidiagonal of a query; its cell i stands at i + 1.
    fn row(self) -> usize {
        self.whole + LANES
    }
}

impl Aligner {
    /// The setting that the following queries are compared with.
    pub(crate) fn set(&mut self, setting: &[i16]) {
        self.setting.clear();
        self.setting.resize(AROUND, AROUND_SETTING);
        self.setting.extend(setting.iter().rev());
        self.setting.resize(setting.len() + 2 * AROUND, AROUND_SETTING);
    }

    /// The points of the best local alignment with the setting of each of some queries of at most [`LONGEST`] steps, moved
    /// up by so many semitones. Queries of about one length waste least.
    pub(crate) fn scores(&mut self, queries: &[(&[i16], i16)]) -> Vec<i16> {
        let lengths = queries.iter().map(|(query, _)| query.len().min(LONGEST));
        let query = lengths.max().unwrap_or(0);
        let setting = self.setting.len().saturating_sub(2 * AROUND);
        if query == 0 || setting == 0 {
            return vec![0; queries.len()];
        }
        let sizes = Sizes { query, whole: query.next_multiple_of(LANES), setting };
        self.queries.clear();
        for (at, (query, transposition)) in queries.iter().enumerate() {
            let steps = query[..query.len().min(LONGEST)].iter();
            self.queries.extend(steps.map(|step| step + 4 * transposition));
            self.queries.resize((at + 1) * sizes.whole, BEHIND_QUERY);
        }
        for row in &mut self.rows {
            row.clear();
            row.resize(queries.len() * sizes.row(), 0);
        }
        self.best.clear();
        self.best.resize(queries.len(), [0; LANES]);
        pulp::Arch::new().dispatch(Sweep { aligner: self, sizes });
        self.best.iter().map(|best| best.iter().copied().max().unwrap_or(0)).collect()
    }

    /// Goes over the antidiagonals of all queries at once: what a processor waits for in one it does in the others. Cells
    /// before a setting's start stay 0, and those behind its end or the query's lead nowhere but further out.
    #[inline(always)]
    fn sweep(&mut self, sizes: Sizes) {
        let Sizes { query: n, whole, setting: m } = sizes;
        let [now, last, before] = &mut self.rows;
        for diagonal in 0..n + m - 1 {
            let low = (diagonal + 1).saturating_sub(m) / LANES * LANES;
            let count = (diagonal.min(n - 1) + 1).next_multiple_of(LANES) - low;
            let setting = &self.setting[AROUND + m - 1 + low - diagonal..][..count];
            let last_rows = last.chunks_exact(sizes.row());
            let before_rows = before.chunks_exact(sizes.row());
            let now_rows = now.chunks_exact_mut(sizes.row());
            let queries = self.queries.chunks_exact(whole).zip(&mut self.best);
            let rows = now_rows.zip(last_rows).zip(before_rows).zip(queries);
            for (((now, last), before), (query, best)) in rows {
                let cells = Cells {
                    query: &query[low..][..count],
                    setting,
                    up: &last[low..][..count],
                    left: &last[low + 1..][..count],
                    corner: &before[low..][..count],
                };
                cells.fill(&mut now[low + 1..][..count], best);
            }
            std::mem::swap(before, last);
            std::mem::swap(last, now);
        }
    }
}

/// A sweep to be compiled for each width of vectors; a closure would not be inlined into them.
struct Sweep<'a> {
    aligner: &'a mut Aligner,
    sizes: Sizes,
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
    let least = if query.len() >= TELLING { NEAR_BEST } else { 0.0 };
    let (query, setting) = (Histogram::new(query), Histogram::new(setting));
    let numbers = &query.shares[BESIDE..];
    let Some(first) = numbers.iter().position(|&n| n > 0.0) else {
        return Vec::new();
    };
    let last = numbers.iter().rposition(|&n| n > 0.0).unwrap_or(first);
    let range = first..(first + (last + 1 - first).next_multiple_of(BESIDE_LANES));
    let overlap = |by: i16| query.overlap(&setting, (&range, by));
    let mut found: Vec<(f32, i16)> = (-REACH..=REACH).map(|by| (overlap(by), by)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.abs().cmp(&b.1.abs())));
    found.truncate(count);
    let best = found.first().map_or(0.0, |best| best.0);
    let worth = |overlap: f32| overlap > 0.0 && overlap >= least * best;
    found.into_iter().filter(|found| worth(found.0)).map(|found| found.1).collect()
}

/// Pitches that are compared at once.
const BESIDE_LANES: usize = 8;

/// Room before MIDI's numbers, where no tune has a note, and half the room behind them.
const BESIDE: usize = (REACH as usize).next_multiple_of(BESIDE_LANES);

/// The share of steps at each MIDI number, which begin at [`BESIDE`].
struct Histogram {
    shares: [f32; 128 + 3 * BESIDE],
}

impl Histogram {
    fn new(steps: &[i16]) -> Self {
        let mut shares = [0.0; 128 + 3 * BESIDE];
        for &step in steps {
            shares[BESIDE + pitch(step).clamp(0, 127) as usize] += 1.0 / steps.len() as f32;
        }
        Self { shares }
    }

    /// How much of the numbers in `range`, moved up by `by`, the other has too.
    fn overlap(&self, other: &Self, (range, by): (&Range<usize>, i16)) -> f32 {
        let own = &self.shares[BESIDE + range.start..][..range.len()];
        let there = (BESIDE + range.start).saturating_add_signed(isize::from(by));
        let there = &other.shares[there..][..range.len()];
        let mut sums = [0.0_f32; BESIDE_LANES];
        let (own, _) = own.as_chunks::<BESIDE_LANES>();
        let (there, _) = there.as_chunks::<BESIDE_LANES>();
        for (own, there) in own.iter().zip(there) {
            for lane in 0..BESIDE_LANES {
                sums[lane] += own[lane].min(there[lane]);
            }
        }
        sums.iter().sum()
    }
}
