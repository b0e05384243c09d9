//! Which rows of a batch of tunes make a bar, and where bars lie.

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
    /// For each bar, tune after tune, how many bars of its tune come before it.
    pub(super) number: Vec<usize>,
    /// For each row of the tunes, its bar.
    pub(super) of_row: Vec<usize>,
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
            number: Vec::with_capacity(lengths.len()),
            of_row: vec![0; on.rows()],
        };
        for (b, &count) in counts.iter().enumerate() {
            let mut rows = on.rows_of(b);
            for (m, bar) in (bars.number.len()..).take(count).enumerate() {
                for (own, row) in bars.rows.rows_of(bar).zip(&mut rows) {
                    bars.from[own] = row;
                    bars.of_row[row] = bar;
                }
                bars.number.push(m);
            }
            bars.place.extend(bars.tunes.rows_of(b));
        }
        bars
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
    fn bars_are_counted_tune_after_tune() {
        let on = Sequences::new(&[3, 5]);
        let bars = Bars::new(&on, &[0, 0, 1, 0, 1, 1, 2, 2]);
        assert_eq!(bars.rows.lengths(), [2, 1, 1, 2, 2]);
        assert_eq!(bars.tunes.lengths(), [2, 3]);
        assert_eq!(bars.number, [0, 1, 0, 1, 2]);
        let of = |b: usize| -> Vec<usize> { on.rows_of(b).map(|row| bars.of_row[row]).collect() };
        assert_eq!((of(0), of(1)), (vec![0, 0, 1], vec![2, 3, 3, 4, 4]));
        let place = |b: usize, m: usize| bars.tunes.row(b, m);
        let places = [place(0, 0), place(0, 1), place(1, 0), place(1, 1), place(1, 2)];
        assert_eq!(bars.place, places);
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
