//! The program as its users meet it: its commands run end to end on a small tunebook.
#![expect(clippy::unwrap_used, reason = "a test whose input cannot be made has failed")]

mod cli;
mod composing;
mod finding;
mod fusing;
mod indexing;
mod mapping;
mod naming;
mod serving;
mod studying;
mod tracking;
mod training;
mod transferring;
mod workshop;
