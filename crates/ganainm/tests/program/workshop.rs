//! A small tunebook of made-up tunes, and the program to run on it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Numbers that look random and never change.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// `count` tunes of three dance types, no two alike, in one ABC text.
pub(crate) fn tunebook(count: usize) -> String {
    let first =
        ["Merry", "Lonesome", "Red", "Broken", "Humours of", "Walls of", "Banks of", "Little"];
    let second = ["Blacksmith", "Ennis", "Widow", "Bog", "Fiddler", "Harvest", "Bridge", "Piper"];
    let dances = [("reel", "4/4", 8), ("jig", "6/8", 6), ("polka", "2/4", 4)];
    let mut dice = Dice(27);
    let mut text = String::new();
    for number in 1..=count {
        let (dance, metre, quavers) = dances[number % 3];
        let (a, b) = (first[dice.below(8)], second[dice.below(8)]);
        writeln!(text, "X:{number}\nT:The {a} {b} {number}th\nR:{dance}\nM:{metre}\nL:1/8\nK:D")
            .unwrap();
        for bar in 0..16 {
            for _ in 0..quavers {
                text.push(b"DEFGABcdefga"[dice.below(12)] as char);
            }
            text.push_str(if bar % 8 == 7 { ":|\n" } else { "|" });
        }
        text.push('\n');
    }
    text
}

/// A config that trains in seconds.
pub(crate) const CONFIG: &str = include_str!("small.toml");

/// A pretraining that takes seconds.
pub(crate) const PRETRAINING: &str = r#"
seed = 3
[melody.features]
symbol = 11
duration = 5
next_position = 3
[model]
symbol_dims = 3
duration_hidden = 7
[model.structure.hierarchical]
note = { hidden = 13, layers = 1 }
bar = { hidden = 7, layers = 1 }
output = { hidden = 17, layers = 2 }
[training]
epochs = 6
batch_rows = 1500
evaluate_every = 2
patience = 0
"#;

/// A folder with a tunebook, its corpus and a config.
pub(crate) struct Workshop {
    dir: tempfile::TempDir,
}

impl Workshop {
    /// A corpus of `count` tunes.
    pub(crate) fn new(count: usize) -> Self {
        let workshop = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(workshop.path("book.abc"), tunebook(count)).unwrap();
        std::fs::write(workshop.path("small.toml"), CONFIG).unwrap();
        workshop.succeed(&["corpus", "add", "book.abc", "--db", "corpus.db"]);
        workshop
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program with these arguments, ready to start in the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ganainm"));
        // What is kept from one run to the next is kept in the folder, not in the user's cache.
        command.env("XDG_CACHE_HOME", self.dir.path().join("cache"));
        command.args(args).current_dir(self.dir.path());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs the program, which must succeed; what it printed.
    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program, which must fail without a panic; what it said.
    pub(crate) fn fail(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?} succeeded");
        assert!(!errors.contains("panicked"), "{args:?}: {errors}");
        errors
    }
}
