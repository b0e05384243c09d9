//! How the steps of a batch of sequences lie in memory, so that padding takes no room and no work.

use std::ops::Range;

/// Sequences in one part at most: enough rows for the products, few enough to share a batch among threads.
pub(crate) const PART: usize = 32;

/// Where each step of each sequence has its row in a (rows, features) matrix of all steps of a batch.
///
/// The sequences are dealt to parts, longest first. A part's rows lie together, ordered by step, and those of one
/// step by falling length: the sequences that go on after a step are always the first of its rows, and a part can be
/// worked on without a look at the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    lengths: Vec<usize>,
    /// The part and the place in it, by sequence.
    places: Vec<(usize, usize)>,
    parts: Vec<Part>,
    owners: Vec<usize>,
}

/// Up to 32 sequences whose rows lie together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The sequence at each place, longest first.
    pub(crate) members: Vec<usize>,
    /// The first row of the part in the batch's matrix.
    pub(crate) start: usize,
    /// The first row of each step, counted from the part's first; one more at the end: the number of rows.
    pub(crate) steps: Vec<usize>,
}

impl Part {
    /// Rows of all steps together.
    pub(crate) fn rows(&self) -> usize {
        self.steps[self.steps.len() - 1]
    }

    /// The number of steps of the longest sequence.
    pub(crate) fn len(&self) -> usize {
        self.steps.len() - 1
    }

    /// How many sequences have a step `t`.
    pub(crate) fn active(&self, t: usize) -> usize {
        if t < self.len() { self.steps[t + 1] - self.steps[t] } else { 0 }
    }

    /// The rows, from the part's first, that some steps have; steps past the last have none.
    pub(crate) fn rows_of(&self, steps: &Range<usize>) -> Range<usize> {
        self.steps[steps.start.min(self.len())]..self.steps[steps.end.min(self.len())]
    }

    fn new(members: Vec<usize>, start: usize, lengths: &[usize]) -> Self {
        let longest = members.first().map_or(0, |&m| lengths[m]);
        let mut steps = Vec::with_capacity(longest + 1);
        let mut rows = 0;
        let mut active = members.len();
        for t in 0..longest {
            while active > 0 && lengths[members[active - 1]] <= t {
                active -= 1;
            }
            steps.push(rows);
            rows += active;
        }
        steps.push(rows);
        Part { members, start, steps }
    }
}

impl Sequences {
    /// Lays out sequences of these lengths; an empty one has no rows.
    pub fn new(lengths: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&b| std::cmp::Reverse(lengths[b]));
        let count = lengths.len().div_ceil(PART);
        let mut layout = Sequences {
            lengths: lengths.to_vec(),
            places: vec![(0, 0); lengths.len()],
            parts: Vec::with_capacity(count),
            owners: Vec::with_capacity(lengths.iter().sum()),
        };
        for part in 0..count {
            let members: Vec<usize> = order.iter().copied().skip(part).step_by(count).collect();
            layout.add(members);
        }
        layout
    }

    fn add(&mut self, members: Vec<usize>) {
        for (slot, &b) in members.iter().enumerate() {
            self.places[b] = (self.parts.len(), slot);
        }
        let part = Part::new(members, self.owners.len(), &self.lengths);
        for t in 0..part.len() {
            self.owners.extend_from_slice(&part.members[..part.active(t)]);
        }
        self.parts.push(part);
    }

    /// The number of rows: the sum of the lengths.
    pub fn rows(&self) -> usize {
        self.owners.len()
    }

    /// The length of each sequence, in the batch's order.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The sequence that each row belongs to.
    pub fn owners(&self) -> &[usize] {
        &self.owners
    }

    /// The row of step `t` of sequence `b`.
    ///
    /// # Panics
    /// When the batch has no such sequence or the sequence no such step.
    pub fn row(&self, b: usize, t: usize) -> usize {
        assert!(t < self.lengths[b], "step {t} of a sequence of {}", self.lengths[b]);
        let (part, slot) = self.places[b];
        let part = &self.parts[part];
        part.start + part.steps[t] + slot
    }

    /// The rows of sequence `b` from its first step to its last.
    pub fn rows_of(&self, b: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.lengths[b]).map(move |t| self.row(b, t))
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Rows, as wide as said, cut into those of each part.
    pub(crate) fn by_part<'r>(&self, width: usize, rows: &'r mut [f32]) -> Vec<&'r mut [f32]> {
        let mut rest = rows;
        let mut cut = |part: &Part| {
            let (own, after) = std::mem::take(&mut rest).split_at_mut(part.rows() * width);
            rest = after;
            own
        };
        self.parts.iter().map(&mut cut).collect()
    }

    /// How many parts one thread takes where all threads take as many.
    pub(crate) fn parts_a_thread(&self) -> usize {
        self.parts.len().div_ceil(rayon::current_num_threads()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_every_sequence_has_one_row_of_its_own() {
        let lengths: Vec<usize> = (0..71).map(|b| (b * 29) % 13).collect();
        let layout = Sequences::new(&lengths);
        let mut seen = vec![false; layout.rows()];
        for b in 0..lengths.len() {
            for row in layout.rows_of(b) {
                assert!(!std::mem::replace(&mut seen[row], true));
                assert_eq!(layout.owners()[row], b);
            }
        }
        assert_eq!(lengths.iter().sum::<usize>(), layout.rows());
        assert!(seen.into_iter().all(|row| row));
    }

    #[test]
    fn the_sequences_that_go_on_are_the_first_rows_of_a_step() {
        let layout = Sequences::new(&[2, 5, 1]);
        assert_eq!(layout.owners(), [1, 0, 2, 1, 0, 1, 1, 1]);
        assert_eq!(layout.row(0, 1), 4);
    }

    #[test]
    fn a_batch_of_nothing_has_no_rows() {
        assert_eq!(Sequences::new(&[]).rows(), 0);
        assert_eq!(Sequences::new(&[0, 0]).rows(), 0);
    }
}
