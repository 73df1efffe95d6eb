//! Server-sent events, read from bytes as they come, without I/O.

mod framing;

pub use framing::{Boundary, StreamStart};

/// An event, or a comment or empty line outside of one, which has no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its bytes with its line ends, to be handed on as they came.
    pub raw: Vec<u8>,
    /// Its name; empty where it has none.
    pub name: String,
    /// The last number that the stream has given as an id, in this event or before it.
    pub id: Option<u64>,
    /// Its data; lines are joined by line feeds. `None` where it has no `data` field.
    pub data: Option<Vec<u8>>,
}

/// An event has more bytes than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Reads the events of a stream. Holds one event at most, up to a limit of bytes.
#[derive(Debug)]
pub struct Parser {
    most: usize,
    /// The bytes of the event that has not ended yet.
    raw: Vec<u8>,
    /// The place in `raw` at which its last line begins.
    line: usize,
    /// Set once a line of `raw` is a field and not a comment.
    has_field: bool,
    id: Option<u64>,
    /// Set after a carriage return, to which a line feed may belong.
    after_return: bool,
    /// True until the first line has ended.
    is_first_line: bool,
    /// True until the first event has ended: only it may begin with a byte order mark.
    is_first_event: bool,
}

impl Parser {
    /// A stream of which no event may have more than `most` bytes.
    pub fn new(most: usize) -> Parser {
        Parser {
            most,
            raw: Vec::new(),
            line: 0,
            has_field: false,
            id: None,
            after_return: false,
            is_first_line: true,
            is_first_event: true,
        }
    }

    /// Reads on. Returns the events that are complete. Errors: [`TooLong`]; the stream cannot be read any further then.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLong> {
        let mut events = Vec::new();
        // A piece without bytes does not part a carriage return from its line feed.
        if bytes.is_empty() {
            return Ok(events);
        }
        // The event or line has been returned with a carriage return, which is an end by itself.
        let mut rest = match (std::mem::take(&mut self.after_return), bytes) {
            (true, [b'\n', rest @ ..]) => rest,
            _ => bytes,
        };
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, after) = rest.split_at(end);
            let end = match after {
                [b'\r', b'\n', ..] => 2,
                _ => 1,
            };
            let (end, after) = after.split_at(end);
            self.push(line)?;
            events.extend(self.end_line(end)?);
            self.after_return = end == b"\r" && after.is_empty();
            rest = after;
        }
        self.push(rest)?;
        Ok(events)
    }

    /// Returns what has come without an end, as an event. The stream must have ended; a reader of events drops this, and
    /// one that hands the stream on does not.
    pub fn finish(mut self) -> Option<SseEvent> {
        (!self.raw.is_empty()).then(|| self.end_event())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.raw.len().saturating_add(bytes.len()) > self.most {
            return Err(TooLong);
        }
        self.raw.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends a line. Returns the event that ends with it.
    fn end_line(&mut self, end: &[u8]) -> Result<Option<SseEvent>, TooLong> {
        let line = self.raw.get(self.line..).unwrap_or_default();
        let line = if self.is_first_line { without_mark(line) } else { line };
        self.is_first_line = false;
        let (is_empty, is_comment) = (line.is_empty(), line.first() == Some(&b':'));
        self.has_field |= !is_empty && !is_comment;
        self.push(end)?;
        self.line = self.raw.len();
        // A comment between events is returned at once: a server may send nothing else for a long time.
        let ends = is_empty || (is_comment && !self.has_field);
        Ok(ends.then(|| self.end_event()))
    }

    fn end_event(&mut self) -> SseEvent {
        let raw = std::mem::take(&mut self.raw);
        (self.line, self.has_field) = (0, false);
        let text = if std::mem::take(&mut self.is_first_event) { without_mark(&raw) } else { &raw };
        let mut event = SseEvent { raw: Vec::new(), name: String::new(), id: self.id, data: None };
        // The two halves of a line end have an empty line between them, which means nothing.
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            event.read_field(line);
        }
        self.id = event.id;
        SseEvent { raw, ..event }
    }
}

impl SseEvent {
    fn read_field(&mut self, line: &[u8]) {
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (line.get(..colon), line.get(colon.saturating_add(1)..)),
            None => (Some(line), None),
        };
        let value = value.unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field.unwrap_or_default() {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" => self.id = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok()).or(self.id),
            // Comments, and fields that mean nothing here.
            _ => {}
        }
    }
}

/// Bytes without the mark of UTF-8, with which a stream may begin.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}: hello\n\nid: 7\nevent: report\ndata: {\"a\":\ndata: 1}\n\n: alive\n\nevent: news\n\
                        : within\ndata: x\n\ndata:no space\r\n\r\nid: 9\rdata: old\r\rid: nine\ndata: kept\n\ndata\n\n\
                        data: cut";

    /// Name, number and data of each event, and all bytes.
    type Cut = (Vec<(String, Option<u64>, String)>, Vec<u8>);

    /// Events with data, cut every `size` bytes, and all bytes that were handed on.
    fn cut(text: &str, size: usize) -> Cut {
        let mut parser = Parser::new(100);
        let mut events: Vec<SseEvent> =
            text.as_bytes().chunks(size).flat_map(|chunk| parser.feed(chunk).unwrap()).collect();
        events.extend(parser.finish());
        let raw = events.iter().flat_map(|event| event.raw.clone()).collect();
        let with_data = events
            .into_iter()
            .filter_map(|event| Some((event.name, event.id, String::from_utf8(event.data?).unwrap())));
        (with_data.collect(), raw)
    }

    #[test]
    fn a_line_end_stays_one_over_pieces_without_bytes() {
        let mut parser = Parser::new(100);
        let pieces: [&[u8]; 6] = [b"data: a\r\n\r", b"", b"\n", b"data: b\r", b"", b"\n\r\n"];
        let events: Vec<SseEvent> =
            pieces.into_iter().flat_map(|piece| parser.feed(piece).unwrap()).collect();
        let data: Vec<Option<&[u8]>> = events.iter().map(|event| event.data.as_deref()).collect();
        assert_eq!(data, [Some(&b"a"[..]), Some(&b"b"[..])]);
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let event = |name: &str, id, data: &str| (name.to_string(), id, data.to_string());
        let expected = [
            event("report", Some(7), "{\"a\":\n1}"),
            event("news", Some(7), "x"),
            event("", Some(7), "no space"),
            event("", Some(9), "old"),
            event("", Some(9), "kept"),
            event("", Some(9), ""),
            event("", Some(9), "cut"),
        ];
        for size in 1..=TEXT.len() {
            let (events, raw) = cut(TEXT, size);
            assert_eq!(events, expected, "cut every {size} bytes");
            // A line feed that comes after its carriage return has been handed on is left out.
            let bare = |raw: &[u8]| String::from_utf8(raw.to_vec()).unwrap().replace("\r\n", "\r");
            assert_eq!(bare(&raw), bare(TEXT.as_bytes()), "cut every {size} bytes");
        }
        assert_eq!(cut(TEXT, TEXT.len()).1, TEXT.as_bytes());
    }

    #[test]
    fn a_byte_order_mark_is_left_out_at_the_start_of_the_stream_alone() {
        let (events, _) = cut("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n\u{feff}data: d", 1);
        assert_eq!(events.into_iter().map(|(_, _, data)| data).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn comments_between_events_are_handed_on_at_once() {
        let mut parser = Parser::new(100);
        let events = parser.feed(b": alive\ndata: x\n: within\n").unwrap();
        assert_eq!(events.iter().map(|event| &event.raw[..]).collect::<Vec<_>>(), [b": alive\n"]);
        let events = parser.feed(b"\r\n").unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(
            (&events[0].raw[..], events[0].data.as_deref()),
            (&b"data: x\n: within\n\r\n"[..], Some(&b"x"[..]))
        );
        assert_eq!(parser.finish(), None);
        let mut parser = Parser::new(10);
        for _ in 0..100 {
            assert_eq!(parser.feed(b": alive\n").unwrap().len(), 1, "comments have no limit together");
        }
    }

    #[test]
    fn lines_and_events_without_end_are_refused() {
        let mut parser = Parser::new(64);
        assert_eq!(parser.feed(&[b'x'; 65]), Err(TooLong));
        let mut parser = Parser::new(64);
        assert_eq!(parser.feed(&b"data: 0123456789\n".repeat(10)), Err(TooLong));
        let mut parser = Parser::new(64);
        assert_eq!(parser.feed(&b"data: 0123456789\n\n".repeat(10)).unwrap().len(), 10);
    }
}
