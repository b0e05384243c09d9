//! Which rows of a batch of tunes make a bar, and which bar a row looks back on.

use kernels::Sequences;

/// The bars of a batch of tunes.
#[derive(Clone, Debug, Default)]
pub(super) struct Bars {
    /// Where the rows of each bar lie when bars are the sequences.
    pub(super) rows: Sequences,
    /// For each of those rows, its row among the tunes' rows.
    pub(super) from: Vec<usize>,
    /// Where the bars of each tune lie when tunes are the sequences and bars the steps.
    pub(super) tunes: Sequences,
    /// For each bar, tune after tune, its row there.
    pub(super) place: Vec<usize>,
    /// For each row of the tunes, the row of the last bar that was over before it, if any.
    pub(super) before: Vec<Option<usize>>,
}

impl Bars {
    /// The bars of tunes whose rows lie as `on` has them; `numbers` gives the bar of each row, from 0, tune after
    /// tune, and never falls within a tune nor grows by more than 1.
    pub(super) fn new(on: &Sequences, numbers: &[usize]) -> Self {
        let (mut lengths, mut counts) = (Vec::new(), Vec::with_capacity(on.lengths().len()));
        let mut rest = numbers;
        for &rows in on.lengths() {
            let (own, others) = rest.split_at(rows);
            let first = lengths.len();
            for &bar in own {
                if first + bar == lengths.len() {
                    lengths.push(0);
                }
                lengths[first + bar] += 1;
            }
            counts.push(lengths.len() - first);
            rest = others;
        }
        let mut bars = Bars {
            rows: Sequences::new(&lengths),
            from: vec![0; on.rows()],
            tunes: Sequences::new(&counts),
            place: Vec::with_capacity(lengths.len()),
            before: vec![None; on.rows()],
        };
        for b in 0..counts.len() {
            bars.place.extend(bars.tunes.rows_of(b));
        }
        bars.connect(on, &counts);
        bars
    }

    fn connect(&mut self, on: &Sequences, counts: &[usize]) {
        let mut bar = 0;
        for (b, &count) in counts.iter().enumerate() {
            let mut rows = on.rows_of(b);
            for m in 0..count {
                let before = m.checked_sub(1).map(|_| self.place[bar - 1]);
                for (own, row) in self.rows.rows_of(bar).zip(&mut rows) {
                    self.from[own] = row;
                    self.before[row] = before;
                }
                bar += 1;
            }
        }
    }
}

/// `out` gets, for each place in `from`, that row of `x`, both `width` wide.
pub(super) fn pick(x: &[f32], from: &[usize], width: usize, out: &mut Vec<f32>) {
    out.resize(from.len() * width, 0.0);
    for (out, &row) in out.chunks_exact_mut(width).zip(from) {
        out.copy_from_slice(&x[row * width..][..width]);
    }
}

/// `out` gets each row of `x` at its place in `to`, both `width` wide.
pub(super) fn place(x: &[f32], to: &[usize], width: usize, out: &mut Vec<f32>) {
    out.resize(to.len() * width, 0.0);
    for (x, &row) in x.chunks_exact(width).zip(to) {
        out[row * width..][..width].copy_from_slice(x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_looks_back_on_the_bar_before_its_own_and_never_on_its_own() {
        let on = Sequences::new(&[3, 5]);
        let bars = Bars::new(&on, &[0, 0, 1, 0, 1, 1, 2, 2]);
        assert_eq!(bars.rows.lengths(), [2, 1, 1, 2, 2]);
        assert_eq!(bars.tunes.lengths(), [2, 3]);
        let look = |b: usize| -> Vec<Option<usize>> {
            on.rows_of(b).map(|row| bars.before[row]).collect()
        };
        let bar = |b: usize, m: usize| Some(bars.tunes.row(b, m));
        assert_eq!(look(0), [None, None, bar(0, 0)]);
        assert_eq!(look(1), [None, bar(1, 0), bar(1, 0), bar(1, 1), bar(1, 1)]);
    }

    #[test]
    fn every_row_belongs_to_one_bar() {
        let on = Sequences::new(&[4, 1, 6]);
        let bars = Bars::new(&on, &[0, 0, 1, 2, 0, 0, 1, 1, 1, 2, 3]);
        let mut from = bars.from.clone();
        from.sort_unstable();
        assert_eq!(from, (0..11).collect::<Vec<_>>());
        let x: Vec<f32> = (0..22).map(|i| i as f32).collect();
        let (mut there, mut back) = (Vec::new(), Vec::new());
        pick(&x, &bars.from, 2, &mut there);
        place(&there, &bars.from, 2, &mut back);
        assert_eq!(back, x);
    }
}
