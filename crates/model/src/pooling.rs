//! One vector for each sequence of a batch.

mod statistics;

use kernels::{
    Attention, AttentionFlow, AttentionTape, max_backward, max_forward, mean_backward, mean_forward,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::gru::Steps;
use crate::param::join;
use crate::{Param, Parameters};
use statistics::StatisticsTape;

/// How the steps of a melody become one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Weighted by a scaled dot product with a learned query (after Vaswani et al., arXiv 1706.03762).
    #[default]
    Attention,
    /// The mean over the steps.
    Mean,
    /// The greatest value of each feature.
    Max,
    /// The mean of each feature, its standard deviation, its greatest value and its last one, side by side.
    Statistics,
}

impl Pooling {
    /// How many numbers become of each feature.
    pub(crate) fn factor(self) -> usize {
        match self {
            Pooling::Attention | Pooling::Mean | Pooling::Max => 1,
            Pooling::Statistics => 4,
        }
    }
}

/// The layer; its width is that of its input times [`Pooling::factor`].
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Attention { query: Param },
    Mean,
    Max,
    Statistics,
}

impl Parameters for Pool {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        if let Pool::Attention { query } = self {
            f(&join(path, "query"), query);
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        if let Pool::Attention { query } = self {
            f(&join(path, "query"), query);
        }
    }
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct PoolTape {
    attention: AttentionTape,
    winners: Vec<usize>,
    statistics: StatisticsTape,
    grad_x: Vec<f32>,
}

impl Pool {
    pub(crate) fn new(kind: Pooling, dims: usize, rng: &mut impl Rng) -> Self {
        let bound = 1.0 / (dims as f32).sqrt();
        match kind {
            Pooling::Attention => Pool::Attention { query: Param::uniform(&[dims], bound, rng) },
            Pooling::Mean => Pool::Mean,
            Pooling::Max => Pool::Max,
            Pooling::Statistics => Pool::Statistics,
        }
    }

    /// `pooled` (B, D) gets the vector of each sequence; zeros for an empty one. D is the steps' width times
    /// [`Pooling::factor`].
    pub(crate) fn forward(&self, input: Steps<'_>, pooled: &mut [f32], tape: &mut PoolTape) {
        match self {
            Pool::Attention { query } => {
                let kernel = Attention { sequences: input.on, query: &query.value };
                kernel.forward(input.rows, pooled, &mut tape.attention);
            }
            Pool::Max => {
                tape.winners.resize(pooled.len(), 0);
                max_forward(input.on, input.rows, pooled, &mut tape.winners);
            }
            Pool::Mean => mean_forward(input.on, input.rows, pooled),
            Pool::Statistics => statistics::forward(input, pooled, &mut tape.statistics),
        }
    }

    /// Takes the gradient of the vectors, (B, D), back; returns that of the steps, (S, D).
    pub(crate) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_pooled: &[f32],
        tape: &'t mut PoolTape,
    ) -> &'t [f32] {
        tape.grad_x.resize(input.rows.len(), 0.0);
        let grad_x = &mut tape.grad_x;
        match self {
            Pool::Attention { query } => {
                let kernel = Attention { sequences: input.on, query: &query.value };
                let flow = AttentionFlow { x: input.rows, grad_pooled, grad_x };
                kernel.backward(&mut tape.attention, flow, &mut query.grad);
            }
            Pool::Max => max_backward(input.on, &tape.winners, grad_pooled, grad_x),
            Pool::Mean => mean_backward(input.on, grad_pooled, grad_x),
            Pool::Statistics => {
                statistics::backward(input, grad_pooled, &mut tape.statistics, grad_x);
            }
        }
        grad_x
    }
}
