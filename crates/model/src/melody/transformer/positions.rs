//! Where in its tune a note is, as sines and cosines (Vaswani et al., arXiv 1706.03762, section 3.5).

use kernels::Sequences;
use rayon::prelude::*;

/// The longest wavelength over 2π.
const LONGEST: f64 = 10_000.0;

/// Rows a thread takes at a time.
const ROWS: usize = 64;

/// The vectors of the steps met so far; the memory is kept from one batch to the next.
///
/// Feature 2i of step t is sin(t / 10000^(2i/E)), feature 2i + 1 the cosine. Nothing is learned and no tune is too
/// long.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    /// The vectors, (steps, E).
    table: Vec<f32>,
    /// The step of each row, (S).
    steps: Vec<usize>,
}

impl Positions {
    /// Adds to each row of `x` (S, E) the vector of its step.
    pub(super) fn add_to(&mut self, on: &Sequences, x: &mut [f32]) {
        if on.rows() == 0 {
            return;
        }
        let width = x.len() / on.rows();
        self.lengthen(on.lengths().iter().copied().max().unwrap_or_default(), width);
        self.steps.resize(on.rows(), 0);
        for b in 0..on.lengths().len() {
            on.rows_of(b).enumerate().for_each(|(t, row)| self.steps[row] = t);
        }
        let blocks = x.par_chunks_mut(ROWS * width).zip(self.steps.par_chunks(ROWS));
        blocks.for_each(|(rows, steps)| {
            for (row, t) in rows.chunks_exact_mut(width).zip(steps) {
                let position = &self.table[t * width..][..width];
                row.iter_mut().zip(position).for_each(|(x, position)| *x += position);
            }
        });
    }

    /// Makes vectors of `width` features for the steps up to `steps` that are not there yet. In double precision: the
    /// angles grow with the step.
    fn lengthen(&mut self, steps: usize, width: usize) {
        for t in self.table.len() / width..steps {
            self.table.extend((0..width).map(|feature| {
                let angle = t as f64 / LONGEST.powf((feature / 2 * 2) as f64 / width as f64);
                (if feature % 2 == 0 { angle.sin() } else { angle.cos() }) as f32
            }));
        }
    }
}
