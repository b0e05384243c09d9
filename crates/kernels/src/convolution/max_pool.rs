//! Max-pooling along the steps of sequences, which shortens them.

use crate::Sequences;
use crate::pooling::each_row;

/// Windows of consecutive steps that do not overlap, and what each becomes.
///
/// The last window of a sequence may be shorter, so that no step is left out and no sequence becomes empty: PyTorch's
/// `max_pool1d` with `ceil_mode`.
#[derive(Clone, Debug)]
pub struct MaxPool {
    window: usize,
    pooled: Sequences,
    /// The rows of each window, (S', window); a shorter one has its last row again.
    members: Vec<usize>,
    /// The window of each row, (S).
    windows: Vec<usize>,
}

impl MaxPool {
    /// Windows of `window` steps over these sequences.
    ///
    /// # Panics
    /// When the window is 0.
    pub fn new(sequences: &Sequences, window: usize) -> Self {
        let lengths: Vec<usize> = sequences.lengths().iter().map(|n| n.div_ceil(window)).collect();
        let pooled = Sequences::new(&lengths);
        let mut members = vec![0; pooled.rows() * window];
        let mut windows = vec![0; sequences.rows()];
        for (b, &length) in sequences.lengths().iter().enumerate() {
            for (place, to) in pooled.rows_of(b).enumerate() {
                for (at, member) in members[to * window..][..window].iter_mut().enumerate() {
                    *member = sequences.row(b, (place * window + at).min(length - 1));
                    windows[*member] = to;
                }
            }
        }
        MaxPool { window, pooled, members, windows }
    }

    /// Where the windows lie, each a step of the shorter sequence.
    pub fn pooled(&self) -> &Sequences {
        &self.pooled
    }

    /// `y` (S', D) becomes the greatest value of each feature among the rows of each window in `x` (S, D).
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        let d = self.width(x.len(), y.len());
        each_row(y, d, |y, to| {
            let members = &self.members[to * self.window..][..self.window];
            y.copy_from_slice(&x[members[0] * d..][..d]);
            for &row in &members[1..] {
                // A value that is not a number wins and stays, so that it shows.
                for (y, &x) in y.iter_mut().zip(&x[row * d..][..d]) {
                    *y = if *y >= x || y.is_nan() { *y } else { x };
                }
            }
        });
    }

    /// Writes the gradient of the rows, `grad_x` (S, D), from that of the windows, `grad_y` (S', D); `x` is what the
    /// forward pass read. Of equal values the first gets it.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(&self, x: &[f32], grad_y: &[f32], grad_x: &mut [f32]) {
        let d = self.width(x.len(), grad_y.len());
        assert_eq!(x.len(), grad_x.len(), "one gradient a value");
        each_row(grad_x, d, |out, row| {
            let window = self.windows[row];
            out.copy_from_slice(&grad_y[window * d..][..d]);
            let own = &x[row * d..][..d];
            let members = &self.members[window * self.window..][..self.window];
            let place = members.iter().position(|&member| member == row).unwrap_or(0);
            for (at, &other) in members.iter().enumerate().filter(|(_, other)| **other != row) {
                for ((out, &own), &other) in out.iter_mut().zip(own).zip(&x[other * d..][..d]) {
                    let beaten = if at < place { own <= other } else { own < other };
                    *out = if beaten { 0.0 } else { *out };
                }
            }
        });
    }

    /// D.
    fn width(&self, rows: usize, pooled: usize) -> usize {
        let d = (rows / self.windows.len().max(1)).max(1);
        assert_eq!(rows, self.windows.len() * d, "rows of {d} features");
        assert_eq!(pooled, self.pooled.rows() * d, "one pooled row a window");
        d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_takes_the_greatest_of_each_window_and_its_gradient_goes_to_the_first_of_equals() {
        let pool = MaxPool::new(&Sequences::new(&[5, 0, 1]), 3);
        assert_eq!(pool.pooled().lengths(), [2, 0, 1]);
        // The steps of the first sequence are 1 4 4, 2 3; the second has one step, the other's first neighbour.
        let x = [1.0, 7.0, 4.0, 4.0, 2.0, 3.0];
        let mut y = [0.0; 3];
        pool.forward(&x, &mut y);
        assert_eq!(y, [4.0, 7.0, 3.0]);
        let mut grad_x = [f32::NAN; 6];
        pool.backward(&x, &[10.0, 20.0, 30.0], &mut grad_x);
        assert_eq!(grad_x, [0.0, 20.0, 10.0, 0.0, 0.0, 30.0]);
    }

    #[test]
    fn a_value_that_is_not_a_number_shows_in_its_window() {
        let pool = MaxPool::new(&Sequences::new(&[4]), 2);
        let mut y = [0.0; 2];
        pool.forward(&[f32::NAN, 1.0, 2.0, f32::NAN], &mut y);
        assert!(y.iter().all(|y| y.is_nan()));
    }
}
