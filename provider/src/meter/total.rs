//! The tokens of an answer, from its events.

use {
    super::{
        count::Text,
        form::{Part, Reading},
        outcome::{AnswerEnd, Outcome},
    },
    crate::price::Tokens,
};

/// Most tokens by the count of its text that are one token by usage: vocabularies have tokens of up to 128 bytes.
const LONGEST_TOKEN: u64 = 32;

/// The tokens of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// The upstream's last words about prompt and answer.
    pub stated: Tokens,
    /// Text since its last word about the answer.
    pub since: Text,
    /// All text.
    pub all: Text,
    /// True once any text has come, or what has none.
    has_text: bool,
    /// The text of finished parts of the answer, in quarters of tokens. It counts as far as no pieces of it have come.
    finished: [u64; Part::COUNT],
    /// True once a usage has named the tokens of a cache.
    names_cache: bool,
}

impl Count {
    /// Adds what an event states and delivers.
    pub(super) fn add(&mut self, reading: &Reading) {
        self.has_text |= !reading.text.is_empty() || reading.has_content;
        if let Some((part, quarters)) = reading.finished
            && let Some(all) = self.finished.get_mut(part as usize)
        {
            *all = all.saturating_add(quarters);
        }
        self.since.extend(reading.text);
        self.all.extend(reading.text);
        let Some(tokens) = reading.usage else { return };
        let lacks_cache = self.names_cache && !reading.names_cache;
        self.names_cache |= reading.names_cache;
        if tokens.prompt > 0 && !(lacks_cache && tokens.prompt < self.stated.prompt) {
            let Tokens { prompt, cached, prompt_image, prompt_audio, .. } = tokens;
            self.stated = Tokens { prompt, cached, prompt_image, prompt_audio, ..self.stated };
        }
        if tokens.generated > 0 {
            let Tokens { prompt, cached, prompt_image, prompt_audio, .. } = self.stated;
            self.stated = Tokens { prompt, cached, prompt_image, prompt_audio, ..tokens };
            self.since = Text::default();
        }
    }

    /// Counts the fewest tokens that the answer can have so far. A usage that is stated on the way is believed where it is the smaller
    /// one, as far as the text can be so few tokens.
    pub(super) fn least(&self) -> u64 {
        let text = self.all.weight();
        match self.stated.generated {
            0 => text,
            stated => text.min(stated.saturating_add(self.since.weight())).max(text / LONGEST_TOKEN),
        }
    }

    /// The outcome; `count_prompt` counts the prompt where no usage states it.
    pub(super) fn finish(&self, end: AnswerEnd, count_prompt: impl FnOnce() -> u64) -> Outcome {
        let mut since = self.since;
        let finished = self.finished.into_iter().max().unwrap_or_default();
        if self.stated.generated == 0 {
            since.raise(finished);
        }
        let (since, has_text) = (since.tokens(), self.has_text || finished > 0);
        let mut tokens = self.stated;
        tokens.generated = tokens.generated.saturating_add(since);
        let is_charged = has_text || tokens.generated > 0 || end.charges_prompt();
        let is_prompt_counted = tokens.prompt == 0 && is_charged;
        if is_prompt_counted {
            tokens.prompt = count_prompt();
        }
        Outcome { tokens, is_prompt_counted, is_answer_counted: since > 0, end, error: None }
    }
}
