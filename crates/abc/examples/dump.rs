//! Prints every tune of a book as one line of JSON, for comparison with other readers.
//!
//! `cargo run --example dump -- BOOK.abc`, or `-` for standard input.

use std::io::{Read, Write};

use abc::{Complaint, Duration, Fill, Metre, Tune};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "-".to_owned());
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(&path)?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (_, tune) in abc::tunes(&abc::decode(&bytes)) {
        writeln!(out, "{}", dump(&tune))?;
    }
    out.flush()
}

fn dump(tune: &Tune) -> Value {
    let written: Vec<Value> = tune
        .notes()
        .map(|placed| {
            let (onset, length) = (placed.onset, placed.note.duration);
            json!([
                placed.note.pitch.midi(),
                onset.num(),
                onset.den(),
                length.num(),
                length.den(),
                placed.bar,
                u8::from(placed.note.tied)
            ])
        })
        .collect();
    let played: Vec<Value> = tune
        .melody()
        .iter()
        .map(|tone| {
            let (onset, length) = (tone.onset, tone.duration);
            json!([tone.pitch.midi(), onset.num(), onset.den(), length.num(), length.den()])
        })
        .collect();
    let fills = tune.fills();
    let metres = tune.metres();
    let bars: Vec<Value> = (0..tune.bars.len())
        .map(|bar| filled(tune.bars[bar].length(), fills[bar], metres[bar]))
        .collect();
    json!({
        "x": tune.header.number,
        "title": tune.header.titles.first(),
        "metre": tune.header.metre.map(|metre| metre.to_string()),
        "key": tune.header.key.to_string(),
        "written": written,
        "played": played,
        "bars": bars,
        "complaints": tune.complaints.iter().map(complaint).collect::<Vec<_>>(),
    })
}

fn filled(length: Duration, fill: Fill, metre: Option<Metre>) -> Value {
    let (beats, value) = metre.map_or((0, 0), |metre| (metre.numerator, metre.denominator));
    json!([length.num(), length.den(), fill.is_sound(), beats, value])
}

fn complaint(complaint: &Complaint) -> Value {
    json!({
        "line": complaint.line,
        "column": complaint.column,
        "kind": complaint.kind.to_string(),
        "message": complaint.message,
        "touches_notes": complaint.kind.touches_notes(),
    })
}
