//! Rankings, metrics and their honest measurement: from vectors or scores to a [`Report`] with intervals and chance.
//!
//! The crate is an island: it knows ids, vectors and scores, opens no file, and sees no tensor.
//!
//! ```
//! use retrieval::report::{Evaluation, Report, Role, Settings, System};
//! use retrieval::{Embeddings, Truth};
//!
//! let names = |prefix: &str| (0..3).map(|i| format!("{prefix}:{i}")).collect::<Vec<String>>();
//! // Drowsy Maggie, The Butterfly, The Kesh: a melody and a title each, here in two dimensions.
//! let melodies = Embeddings::new(names("melody"), 2, vec![1.0, 0.1, 0.2, 1.0, -1.0, 0.3])?;
//! let titles = Embeddings::new(names("title"), 2, vec![0.9, 0.2, -0.5, 1.0, -1.0, -0.1])?;
//! let groups = ["reel", "slip jig", "jig"].map(str::to_owned);
//!
//! let model = System {
//!     name: "two towers".to_owned(),
//!     role: Role::Model,
//!     scores: titles.scores(&melodies)?,
//! };
//! let evaluation = Evaluation {
//!     truth: &Truth::diagonal(3),
//!     melody_groups: &groups,
//!     title_groups: &groups,
//!     systems: &[model],
//! };
//! let report = Report::both_ways("three tunes", &Settings::default(), &evaluation)?;
//! let mrr = report.directions[0].systems[0].full.overall.mrr;
//! assert_eq!(mrr.value, 1.0);
//! assert!((mrr.chance - (1.0 + 1.0 / 2.0 + 1.0 / 3.0) / 3.0).abs() < 1e-12);
//! # Ok::<(), retrieval::Error>(())
//! ```
//!
//! Several candidates can be relevant to a query, and candidates can tie; docs/evaluation.md says exactly what each
//! measure means then.

pub mod baseline;
mod bootstrap;
mod classifier;
pub mod clusters;
mod compare;
mod dot;
mod eigen;
mod embeddings;
mod error;
mod features;
pub mod fusion;
mod holm;
mod lbfgs;
pub mod maps;
mod metric;
mod neighbours;
mod outcome;
pub mod picture;
mod pool;
mod ranking;
pub mod report;
mod scores;
mod seeds;
mod student;
pub mod trec;
mod truth;
mod vectors;

pub use bootstrap::Bootstrap;
pub use classifier::{Classifier, Examples, Fit};
pub use compare::{Difference, Differences};
pub use embeddings::Embeddings;
pub use error::{Error, Result};
pub use holm::holm;
pub use metric::{Metric, Metrics};
pub use neighbours::Neighbours;
pub use outcome::{CUTOFFS, Outcome, Outcomes};
pub use ranking::{Hit, Ranking, Rankings, Standing, Tie};
pub use report::Report;
pub use scores::Scores;
pub use seeds::{Interval, SeededDifference, Spread};
pub use truth::Truth;
pub use vectors::{Labelled, Vectors};
