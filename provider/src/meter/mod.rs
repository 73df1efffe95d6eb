//! Measures an answer by what its upstream sends. Nothing here does I/O.
//!
//! [`Meter`] takes the bytes of a stream as they come and gives those to pass on; [`read_whole`] reads an answer that is not
//! streamed. Both end in one [`Outcome`], by which the job is settled once. Another form of answers: add it to
//! [`AnswerForm`].
//!
//! Rules:
//! - Usage may stand in any event and come often. It is cumulative: the last word counts, for prompt and answer separately. A
//!   number that is 0 or missing says nothing, so that it takes nothing back.
//! - A usage without the tokens of a cache, after one with them, has left them out: it takes nothing back.
//! - Text that comes after the last word about the answer is counted and added ([`Text`]). So an answer that breaks off is
//!   charged by the upstream's last word and the text since, and one without usage by its text.
//! - Events before the first text are passed on with it: until then another upstream can answer in the place of this one.
//! - An error of the upstream is kept to the end, so that it is settled before the client gets it, and it is never lost.

mod count;
mod form;
mod outcome;
mod part;
mod prompt;
mod rewrite;
mod total;
mod usage;

pub(crate) use form::AnswerForm;
use {
    crate::{members::Members, price::Tokens},
    blockable_service::sse::{Parser, SseEvent, TooLong},
    form::Reading,
    std::collections::BTreeSet,
    total::Count,
};
pub(crate) use {
    outcome::{AnswerEnd, Outcome, Stop},
    part::tokens_of_part,
    prompt::prompt_tokens,
    rewrite::Rewrite,
};

/// Most bytes of one event.
const MAX_EVENT: usize = 4 << 20;
/// Most bytes of events that wait for the first text.
const MAX_EARLY: usize = 64 << 10;
/// Times the limit that an answer may have by the text that is counted. Digits, three of which may be one token, make three times
/// as many, and long words of a vocabulary five times; a limit that is passed by more is one that the upstream does not keep.
const MOST_LIMITS: u64 = 8;
/// Tokens above that, for short answers of long tokens.
const MORE_TOKENS: u64 = 1_024;

/// Measures a stream.
///
/// Owned by the task that pumps the stream. What it keeps back (the upstream's last usage, error and last event) goes to the
/// client once the job is settled: see [`Meter::take_kept`].
pub(crate) struct Meter {
    form: AnswerForm,
    rewrite: Rewrite,
    parser: Parser,
    count: Count,
    /// Events before the first text; `None` once they have been passed on.
    early: Option<Vec<u8>>,
    has_begun: bool,
    /// The number that the next event of `/v1/responses` has.
    next_sequence: u64,
    going_on: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// True while the last event with usage or text had usage alone: such usage comes at the end.
    ended_with_usage: bool,
    /// True while the last event with text, or an end of it, was such an end.
    ended_part: bool,
    kept_usage: Option<Vec<u8>>,
    kept_last: Option<Vec<u8>>,
    error: Option<Vec<u8>>,
    is_over: bool,
}

impl Meter {
    /// A stream of a form, whose events are rewritten for the client.
    pub(crate) fn new(form: AnswerForm, rewrite: Rewrite) -> Meter {
        Meter {
            form,
            rewrite,
            parser: Parser::new(MAX_EVENT),
            count: Count::default(),
            early: Some(Vec::new()),
            has_begun: false,
            next_sequence: 0,
            going_on: BTreeSet::new(),
            ended: BTreeSet::new(),
            ended_with_usage: false,
            ended_part: false,
            kept_usage: None,
            kept_last: None,
            error: None,
            is_over: false,
        }
    }

    /// Reads on and adds what is to be passed on at once to `out`. Errors: [`TooLong`]; the stream cannot be read any further.
    pub(crate) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), TooLong> {
        for event in self.parser.feed(bytes)? {
            self.take(event, out);
        }
        Ok(())
    }

    /// True once the last event has come: nothing after it counts but usage.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// True once usage covers all that was delivered. Without it usage may follow the last event.
    pub(crate) fn has_usage(&self) -> bool {
        self.count.stated.generated > 0 && self.count.since.is_empty()
    }

    /// True where all text has come and usage is still to be stated: it follows within a moment.
    pub(crate) fn awaits_usage(&self) -> bool {
        let all_ended = self.ended.is_empty() || self.going_on.is_subset(&self.ended);
        (self.is_over || (self.ended_part && all_ended)) && !self.has_usage()
    }

    /// True once the answer is far above a limit in tokens, which the upstream then does not keep: by the usage that it states on the
    /// way and the text since, else by all text.
    pub(crate) fn is_above(&self, limit: u64) -> bool {
        self.count.least() > limit.saturating_mul(MOST_LIMITS).saturating_add(MORE_TOKENS)
    }

    /// True once all answers that have begun have ended.
    fn has_all_text(&self) -> bool {
        self.is_over || (!self.ended.is_empty() && self.going_on.is_subset(&self.ended))
    }

    /// The upstream's error, once it has said that it failed: usage may still follow.
    pub(crate) fn error(&self) -> Option<&[u8]> {
        self.error.as_deref()
    }

    /// True once an event has been passed on.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The number that the next event of `/v1/responses` has.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Ends the stream. `out` gets what was left without an end, where the upstream ended it.
    pub(crate) fn finish(
        &mut self,
        stop: Stop,
        count_prompt: impl FnOnce() -> u64,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let parser = std::mem::replace(&mut self.parser, Parser::new(0));
        if stop == Stop::Ended
            && let Some(mut rest) = parser.finish()
        {
            rest.raw.extend_from_slice(b"\n\n");
            self.take(rest, out);
        }
        out.extend(self.early.take().unwrap_or_default());
        let is_whole = self.ended_with_usage || self.has_all_text();
        let end = match stop {
            _ if self.error.is_some() => AnswerEnd::Error,
            _ if self.is_over => AnswerEnd::Complete,
            Stop::ClientLeft => AnswerEnd::Stopped(stop),
            Stop::Ended if is_whole => AnswerEnd::Complete,
            Stop::Ended => AnswerEnd::CutShort,
            stop => AnswerEnd::Stopped(stop),
        };
        Outcome { error: self.error.clone(), ..self.count.finish(end, count_prompt) }
    }

    /// The upstream's last usage and its last event, for the client once the job is settled.
    pub(crate) fn take_kept(&mut self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        (self.kept_usage.take(), self.kept_last.take())
    }

    fn take_late_usage(&mut self, event: &SseEvent) {
        let data = event.data.as_deref().unwrap_or_default();
        let Some(members) = Members::read(data.trim_ascii()) else { return };
        let reading = self.form.read_event(&event.name, &members);
        if reading.usage.is_some() {
            self.count.add(&Reading { usage: reading.usage, ..Reading::default() });
            if reading.is_bare {
                self.kept_usage = self.rewrite.event(event, data, &reading).or(self.kept_usage.take());
            }
        }
    }

    fn take(&mut self, event: SseEvent, out: &mut Vec<u8>) {
        if self.is_over {
            return self.take_late_usage(&event);
        }
        let Some(data) = event.data.as_deref() else {
            // Comments and empty lines keep a connection alive; fields without data mean nothing.
            let text = event.raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&event.raw);
            match text.first() {
                // The words of a comment are the upstream's own.
                Some(b':') => out.extend_from_slice(b":\n\n"),
                Some(b'\r' | b'\n') => out.extend_from_slice(&event.raw),
                _ => {}
            }
            return;
        };
        if data.trim_ascii() == b"[DONE]" {
            (self.is_over, self.kept_last) = (true, Some(b"data: [DONE]\n\n".to_vec()));
            return;
        }
        let Some(members) = Members::read(data.trim_ascii()) else {
            // No event of any form. Clients would fail at it, and it may be a page of some proxy.
            if event.name == "error" {
                self.error.get_or_insert_with(|| data.to_vec());
            }
            return;
        };
        let reading = self.form.read_event(&event.name, &members);
        self.count.add(&reading);
        self.going_on.extend(&reading.going_on);
        self.ended.extend(&reading.ended);
        self.next_sequence = reading.sequence.map_or(self.next_sequence, |number| number.saturating_add(1));
        if !reading.text.is_empty() || reading.usage.is_some() {
            self.ended_with_usage = reading.is_bare;
        }
        let ends = reading.ends_part || !reading.ended.is_empty();
        if !reading.text.is_empty() || ends {
            self.ended_part = ends;
        }
        if reading.is_error {
            self.error.get_or_insert_with(|| data.to_vec());
            self.is_over |= reading.is_last;
            return;
        }
        let Some(passed) = self.rewrite.event(&event, data, &reading) else { return };
        if reading.is_last {
            (self.is_over, self.kept_last) = (true, Some(passed));
        } else if reading.is_bare {
            self.kept_usage = Some(passed);
        } else {
            let finishes = reading.finished.is_some_and(|(_, quarters)| quarters > 0);
            let begins = !reading.text.is_empty() || finishes || !reading.ended.is_empty();
            self.pass(&passed, begins, out);
        }
    }

    /// Passes an event on, or keeps it for the first one that `begins` the answer.
    fn pass(&mut self, event: &[u8], begins: bool, out: &mut Vec<u8>) {
        match &mut self.early {
            Some(early) if !begins && early.len().saturating_add(event.len()) <= MAX_EARLY => {
                early.extend_from_slice(event);
            }
            early => {
                self.has_begun = true;
                out.extend(early.take().unwrap_or_default());
                out.extend_from_slice(event);
            }
        }
    }
}

/// Reads an answer that is not streamed, and rewrites it for the client. `None` where it is no answer of the form and states no usage.
///
/// An answer with an error and without usage costs nothing.
pub(crate) fn read_whole(
    form: AnswerForm,
    rewrite: &Rewrite,
    body: &[u8],
    count_prompt: impl FnOnce() -> u64,
) -> Option<(Outcome, Vec<u8>)> {
    let members = Members::read(body)?;
    let reading = form.read_whole(&members);
    let says_nothing = reading.usage.unwrap_or_default() == Tokens::default();
    if says_nothing && (reading.is_error || !reading.is_answer) {
        return None;
    }
    let mut count = Count::default();
    count.add(&reading);
    // Usage comes with the whole text: one that says nothing about the answer leaves the text to be counted.
    let mut outcome = count.finish(AnswerEnd::Complete, count_prompt);
    if reading.is_error {
        (outcome.end, outcome.error) = (AnswerEnd::Error, Some(body.to_vec()));
    }
    Some((outcome, rewrite.whole(body)?))
}

#[cfg(test)]
mod tests;
