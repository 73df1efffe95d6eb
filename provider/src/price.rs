//! The cost of a request by its usage, and a bound on it before the usage is known.

use blockable_sdk::{
    amounts::Units,
    program::units::{Overflow, mul_div_ceil},
};

/// Tokens that a price is stated for.
pub const PRICE_TOKENS: u64 = 1_000;

/// A model's price, in credit units per [`PRICE_TOKENS`] tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Units for prompt tokens.
    pub prompt: Units,
    /// Units for generated tokens.
    pub generated: Units,
}

impl Price {
    /// Units that a request costs, rounded up once. Errors: [`Overflow`].
    pub fn cost(&self, prompt_tokens: u64, generated_tokens: u64) -> Result<Units, Overflow> {
        let prompt = self.prompt.get().checked_mul(prompt_tokens).ok_or(Overflow)?;
        let generated = self.generated.get().checked_mul(generated_tokens).ok_or(Overflow)?;
        mul_div_ceil(prompt.checked_add(generated).ok_or(Overflow)?, 1, PRICE_TOKENS).map(Units)
    }

    /// The most units that a request within `bound` can cost. Errors: [`Overflow`].
    pub fn most(&self, bound: &TokenBound) -> Result<Units, Overflow> {
        self.most_with_answers_of(bound, bound.answer)
    }

    /// The longest answer in tokens, at most `bound.answer`, with which a request within `bound` costs `units` at most; `None`
    /// where the prompt alone may cost more.
    pub fn longest_answer(&self, bound: &TokenBound, units: Units) -> Option<u64> {
        // The most rises with the answer's length.
        let fits = |answer| self.most_with_answers_of(bound, answer).is_ok_and(|most| most <= units);
        if !fits(0) {
            return None;
        }
        let (mut longest, mut too_long) = (0, bound.answer.saturating_add(1));
        while too_long - longest > 1 {
            let middle = longest.midpoint(too_long);
            if fits(middle) { longest = middle } else { too_long = middle }
        }
        Some(longest)
    }

    fn most_with_answers_of(&self, bound: &TokenBound, answer: u64) -> Result<Units, Overflow> {
        let mut thousandths = 0_u64;
        for prompt in &bound.prompts {
            // Cost rises with the prompt's length until the prompt takes room from the answer, and is linear from there to
            // the longest prompt: the most is at one of these two lengths.
            let longest = (*prompt).min(bound.context);
            let with_whole_answer = longest.min(bound.context.saturating_sub(answer));
            let at = |prompt: u64| {
                let room = answer.min(bound.context.saturating_sub(prompt));
                let generated = room.checked_mul(bound.answers).ok_or(Overflow)?;
                let cost = self.prompt.get().checked_mul(prompt).ok_or(Overflow)?;
                let more = self.generated.get().checked_mul(generated).ok_or(Overflow)?;
                cost.checked_add(more).ok_or(Overflow)
            };
            let most = at(longest)?.max(at(with_whole_answer)?);
            thousandths = thousandths.checked_add(most).ok_or(Overflow)?;
        }
        mul_div_ceil(thousandths, 1, PRICE_TOKENS).map(Units)
    }
}

/// A bound on the tokens of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBound {
    /// Most tokens of each prompt.
    pub prompts: Vec<u64>,
    /// Most generated tokens of one answer.
    pub answer: u64,
    /// Answers to each prompt.
    pub answers: u64,
    /// Most tokens of a prompt and one answer to it together.
    pub context: u64,
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    #[test]
    fn a_cost_rounds_up_once() {
        let price = Price { prompt: Units(3), generated: Units(7) };
        assert_eq!(price.cost(0, 0), Ok(Units(0)));
        assert_eq!(price.cost(1, 0), Ok(Units(1)));
        assert_eq!(price.cost(100, 100), Ok(Units(1)));
        assert_eq!(price.cost(1_000, 1_000), Ok(Units(10)));
        assert_eq!(price.cost(1_000, 1_001), Ok(Units(11)));
        assert_eq!(price.cost(u64::MAX, 1), Err(Overflow));
    }

    proptest! {
        /// No prompt and answers within the bound cost more than the most.
        #[test]
        fn nothing_within_the_bound_costs_more(
            prompt_price in 0_u64..5_000, generated_price in 0_u64..5_000,
            context in 1_u64..10_000, answer in 0_u64..10_000, answers in 1_u64..5,
            longest in 0_u64..20_000, share in 0.0_f64..=1.0, answer_share in 0.0_f64..=1.0,
        ) {
            let price = Price { prompt: Units(prompt_price), generated: Units(generated_price) };
            let bound = TokenBound { prompts: vec![longest], answer, answers, context };
            let prompt = ((longest.min(context) as f64) * share) as u64;
            let room = answer.min(context - prompt);
            let generated = ((room * answers) as f64 * answer_share) as u64;
            prop_assert!(price.cost(prompt, generated).unwrap() <= price.most(&bound).unwrap());
        }

        /// The most can be reached: a hold is no larger than it must be.
        #[test]
        fn the_most_is_the_cost_of_some_request(
            prompt_price in 0_u64..50, generated_price in 0_u64..50,
            context in 1_u64..200, answer in 0_u64..200, answers in 1_u64..4, longest in 0_u64..300,
        ) {
            let price = Price { prompt: Units(prompt_price), generated: Units(generated_price) };
            let bound = TokenBound { prompts: vec![longest], answer, answers, context };
            let reached = (0..=longest.min(context))
                .map(|prompt| price.cost(prompt, answers * answer.min(context - prompt)).unwrap())
                .max();
            prop_assert_eq!(reached, Some(price.most(&bound).unwrap()));
        }

        /// The longest answer fits, and one token more does not.
        #[test]
        fn the_longest_answer_is_the_last_that_fits(
            prompt_price in 0_u64..5_000, generated_price in 0_u64..5_000,
            context in 1_u64..10_000, answer in 0_u64..10_000, answers in 1_u64..5,
            prompts in proptest::collection::vec(0_u64..20_000, 1..4), units in 0_u64..100_000,
        ) {
            let price = Price { prompt: Units(prompt_price), generated: Units(generated_price) };
            let bound = TokenBound { prompts, answer, answers, context };
            let most = |answer| price.most(&TokenBound { answer, ..bound.clone() }).unwrap();
            match price.longest_answer(&bound, Units(units)) {
                None => prop_assert!(most(0) > Units(units)),
                Some(longest) => {
                    prop_assert!(longest <= answer && most(longest) <= Units(units));
                    prop_assert!(longest == answer || most(longest + 1) > Units(units));
                }
            }
        }
    }
}
