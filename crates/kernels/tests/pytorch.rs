//! Every kernel's forward pass and gradients equal PyTorch's in double precision.

mod common;

use common::Fixture;
use kernels::{
    Activation, Attention, AttentionFlow, AttentionTape, Bags, Convolution, ConvolutionFlow,
    ConvolutionGradients, ConvolutionWeights, CrossEntropy, Direction, Gru, GruFlow, GruGradients,
    GruTape, GruWeights, LayerNorm, LayerNormTape, LinearFlow, LinearGradients, LinearWeights,
    Mask, MaxPool, Precision, SelfAttention, SelfAttentionFlow, Sequences, Table, TableMut, Write,
    gather, max_backward, max_forward, mean_backward, mean_forward, normalise_backward,
    normalise_forward, scatter_add,
};

fn zeros(like: &[f32]) -> Vec<f32> {
    vec![0.0; like.len()]
}

/// Steps that lie sequence after sequence, brought to where the layout has them.
fn arranged(sequences: &Sequences, x: &[f32]) -> Vec<f32> {
    let d = x.len() / sequences.rows();
    let mut out = zeros(x);
    let mut rows = x.chunks(d);
    for b in 0..sequences.lengths().len() {
        for (row, x) in sequences.rows_of(b).zip(&mut rows) {
            out[row * d..][..d].copy_from_slice(x);
        }
    }
    out
}

/// The reverse of [`arranged`].
fn in_order(sequences: &Sequences, x: &[f32]) -> Vec<f32> {
    let d = x.len() / sequences.rows();
    let sequences_in_order = 0..sequences.lengths().len();
    let rows = sequences_in_order.flat_map(|b| sequences.rows_of(b));
    rows.flat_map(|row| x[row * d..][..d].to_vec()).collect()
}

/// The results of a linear layer, by their names in the fixture.
fn linear(f: &Fixture, precision: Precision) -> [(&'static str, Vec<f32>); 4] {
    let (x, weight, bias) = (f.floats("x"), f.floats("weight"), f.floats("bias"));
    let layer = LinearWeights { weight: &weight, bias: &bias, precision };
    let grad_output = f.floats("grad_output.y");
    let mut y = zeros(&grad_output);
    layer.forward(&x, &mut y);
    let (mut of_weight, mut of_bias, mut grad_x) = (zeros(&weight), zeros(&bias), zeros(&x));
    let mut grads = LinearGradients { weight: &mut of_weight, bias: &mut of_bias };
    let flow = LinearFlow { x: &x, grad_output: &grad_output, grad_x: &mut grad_x };
    layer.backward(flow, &mut grads);
    [("y", y), ("grad.weight", of_weight), ("grad.bias", of_bias), ("grad.x", grad_x)]
}

#[test]
fn linear_equals_pytorch() {
    let f = Fixture::open("linear");
    let [(_, y), (_, weight), (_, bias), (_, x)] = linear(&f, Precision::F32);
    f.check_output("y", &y);
    f.check_gradient("weight", &weight);
    f.check_gradient("bias", &bias);
    f.check_gradient("x", &x);
}

#[test]
fn linear_in_bf16_is_no_farther_from_pytorch_in_f64_than_pytorchs_own_autocast() {
    let f = Fixture::open("linear_bf16");
    for (name, found) in linear(&f, Precision::Bf16) {
        f.check_against_autocast(name, &found);
    }
}

#[test]
fn embeddings_side_by_side_equal_pytorch() {
    let f = Fixture::open("embedding");
    let (ids, a, b) = (f.ints("ids"), f.floats("a"), f.floats("b"));
    let mut y = vec![0.0; 19 * 8];
    gather(&[Table { values: &a, dims: 3 }, Table { values: &b, dims: 5 }], &ids, &mut y);
    f.check_output("y", &y);
    let (mut of_a, mut of_b) = (zeros(&a), zeros(&b));
    let tables = [TableMut { values: &mut of_a, dims: 3 }, TableMut { values: &mut of_b, dims: 5 }];
    scatter_add(&mut { tables }, &ids, &f.floats("grad_output.y"));
    f.check_gradient("a", &of_a);
    f.check_gradient("b", &of_b);
}

#[test]
fn bags_of_embeddings_equal_pytorch() {
    for (name, power) in [("bag_mean", 1.0), ("bag_scaled_sum", 0.5)] {
        let f = Fixture::open(name);
        let (ids, ends, table) = (f.ints("ids"), f.sizes("ends"), f.floats("table"));
        let bags = Bags { ids: &ids, ends: &ends, power };
        let mut y = vec![0.0; 5 * 5];
        bags.forward(Table { values: &table, dims: 5 }, &mut y);
        f.check_output("y", &y);
        let mut grad = zeros(&table);
        bags.backward(TableMut { values: &mut grad, dims: 5 }, &f.floats("grad_output.y"));
        f.check_gradient("table", &grad);
    }
}

#[test]
fn layer_norm_equals_pytorch() {
    let f = Fixture::open("layer_norm");
    let (x, scale, shift) = (f.floats("x"), f.floats("scale"), f.floats("shift"));
    let layer = LayerNorm { scale: &scale, shift: &shift };
    let (mut y, mut tape) = (zeros(&x), LayerNormTape::default());
    layer.forward(&x, &mut y, &mut tape);
    f.check_output("y", &y);
    let mut grad = f.floats("grad_output.y");
    let (mut of_scale, mut of_shift) = (zeros(&scale), zeros(&shift));
    layer.backward(&tape, &mut grad, (&mut of_scale, &mut of_shift));
    f.check_gradient("x", &grad);
    f.check_gradient("scale", &of_scale);
    f.check_gradient("shift", &of_shift);
}

#[test]
fn the_layer_norm_of_a_sum_equals_pytorch_where_its_epsilon_counts() {
    let f = Fixture::open("add_and_normalise");
    let (mut x, scale, shift) = (f.floats("x"), f.floats("scale"), f.floats("shift"));
    let layer = LayerNorm { scale: &scale, shift: &shift };
    layer.add_and_normalise(&mut x, &f.floats("other"), f.floats("epsilon")[0]);
    f.check_output("y", &x);
}

#[test]
fn activations_equal_pytorch() {
    let kinds = [
        ("relu", Activation::Relu),
        ("gelu", Activation::Gelu),
        ("gelu_erf", Activation::GeluErf),
        ("tanh", Activation::Tanh),
    ];
    for (name, kind) in kinds {
        let f = Fixture::open(name);
        let x = f.floats("x");
        let mut y = zeros(&x);
        kind.forward(&x, &mut y);
        f.check_output("y", &y);
        let mut grad = f.floats("grad_output.y");
        kind.backward(&x, &mut grad);
        f.check_gradient("x", &grad);
    }
}

#[test]
fn unit_length_equals_pytorch() {
    let f = Fixture::open("normalise");
    let (mut y, mut lengths) = (f.floats("x"), [0.0; 5]);
    normalise_forward(&mut y, &mut lengths);
    f.check_output("y", &y);
    let mut grad = f.floats("grad_output.y");
    normalise_backward(&y, &lengths, &mut grad);
    f.check_gradient("x", &grad);
}

#[test]
fn cross_entropy_equals_pytorch() {
    let f = Fixture::open("cross_entropy");
    let (logits, classes) = (f.floats("logits"), f.ints("classes"));
    let mut loss = CrossEntropy::default();
    f.check_output("loss", &[loss.forward(&logits, &classes)]);
    let mut grad = zeros(&logits);
    loss.backward(&classes, 1.0, &mut grad);
    f.check_gradient("logits", &grad);
}

#[test]
fn attention_pooling_equals_pytorch() {
    let f = Fixture::open("pool_attention");
    let sequences = Sequences::new(&f.sizes("lengths"));
    let (x, query) = (arranged(&sequences, &f.floats("x")), f.floats("query"));
    let layer = Attention { sequences: &sequences, query: &query };
    let (mut pooled, mut tape) = (vec![0.0; 5 * 11], AttentionTape::default());
    layer.forward(&x, &mut pooled, &mut tape);
    f.check_output("y", &pooled);
    let (mut grad_x, mut grad_query) = (zeros(&x), zeros(&query));
    let grad_pooled = f.floats("grad_output.y");
    let flow = AttentionFlow { x: &x, grad_pooled: &grad_pooled, grad_x: &mut grad_x };
    layer.backward(&mut tape, flow, &mut grad_query);
    f.check_gradient("x", &in_order(&sequences, &grad_x));
    f.check_gradient("query", &grad_query);
}

#[test]
fn mean_and_max_pooling_equal_pytorch() {
    let f = Fixture::open("pool_mean");
    let sequences = Sequences::new(&f.sizes("lengths"));
    let x = arranged(&sequences, &f.floats("x"));
    let (mut pooled, mut grad_x) = (vec![0.0; 5 * 11], zeros(&x));
    mean_forward(&sequences, &x, &mut pooled);
    f.check_output("y", &pooled);
    mean_backward(&sequences, &f.floats("grad_output.y"), &mut grad_x);
    f.check_gradient("x", &in_order(&sequences, &grad_x));

    let f = Fixture::open("pool_max");
    let mut winners = vec![0; pooled.len()];
    max_forward(&sequences, &x, &mut pooled, &mut winners);
    f.check_output("y", &pooled);
    max_backward(&sequences, &winners, &f.floats("grad_output.y"), &mut grad_x);
    f.check_gradient("x", &in_order(&sequences, &grad_x));
}

/// The results of a GRU in both directions, by their names in the fixture.
fn gru(f: &Fixture, precision: Precision) -> Vec<(String, Vec<f32>)> {
    let sequences = Sequences::new(&f.sizes("lengths"));
    let x = arranged(&sequences, &f.floats("x"));
    let grad_output = arranged(&sequences, &f.floats("grad_output.y"));
    let width = grad_output.len() / sequences.rows();
    let h = width / 2;
    let (mut y, mut grad_x) = (zeros(&grad_output), zeros(&x));
    let mut results = Vec::new();
    for (place, direction) in [Direction::Forward, Direction::Backward].into_iter().enumerate() {
        let parts = ["input", "recurrent", "input_bias", "recurrent_bias"];
        let way = ["forward", "backward"][place];
        let names = parts.map(|part| format!("layers.0.{way}.{part}"));
        let weights = names.each_ref().map(|name| f.floats(name));
        let [input, recurrent, input_bias, recurrent_bias] = &weights;
        let weights_of = GruWeights { input, recurrent, input_bias, recurrent_bias };
        let gru = Gru { weights: weights_of, sequences: &sequences, direction, precision };
        let mut tape = GruTape::default();
        gru.forward(&x, &mut tape);
        for (row, state) in tape.output().chunks(h).enumerate() {
            y[row * width + place * h..][..h].copy_from_slice(state);
        }
        let own = grad_output.chunks(width).flat_map(|row| row[place * h..][..h].to_vec());
        let own: Vec<f32> = own.collect();
        let mut grads = weights.each_ref().map(|weight| zeros(weight));
        let [input, recurrent, input_bias, recurrent_bias] = &mut grads;
        let mut into = GruGradients { input, recurrent, input_bias, recurrent_bias };
        let write = [Write::Set, Write::Add][place];
        let flow = GruFlow { x: &x, grad_output: &own, grad_x: &mut grad_x, write };
        gru.backward(&mut tape, flow, &mut into);
        results.extend(names.into_iter().map(|name| format!("grad.{name}")).zip(grads));
    }
    results.push(("y".to_owned(), in_order(&sequences, &y)));
    results.push(("grad.x".to_owned(), in_order(&sequences, &grad_x)));
    results
}

#[test]
fn a_gru_of_either_direction_equals_pytorch_on_sequences_of_any_length() {
    let f = Fixture::open("gru");
    for (name, found) in gru(&f, Precision::F32) {
        match name.strip_prefix("grad.") {
            Some(name) => f.check_gradient(name, &found),
            None => f.check_output(&name, &found),
        }
    }
}

#[test]
fn a_gru_in_bf16_is_no_farther_from_pytorch_in_f64_than_pytorchs_own_autocast() {
    let f = Fixture::open("gru_bf16");
    for (name, found) in gru(&f, Precision::Bf16) {
        f.check_against_autocast(&name, &found);
    }
}

#[test]
fn convolution_of_an_odd_or_even_number_of_taps_equals_pytorch() {
    for taps in [3, 4] {
        let f = Fixture::open(&format!("convolution_{taps}"));
        let sequences = Sequences::new(&f.sizes("lengths"));
        let (x, weight, bias) = (f.floats("x"), f.floats("weight"), f.floats("bias"));
        let x = arranged(&sequences, &x);
        let weights = ConvolutionWeights { weight: &weight, bias: &bias };
        let layer = Convolution { weights, taps, sequences: &sequences, precision: Precision::F32 };
        let mut y = vec![f32::NAN; sequences.rows() * 11];
        layer.forward(&x, &mut y);
        f.check_output("y", &in_order(&sequences, &y));
        let (mut of_weight, mut of_bias) = (zeros(&weight), zeros(&bias));
        let mut grads = ConvolutionGradients { weight: &mut of_weight, bias: &mut of_bias };
        let grad_output = arranged(&sequences, &f.floats("grad_output.y"));
        let mut grad_x = vec![f32::NAN; x.len()];
        let flow = ConvolutionFlow { x: &x, grad_output: &grad_output, grad_x: &mut grad_x };
        layer.backward(flow, &mut grads);
        f.check_gradient("weight", &of_weight);
        f.check_gradient("bias", &of_bias);
        f.check_gradient("x", &in_order(&sequences, &grad_x));
    }
}

#[test]
fn max_pooling_of_two_steps_equals_pytorch() {
    let f = Fixture::open("max_pool");
    let sequences = Sequences::new(&f.sizes("lengths"));
    let x = arranged(&sequences, &f.floats("x"));
    let pool = MaxPool::new(&sequences, 2);
    let mut y = vec![f32::NAN; pool.pooled().rows() * 5];
    pool.forward(&x, &mut y);
    f.check_output("y", &in_order(pool.pooled(), &y));
    let mut grad_x = vec![f32::NAN; x.len()];
    pool.backward(&x, &arranged(pool.pooled(), &f.floats("grad_output.y")), &mut grad_x);
    f.check_gradient("x", &in_order(&sequences, &grad_x));
}

#[test]
fn self_attention_with_and_without_a_mask_equals_pytorch() {
    for (name, mask) in [("self_attention", Mask::None), ("self_attention_causal", Mask::Causal)] {
        let f = Fixture::open(name);
        let sequences = Sequences::new(&f.sizes("lengths"));
        let qkv = arranged(&sequences, &f.floats("qkv"));
        let layer = SelfAttention {
            sequences: &sequences,
            heads: 3,
            mask,
            bias: None,
            precision: Precision::F32,
        };
        let mut y = vec![f32::NAN; sequences.rows() * 15];
        layer.forward(&qkv, &mut y);
        f.check_output("y", &in_order(&sequences, &y));
        let mut grad_qkv = vec![f32::NAN; qkv.len()];
        let grad_output = arranged(&sequences, &f.floats("grad_output.y"));
        let flow =
            SelfAttentionFlow { qkv: &qkv, grad_output: &grad_output, grad_qkv: &mut grad_qkv };
        layer.backward(flow);
        f.check_gradient("qkv", &in_order(&sequences, &grad_qkv));
    }
}
