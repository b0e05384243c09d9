//! Tunes as rows of musical features, and the ids of their values.
//!
//! A row is a note, a rest, a bar line, a repeat, an ending, the start of a tuplet: see [`Symbol`].
//! What is known of it are its [`Feature`]s, each with a name by which it can be chosen or left out.
//!
//! ```
//! use tokens::{Facts, Feature, Tokens, Vocabulary, VocabularyOptions};
//!
//! let butterfly = "T:The Butterfly\nR:slip jig\nM:9/8\nL:1/8\nK:Em\n|:B2E G2E F3|B2E G2E FED:|";
//! let tokens = Tokens::new(&abc::read_tune(butterfly), &Facts::default())?;
//! assert_eq!(tokens.value(4, Feature::Pitch).to_string(), "67"); // start, |:, B, E, then G
//! assert_eq!(tokens.value(4, Feature::BarPosition).to_string(), "3/8");
//! assert_eq!(tokens.value(4, Feature::BeatStrength).to_string(), "3");
//! assert_eq!(tokens.value(4, Feature::Degree).to_string(), "3"); // semitones above E
//!
//! let vocabulary = Vocabulary::build([&tokens], &VocabularyOptions::default());
//! let features = [Feature::Symbol, Feature::Duration, "bar_position".parse()?];
//! let encoded = vocabulary.encode(&tokens, &features);
//! assert_eq!(encoded.ids.len(), encoded.rows * features.len());
//! let header = vocabulary.encode_header(&tokens, &[Feature::DanceType, Feature::Key]);
//! assert_eq!(header, [2, 2]); // the first values of their lists; 0 is absent, 1 unknown
//!
//! let in_c = tokens.to_common_tonic()?;
//! assert_eq!(in_c.key().to_string(), "Cmin");
//! # Ok::<(), tokens::Error>(())
//! ```

mod builder;
mod counts;
mod error;
mod feature;
mod form;
mod key;
mod metre;
mod place;
mod read;
mod sounding;
mod statistics;
mod symbol;
mod tokens;
mod transpose;
mod value;
mod values;
mod vocabulary;
mod write;

pub use abc::Duration;
pub use builder::Builder;
pub use error::Error;
pub use feature::Feature;
pub use form::{Fault, FaultKind, Form, MAIN_BEAT, Part, form, is_home};
pub use key::{KeyName, Root, mode_name, parse_mode};
pub use metre::MetreName;
pub use statistics::KeyStatistics;
pub use symbol::{Endings, Symbol};
pub use tokens::{Facts, Head, Tokens};
pub use value::Value;
pub use vocabulary::{ABSENT, Encoded, UNKNOWN, Vocabulary, VocabularyOptions};
