//! Puts the commit of the source into the program, for the record of each run.

use std::process::Command;

fn main() {
    // The log grows with every commit, checkout and reset; outside a checkout there is none.
    let watched = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    println!("cargo::rerun-if-changed={}", watched.as_deref().unwrap_or("build.rs"));
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    println!("cargo::rustc-env=GANAINM_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// What git answers in this folder, if it does.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
