//! Clients against servers that the test plays.

use {
    super::*,
    std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        thread,
    },
};

/// A server that answers one request with a body which goes on until `most` bytes, or without an end.
fn server(head: &'static str, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret-key", listener.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut connection, _)) = listener.accept() {
            answer(&mut connection, head, &body);
        }
    });
    url
}

fn answer(connection: &mut TcpStream, head: &str, body: &[u8]) {
    let mut request = [0; 4_096];
    let _ = connection.read(&mut request);
    let _ = connection.write_all(head.as_bytes());
    if !body.is_empty() {
        let _ = connection.write_all(body);
        return;
    }
    let endless = [b'['; 65_536];
    while connection.write_all(&endless).is_ok() {}
}

const ENDLESS: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off() {
    let url = server(ENDLESS, Vec::new());
    let client = build(client_builder(&url).unwrap()).unwrap();
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(read_bounded(response, 100_000).await, Err(HttpError::TooLong(100_000)));
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_read() {
    let url = server("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n", vec![b'x'; 101]);
    let client = build(client_builder(&url).unwrap()).unwrap();
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(read_bounded(response, 100).await, Err(HttpError::TooLong(100)));
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(read_bounded(response, 101).await.map(|body| body.len()), Ok(101));
}

#[test]
fn a_file_of_certificates_has_some() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for text in ["", "no certificate"] {
        fs::write(&file, text).unwrap();
        assert!(matches!(read_certificates(&file), Err(HttpError::Certificates { .. })), "{text}");
    }
    assert!(matches!(set_ca_file(&folder.path().join("none")), Err(HttpError::Certificates { .. })));
}

#[test]
fn this_machine_is_told_from_others() {
    for url in ["http://127.0.0.1:8899", "http://127.9.9.9", "http://localhost:1/x", "https://[::1]:443"] {
        assert!(is_loopback(url), "{url}");
    }
    for url in ["http://10.0.0.1", "https://localhost.example", "http://128.0.0.1", "nonsense"] {
        assert!(!is_loopback(url), "{url}");
    }
}
