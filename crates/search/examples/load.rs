//! Many at once: `cargo run --release -p search --example load -- HOST:PORT [IN FLIGHT] [SECONDS]` against a running
//! `ganainm serve`. Each client asks, one after the other, for a name, for words and for a tune, all of them well known.

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

type Failure = Box<dyn Error + Send + Sync>;

/// Tunes that are asked for.
const TUNES: usize = 200;

/// A connection that is kept.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn open(address: &str) -> Result<Self, Failure> {
        Ok(Self(BufReader::new(TcpStream::connect(address).await?)))
    }

    /// Status and body of the answer to one request.
    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<(u16, Vec<u8>), Failure> {
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: load\r\ncontent-length: {length}\r\n\r\n");
        self.0.get_mut().write_all((head + body).as_bytes()).await?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err("the connection was closed".into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if status.is_none() {
                status = line.split(' ').nth(1).map(str::parse).transpose()?;
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok((status.unwrap_or(0), body))
    }
}

/// A tune to ask for.
struct Tune {
    id: String,
    words: String,
    abc: String,
}

#[derive(Default)]
struct Tally {
    seconds: [Vec<f32>; 3],
    errors: Vec<String>,
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("name a server: HOST:PORT")?;
    let clients: usize = args.next().map_or(Ok(200), |n| n.parse())?;
    let seconds: u64 = args.next().map_or(Ok(60), |n| n.parse())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(run(address, clients, Duration::from_secs(seconds)))
}

async fn run(address: String, clients: usize, time: Duration) -> Result<(), Failure> {
    let tunes: &'static [Tune] = tunes(&address).await?.leak();
    let end = Instant::now() + time;
    let memory = |address: String, at: Duration| async move {
        tokio::time::sleep(at).await;
        memory(&address).await
    };
    let early = tokio::spawn(memory(address.clone(), time / 6));
    let tasks: Vec<_> = (0..clients)
        .map(|client| tokio::spawn(visit(address.clone(), (client, tunes), end)))
        .collect();
    let mut all = Tally::default();
    for task in tasks {
        let own = task.await?;
        all.seconds.iter_mut().zip(own.seconds).for_each(|(all, own)| all.extend(own));
        all.errors.extend(own.errors);
    }
    let late = memory(address, Duration::ZERO).await?;
    let count: usize = all.seconds.iter().map(Vec::len).sum();
    println!(
        "{clients} in flight for {} s: {count} answers, {:.0} a second",
        time.as_secs(),
        count as f64 / time.as_secs_f64()
    );
    for (name, seconds) in ["name", "find", "tune"].iter().zip(&mut all.seconds) {
        seconds.sort_by(f32::total_cmp);
        let at = |share: usize| seconds.get(seconds.len() * share / 100).copied().unwrap_or(0.0);
        println!("{name}: {} answers, median {:.3} s, 95 % {:.3} s", seconds.len(), at(50), at(95));
    }
    println!(
        "memory after a sixth of the time {} MB, at the end {} MB",
        early.await?? >> 20,
        late >> 20
    );
    println!("errors: {}", all.errors.len());
    all.errors.first().map_or(Ok(()), |first| Err(first.clone().into()))
}

/// The best known tunes of the server.
async fn tunes(address: &str) -> Result<Vec<Tune>, Failure> {
    let mut client = Client::open(address).await?;
    let (_, body) = client.ask("GET", &format!("/api/find?k={TUNES}"), "").await?;
    let found: Value = serde_json::from_slice(&body)?;
    let mut tunes = Vec::new();
    for tune in found["found"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&tune["tune"]);
        let (_, body) = client.ask("GET", &format!("/api/tunes/{id}"), "").await?;
        let whole: Value = serde_json::from_slice(&body)?;
        let words: String = text(&tune["title"])
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '+' })
            .collect();
        tunes.push(Tune { id, words, abc: text(&whole["settings"][0]["abc"]) });
    }
    if tunes.is_empty() { Err("the server has no tunes".into()) } else { Ok(tunes) }
}

/// Asks until the time is over.
async fn visit(address: String, (client, tunes): (usize, &'static [Tune]), end: Instant) -> Tally {
    let mut tally = Tally::default();
    let mut connection = None;
    for turn in client.. {
        if Instant::now() >= end {
            break;
        }
        let tune = &tunes[turn % tunes.len()];
        let (method, path, body) = match turn % 3 {
            0 => ("POST", "/api/name".to_owned(), tune.abc.as_str()),
            1 => ("GET", format!("/api/find?q={}", tune.words), ""),
            _ => ("GET", format!("/api/tunes/{}", tune.id), ""),
        };
        let start = Instant::now();
        let asked = async {
            if connection.is_none() {
                connection = Some(Client::open(&address).await?);
            }
            let open = connection.as_mut().ok_or("no connection")?;
            open.ask(method, &path, body).await
        };
        match asked.await {
            Ok((200, _)) => tally.seconds[turn % 3].push(start.elapsed().as_secs_f32()),
            Ok((status, _)) => tally.errors.push(format!("{method} {path}: {status}")),
            Err(error) => {
                tally.errors.push(format!("{method} {path}: {error}"));
                connection = None;
            }
        }
    }
    tally
}

/// Bytes that the server holds, as it says itself.
async fn memory(address: &str) -> Result<u64, Failure> {
    let (_, body) = Client::open(address).await?.ask("GET", "/metrics", "").await?;
    let text = String::from_utf8(body)?;
    let line = text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    Ok(line.ok_or("the server does not tell its memory")?.parse()?)
}
