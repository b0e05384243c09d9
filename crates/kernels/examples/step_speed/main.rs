//! Times a training step of some layers, forward, backward and AdamW, to be compared with `bench/step_torch.py`:
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p kernels --example step_speed -- gru f32 9
//! ```
//!
//! The layers: `gru`, 2 x 512 on an input of 512; `bidirectional`, 2 x 128 on 512; `convolution`, 7 x 144 with three
//! taps and ReLU between; `attention`, 6 layers of 256 with four heads; each on 64 sequences of 256 steps.

mod attention;
mod convolution;
mod gru;
mod param;

use std::time::Instant;

use attention::AttentionStack;
use convolution::ConvolutionStack;
use gru::GruStack;
use kernels::{AdamWStep, Precision, Sequences};
use param::Param;

const B: usize = 64;
const T: usize = 256;

/// Layers with their weights and all that a step needs.
trait Layers {
    /// Forward and backward, the gradients left in the parameters.
    fn run(&mut self, on: &Sequences, precision: Precision);

    /// Every parameter.
    fn params(&mut self) -> Vec<&mut Param>;
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [case, precision, steps] = &args[..] else {
        panic!("usage: step_speed CASE PRECISION STEPS")
    };
    let precision = match &precision[..] {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        _ => panic!("no such precision: {precision}"),
    };
    let steps: usize = steps.parse().unwrap_or_else(|_| panic!("{steps} is no number of steps"));
    let rows = B * T;
    let mut layers: Box<dyn Layers> = match &case[..] {
        "gru" => Box::new(GruStack::new(rows, 512, 1)),
        "bidirectional" => Box::new(GruStack::new(rows, 128, 2)),
        "convolution" => Box::new(ConvolutionStack::new(rows)),
        "attention" => Box::new(AttentionStack::new(rows)),
        _ => panic!("no such case: {case}"),
    };
    let on = Sequences::new(&[T; B]);
    // The first step makes the memory that the others use again.
    step(&mut *layers, (&on, precision), 1);
    let mut times: Vec<f64> =
        (0..steps as u64).map(|n| step(&mut *layers, (&on, precision), n + 2)).collect();
    times.sort_by(f64::total_cmp);
    println!("median {:.2} ms; {} threads", times[steps / 2], rayon::current_num_threads());
}

/// One training step; returns its milliseconds.
fn step(layers: &mut dyn Layers, (on, precision): (&Sequences, Precision), step: u64) -> f64 {
    let start = Instant::now();
    layers.params().into_iter().for_each(|param| param.grad.fill(0.0));
    layers.run(on, precision);
    let (betas, epsilon, decay) = ((0.9, 0.999), 1e-8, 0.01);
    let step = AdamWStep { step, rate: 1e-4, betas, epsilon, decay, scale: 1.0 };
    for param in layers.params() {
        step.apply(&mut param.value, &param.grad, &mut param.moments);
    }
    start.elapsed().as_secs_f64() * 1e3
}
