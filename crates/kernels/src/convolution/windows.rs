//! The neighbours of each step gathered beside each other.

use std::ops::Range;

use crate::Sequences;
use crate::sequences::Part;

/// Rows gathered at a time at most, unless one step has more: their windows stay in the second cache.
const ROWS: usize = 256;

/// Which neighbours of a step are gathered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    /// How many there are, the step itself among them.
    pub(super) taps: usize,
    /// How many of them come before the step.
    pub(super) before: usize,
    /// F, the features of each.
    pub(super) width: usize,
}

/// Some consecutive steps of one part of a batch.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    part: &'a Part,
    steps: Range<usize>,
}

impl<'a> Block<'a> {
    /// Every row of a batch once, in order.
    pub(super) fn all(sequences: &'a Sequences) -> Vec<Self> {
        let mut blocks = Vec::new();
        for part in sequences.parts() {
            let mut from = 0;
            for to in 1..=part.len() {
                if to == part.len() || part.steps[to + 1] - part.steps[from] > ROWS {
                    blocks.push(Block { part, steps: from..to });
                    from = to;
                }
            }
        }
        blocks
    }

    /// The first row of the block in the batch's matrix.
    pub(super) fn start(&self) -> usize {
        self.part.start + self.part.steps[self.steps.start]
    }

    /// The number of its rows.
    pub(super) fn rows(&self) -> usize {
        self.part.steps[self.steps.end] - self.part.steps[self.steps.start]
    }

    /// `out` (rows, K F) becomes, for each row of the block, the rows of `x` (S, F) at its taps; zeros for those
    /// outside its sequence.
    pub(super) fn gather(&self, x: &[f32], windows: Windows, out: &mut Vec<f32>) {
        let width = windows.width;
        out.resize(self.rows() * windows.taps * width, 0.0);
        let mut left = &mut out[..];
        for t in self.steps.clone() {
            let rows = self.part.active(t) * windows.taps * width;
            let (own, rest) = left.split_at_mut(rows);
            for tap in 0..windows.taps {
                let found = self.neighbours(t, t + tap, windows.before);
                let mut found = x[found.start * width..found.end * width].chunks_exact(width);
                for row in own.chunks_exact_mut(windows.taps * width) {
                    let to = &mut row[tap * width..][..width];
                    match found.next() {
                        Some(from) => to.copy_from_slice(from),
                        None => to.fill(0.0),
                    }
                }
            }
            left = rest;
        }
    }

    /// The rows of step `at - before` whose sequences have a step `t` too: the first of both steps.
    fn neighbours(&self, t: usize, at: usize, before: usize) -> Range<usize> {
        match at.checked_sub(before) {
            Some(s) if s < self.part.len() => {
                let start = self.part.start + self.part.steps[s];
                start..start + self.part.active(s).min(self.part.active(t))
            }
            _ => 0..0,
        }
    }
}
