//! Times matrix products, to be compared with `bench/gemm_torch.py`, or what the processor could do at most in f32:
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p kernels --example gemm_speed -- plain 1024 1024 1024 f32 9
//! RAYON_NUM_THREADS=1 cargo run --release -p kernels --example gemm_speed -- peak
//! ```
//!
//! A product is `plain`, (M, K) times (K, N), or `transposed`, the transpose of (K, M) times (K, N).

use std::array::from_fn;
use std::hint::black_box;
use std::time::Instant;

use kernels::{Precision, View, ViewMut, Write};
use pulp::{Arch, Simd, WithSimd};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let size = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text} is no size"));
    let (rates, unit) = match args[..] {
        ["peak"] => ((0..9).map(|_| peak()).collect(), "peak GFLOP/s"),
        [order, m, k, n, precision, rounds] => {
            let precision = match precision {
                "f32" => Precision::F32,
                "bf16" => Precision::Bf16,
                _ => panic!("no such precision: {precision}"),
            };
            let transposed = order == "transposed";
            let product = Product { shape: [m, k, n].map(size), transposed, precision };
            (product.rates(size(rounds)), "GFLOP/s")
        }
        _ => panic!("usage: gemm_speed peak | plain|transposed M K N PRECISION ROUNDS"),
    };
    println!("median {:.1} {unit}; {} threads", median(rates), rayon::current_num_threads());
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Product {
    shape: [usize; 3],
    transposed: bool,
    precision: Precision,
}

impl Product {
    /// The rate of each round, after one that is not counted.
    fn rates(&self, rounds: usize) -> Vec<f64> {
        let [m, k, n] = self.shape;
        let numbers = |n: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0).collect()
        };
        let (a, b, mut out) = (numbers(m * k), numbers(k * n), vec![0.0; m * n]);
        let a = if self.transposed { View::new(&a, k, m).t() } else { View::new(&a, m, k) };
        let mut round = || {
            let start = Instant::now();
            let out = ViewMut::new(&mut out, m, n);
            self.precision.matmul()(a, View::new(&b, k, n), out, Write::Set);
            2e-9 * (m * k * n) as f64 / start.elapsed().as_secs_f64()
        };
        round();
        (0..rounds).map(|_| round()).collect()
    }
}

/// Fused multiplications and additions of vectors that never leave the registers, on every thread, a second.
fn peak() -> f64 {
    let start = Instant::now();
    let flops: f64 = rayon::broadcast(|_| Arch::new().dispatch(Registers)).iter().sum();
    1e-9 * flops / start.elapsed().as_secs_f64()
}

struct Registers;

/// Independent sums: enough to hide the latency of an operation on either of two units.
const SUMS: usize = 12;

const TURNS: usize = 1 << 23;

impl WithSimd for Registers {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let [factor, term] = black_box([0.999, 0.001]).map(|x| simd.splat_f32s(x));
        let mut sums: [S::f32s; SUMS] = from_fn(|i| simd.splat_f32s(black_box(i as f32)));
        for _ in 0..TURNS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, term);
            }
        }
        black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
        2.0 * (TURNS * SUMS * S::F32_LANES) as f64
    }
}
