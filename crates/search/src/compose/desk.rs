//! Tunes that are written at once, row by row.

use model::Generation;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tokens::{Builder, Feature, Head, MAIN_BEAT, Symbol, Tokens, Value};

use super::grammar::Grammar;
use super::rules::Rules;
use super::{Composer, Sampling};

/// A tune that grows beyond this many rows is broken off.
const MOST_ROWS: usize = 4096;

/// A tune that is being written.
#[derive(Debug)]
pub(super) struct Draft<'r> {
    number: usize,
    builder: Builder,
    rules: &'r Rules,
    grammar: Grammar<'r>,
    random: ChaCha8Rng,
    /// Id of the symbol that comes next; none where the tune broke off.
    symbol: Option<usize>,
}

impl<'r> Draft<'r> {
    /// A tune of which only the start is there. Its draws follow from seed, number and attempt.
    pub(super) fn new(
        head: &Head,
        rules: &'r Rules,
        (seed, number, attempt): (u64, usize, u32),
    ) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(number as u64).to_le_bytes());
        key[16..20].copy_from_slice(&attempt.to_le_bytes());
        Self {
            number,
            builder: Builder::new(head.clone()),
            rules,
            grammar: Grammar::new(rules),
            random: ChaCha8Rng::from_seed(key),
            symbol: None,
        }
    }

    /// Its rows so far.
    pub(super) fn finish(self) -> Tokens {
        self.builder.finish()
    }

    fn last(&self) -> usize {
        self.builder.tokens().len() - 1
    }

    pub(super) fn draw_symbol(&mut self, logits: &[f32], sampling: Sampling) {
        let (rules, grammar) = (self.rules, &self.grammar);
        let allows = |id| rules.symbol(id).is_some_and(|symbol| grammar.allows(symbol));
        self.symbol = sampling.draw(logits, allows, &mut self.random);
    }

    pub(super) fn draw_duration(&mut self, logits: &[f32], sampling: Sampling) {
        let (rules, grammar) = (self.rules, &self.grammar);
        let Some(symbol) = self.symbol.and_then(|id| rules.symbol(id)) else { return };
        if !symbol.has_duration() {
            return self.push(symbol, (abc::Duration::ZERO, 0));
        }
        let length = |id| rules.duration(id);
        let allows = |id| length(id).is_some_and(|(_, ticks)| grammar.allows_length(symbol, ticks));
        let drawn = sampling.draw(logits, allows, &mut self.random);
        match drawn.and_then(length) {
            Some(length) => self.push(symbol, length),
            None => self.symbol = None,
        }
    }

    fn push(&mut self, symbol: Symbol, (duration, ticks): (abc::Duration, u32)) {
        self.builder.push(symbol, duration);
        let (tokens, row) = (self.builder.tokens(), self.last());
        let number = |feature| match tokens.value(row, feature) {
            Value::Number(number) => Some(number),
            _ => None,
        };
        let strong = number(Feature::BeatStrength) >= Some(MAIN_BEAT);
        let tonic = strong && number(Feature::Degree) == Some(0);
        self.grammar.advance(symbol, ticks, tonic);
    }

    pub(super) fn is_done(&self) -> bool {
        self.grammar.is_over() || self.symbol.is_none() || self.last() >= MOST_ROWS
    }
}

/// The tunes that are written at once, and what the model remembers of them.
#[derive(Debug)]
pub(super) struct Desk<'c> {
    composer: &'c Composer,
    sampling: Sampling,
    drafts: Vec<Draft<'c>>,
    state: Generation,
}

impl<'c> Desk<'c> {
    pub(super) fn new(composer: &'c Composer, sampling: Sampling, drafts: Vec<Draft<'c>>) -> Self {
        let state = composer.model.begin(drafts.len());
        Self { composer, sampling, drafts, state }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// Writes a row of each tune; returns the tunes that are done, with their numbers.
    pub(super) fn step(&mut self) -> Vec<(usize, Tokens)> {
        let Composer { model, vocabulary, features } = self.composer;
        let sampling = self.sampling;
        let encode = |draft: &Draft<'_>| {
            vocabulary.encode_row(draft.builder.tokens(), draft.last(), features)
        };
        let rows: Vec<Vec<u32>> = self.drafts.par_iter().map(encode).collect();
        let closes = |draft: &Draft<'_>| draft.builder.tokens().symbol(draft.last()).closes_bar();
        let closes: Vec<bool> = self.drafts.iter().map(closes).collect();
        model.read(&rows.concat(), &closes, &mut self.state);
        let logits = self.state.symbol_logits(); // (N, S)
        let width = logits.len() / self.drafts.len();
        let each = self.drafts.par_iter_mut().zip(logits.par_chunks_exact(width));
        each.for_each(|(draft, logits)| draft.draw_symbol(logits, sampling));
        let symbol = |draft: &Draft<'_>| draft.symbol.map_or(tokens::UNKNOWN, |id| id as u32);
        let symbols: Vec<u32> = self.drafts.iter().map(symbol).collect();
        let logits = model.duration_logits(&symbols, &mut self.state); // (N, D)
        let width = logits.len() / self.drafts.len();
        let each = self.drafts.par_iter_mut().zip(logits.par_chunks_exact(width));
        each.for_each(|(draft, logits)| draft.draw_duration(logits, sampling));
        self.clear()
    }

    /// Takes the tunes that are done off the desk.
    fn clear(&mut self) -> Vec<(usize, Tokens)> {
        let kept: Vec<bool> = self.drafts.iter().map(|draft| !draft.is_done()).collect();
        if kept.iter().all(|&kept| kept) {
            return Vec::new();
        }
        self.state.keep(&kept);
        let drafts = std::mem::take(&mut self.drafts);
        let (done, left) = drafts.into_iter().partition::<Vec<_>, _>(Draft::is_done);
        self.drafts = left;
        done.into_iter().map(|draft| (draft.number, draft.finish())).collect()
    }
}
