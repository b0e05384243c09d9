//! Tunes that a small, hardly trained model composes.

use crate::workshop::Workshop;
use serde_json::Value;

/// A model that learns in seconds, and not much.
const SMALL: &str = r#"
seed = 3
[melody]
features = { symbol = 11, duration = 5, next_position = 3, dance_type = 2, key = 3 }
[model]
structure = { flat = { hidden = 17, layers = 1 } }
[training]
epochs = 2
"#;

#[test]
fn tunes_are_composed_printed_and_checked() {
    let workshop = Workshop::new(80);
    std::fs::write(workshop.path("language.toml"), SMALL).unwrap();
    workshop.succeed(&["pretrain", "language.toml", "--run", "run", "--db", "corpus.db"]);
    let base = ["compose", "run", "--key", "Dmaj", "--seed", "5", "-n"];
    let with = |rest: &[&str]| workshop.succeed(&[&base[..], rest].concat());
    let lines: Vec<Value> = with(&["7", "--json", "--midi", "midi"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[7]["summary"]["sound_first_time"], 7);
    for (line, number) in lines[..7].iter().zip(1..) {
        assert_eq!(line["x"], number.to_string());
        assert_eq!(line["faults"].as_array().unwrap().len(), 0);
        assert!(line["abc"].as_str().unwrap().contains("M:4/4"), "{line}");
        let midi = std::fs::read(workshop.path(format!("midi/{number}.mid"))).unwrap();
        assert!(midi.starts_with(b"MThd"));
    }
    let text = with(&["2"]);
    assert!(text.contains("T:Gan ainm 1") && text.contains("R:reel") && text.contains("K:Dmaj"));
    assert!(text.starts_with(lines[0]["abc"].as_str().unwrap()));
    let refused = workshop.fail(&["compose", "run", "--type", "tango"]);
    assert!(refused.contains("tango") && refused.contains("jig, polka, reel"), "{refused}");
    assert!(workshop.fail(&["compose", "run", "--key", "H"]).contains("--key H"));
    assert!(workshop.fail(&["compose", "run", "--temperature", "-1"]).contains("temperature"));
}
