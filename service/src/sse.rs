//! Server-sent events, read from bytes as they come, without I/O.

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The last number that the stream has given.
    pub id: Option<u64>,
    /// Its text.
    pub data: Vec<u8>,
}

/// An event, or a line of one, has more bytes than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Reads the events of a stream. Holds one event at most, up to a limit of bytes.
pub struct Parser {
    most: usize,
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    kind: Vec<u8>,
    id: Option<u64>,
    after_return: bool,
    begun: bool,
}

impl Parser {
    /// A stream of which no event may have more than `most` bytes.
    pub fn new(most: usize) -> Parser {
        let (line, kind) = (Vec::new(), Vec::new());
        Parser { most, line, data: None, kind, id: None, after_return: false, begun: false }
    }

    /// Reads on. Returns the reports that are complete. Errors: [`TooLong`].
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            let second_half = std::mem::take(&mut self.after_return) && *byte == b'\n';
            match byte {
                _ if second_half => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ if self.line.len() >= self.most => return Err(TooLong),
                _ => self.line.push(*byte),
            }
        }
        Ok(events)
    }

    /// Takes a line. Returns the event that it ends.
    fn end_line(&mut self) -> Result<Option<Event>, TooLong> {
        let line = std::mem::take(&mut self.line);
        let line = if self.begun { &line[..] } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) };
        self.begun = true;
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (line.get(..colon), line.get(colon.saturating_add(1)..)),
            None => (Some(line), None),
        };
        let value = value.unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field.unwrap_or_default() {
            b"data" => self.push_data(value)?,
            b"event" => self.kind = value.to_vec(),
            b"id" => self.id = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok()).or(self.id),
            // Comments, and fields that mean nothing here.
            _ => {}
        }
        Ok(None)
    }

    fn push_data(&mut self, value: &[u8]) -> Result<(), TooLong> {
        let data = match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data
            }
            None => self.data.insert(Vec::new()),
        };
        if data.len().saturating_add(value.len()) > self.most {
            return Err(TooLong);
        }
        data.extend_from_slice(value);
        Ok(())
    }

    fn end_event(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        let data = self.data.take()?;
        matches!(kind.as_slice(), b"report" | b"" | b"message").then_some(Event { id: self.id, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: Option<u64>, data: &str) -> Event {
        Event { id, data: data.into() }
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let text = "\u{feff}: hello\n\nid: 7\nevent: report\ndata: {\"a\":\ndata: 1}\n\n: alive\n\nevent: news\ndata: x\n\n\
                    data:no space\r\n\r\nid: 9\rdata: old\r\rid: nine\ndata: kept\n\ndata\n\ndata: cut";
        let expected = [
            event(Some(7), "{\"a\":\n1}"),
            event(Some(7), "no space"),
            event(Some(9), "old"),
            event(Some(9), "kept"),
            event(Some(9), ""),
        ];
        for size in 1..=text.len() {
            let mut parser = Parser::new(100);
            let chunks = text.as_bytes().chunks(size);
            let events: Vec<Event> = chunks.flat_map(|chunk| parser.feed(chunk).unwrap()).collect();
            assert_eq!(events, expected, "cut every {size} bytes");
        }
    }

    #[test]
    fn lines_and_events_without_end_are_refused() {
        let mut parser = Parser::new(64);
        assert_eq!(parser.feed(&[b'x'; 65]), Err(TooLong));
        let mut parser = Parser::new(64);
        assert_eq!(parser.feed(&b"data: 0123456789\n".repeat(10)), Err(TooLong));
    }
}
