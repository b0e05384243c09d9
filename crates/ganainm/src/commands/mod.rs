//! One file a subcommand.

pub(crate) mod completions;
pub(crate) mod compose;
pub(crate) mod corpus;
pub(crate) mod demo;
pub(crate) mod evaluate;
pub(crate) mod find;
pub(crate) mod fuse;
pub(crate) mod importance;
pub(crate) mod index;
pub(crate) mod map;
pub(crate) mod name;
pub(crate) mod pretrain;
pub(crate) mod rank;
pub(crate) mod serve;
pub(crate) mod study;
pub(crate) mod track;
pub(crate) mod train;
