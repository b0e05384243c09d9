//! Names of the files of a run directory.

/// The experiment, every value written out.
pub const CONFIG: &str = "config.toml";
/// The vocabulary of every feature.
pub const VOCABULARY: &str = "vocab.json";
/// Weights of the melody tower, of the best look at validation.
pub const MELODY: &str = "melody.safetensors";
/// Weights of the title tower, of the best look at validation.
pub const TITLE: &str = "title.safetensors";
/// The language model that the melody tower began with, where it began with one.
pub const LANGUAGE: &str = "language.safetensors";
/// A folder with the sentence encoder that the title tower reads with, where it reads with one.
pub const SENTENCE: &str = "sentence";
/// Which works are for training, validation and test.
pub const SPLIT: &str = "split.json";
/// One line a step, and one a look at validation.
pub const METRICS: &str = "metrics.jsonl";
/// Predictions of all validation works at each look.
pub const PREDICTIONS: &str = "predictions.parquet";
/// How ranks moved over the training, as a picture.
pub const TRACKS_PICTURE: &str = "track.svg";
/// Weights, optimiser and place in the training.
pub const CHECKPOINT: &str = "checkpoint.bin";
/// What made the run.
pub const MANIFEST: &str = "run.json";
/// The store as it was when the run began.
pub const CORPUS: &str = "corpus.db";
/// What a fusion of runs is made of.
pub const FUSION: &str = "fusion.toml";
/// A folder with one folder a member of a fusion.
pub const MEMBERS: &str = "members";
/// How a member of a fusion embeds the validation works, in short.
pub const COHORT: &str = "cohort.json";
/// The report, for machines.
pub const REPORT: &str = "report.json";
/// The report, for eyes.
pub const REPORT_PAGE: &str = "report.html";
/// Titles for each melody of the test works, in TREC's form.
pub const TREC_RUN: &str = "run.trec";
/// Melodies for each title of the test works, in TREC's form.
pub const TREC_RUN_TITLES: &str = "run-titles.trec";
/// Truths of the test works, in TREC's form.
pub const TREC_QRELS: &str = "qrels.trec";
/// Maps of the vectors and what they tell of genre, for machines.
pub const MAP: &str = "map.json";
/// The same for eyes.
pub const MAP_PAGE: &str = "map.html";
/// Maps of the validation works over the steps of the training, for machines.
pub const MAP_STEPS: &str = "map-steps.json";
/// The same for eyes.
pub const MAP_STEPS_PAGE: &str = "map-steps.html";
/// A folder with the vectors of the validation works at each look.
pub const LOOKS: &str = "looks";
/// A folder of vectors for TensorBoard's projector.
pub const PROJECTOR: &str = "projector";
