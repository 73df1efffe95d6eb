//! The outer form of a stream of events: its first bytes, and the places between its events.

use super::without_mark;

/// Tells from its first bytes whether an answer is a stream of events. Holds a few bytes at most, however many blanks come first.
#[derive(Debug, Default)]
pub struct StreamStart {
    /// The first bytes without blanks before them.
    first: Vec<u8>,
}

impl StreamStart {
    /// Takes more of the first bytes. Returns true for a stream of events, false for something else, `None` where more must come.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<bool> {
        self.first.extend_from_slice(if self.first.is_empty() { bytes.trim_ascii_start() } else { bytes });
        begins_events(&self.first)
    }

    /// The bytes that have come, without blanks before them, which mean nothing in events and in JSON.
    pub fn into_bytes(self) -> Vec<u8> {
        self.first
    }
}

fn begins_events(bytes: &[u8]) -> Option<bool> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    const STARTS: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];
    let text = without_mark(bytes).trim_ascii_start();
    if STARTS.iter().any(|start| text.starts_with(start)) {
        return Some(true);
    }
    let may_become = STARTS.iter().any(|start| start.starts_with(text)) || MARK.starts_with(text);
    if may_become { None } else { Some(false) }
}

/// Follows a stream from piece to piece, to know where it stands between two events.
#[derive(Debug)]
pub struct Boundary {
    /// Set at the end of an event, and at the start of the stream.
    is_between: bool,
    /// Set where the line that comes has no byte yet.
    is_line_empty: bool,
    /// Set after a carriage return, to which a line feed may belong.
    after_return: bool,
}

impl Boundary {
    /// The start of a stream.
    pub fn new() -> Boundary {
        Boundary { is_between: true, is_line_empty: true, after_return: false }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let ends = bytes.iter().rev().take_while(|byte| is_end(byte)).count();
        let (text, ends) = bytes.split_at(bytes.len().saturating_sub(ends));
        if !text.is_empty() {
            *self = Boundary { is_between: false, is_line_empty: false, after_return: false };
        }
        for byte in ends {
            if !(std::mem::take(&mut self.after_return) && *byte == b'\n') {
                self.is_between |= self.is_line_empty;
                self.is_line_empty = true;
            }
            self.after_return = *byte == b'\r';
        }
    }

    /// True between two events.
    pub fn is_between(&self) -> bool {
        self.is_between
    }
}

impl Default for Boundary {
    fn default() -> Boundary {
        Boundary::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_first_bytes_however_they_are_cut() {
        let start = |pieces: &[&[u8]]| {
            let mut start = StreamStart::default();
            let known: Vec<Option<bool>> = pieces.iter().map(|piece| start.feed(piece)).collect();
            assert!(known[..known.len() - 1].iter().all(Option::is_none), "{known:?}");
            (known[known.len() - 1], String::from_utf8_lossy(&start.into_bytes()).into_owned())
        };
        for (pieces, is_stream) in [
            (&[&b"data: 1"[..]][..], Some(true)),
            (&[b": alive\n"], Some(true)),
            (&[b"\n\r\n", b" \n", b"ev", b"ent", b": x"], Some(true)),
            (&[b"\xef", b"\xbb\xbf", b"\n", b"id:"], Some(true)),
            (&[b"\n", b"{\"id\": 1}"], Some(false)),
            (&[b"dat", b"es"], Some(false)),
            (&[b"da"], None),
            (&[b""], None),
        ] {
            assert_eq!(start(pieces).0, is_stream, "{pieces:?}");
        }
        assert_eq!(start(&[b" \n", b"\n ", b"re", b"try: 5\n"]), (Some(true), "retry: 5\n".to_string()));
        let mut blanks = StreamStart::default();
        for _ in 0..1_000 {
            assert_eq!(blanks.feed(&[b'\n'; 1_000]), None);
            assert_eq!(blanks.first.len(), 0, "blanks are not collected");
        }
    }

    #[test]
    fn the_place_between_events_is_known_however_they_are_cut() {
        let between = |pieces: &[&str]| {
            let mut boundary = Boundary::new();
            pieces.iter().for_each(|piece| boundary.feed(piece.as_bytes()));
            boundary.is_between()
        };
        for pieces in [
            &[][..],
            &["data: 1\n\n"],
            &["data: 1\r\n\r\n"],
            &["data: 1\r\r"],
            &["data: 1\n\r\n"],
            &["data: 1\r\n\n"],
            &["data: 1", "\r\n", "\r", "\n"],
            &["data: 1\n", "", "\n"],
            &["data: 1\n\n", "\n"],
        ] {
            assert!(between(pieces), "{pieces:?}");
        }
        for pieces in [
            &["data: 1"][..],
            &["data: 1\n"],
            &["data: 1\r\n"],
            &["data: 1\r", "\n"],
            &["data: 1\n\n", "data: 2\n"],
        ] {
            assert!(!between(pieces), "{pieces:?}");
        }
    }
}
