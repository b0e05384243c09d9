//! `ganainm serve` from the command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::workshop::Workshop;

#[test]
fn the_server_answers_and_stops_when_it_is_asked_to() {
    let workshop = Workshop::new(24);
    let mut serve = workshop.command(&["serve", "--db", "corpus.db", "--port", "0"]);
    let mut server = serve.stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let health = ask("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(health.contains("200 OK") && health.contains(r#""works":24"#), "{health}");
    let name = "POST /api/name HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 7\r\n\r\nABc def";
    assert!(ask(name).contains("\"known\":"));
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_taken_port_is_told() {
    let workshop = Workshop::new(24);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = workshop.fail(&["serve", "--db", "corpus.db", "--port", &port]);
    assert!(refused.contains("--port"), "{refused}");
}
