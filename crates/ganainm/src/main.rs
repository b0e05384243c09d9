//! The command line of Gan Ainm.
fn main() {}
