//! Products and GRUs in bf16 equal plain loops over rounded numbers, on any path that the kernels take.

use kernels::{
    Direction, Gru, GruFlow, GruGradients, GruTape, GruWeights, Precision, Sequences, View,
    ViewMut, Write, matmul_bf16,
};

/// Numbers that look random enough not to be zeros or powers of two.
fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = n as u32 + 7;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| scale * next()).collect()
}

/// The nearest number with 8 bits of mantissa, ties to even, by another way than the kernels'.
fn rounded(x: f32) -> f64 {
    let x = f64::from(x);
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let place = 2.0_f64.powi(x.abs().log2().floor() as i32 - 7);
    let steps = x / place;
    let even = 2.0 * (steps / 2.0).round();
    let near = if (steps - steps.trunc()).abs() == 0.5 { even } else { steps.round() };
    near * place
}

fn distance(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let off: f64 = found.iter().zip(expected).map(|(&x, y)| (f64::from(x) - y).powi(2)).sum();
    let size: f64 = expected.iter().map(|y| y * y).sum();
    (off / size.max(1e-60)).sqrt()
}

#[test]
fn products_of_any_shape_and_orientation_equal_the_plain_triple_loop() {
    let shapes = [
        (1, 1, 1),
        (2, 5, 7),
        (16, 32, 32),
        (17, 33, 31),
        (32, 64, 32),
        (11, 1, 13),
        (1, 97, 1),
        (33, 71, 65),
        (67, 1031, 37),
        (300, 40, 50),
        (3, 5, 131),
    ];
    for (m, k, n) in shapes {
        let (a, b, start) = (noise(m * k, 1.0), noise(k * n, 1.0), noise(m * n, 1.0));
        for (case, write) in (0..8).map(|c| (c, [Write::Set, Write::Add][c / 4])) {
            let left = if case % 2 == 0 { View::new(&a, m, k) } else { View::new(&a, k, m).t() };
            let right =
                if case / 2 % 2 == 0 { View::new(&b, k, n) } else { View::new(&b, n, k).t() };
            let mut out = start.clone();
            matmul_bf16(left, right, ViewMut::new(&mut out, m, n), write);
            let at =
                |i, j, (rows, cols), swapped| if swapped { j * rows + i } else { i * cols + j };
            let mut expected = vec![0.0; m * n];
            for i in 0..m {
                for j in 0..n {
                    let term = |p| {
                        let x = a[at(i, p, (m, k), case % 2 == 1)];
                        rounded(x) * rounded(b[at(p, j, (k, n), case / 2 % 2 == 1)])
                    };
                    let before =
                        if write == Write::Add { f64::from(start[i * n + j]) } else { 0.0 };
                    expected[i * n + j] = before + (0..k).map(term).sum::<f64>();
                }
            }
            assert!(distance(&out, &expected) < 1e-6, "{m} {k} {n}, case {case}");
        }
    }
}

#[test]
fn empty_products_have_no_values_or_zeros() {
    let mut out = [3.0; 4];
    matmul_bf16(
        View::new(&[], 2, 0),
        View::new(&[], 0, 2),
        ViewMut::new(&mut out, 2, 2),
        Write::Set,
    );
    assert_eq!(out, [0.0; 4]);
    let row = [1.0; 5];
    matmul_bf16(
        View::new(&[], 0, 5),
        View::new(&row, 5, 1),
        ViewMut::new(&mut [], 0, 1),
        Write::Set,
    );
    matmul_bf16(
        View::new(&row, 1, 5),
        View::new(&[], 5, 0),
        ViewMut::new(&mut [], 1, 0),
        Write::Set,
    );
}

#[test]
fn a_block_of_columns_is_written_and_its_neighbours_are_left_alone() {
    let (a, b) = (noise(40 * 5, 1.0), noise(5 * 36, 1.0));
    let mut out = vec![9.0; 40 * 50];
    let block = ViewMut::new(&mut out, 40, 50).columns(7..43);
    matmul_bf16(View::new(&a, 40, 5), View::new(&b, 5, 36), block, Write::Set);
    for (at, &value) in out.iter().enumerate() {
        assert_eq!(value == 9.0, !(7..43).contains(&(at % 50)), "{at}");
    }
}

#[test]
fn large_and_small_numbers_zeros_and_what_is_none_go_through_a_product() {
    let extreme = [1e30, -1e30, 1e-30, 0.0, -0.0, 1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let n = extreme.len();
    let mut out = vec![0.0; n * n];
    let (a, b) = (View::new(&extreme, n, 1), View::new(&extreme, 1, n));
    matmul_bf16(a, b, ViewMut::new(&mut out, n, n), Write::Set);
    for (at, &found) in out.iter().enumerate() {
        let exact = rounded(extreme[at / n]) * rounded(extreme[at % n]);
        let expected = exact as f32;
        let same = if expected.is_nan() {
            found.is_nan()
        } else {
            (found - expected).abs() <= 1e-37 || found == expected
        };
        assert!(same || (f64::from(found) / exact - 1.0).abs() < 1e-6, "{at}: {found} {expected}");
    }
}

#[test]
fn one_row_that_is_not_a_number_spoils_no_other() {
    let mut a = noise(20 * 33, 1.0);
    let b = noise(33 * 35, 1.0);
    a[3 * 33..4 * 33].fill(f32::NAN);
    let mut out = vec![0.0; 20 * 35];
    matmul_bf16(
        View::new(&a, 20, 33),
        View::new(&b, 33, 35),
        ViewMut::new(&mut out, 20, 35),
        Write::Set,
    );
    for (row, values) in out.chunks(35).enumerate() {
        assert!(values.iter().all(|x| x.is_nan() == (row == 3)), "row {row}");
    }
}

/// The weights of a layer, and what goes in.
struct Case {
    input: usize,
    hidden: usize,
    lengths: Vec<usize>,
    direction: Direction,
}

/// The output and all gradients: of W, U, b, c and x.
type Results = [Vec<f32>; 6];

impl Case {
    fn weights(&self) -> [Vec<f32>; 4] {
        let (i, h) = (self.input, self.hidden);
        [3 * h * i, 3 * h * h, 3 * h, 3 * h].map(|n| noise(n, 1.0 / (h as f32).sqrt()))
    }

    fn run(&self, precision: Precision, tape: &mut GruTape) -> Results {
        let weights = self.weights();
        let [input, recurrent, input_bias, recurrent_bias] = &weights;
        let of = GruWeights { input, recurrent, input_bias, recurrent_bias };
        let sequences = &Sequences::new(&self.lengths);
        let gru = Gru { weights: of, sequences, direction: self.direction, precision };
        let x = noise(sequences.rows() * self.input, 1.0);
        gru.forward(&x, tape);
        let output = tape.output().to_vec();
        let mut grads = weights.each_ref().map(|w| vec![0.0; w.len()]);
        let [input, recurrent, input_bias, recurrent_bias] = &mut grads;
        let mut into = GruGradients { input, recurrent, input_bias, recurrent_bias };
        let grad_output = noise(output.len(), 1.0);
        let mut grad_x = vec![0.5; x.len()];
        let (grad_output, write) = (&grad_output, Write::Add);
        gru.backward(tape, GruFlow { x: &x, grad_output, grad_x: &mut grad_x, write }, &mut into);
        let [a, b, c, d] = grads;
        [output, a, b, c, d, grad_x]
    }
}

fn cases() -> Vec<Case> {
    let lengths = [
        vec![5, 1, 7],
        vec![1],
        vec![],
        vec![0, 3, 0],
        (0..71).map(|b| 1 + (b * 29) % 41).collect(),
        (0..33).map(|b| 1 + 90 * usize::from(b == 0)).collect(),
    ];
    let shapes = [(5, 7), (32, 32), (33, 45), (1, 1), (64, 70), (17, 96)];
    let with_shapes = lengths.into_iter().zip(shapes).flat_map(|(lengths, (input, hidden))| {
        [Direction::Forward, Direction::Backward].map(|direction| Case {
            input,
            hidden,
            lengths: lengths.clone(),
            direction,
        })
    });
    with_shapes.collect()
}

const NAMES: [&str; 6] = ["output", "W", "U", "b", "c", "x"];

#[test]
fn a_gru_in_bf16_is_near_one_in_f32_whatever_the_lengths() {
    // One tape for all: what is left of another batch does not matter.
    let mut tape = GruTape::default();
    for case in cases() {
        let exact = case.run(Precision::F32, &mut GruTape::default());
        let found = case.run(Precision::Bf16, &mut tape);
        for ((name, found), exact) in NAMES.iter().zip(&found).zip(&exact) {
            let exact: Vec<f64> = exact.iter().map(|&x| f64::from(x)).collect();
            let off = distance(found, &exact);
            let (i, h) = (case.input, case.hidden);
            assert!(
                off < 0.01,
                "{name}: {off}; I {i} H {h} {:?} {:?}",
                case.direction,
                case.lengths
            );
        }
    }
}

#[test]
fn a_gru_gives_the_same_bits_on_any_number_of_threads() {
    for case in cases() {
        for precision in [Precision::F32, Precision::Bf16] {
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| case.run(precision, &mut GruTape::default()))
            };
            let one = run(1);
            for threads in [2, 3] {
                assert_eq!(one, run(threads), "{threads} threads");
            }
        }
    }
}
