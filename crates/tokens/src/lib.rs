//! Musically structured tokens and their vocabulary.

mod builder;
mod counts;
mod error;
mod feature;
mod key;
mod metre;
mod place;
mod read;
mod statistics;
mod symbol;
mod tokens;
mod transpose;
mod value;
mod values;
mod vocabulary;
mod write;

pub use builder::Builder;
pub use error::Error;
pub use feature::Feature;
pub use key::{KeyName, Root, mode_name, parse_mode};
pub use metre::MetreName;
pub use statistics::KeyStatistics;
pub use symbol::{Endings, Symbol};
pub use tokens::{Facts, Head, Tokens};
pub use value::Value;
pub use vocabulary::{ABSENT, Encoded, UNKNOWN, Vocabulary, VocabularyOptions};
