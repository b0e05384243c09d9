//! Importers, titles, families, splits and the store of tunes.
//!
//! ```
//! use corpus::{ImportOptions, Split, SplitConfig, Store};
//!
//! # fn main() -> Result<(), corpus::Error> {
//! let book = "X:1\nT:Blackbird, The (reel)\nR:reel\nM:4/4\nL:1/8\nK:D\nF2AF ABde|f2ed BAFA|\n";
//! let store = Store::in_memory()?;
//! let name = ("book.abc", book.as_bytes().to_vec());
//! let summary = store.import_bytes(name, &ImportOptions::default(), &mut |_| {})?;
//! assert_eq!(summary.settings_added, 1);
//!
//! let corpus = store.load()?;
//! let work = &corpus.works[0];
//! assert_eq!(work.id, "book:1");
//! assert_eq!(work.titles[0].text, "The Blackbird");
//! assert_eq!(work.dance_type.as_deref(), Some("reel"));
//! assert_eq!(work.settings[0].tune().bars.len(), 2);
//!
//! let split = Split::new(&corpus, &SplitConfig::default())?;
//! split.check(&corpus)?;
//! # Ok(())
//! # }
//! ```

mod atomic;
mod corpus;
mod dance;
mod error;
mod export;
mod families;
mod import;
mod ngrams;
mod reading;
mod split;
mod stats;
mod store;
mod titles;

pub use atomic::atomic_write;
pub use corpus::{Corpus, Setting, Work};
pub use dance::dance_type;
pub use error::Error;
pub use export::ExportFormat;
pub use families::{FAMILY_COSINE, Families, families};
pub use import::{ImportOptions, ImportSummary, Progress, Skipped, Stage};
pub use reading::{Stated, stated};
pub use split::{Split, SplitConfig};
pub use stats::{Count, Stats};
pub use store::{Finding, Store, TitleIndex, TitlePlace};
pub use titles::{Cleaned, Telling, Title, TitleKind, clean_title, fold, telling, without_article};
