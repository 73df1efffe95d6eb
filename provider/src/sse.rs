//! Server-sent events, cut from a stream of bytes.

use bytes::{Buf, Bytes, BytesMut};

/// Most bytes of one event.
const MAX_EVENT: usize = 4 << 20;

/// An event that is longer than can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Cuts events from bytes as they come.
#[derive(Default)]
pub(crate) struct Events {
    buffer: BytesMut,
    /// Bytes of the buffer that hold no end of an event.
    seen: usize,
}

impl Events {
    /// Takes more bytes. Errors: [`TooLong`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > MAX_EVENT + bytes.len() { Err(TooLong) } else { Ok(()) }
    }

    /// The next whole event with the empty line that ends it.
    pub fn next(&mut self) -> Option<Bytes> {
        // An end may have begun in the bytes before.
        let from = self.seen.saturating_sub(3);
        let Some(end) = end_of_event(&self.buffer[from..]) else {
            self.seen = self.buffer.len();
            return None;
        };
        self.seen = 0;
        Some(self.buffer.split_to(from + end).freeze())
    }

    /// What is left once the stream has ended.
    pub fn rest(&mut self) -> Option<Bytes> {
        self.seen = 0;
        self.buffer.has_remaining().then(|| self.buffer.split().freeze())
    }
}

/// Where the first event ends: after two line ends in a row.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    let line_ends = |at: usize| match bytes.get(at..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([b'\n' | b'\r', ..]) => 1,
        _ => 0,
    };
    (0..bytes.len()).find_map(|at| {
        let first = line_ends(at);
        let second = if first == 0 { 0 } else { line_ends(at + first) };
        (second > 0).then_some(at + first + second)
    })
}

/// The data of an event, where it is on one line, as OpenAI's is.
pub(crate) fn data(event: &[u8]) -> Option<&[u8]> {
    event
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .find_map(|line| Some(line.strip_prefix(b"data:")?.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    #[test]
    fn line_ends_of_all_kinds_end_an_event() {
        let mut events = Events::default();
        events.push(b"data: a\n\ndata:b\r\n\r\nevent: x\ndata: c\r\rdata: d").unwrap();
        let mut found = Vec::new();
        while let Some(event) = events.next() {
            found.push(data(&event).unwrap().to_vec());
        }
        assert_eq!(found, [b"a", b"b", b"c"]);
        assert_eq!(data(&events.rest().unwrap()), Some(&b"d"[..]));
        assert_eq!(events.rest(), None);
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1 << 20];
        let taken = (0..10).take_while(|_| events.push(&piece).is_ok()).count();
        assert!((4..6).contains(&taken), "{taken}");
    }

    proptest! {
        /// However the bytes are cut, the same events come out.
        #[test]
        fn cuts_change_nothing(cuts in proptest::collection::vec(1_usize..20, 1..40)) {
            let text = "data: one\n\ndata: two\r\n\r\ndata: three\n\ndata: [DONE]\n\n".as_bytes();
            let (mut events, mut found, mut rest) = (Events::default(), Vec::new(), text);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, more) = rest.split_at((*cut).min(rest.len()));
                rest = more;
                events.push(piece).unwrap();
                while let Some(event) = events.next() {
                    found.push(data(&event).unwrap().to_vec());
                }
            }
            prop_assert_eq!(found, [&b"one"[..], b"two", b"three", b"[DONE]"]);
        }
    }
}
