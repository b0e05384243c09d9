//! A bounded fuzzer: seeded mutations of tunes must never panic, take long, or lose their place.
//! `GANAINM_FUZZ_ITERATIONS` raises the number of mutations.

mod common;

use std::time::{Duration, Instant};

/// Constructs of every kind, for the mutations to break.
const SEEDS: [&str; 8] = [
    "X:1\nT:Drowsy Maggie\nR:reel\nM:4/4\nL:1/8\nK:Edor\n|:E2BE dEBE|E2BE AFDF:|\n",
    "X:2\nT:Caf\\'e &eacute;\nM:6/8\nK:G\nP:AABB\nP:A\nd2B (3GAB|{c}d>B [GBd]2|1 G3 :|2 G3 ||\nP:B\nz3 Z4|]\n",
    "%abc-2.1\nM:C|\n\nX:3\nT:A\nT:B\nK:HP\n!trill!a~b.c \"Am\"e-|e [K:Am^f] f & g2 |[M:3/4] (5abcde|\nw:la la\n",
    "X:4\nV:1 clef=treble-8\nV:2 bass\nK:D exp _b ^f\n[V:1]A<B>>c|[V:2]D4|\nV:1\nd`e/f//g3/2|y2 x|\n%%score 2 1\n",
    "X:5\nU:n=!fermata!\nI:propagate-accidentals octave\nL:1/16\nK:none\n^^A__B=C,,d''|[1,3A:|[2-4B::c:|:d|]\\\n% c\n",
    "X:6\nK:C\n(& CDEF | GABc &\nc4 | c4 &)|[r:x]C=20D=3DE|+trill+F +CEG+|.|[|]C:|\n\nD|E|F|\n",
    "X:7\nT:x\n%%begintext\n\nX\n%%endtext\nK:Bb\n(3:2:4A2>B c|(3::2ab|(2(3abc|$A!B*C;D@E#F?|\n",
    "T:no number\nK:G\nGAB|\nX:8\nM:2+3/8\nQ:1/4=120\nK:clef=bass\n[A:b]`[CE-]-[CE]|",
];

/// The generator of the mutations: small, seeded, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // Xorshift64 (Marsaglia, 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutate(text: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    const TOKENS: [&str; 24] = [
        "|",
        ":",
        "[",
        "]",
        "(3",
        ">",
        "<",
        "-",
        "{",
        "}",
        "\"",
        "!",
        "&",
        "\n",
        "\n\n",
        "X:9\n",
        "K:",
        "[V:2]",
        "99999999999",
        "/",
        "^",
        "|1",
        "\u{e9}",
        "\\",
    ];
    let at = random.below(text.len() + 1);
    match random.below(6) {
        0 if at < text.len() => text[at] = random.below(256) as u8,
        1 => drop(text.splice(at..at, TOKENS[random.below(TOKENS.len())].bytes())),
        2 => drop(text.drain(at..(at + random.below(9)).min(text.len()))),
        3 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            let to = (from + random.below(60)).min(other.len());
            text.splice(at..at, other[from..to].iter().copied());
        }
        4 => text.truncate(at),
        _ => {
            let piece = text[at..(at + random.below(20)).min(text.len())].to_vec();
            (0..random.below(5)).for_each(|_| drop(text.splice(at..at, piece.iter().copied())));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let books = common::book("thesession.abc").into_iter().chain(common::more_books());
    for book in books {
        seeds.extend(abc::split(&book).step_by(97).map(|source| source.text.as_bytes().to_vec()));
    }
    seeds
}

#[test]
fn mutated_tunes_are_read_and_written() {
    let iterations = std::env::var("GANAINM_FUZZ_ITERATIONS");
    let iterations = iterations.ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let seeds = seeds();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for iteration in 0..iterations {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        bytes.truncate(2000);
        for _ in 0..=random.below(6) {
            mutate(&mut bytes, &seeds, &mut random);
        }
        let text = abc::decode(&bytes);
        let book = abc::read(&text);
        for tune in &book.tunes {
            common::check_positions(&text, tune);
            if iteration % 4 == 0 {
                common::check_writing(tune);
            }
        }
        abc::read_tune(&text);
    }
}

/// Reads a text made of one piece over and over, and panics when it takes longer than it may.
fn check_time(piece: &str, head: &str) {
    let length = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let text = format!("{head}{}", piece.repeat(length / piece.len()));
    let start = Instant::now();
    let book = abc::read(&text);
    let playing: usize = book.tunes.iter().map(|tune| tune.unfold().len()).sum();
    let took = start.elapsed();
    // Linear reading takes a fraction of a second; quadratic reading would take hours.
    assert!(took < Duration::from_secs(10), "{piece:?} took {took:?} ({playing} bars)");
}

#[test]
fn hostile_lines_take_linear_time() {
    let pieces = [
        "C", "C|", "[", "[C", "{", "{C", "\"", "!", "+", "(", "(3", "(3C", "&", "-", "C-", "C>",
        ">", ":", "|:", "|1C", "[1C|", "[1-99,", "[K:", "[V:1]C", "#", "\u{e9}", "^", "C'", "Z9|",
        "C/", "|:C::", "]", "=20", "[r:", "%", "C\\", "C2>D|", "[P:A]C|", "(&C|", "C&D",
    ];
    for piece in pieces {
        check_time(piece, "X:1\nK:C\n");
    }
}

#[test]
fn hostile_books_take_linear_time() {
    let pieces = [
        "X:1\n",
        "\n",
        "K:C\n",
        "T:a\nK:C\nC|\n\n",
        "T:a\n",
        "\nK:C\n",
        "%%begintext\n",
        "V:1\n",
        "V:a%\n",
        "X:1\nK:C\n#\n",
        "+:a\n",
        "C|\n\n",
        "w:a\n",
        "P:A\nC|\n",
        "\\'e",
        "&eacute",
        "\\",
        "%",
        "\\%",
    ];
    for piece in pieces {
        check_time(piece, "");
        check_time(piece, "X:1\nT:");
        check_time(piece, "X:1\nP:A\nK:C\nP:A\nC|\n");
        check_time(piece, "M:6/8\nC:x\n\nX:1\nK:C\n");
    }
}
