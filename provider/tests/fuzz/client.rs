//! A client that sends requests as they should not be sent.

use {
    super::requests::{Manner, Request},
    std::{fmt, net::SocketAddr, time::Duration},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::sleep,
    },
};

/// Bytes by which a request announces more than it sends.
const MISSING: usize = 10;

/// The answer to a request, as far as it came.
#[derive(Default)]
pub struct Answer {
    /// `None` where the connection ended before one.
    pub status: Option<u16>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// True where it came to its end.
    pub is_complete: bool,
    /// True where the request could not be sent as a whole.
    pub broke_off: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let shown: String = text.chars().take(2_000).collect();
        write!(f, "{:?} {:?} complete {}: {shown}", self.status, self.headers, self.is_complete)
    }
}

/// Sends a request in its manner and reads what comes.
pub async fn send(addr: SocketAddr, request: &Request) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let broke_off = write(&mut stream, request).await.is_err();
    let mut bytes = Vec::new();
    match request.manner {
        Manner::Leaves => {
            sleep(Duration::from_millis(2)).await;
            return Answer { broke_off: true, ..Answer::default() };
        }
        Manner::LeavesEarly => {
            let _ = stream.read_buf(&mut bytes).await;
            return Answer { broke_off: true, ..Answer::default() };
        }
        Manner::Short => drop(stream.shutdown().await),
        _ => {}
    }
    while let Ok(read) = stream.read_buf(&mut bytes).await {
        if read == 0 {
            break;
        }
    }
    Answer { broke_off, ..parse(&bytes, request.method == "HEAD") }
}

async fn write(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = request.body.as_deref().unwrap_or_default();
    let chunked = matches!(request.manner, Manner::Chunked | Manner::BrokenChunks);
    match (request.manner, &request.body) {
        _ if chunked => head += "transfer-encoding: chunked\r\n",
        (Manner::Short | Manner::Stalled, _) => {
            head += &format!("content-length: {}\r\n", body.len() + MISSING)
        }
        (_, Some(body)) => head += &format!("content-length: {}\r\n", body.len()),
        _ => {}
    }
    head += "\r\n";
    let mut head = head.into_bytes();
    match request.manner {
        Manner::SpoiledHead => {
            let place = body.len().wrapping_mul(7919) % head.len();
            head[place] = head[place].wrapping_add(1 + u8::try_from(body.len() % 200).unwrap());
        }
        Manner::Dripping => {
            for byte in head.iter().take(40) {
                stream.write_all(&[*byte]).await?;
                sleep(Duration::from_millis(1)).await;
            }
            return Ok(());
        }
        _ => {}
    }
    match chunked {
        true => {
            stream.write_all(&head).await?;
            write_chunks(stream, body, request.manner == Manner::BrokenChunks).await
        }
        false => stream.write_all(&[&head, body].concat()).await,
    }
}

async fn write_chunks(stream: &mut TcpStream, body: &[u8], broken: bool) -> std::io::Result<()> {
    for (number, part) in body.chunks(body.len().div_ceil(3).max(1)).enumerate() {
        let size = if broken && number == 1 { "zz".to_string() } else { format!("{:x}", part.len()) };
        stream.write_all(&[size.as_bytes(), b"\r\n", part, b"\r\n"].concat()).await?;
    }
    // A size without a number, where there was no second part to spoil.
    stream.write_all(if broken { b"-1\r\n\r\n" } else { b"0\r\n\r\n" }).await
}

fn parse(bytes: &[u8], is_head: bool) -> Answer {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Answer::default();
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse::<u16>().ok());
    if status.is_some_and(|status| status < 200) {
        return parse(&bytes[end + 4..], is_head);
    }
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
        .collect();
    let mut answer = Answer { status, headers, ..Answer::default() };
    let rest = &bytes[end + 4..];
    let announced = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    if is_head {
        answer.is_complete = rest.is_empty();
    } else if answer.header("transfer-encoding") == Some("chunked") {
        answer.is_complete = unchunk(rest, &mut answer.body);
    } else {
        answer.is_complete = announced.is_none_or(|length| length == rest.len());
        answer.body = rest.to_vec();
    }
    answer
}

/// Joins chunks; true where the last one is there.
fn unchunk(mut rest: &[u8], body: &mut Vec<u8>) -> bool {
    loop {
        let Some(line) = rest.windows(2).position(|pair| pair == b"\r\n") else { return false };
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some(size) = size else { return false };
        rest = &rest[line + 2..];
        if size == 0 {
            return true;
        }
        if rest.len() < size + 2 {
            body.extend(rest);
            return false;
        }
        body.extend(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
