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
