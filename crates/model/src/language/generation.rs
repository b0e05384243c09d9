//! Tunes that are being written, many at once, row by row.

use super::heads::HeadsTape;
use super::hierarchy::Hierarchy;
use super::{LanguageModel, Reader};

/// What the model remembers of N tunes that are being written.
///
/// Each call of [`LanguageModel::read`] takes one row of every tune; the logits are those of what follows it.
#[derive(Clone, Debug)]
pub struct Generation {
    tunes: usize,
    /// Of a flat model or of the first stack: (N, H) for each layer.
    notes: Vec<Vec<f32>>,
    bars: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    /// The bars of each tune.
    sheets: Vec<Sheet>,
    embedded: Vec<f32>,
    symbol_logits: Vec<f32>,
    heads: HeadsTape,
}

/// The bars of one tune.
#[derive(Clone, Debug)]
struct Sheet {
    /// The one that is not over yet.
    open: OpenBar,
    /// Those that are, pooled.
    over: Vec<Vec<f32>>,
    /// What the rows of the open one read of them.
    context: Vec<f32>,
}

/// The rows of a bar so far, pooled by attention: the softmax is carried on row by row, with its largest score.
#[derive(Clone, Debug)]
struct OpenBar {
    top: f32,
    total: f32,
    sum: Vec<f32>,
}

impl OpenBar {
    fn new(width: usize) -> Self {
        OpenBar { top: f32::NEG_INFINITY, total: 0.0, sum: vec![0.0; width] }
    }

    fn add(&mut self, score: f32, row: &[f32]) {
        let top = self.top.max(score);
        let (old, new) = ((self.top - top).exp(), (score - top).exp());
        self.total = self.total * old + new;
        for (sum, x) in self.sum.iter_mut().zip(row) {
            *sum = *sum * old + x * new;
        }
        self.top = top;
    }

    /// The pooled rows; the bar starts anew.
    fn close(&mut self) -> Vec<f32> {
        let total = self.total;
        let open = std::mem::replace(self, OpenBar::new(self.sum.len()));
        open.sum.into_iter().map(|x| x / total).collect()
    }
}

impl Generation {
    /// How many tunes are being written.
    pub fn tunes(&self) -> usize {
        self.tunes
    }

    /// The logits of the symbol that follows the row read last, (N, S).
    pub fn symbol_logits(&self) -> &[f32] {
        &self.symbol_logits
    }

    /// Goes on with some of the tunes only, in the same order.
    ///
    /// # Panics
    /// When there is not one answer a tune.
    pub fn keep(&mut self, kept: &[bool]) {
        assert_eq!(kept.len(), self.tunes, "one answer a tune");
        let stacks = [&mut self.notes, &mut self.bars, &mut self.output];
        for state in stacks.into_iter().flatten() {
            retain(state, kept);
        }
        retain(&mut self.symbol_logits, kept);
        let mut answers = kept.iter();
        self.sheets.retain(|_| answers.next().is_some_and(|&kept| kept));
        self.tunes = kept.iter().filter(|&&kept| kept).count();
    }
}

/// Keeps some of the rows of a matrix that has one a tune.
fn retain(rows: &mut Vec<f32>, kept: &[bool]) {
    let width = rows.len() / kept.len().max(1);
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        kept[(place - 1) / width]
    });
}

impl LanguageModel {
    /// The state before the first row of `tunes` tunes.
    pub fn begin(&self, tunes: usize) -> Generation {
        let (notes, bars, output, sheets) = match &self.reader {
            Reader::Flat(gru) => (gru.start(tunes), Vec::new(), Vec::new(), Vec::new()),
            Reader::Hierarchical(all) => {
                let stacks = [&all.note, &all.bar, &all.output].map(|gru| gru.start(tunes));
                let [notes, bars, output] = stacks;
                let context = all.context(&vec![0.0; all.config.bar.hidden], &[]);
                let open = OpenBar::new(all.config.note.hidden);
                let sheet = Sheet { open, over: Vec::new(), context };
                (notes, bars, output, vec![sheet; tunes])
            }
        };
        Generation {
            tunes,
            notes,
            bars,
            output,
            sheets,
            embedded: Vec::new(),
            symbol_logits: Vec::new(),
            heads: HeadsTape::default(),
        }
    }

    /// Reads one row of each tune: its features, (N, F), and whether it closes its bar, (N). The result is
    /// [`Generation::symbol_logits`].
    ///
    /// # Panics
    /// When a shape does not fit or an id is outside its vocabulary.
    pub fn read(&self, rows: &[u32], closes: &[bool], state: &mut Generation) {
        let features = self.embeddings.features();
        let shape = (rows.len(), closes.len());
        assert_eq!(shape, (state.tunes * features, state.tunes), "one row a tune");
        self.embeddings.forward(rows, &mut state.embedded);
        let states = match &self.reader {
            Reader::Flat(gru) => {
                gru.step(&state.embedded, &mut state.notes);
                &state.notes
            }
            Reader::Hierarchical(hierarchy) => {
                hierarchy.step(closes, state);
                &state.output
            }
        };
        self.heads.symbol_logits(top(states), &mut state.symbol_logits);
    }

    /// The logits of the durations of the symbols that were chosen to follow, (N, D) for `symbols` (N).
    ///
    /// # Panics
    /// When there is not one symbol a tune or one is outside the vocabulary.
    pub fn duration_logits<'s>(&self, symbols: &[u32], state: &'s mut Generation) -> &'s [f32] {
        assert_eq!(symbols.len(), state.tunes, "one symbol a tune");
        let states = match &self.reader {
            Reader::Flat(_) => &state.notes,
            Reader::Hierarchical(_) => &state.output,
        };
        self.heads.duration_logits(top(states), symbols, &mut state.heads)
    }
}

/// The states of the last layer.
fn top(states: &[Vec<f32>]) -> &[f32] {
    states.last().map_or(&[], Vec::as_slice)
}

impl Hierarchy {
    /// One row further in each tune, and one bar further in those where it closes one.
    fn step(&self, closes: &[bool], state: &mut Generation) {
        let (note, bar) = (self.config.note.hidden, self.config.bar.hidden);
        self.note.step(&state.embedded, &mut state.notes);
        let mut joined = Vec::with_capacity(state.tunes * 2 * note);
        for (sheet, row) in state.sheets.iter_mut().zip(top(&state.notes).chunks_exact(note)) {
            sheet.open.add(self.score(row), row);
            joined.extend_from_slice(row);
            joined.extend_from_slice(&sheet.context);
        }
        self.output.step(&joined, &mut state.output);
        let over: Vec<usize> = (0..state.tunes).filter(|&tune| closes[tune]).collect();
        let mut pooled = Vec::with_capacity(over.len() * note);
        for &tune in &over {
            let Sheet { open, over, .. } = &mut state.sheets[tune];
            over.push(open.close());
            pooled.extend(over.last().into_iter().flatten());
        }
        let mut bars: Vec<Vec<f32>> = Vec::with_capacity(state.bars.len());
        for layer in &state.bars {
            bars.push(over.iter().flat_map(|&tune| &layer[tune * bar..][..bar]).copied().collect());
        }
        self.bar.step(&pooled, &mut bars);
        for (layer, moved) in state.bars.iter_mut().zip(bars) {
            for (&tune, moved) in over.iter().zip(moved.chunks_exact(bar)) {
                layer[tune * bar..][..bar].copy_from_slice(moved);
            }
        }
        let states = top(&state.bars);
        for tune in over {
            let sheet = &mut state.sheets[tune];
            sheet.context = self.context(&states[tune * bar..][..bar], &sheet.over);
        }
    }
}
