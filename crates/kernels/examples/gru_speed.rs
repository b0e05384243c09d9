//! Times a training step of two GRU layers of 256 on 64 sequences of 256 steps, to be compared with
//! `bench/gru_torch.py`: `RAYON_NUM_THREADS=1 cargo run --release -p kernels --example gru_speed`.

use std::time::{Duration, Instant};

use kernels::{
    AdamWStep, Direction, Gru, GruFlow, GruGradients, GruTape, GruWeights, Moments, Precision,
    Sequences, Write,
};

const B: usize = 64;
const T: usize = 256;
const H: usize = 256;
const STEPS: usize = 9;

struct Param {
    value: Vec<f32>,
    grad: Vec<f32>,
    moments: Moments,
}

impl Param {
    fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n];
        let moments = Moments { first: zeros(), second: zeros() };
        Param { value: noise(n, 0.06), grad: zeros(), moments }
    }
}

/// Numbers that look random enough not to be zeros or powers of two.
fn noise(n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|i| scale * (((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0)).collect()
}

fn layer() -> [Param; 4] {
    [3 * H * H, 3 * H * H, 3 * H, 3 * H].map(Param::new)
}

fn on<'a>(params: &'a [Param; 4], sequences: &'a Sequences) -> Gru<'a> {
    let [input, recurrent, input_bias, recurrent_bias] = params.each_ref().map(|p| &p.value[..]);
    let weights = GruWeights { input, recurrent, input_bias, recurrent_bias };
    Gru { weights, sequences, direction: Direction::Forward, precision: Precision::F32 }
}

fn main() {
    let sequences = &Sequences::new(&[T; B]);
    let (x, grad_output) = (noise(B * T * H, 1.0), noise(B * T * H, 0.01));
    let (mut below, mut grad_x) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let mut layers = [layer(), layer()];
    let mut tapes = [GruTape::default(), GruTape::default()];
    let mut times = Vec::new();
    for step in 0..STEPS {
        let start = Instant::now();
        let [first, second] = &mut tapes;
        on(&layers[0], sequences).forward(&x, first);
        on(&layers[1], sequences).forward(first.output(), second);
        let forward = start.elapsed();
        for depth in [1, 0] {
            let mut grads = [3 * H * H, 3 * H * H, 3 * H, 3 * H].map(|n| vec![0.0; n]);
            let [input, recurrent, input_bias, recurrent_bias] = &mut grads;
            let mut into = GruGradients { input, recurrent, input_bias, recurrent_bias };
            let (lower, upper) = tapes.split_at_mut(depth);
            let x = lower.last().map_or(&x[..], GruTape::output);
            let (grad_output, grad_x) = match depth {
                1 => (&grad_output, &mut below),
                _ => (&below, &mut grad_x),
            };
            let flow = GruFlow { x, grad_output, grad_x, write: Write::Set };
            on(&layers[depth], sequences).backward(&mut upper[0], flow, &mut into);
            layers[depth].iter_mut().zip(grads).for_each(|(param, grad)| param.grad = grad);
        }
        let backward = start.elapsed() - forward;
        update(&mut layers, step as u64 + 1);
        times.push((start.elapsed(), forward, backward));
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (best, forward, backward) = times[0];
    println!(
        "fastest of {STEPS}: {:.0} ms (forward {:.0}, backward {:.0}); median {:.0} ms; {} threads",
        ms(best),
        ms(forward),
        ms(backward),
        ms(times[STEPS / 2].0),
        rayon::current_num_threads(),
    );
}

fn update(layers: &mut [[Param; 4]; 2], step: u64) {
    let (betas, epsilon, decay) = ((0.9, 0.999), 1e-8, 0.0);
    let step = AdamWStep { step, rate: 1e-4, betas, epsilon, decay, scale: 1.0 };
    for param in layers.iter_mut().flatten() {
        step.apply(&mut param.value, &param.grad, &mut param.moments);
    }
}
