//! The end of an answer and its figures.

use crate::price::Tokens;

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
    /// Its text is far longer than its limit, which the upstream does not keep.
    AboveLimit,
    /// The answers of all requests take all the memory that they may.
    NoRoom,
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
    /// True where the prompt is charged although nothing has come: the upstream has had the request and has worked on it, for as
    /// long as it may, or until its client left. Otherwise a request that always takes too long would be free for ever.
    pub(crate) fn charges_prompt(self) -> bool {
        match self {
            AnswerEnd::Complete | AnswerEnd::Error | AnswerEnd::CutShort => false,
            AnswerEnd::Stopped(Stop::Ended | Stop::Broke | Stop::NoRoom | Stop::ServerStops) => false,
            AnswerEnd::Stopped(
                Stop::TookTooLong | Stop::Silent | Stop::TooLarge | Stop::AboveLimit | Stop::ClientLeft,
            ) => true,
        }
    }

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
            AnswerEnd::Stopped(Stop::AboveLimit) => "above_limit",
            AnswerEnd::Stopped(Stop::NoRoom) => "no_room",
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

    /// An answer that stopped before it was there, of which so many tokens had come. The prompt is charged where
    /// [`AnswerEnd::charges_prompt`] says so.
    pub(crate) fn stopped(stop: Stop, generated: u64, count_prompt: impl FnOnce() -> u64) -> Outcome {
        let end = AnswerEnd::Stopped(stop);
        if !end.charges_prompt() {
            return Outcome::unused(end);
        }
        let tokens = Tokens::new(count_prompt(), generated);
        Outcome { tokens, is_prompt_counted: true, is_answer_counted: generated > 0, ..Outcome::unused(end) }
    }
}
