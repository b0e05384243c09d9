//! What reads the embedded notes in their order, whichever it is.

use rand::Rng;

use super::cnn::{Cnn, CnnConfig, CnnTape};
use super::config::{Encoder, MelodyConfig};
use super::transformer::{Transformer, TransformerConfig, TransformerTape};
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::mode::Mode;
use crate::param::join;
use crate::{Param, Parameters, Stack};

/// An encoder of one kind or another; its weights go by the name of its kind.
#[derive(Clone, Debug)]
pub(super) enum Reader {
    Gru(Gru),
    Cnn(Cnn),
    Transformer(Box<Transformer>),
    /// Leaves what it reads as it is: a language model's states are pooled themselves.
    Plain,
}

impl Parameters for Reader {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        match self {
            Reader::Gru(gru) => gru.visit_at(&join(path, "gru"), f),
            Reader::Cnn(cnn) => cnn.visit_at(&join(path, "cnn"), f),
            Reader::Transformer(it) => it.visit_at(&join(path, "transformer"), f),
            Reader::Plain => (),
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        match self {
            Reader::Gru(gru) => gru.visit_at_mut(&join(path, "gru"), f),
            Reader::Cnn(cnn) => cnn.visit_at_mut(&join(path, "cnn"), f),
            Reader::Transformer(it) => it.visit_at_mut(&join(path, "transformer"), f),
            Reader::Plain => (),
        }
    }
}

/// What the backward pass needs of the forward pass: the part of the reader's kind is filled, the others stay empty.
#[derive(Clone, Debug, Default)]
pub(super) struct ReaderTape {
    gru: GruTape,
    cnn: CnnTape,
    transformer: TransformerTape,
}

impl Reader {
    /// The reader of a config, for notes that are embedded in `input` dimensions, and the width of what it makes of
    /// them.
    pub(super) fn new(config: &MelodyConfig, input: usize, rng: &mut impl Rng) -> (Self, usize) {
        let (dropout, precision) = (config.dropout, config.precision);
        match config.encoder {
            Encoder::Language { head: Some(Stack { hidden, layers }), .. } => {
                let bidirectional = true;
                let config = GruConfig { input, hidden, layers, bidirectional, dropout, precision };
                (Reader::Gru(Gru::new(config, rng)), 2 * hidden)
            }
            Encoder::Language { head: None, .. } => (Reader::Plain, input),
            Encoder::Gru { hidden, layers, bidirectional } => {
                let width = if bidirectional { 2 * hidden } else { hidden };
                let config = GruConfig { input, hidden, layers, bidirectional, dropout, precision };
                (Reader::Gru(Gru::new(config, rng)), width)
            }
            Encoder::Cnn { channels, layers, kernel, pool_every } => {
                let config =
                    CnnConfig { input, channels, layers, kernel, pool_every, dropout, precision };
                (Reader::Cnn(Cnn::new(config, rng)), channels)
            }
            Encoder::Transformer { width, layers, heads, feed_forward } => {
                let config = TransformerConfig {
                    input,
                    width,
                    layers,
                    heads,
                    feed_forward,
                    dropout,
                    precision,
                };
                (Reader::Transformer(Box::new(Transformer::new(config, rng))), width)
            }
        }
    }

    /// Reads a batch; the result is [`Reader::output`].
    pub(super) fn forward(&self, input: Steps<'_>, mode: &mut Mode<'_>, tape: &mut ReaderTape) {
        match self {
            Reader::Gru(gru) => gru.forward(input, mode, &mut tape.gru),
            Reader::Cnn(cnn) => cnn.forward(input, mode, &mut tape.cnn),
            Reader::Transformer(it) => it.forward(input, mode, &mut tape.transformer),
            Reader::Plain => (),
        }
    }

    /// What became of `input`: as many sequences in the same order, possibly of fewer steps.
    pub(super) fn output<'t>(&self, input: Steps<'t>, tape: &'t ReaderTape) -> Steps<'t> {
        match self {
            Reader::Gru(_) => Steps { on: input.on, rows: tape.gru.output() },
            Reader::Cnn(_) => tape.cnn.output(input),
            Reader::Transformer(_) => Steps { on: input.on, rows: tape.transformer.output() },
            Reader::Plain => input,
        }
    }

    /// Takes the gradient of the output's rows back; returns that of the input's, (S, I).
    pub(super) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &'t [f32],
        tape: &'t mut ReaderTape,
    ) -> &'t [f32] {
        match self {
            Reader::Gru(gru) => gru.backward(input, grad_output, &mut tape.gru),
            Reader::Cnn(cnn) => cnn.backward(input, grad_output, &mut tape.cnn),
            Reader::Transformer(it) => it.backward(input, grad_output, &mut tape.transformer),
            Reader::Plain => grad_output,
        }
    }
}
