//! A process killed in the middle of an import loses nothing that was there before.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use corpus::{ImportOptions, Stage, Store};

/// Set for the process that is killed: where its store is.
const STORE: &str = "GANAINM_TEST_STORE";

const FIRST: &str = "X:1\nT:Drowsy Maggie\nK:Edor\nE2BE dEBE|E2BE AFDF|\n";

fn big_book() -> Vec<u8> {
    let tune = |x: u32| {
        let note = char::from(b'A' + (x % 7) as u8);
        format!("X:{x}\nT:Tune {x}a\nK:C\nCDEF {note}GAB|c{note}BA GFED|CEG{note} c2BA|\n\n")
    };
    (1..4000).map(tune).collect::<String>().into_bytes()
}

/// The killed process: imports and says when it has begun to write. Does nothing in a normal run.
#[test]
fn child_that_imports() {
    let Some(path) = std::env::var_os(STORE).map(PathBuf::from) else {
        return;
    };
    let store = Store::open(&path).unwrap();
    let mut told = false;
    store
        .import_bytes(("big.abc", big_book()), &ImportOptions::default(), &mut |progress| {
            if progress.stage == Stage::Writing && progress.done > 0 && !told {
                println!("\nwriting");
                told = true;
            }
        })
        .unwrap();
}

fn spawn(store: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_imports", "--nocapture", "--test-threads=1"])
        .env(STORE, store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_at_any_moment_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    let options = ImportOptions::default();
    let first = ("first.abc", FIRST.as_bytes().to_vec());
    Store::open(&path).unwrap().import_bytes(first, &options, &mut |_| {}).unwrap();
    for delay in [0, 1, 3, 7, 15, 31, 63, 127] {
        let mut child = spawn(&path);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let writing = lines.map_while(Result::ok).any(|line| line == "writing");
        assert!(writing);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let corpus = Store::open(&path).unwrap().load().unwrap();
        let first = corpus.work("first:1").unwrap();
        assert_eq!(first.titles[0].text, "Drowsy Maggie");
        let settings = corpus.setting_count();
        assert!(settings == 1 || settings == 4000, "{settings} settings");
        if settings > 1 {
            break;
        }
    }
    let store = Store::open(&path).unwrap();
    let big = ("big.abc", big_book());
    let summary = store.import_bytes(big, &options, &mut |_| {}).unwrap();
    assert_eq!(summary.settings_added + summary.settings_known, 3999);
    assert_eq!(store.load().unwrap().setting_count(), 4000);
}
