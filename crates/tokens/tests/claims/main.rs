//! What is claimed of tokens, on short tunes, on random ones, and on whole corpora.

#[cfg(test)]
mod common;
#[cfg(test)]
mod corpora;
#[cfg(test)]
mod features;
#[cfg(test)]
mod form;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vocabulary;
