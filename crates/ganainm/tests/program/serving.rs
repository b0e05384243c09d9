//! `ganainm serve` from the command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::workshop::Workshop;

/// A running server.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    /// Starts it; what it says before it is ready is passed over.
    fn start(workshop: &Workshop, args: &[&str]) -> Self {
        let args = [&["serve", "--db", "corpus.db", "--port", "0"], args].concat();
        let mut child = workshop.command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            Some(line.split("http://").nth(1)?.split('/').next()?.to_owned())
        });
        // What it says later is read too, or it would wait.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.unwrap() }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn name(&self) -> String {
        let head = "POST /api/name HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 20";
        self.ask(&format!("{head}\r\n\r\nABc def gfe dcB AGF "))
    }

    /// Asks it to stop, which it must do without complaint.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn the_server_answers_and_stops_when_it_is_asked_to() {
    let workshop = Workshop::new(24);
    let serving = Serving::start(&workshop, &[]);
    let health = serving.ask("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(health.contains("200 OK") && health.contains(r#""works":24"#), "{health}");
    assert!(serving.name().contains("\"known\":"));
    serving.stop();
}

#[test]
fn a_taken_port_is_told() {
    let workshop = Workshop::new(24);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = workshop.fail(&["serve", "--db", "corpus.db", "--port", &port]);
    assert!(refused.contains("--port"), "{refused}");
}

#[test]
fn while_its_database_is_away_names_are_503_and_then_come_again() {
    let Ok(url) = std::env::var("GANAINM_POSTGRES") else {
        eprintln!("skipped: GANAINM_POSTGRES is not set; see reference/with_postgres.py");
        return;
    };
    let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    admin.batch_execute("DROP DATABASE IF EXISTS served").unwrap();
    admin.batch_execute("CREATE DATABASE served").unwrap();
    let url = format!("{}/served", url.rsplit_once('/').unwrap().0);
    let workshop = Workshop::new(24);
    workshop.succeed(&["index", "--to", &url, "--db", "corpus.db"]);
    let serving = Serving::start(&workshop, &["--vectors", &url]);
    let known = |answer: String| answer.split("\"known\"").nth(1).map(str::to_owned);
    let before = known(serving.name());
    assert!(before.is_some());
    let away = "ALTER DATABASE served ALLOW_CONNECTIONS false; \
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'served'";
    admin.batch_execute(away).unwrap();
    for _ in 0..3 {
        let answer = serving.name();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("retry-after: "));
        assert!(!answer.contains("127.0.0.1"), "where it is concerns nobody: {answer}");
        let find = "GET /api/find?q=walls HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        assert!(serving.ask(find).starts_with("HTTP/1.1 200 "));
    }
    admin.batch_execute("ALTER DATABASE served ALLOW_CONNECTIONS true").unwrap();
    assert_eq!(known(serving.name()), before);
    serving.stop();
}
