//! Credits that a freeze of several leaves out.

use {
    crate::{
        error::CliError,
        lookup::CreditView,
        output::{Answer, warn},
    },
    blockable_sdk::Pubkey,
    serde_json::{Value, json},
};

/// Credits that cannot be frozen, each with the reason as a sentence that names it.
#[derive(Default)]
pub(super) struct NotFrozen(Vec<(Pubkey, String)>);

impl NotFrozen {
    /// Adds a credit.
    pub(super) fn add(&mut self, credit: &CreditView, reason: String) {
        self.0.push((credit.address, reason));
    }

    /// Warns of every credit that is left out.
    pub(super) fn warn(&self) {
        self.0.iter().for_each(|(_, reason)| warn(reason));
    }

    /// The refusal where no credit is left.
    pub(super) fn refused(&self) -> CliError {
        let reasons: Vec<&str> = self.0.iter().map(|(_, reason)| reason.as_str()).collect();
        CliError::Refused(reasons.join("; "))
    }

    /// The answer with the credits that are left out: in its text, and in its data as `not_frozen`.
    pub(super) fn add_to(&self, mut answer: Answer) -> Answer {
        let entry =
            |(credit, reason): &(Pubkey, String)| json!({"credit": credit.to_string(), "reason": reason});
        answer.data["not_frozen"] = self.0.iter().map(entry).collect::<Value>();
        for (credit, _) in &self.0 {
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
        let not_frozen =
            NotFrozen(vec![(credit, "it is repaid".to_string()), (credit, "it is closed".to_string())]);
        let answer = not_frozen.add_to(Answer { text: "frozen".to_string(), data: json!({}) });
        assert_eq!(answer.text, format!("frozen\nnot frozen {credit}\nnot frozen {credit}"));
        assert_eq!(answer.data["not_frozen"][1]["reason"], "it is closed");
        assert_eq!(not_frozen.refused().to_string(), "it is repaid; it is closed");
    }
}
