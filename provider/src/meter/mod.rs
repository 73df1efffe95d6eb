//! Measures an answer by what its upstream sends. Nothing here does I/O.
//!
//! [`Meter`] takes the bytes of a stream as they come and gives those to pass on; [`read_whole`] reads an answer that is not
//! streamed. Both end in one [`Outcome`], by which the job is settled once. Another form of answers: add it to
//! [`AnswerForm`].
//!
//! Rules:
//! - Usage may stand in any event and come often. It is cumulative: the last word counts, for prompt and answer separately. A
//!   number that is 0 or missing says nothing, so that it takes nothing back.
//! - Text that comes after the last word about the answer is counted and added ([`Text`]). So an answer that breaks off is
//!   charged by the upstream's last word and the text since, and one without usage by its text.
//! - An error of the upstream is kept to the end, so that it is settled before the client gets it, and it is never lost.

mod count;
mod form;
mod members;
mod rewrite;
mod usage;

pub(crate) use form::AnswerForm;
use {
    crate::price::Tokens,
    blockable_service::sse::{Parser, SseEvent, TooLong},
    count::Text,
    form::Reading,
    members::Members,
    std::collections::BTreeSet,
};
pub(crate) use {count::prompt_tokens, rewrite::Rewrite};

/// Most bytes of one event.
const MAX_EVENT: usize = 4 << 20;

/// The way in which the reading of an answer stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The upstream ended it.
    Ended,
    /// It took longer than it may in all.
    TookTooLong,
    /// Nothing came from the upstream for too long.
    Silent,
    /// The connection to the upstream broke.
    Broke,
    /// An event or the answer was too large.
    TooLarge,
    /// The client left, or read too slowly.
    ClientLeft,
    /// The server stops.
    ServerStops,
}

/// The way in which an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerEnd {
    /// It is whole.
    Complete,
    /// The upstream said that it failed.
    Error,
    /// The upstream ended it before it was whole.
    CutShort,
    /// It stopped for another reason than its end.
    Stopped(Stop),
}

impl AnswerEnd {
    /// Its name in the usage log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            AnswerEnd::Complete => "complete",
            AnswerEnd::Error => "upstream_error",
            AnswerEnd::CutShort | AnswerEnd::Stopped(Stop::Ended) => "cut_short",
            AnswerEnd::Stopped(Stop::TookTooLong) => "timeout",
            AnswerEnd::Stopped(Stop::Silent) => "silence",
            AnswerEnd::Stopped(Stop::Broke) => "broken",
            AnswerEnd::Stopped(Stop::TooLarge) => "too_large",
            AnswerEnd::Stopped(Stop::ClientLeft) => "client_left",
            AnswerEnd::Stopped(Stop::ServerStops) => "server_stopped",
        }
    }
}

/// The figures of an answer that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Tokens used. Without any nothing is charged.
    pub tokens: Tokens,
    /// True where the tokens of the prompt were counted here, for want of usage.
    pub is_prompt_counted: bool,
    /// True where generated tokens were counted here, for want of usage or after the last one.
    pub is_answer_counted: bool,
    /// The way in which it ended.
    pub end: AnswerEnd,
    /// The data of the upstream's error, where it sent one.
    pub error: Option<Vec<u8>>,
}

impl Outcome {
    /// An answer of which nothing was used.
    pub(crate) fn unused(end: AnswerEnd) -> Outcome {
        let (is_prompt_counted, is_answer_counted) = (false, false);
        Outcome { tokens: Tokens::default(), is_prompt_counted, is_answer_counted, end, error: None }
    }

    /// An answer of which nothing came before its client left: the upstream has read the prompt.
    pub(crate) fn left(prompt: u64) -> Outcome {
        let unused = Outcome::unused(AnswerEnd::Stopped(Stop::ClientLeft));
        Outcome { tokens: Tokens::new(prompt, 0), is_prompt_counted: true, ..unused }
    }
}

/// The tokens of an answer so far.
#[derive(Debug, Default)]
struct Count {
    /// The upstream's last words about prompt and answer.
    stated: Tokens,
    /// Text since its last word about the answer.
    since: Text,
    /// True once any text has come.
    has_text: bool,
}

impl Count {
    fn add(&mut self, reading: &Reading) {
        self.has_text |= !reading.text.is_empty();
        self.since.extend(reading.text);
        let Some(tokens) = reading.usage else { return };
        if tokens.prompt > 0 {
            let Tokens { prompt, cached, prompt_image, prompt_audio, .. } = tokens;
            self.stated = Tokens { prompt, cached, prompt_image, prompt_audio, ..self.stated };
        }
        if tokens.generated > 0 {
            let Tokens { prompt, cached, prompt_image, prompt_audio, .. } = self.stated;
            self.stated = Tokens { prompt, cached, prompt_image, prompt_audio, ..tokens };
            self.since = Text::default();
        }
    }

    /// The outcome; `count_prompt` counts the prompt where no usage states it.
    fn finish(&self, end: AnswerEnd, count_prompt: impl FnOnce() -> u64) -> Outcome {
        let since = self.since.tokens();
        let mut tokens = self.stated;
        tokens.generated = tokens.generated.saturating_add(since);
        let client_left = end == AnswerEnd::Stopped(Stop::ClientLeft);
        let is_prompt_counted = tokens.prompt == 0 && (self.has_text || tokens.generated > 0 || client_left);
        if is_prompt_counted {
            tokens.prompt = count_prompt();
        }
        Outcome { tokens, is_prompt_counted, is_answer_counted: since > 0, end, error: None }
    }
}

/// Measures a stream.
///
/// Owned by the task that pumps the stream. What it keeps back (the upstream's last usage, error and last event) goes to the
/// client once the job is settled: see [`Meter::take_kept`].
pub(crate) struct Meter {
    form: AnswerForm,
    rewrite: Rewrite,
    parser: Parser,
    count: Count,
    going_on: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// True while the last event with usage or text had usage alone: such usage comes at the end.
    ended_with_usage: bool,
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
            going_on: BTreeSet::new(),
            ended: BTreeSet::new(),
            ended_with_usage: false,
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

    /// True once the upstream has said that it failed: usage may still follow.
    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
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
        let is_whole = self.is_over
            || self.ended_with_usage
            || (!self.ended.is_empty() && self.going_on.is_subset(&self.ended));
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
        if !reading.text.is_empty() || reading.usage.is_some() {
            self.ended_with_usage = reading.is_bare;
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
            out.extend_from_slice(&passed);
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
