//! One vector for each sequence of a batch.

use kernels::{
    Attention, AttentionFlow, AttentionTape, max_backward, max_forward, mean_backward, mean_forward,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::gru::Steps;
use crate::param::join;
use crate::{Param, Parameters};

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
}

/// The layer; its width is that of its input.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Attention { query: Param },
    Mean,
    Max,
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
    grad_x: Vec<f32>,
}

impl Pool {
    pub(crate) fn new(kind: Pooling, dims: usize, rng: &mut impl Rng) -> Self {
        let bound = 1.0 / (dims as f32).sqrt();
        match kind {
            Pooling::Attention => Pool::Attention { query: Param::uniform(&[dims], bound, rng) },
            Pooling::Mean => Pool::Mean,
            Pooling::Max => Pool::Max,
        }
    }

    /// `pooled` (B, D) gets the vector of each sequence; zeros for an empty one.
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
        }
        grad_x
    }
}
