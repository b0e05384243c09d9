//! The sentence encoder equals PyTorch in double precision on a small random BERT and MPNet, whatever a text's neighbours.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

#[path = "../../kernels/tests/common/mod.rs"]
mod common;

use common::Fixture;
use model::{Error, Precision, SentenceEncoder};

const CONFIG: &str = include_str!("fixtures/sentence_tiny_config.json");
const TOKENIZER: &[u8] = include_bytes!("fixtures/sentence_tiny_tokenizer.json");
const WEIGHTS: &[u8] = include_bytes!("fixtures/sentence_tiny.safetensors");

fn tiny() -> SentenceEncoder {
    of([CONFIG.as_bytes(), TOKENIZER, WEIGHTS])
}

fn titles() -> Vec<String> {
    let titles = include_str!("fixtures/sentence_titles.json");
    let titles: Vec<(String, Vec<u32>)> = serde_json::from_str(titles).unwrap();
    titles.into_iter().map(|(title, _)| title).collect()
}

fn near(found: &[f32], expected: &[f32], tolerance: f32) -> bool {
    let mut pairs = found.iter().zip(expected);
    found.len() == expected.len() && pairs.all(|(x, y)| (x - y).abs() < tolerance)
}

/// The config, tokenizer and weights of the small MPNet.
const MPNET: [&[u8]; 3] = [
    include_bytes!("fixtures/sentence_tiny_mpnet_config.json"),
    include_bytes!("fixtures/sentence_tiny_mpnet_tokenizer.json"),
    include_bytes!("fixtures/sentence_tiny_mpnet.safetensors"),
];

fn of([config, tokenizer, weights]: [&[u8]; 3]) -> SentenceEncoder {
    SentenceEncoder::from_files(config, tokenizer, weights).unwrap()
}

#[test]
fn tokens_and_vectors_equal_the_reference() {
    let titles = titles();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    for (encoder, expected, longest) in
        [(tiny(), "sentence_tiny_expected", 23), (of(MPNET), "sentence_tiny_mpnet_expected", 41)]
    {
        let f = Fixture::open(expected);
        let ids: Vec<Vec<u32>> = titles.iter().map(|title| encoder.token_ids(title)).collect();
        assert_eq!(ids.iter().map(Vec::len).collect::<Vec<_>>(), f.sizes("lengths"));
        // Some titles have more tokens than the encoder has positions.
        assert!(ids.iter().any(|ids| ids.len() == longest));
        assert_eq!(ids.concat(), f.ints("ids"));
        f.check_output("vectors", &encoder.embed(&titles));
    }
}

#[test]
fn neighbours_and_threads_do_not_change_a_vector() {
    let (encoder, titles) = (tiny(), titles());
    // More tokens than one batch holds.
    let many: Vec<&str> = titles.iter().map(String::as_str).cycle().take(191).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encoder.embed(&many))
    };
    let together = on(1);
    assert!(together == on(3));
    for (title, vector) in many.iter().zip(together.chunks_exact(encoder.output())) {
        assert!(encoder.embed(&[title]) == vector, "{title}");
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    assert!(encoder.embed(&[]).is_empty());
}

#[test]
fn in_bf16_the_vectors_are_near_those_of_f32() {
    let encoder = tiny();
    let mut rough = encoder.clone();
    rough.precision = Precision::Bf16;
    let titles = ["The Butterfly", "Gan Ainm"];
    let (exact, rough) = (encoder.embed(&titles), rough.embed(&titles));
    assert!(near(&rough, &exact, 0.05) && rough != exact);
}

#[test]
fn weights_of_a_larger_model_are_found_under_its_names() {
    for (prefix, [config, tokenizer, weights]) in
        [("bert", [CONFIG.as_bytes(), TOKENIZER, WEIGHTS]), ("mpnet", MPNET)]
    {
        let tensors = safetensors::SafeTensors::deserialize(weights).unwrap();
        let renamed = tensors.tensors().into_iter();
        let renamed = renamed.map(|(name, view)| (format!("{prefix}.{name}"), view));
        let larger = of([config, tokenizer, &safetensors::serialize(renamed, None).unwrap()]);
        let alone = of([config, tokenizer, weights]);
        assert!(larger.embed(&["The Butterfly"]) == alone.embed(&["The Butterfly"]));
    }
}

#[test]
fn files_that_do_not_fit_each_other_are_named() {
    let check = |from: &str, to: &str, message: &str| {
        assert!(CONFIG.contains(from));
        let config = CONFIG.replace(from, to);
        let error = SentenceEncoder::from_files(config.as_bytes(), TOKENIZER, WEIGHTS).unwrap_err();
        assert_eq!(error.to_string(), message);
    };
    check(
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 3",
        "weights: `encoder.layer.2.attention.self.query.weight` is missing",
    );
    check(
        "\"intermediate_size\": 37",
        "\"intermediate_size\": 41",
        "weights: `encoder.layer.0.intermediate.dense.weight` has shape [37, 21], expected [41, 21]",
    );
    check(
        "\"vocab_size\": 67",
        "\"vocab_size\": 61",
        "tokenizer: has the token 62, and the weights have 61 tokens",
    );
    let cut = &WEIGHTS[..WEIGHTS.len() - 5];
    let error = SentenceEncoder::from_files(CONFIG.as_bytes(), TOKENIZER, cut).unwrap_err();
    assert!(matches!(error, Error::Safetensors(_)));
}
