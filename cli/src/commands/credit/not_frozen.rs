//! Credits that a freeze of several leaves out.

use {
    crate::{
        error::CliError,
        output::{Answer, warn},
    },
    blockable_sdk::Pubkey,
    serde_json::{Value, json},
    std::cell::Cell,
};

/// Credits that cannot be frozen, each with the reason as a sentence that names it.
#[derive(Default)]
pub(super) struct NotFrozen {
    credits: Vec<(Pubkey, String)>,
    /// The number of those that were warned of.
    warned: Cell<usize>,
}

impl NotFrozen {
    /// Adds a credit.
    pub(super) fn add(&mut self, credit: Pubkey, reason: String) {
        self.credits.push((credit, reason));
    }

    /// True where no credit is left out.
    pub(super) fn is_empty(&self) -> bool {
        self.credits.is_empty()
    }

    /// Warns of every credit that is left out, once.
    pub(super) fn warn(&self) {
        let warned = self.warned.replace(self.credits.len());
        self.credits.iter().skip(warned).for_each(|(_, reason)| warn(reason));
    }

    /// The refusal where no credit is left.
    pub(super) fn refused(&self) -> CliError {
        let reasons: Vec<&str> = self.credits.iter().map(|(_, reason)| reason.as_str()).collect();
        CliError::Refused(reasons.join("; "))
    }

    /// The answer with the credits that are left out: in its text, and in its data as `not_frozen`.
    pub(super) fn add_to(&self, mut answer: Answer) -> Answer {
        let entry =
            |(credit, reason): &(Pubkey, String)| json!({"credit": credit.to_string(), "reason": reason});
        answer.data["not_frozen"] = self.credits.iter().map(entry).collect::<Value>();
        for (credit, _) in &self.credits {
            answer.text += &format!("\nnot frozen {credit}");
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_that_are_left_out_are_named_with_their_reasons() {
        let credit = Pubkey::new_unique();
        let credits = vec![(credit, "it is repaid".to_string()), (credit, "it is closed".to_string())];
        let not_frozen = NotFrozen { credits, ..NotFrozen::default() };
        let answer = not_frozen.add_to(Answer { text: "frozen".to_string(), data: json!({}) });
        assert_eq!(answer.text, format!("frozen\nnot frozen {credit}\nnot frozen {credit}"));
        assert_eq!(answer.data["not_frozen"][1]["reason"], "it is closed");
        assert_eq!(not_frozen.refused().to_string(), "it is repaid; it is closed");
    }
}
