//! Bad bodies: `cargo run --release -p search --example hostile -- HOST:PORT [COUNT] [SEED]` against a running
//! `ganainm serve`. What cannot be a tune must get a 4xx; a tune or MIDI file that was tampered with may still be read. None
//! may bring a 5xx or a silent end, and afterwards the server must answer as before and hold hardly more memory.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Failure = Box<dyn Error>;

const TUNE: &str = "X:1\nT:?\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd|edd gdd|edB dBA:|\n";

/// Bytes more that the server may hold in the end: what its allocator keeps.
const ROOM: i64 = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// More than a body may have, stated.
    TooLong,
    /// More than a body may have, in chunks of which nobody says how many come.
    Endless,
    /// More tunes or notes than are read.
    TooMuch,
    /// Bytes none of which is a note.
    Noise,
    /// A head that is no HTTP.
    NoHttp,
    /// Chunks that are none, lengths that are none.
    BadFraming,
    /// The body ends before it should.
    CutOff,
    /// A MIDI file of which only the head is right.
    FalseMidi,
    /// A tune with bytes changed, put in and taken out.
    Tampered,
    /// A MIDI file with bytes changed.
    TamperedMidi,
}

const KINDS: [Kind; 10] = [
    Kind::TooLong,
    Kind::Endless,
    Kind::TooMuch,
    Kind::Noise,
    Kind::NoHttp,
    Kind::BadFraming,
    Kind::CutOff,
    Kind::FalseMidi,
    Kind::Tampered,
    Kind::TamperedMidi,
];

impl Kind {
    /// Whether a status, 0 for none, is right for it.
    fn allows(self, status: u16) -> bool {
        match self {
            Self::Tampered | Self::TamperedMidi => status == 200 || (400..500).contains(&status),
            // Who hangs up in the middle need not be answered.
            Self::CutOff => status == 0 || (400..500).contains(&status),
            _ => (400..500).contains(&status),
        }
    }
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("name a server: HOST:PORT")?;
    let count: usize = args.next().map_or(Ok(10_000), |n| n.parse())?;
    let mut dice = ChaCha8Rng::seed_from_u64(args.next().map_or(Ok(1), |seed| seed.parse())?);
    let probe = post(TUNE.as_bytes(), &format!("content-length: {}\r\n", TUNE.len()));
    let before = answer(&address, (&probe, false))?;
    let mut statuses: BTreeMap<(Kind, u16), usize> = BTreeMap::new();
    let mut held = 0;
    for turn in 0..count {
        let kind = KINDS[turn % KINDS.len()];
        let (status, _) = answer(&address, (&request(kind, &mut dice), kind == Kind::CutOff))?;
        *statuses.entry((kind, status)).or_default() += 1;
        // What the first tenth takes is the working memory of a server.
        if turn == count / 10 {
            held = memory(&address)?;
        }
    }
    let mut wrong = 0;
    for ((kind, status), count) in &statuses {
        let right = kind.allows(*status);
        wrong += if right { 0 } else { *count };
        println!("{kind:?} {status}: {count}{}", if right { "" } else { "  <- wrong" });
    }
    let grown = memory(&address)? - held;
    println!(
        "{count} bodies, {wrong} answered wrongly; memory grew by {} MB since a tenth of them",
        grown >> 20
    );
    if answer(&address, (&probe, false))? != before {
        return Err("the server answers otherwise than before".into());
    }
    println!("the server answers as before");
    if wrong > 0 || grown > ROOM { Err("the server did not hold".into()) } else { Ok(()) }
}

fn request(kind: Kind, dice: &mut ChaCha8Rng) -> Vec<u8> {
    let sized = |body: &[u8]| post(body, &format!("content-length: {}\r\n", body.len()));
    match kind {
        Kind::TooLong => {
            let length: u64 = dice.random_range((1 << 20) + 1..u64::MAX / 4);
            post(&noise(dice, 1000), &format!("content-length: {length}\r\n"))
        }
        Kind::Endless => {
            let chunk = [b"8000\r\n".to_vec(), vec![b'A'; 0x8000], b"\r\n".to_vec()].concat();
            post(&chunk.repeat(33), "transfer-encoding: chunked\r\n")
        }
        Kind::TooMuch if dice.random() => sized(TUNE.repeat(dice.random_range(21..500)).as_bytes()),
        Kind::TooMuch => sized("ABc def|".repeat(dice.random_range(700..9000)).as_bytes()),
        Kind::Noise => {
            let length = dice.random_range(0..3000);
            sized(&noise(dice, length))
        }
        Kind::NoHttp => [bytes(dice, 200), b"\r\n\r\n".to_vec()].concat(),
        Kind::BadFraming => {
            let heads = [
                "content-length: -1\r\n",
                "content-length: 5\r\ncontent-length: 6\r\n",
                "content-length: many\r\n",
                "transfer-encoding: chunked\r\n",
                "transfer-encoding: zip\r\n",
                "content-length\r\n",
                "a b: c\r\n",
            ];
            post(&noise(dice, 100), heads[dice.random_range(0..heads.len())])
        }
        Kind::CutOff => post(&noise(dice, 100), "content-length: 5000\r\n"),
        Kind::FalseMidi => {
            let length = dice.random_range(0..300);
            sized(&[b"MThd".to_vec(), bytes(dice, length)].concat())
        }
        Kind::Tampered => sized(&tampered(TUNE.as_bytes().to_vec(), dice)),
        Kind::TamperedMidi => sized(&tampered(abc::midi(&abc::read_tune(TUNE)), dice)),
    }
}

fn post(body: &[u8], framing: &str) -> Vec<u8> {
    let head =
        format!("POST /api/name HTTP/1.1\r\nhost: hostile\r\nconnection: close\r\n{framing}\r\n");
    [head.as_bytes(), body].concat()
}

fn bytes(dice: &mut ChaCha8Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| dice.random()).collect()
}

/// Bytes without the letters of notes.
fn noise(dice: &mut ChaCha8Rng, count: usize) -> Vec<u8> {
    let note = |byte: &u8| (b'a'..=b'g').contains(&byte.to_ascii_lowercase());
    bytes(dice, count).into_iter().map(|byte| if note(&byte) { b'!' } else { byte }).collect()
}

fn tampered(mut body: Vec<u8>, dice: &mut ChaCha8Rng) -> Vec<u8> {
    for _ in 0..dice.random_range(1..40) {
        let at = dice.random_range(0..body.len());
        match dice.random_range(0..4) {
            0 => body[at] = dice.random(),
            1 => body.insert(at, dice.random()),
            2 if body.len() > 1 => drop(body.remove(at)),
            _ => {
                let part = body[at..].to_vec();
                body.extend(part);
                body.truncate(100_000);
            }
        }
    }
    body
}

/// Status, 0 for none, and body of the answer to a request, after which nothing more is sent if it is the `last`.
fn answer(address: &str, (request, last): (&[u8], bool)) -> Result<(u16, Vec<u8>), Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    // A server that has read enough may close before all is sent; what it answered is read all the same.
    if stream.write_all(request).is_ok() && last {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.as_bytes().to_vec()))
}

/// Bytes that the server holds, as it says itself.
fn memory(address: &str) -> Result<i64, Failure> {
    let (_, body) = answer(
        address,
        (b"GET /metrics HTTP/1.1\r\nhost: hostile\r\nconnection: close\r\n\r\n", false),
    )?;
    let text = String::from_utf8(body)?;
    let line = text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    Ok(line.ok_or("the server does not tell its memory")?.parse()?)
}
