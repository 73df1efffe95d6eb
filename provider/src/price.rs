//! The cost of a request by its usage, and a bound on it before the usage is known.

use blockable_sdk::{
    amounts::Units,
    program::units::{Overflow, mul_div_ceil},
};

/// Tokens that a price is stated for.
pub const PRICE_TOKENS: u64 = 1_000;

/// A model's price, in credit units per [`PRICE_TOKENS`] tokens. A class without a price of its own is charged as its parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Units for prompt tokens.
    pub prompt: Units,
    /// Units for prompt tokens that the upstream read from its cache.
    pub cached: Option<Units>,
    /// Units for prompt tokens of images.
    pub prompt_image: Option<Units>,
    /// Units for prompt tokens of sound.
    pub prompt_audio: Option<Units>,
    /// Units for generated tokens.
    pub generated: Units,
    /// Units for generated tokens of reasoning.
    pub reasoning: Option<Units>,
    /// Units for generated tokens of images.
    pub generated_image: Option<Units>,
    /// Units for generated tokens of sound.
    pub generated_audio: Option<Units>,
}

/// Tokens that a request used, by class. The classes of prompt and answer do not overlap and are together no more than these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All tokens of the prompt.
    pub prompt: u64,
    /// Those of them that the upstream read from its cache.
    pub cached: u64,
    /// Those of them that stand for images.
    pub prompt_image: u64,
    /// Those of them that stand for sound.
    pub prompt_audio: u64,
    /// All generated tokens.
    pub generated: u64,
    /// Those of them that are reasoning.
    pub reasoning: u64,
    /// Those of them that stand for images.
    pub generated_image: u64,
    /// Those of them that stand for sound.
    pub generated_audio: u64,
}

impl Tokens {
    /// Tokens of a prompt and an answer without classes.
    pub fn new(prompt: u64, generated: u64) -> Tokens {
        Tokens { prompt, generated, ..Tokens::default() }
    }

    /// The same, with no more than so many tokens of the prompt and of the answer. Classes that are together more than their
    /// parent are lowered, the last one first.
    pub(crate) fn within(self, prompt: u64, generated: u64) -> Tokens {
        let fit = |all: u64, classes: [u64; 3]| {
            let mut left = all;
            classes.map(|class| {
                let fits = class.min(left);
                left -= fits;
                fits
            })
        };
        let (prompt, generated) = (self.prompt.min(prompt), self.generated.min(generated));
        let [cached, prompt_image, prompt_audio] =
            fit(prompt, [self.cached, self.prompt_image, self.prompt_audio]);
        let [reasoning, generated_image, generated_audio] =
            fit(generated, [self.reasoning, self.generated_image, self.generated_audio]);
        Tokens {
            prompt,
            cached,
            prompt_image,
            prompt_audio,
            generated,
            reasoning,
            generated_image,
            generated_audio,
        }
    }
}

impl Price {
    /// A price without classes.
    pub fn new(prompt: Units, generated: Units) -> Price {
        Price { prompt, generated, ..Price::default() }
    }

    /// Each class with its price, by name, in the order of the names.
    pub fn classes(&self) -> [(&'static str, Units); 8] {
        [
            ("cached", self.cached.unwrap_or(self.prompt)),
            ("generated", self.generated),
            ("generated_audio", self.generated_audio.unwrap_or(self.generated)),
            ("generated_image", self.generated_image.unwrap_or(self.generated)),
            ("prompt", self.prompt),
            ("prompt_audio", self.prompt_audio.unwrap_or(self.prompt)),
            ("prompt_image", self.prompt_image.unwrap_or(self.prompt)),
            ("reasoning", self.reasoning.unwrap_or(self.generated)),
        ]
    }

    /// Units that a request costs, rounded up once. Errors: [`Overflow`].
    pub fn cost(&self, tokens: &Tokens) -> Result<Units, Overflow> {
        let prompt = [
            (tokens.cached, self.cached),
            (tokens.prompt_image, self.prompt_image),
            (tokens.prompt_audio, self.prompt_audio),
        ];
        let generated = [
            (tokens.reasoning, self.reasoning),
            (tokens.generated_image, self.generated_image),
            (tokens.generated_audio, self.generated_audio),
        ];
        let prompt = cost_of_classes(tokens.prompt, self.prompt, prompt)?;
        let generated = cost_of_classes(tokens.generated, self.generated, generated)?;
        mul_div_ceil(prompt.checked_add(generated).ok_or(Overflow)?, 1, PRICE_TOKENS).map(Units)
    }

    /// The units that are charged for the tokens that are recorded, and those that the tokens that were used cost above them. The
    /// first are never above the hold, and both together are the cost of what was used, or the most that can be counted.
    pub fn charge(&self, recorded: &Tokens, used: &Tokens, held: Units) -> (Units, Units) {
        let cost = |tokens| self.cost(tokens).unwrap_or(Units(u64::MAX));
        let charged = cost(recorded).min(held);
        (charged, cost(used).saturating_sub(charged))
    }

    /// The highest price that a prompt token can have.
    fn highest_prompt(&self) -> Units {
        [self.cached, self.prompt_image, self.prompt_audio]
            .into_iter()
            .flatten()
            .fold(self.prompt, Units::max)
    }

    /// The highest price that a generated token can have.
    fn highest_generated(&self) -> Units {
        let classes = [self.reasoning, self.generated_image, self.generated_audio];
        classes.into_iter().flatten().fold(self.generated, Units::max)
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
        let (prompt_price, generated_price) = (self.highest_prompt().get(), self.highest_generated().get());
        let mut thousandths = 0_u64;
        for prompt in &bound.prompts {
            // Cost rises with the prompt's length until the prompt takes room from the answer, and is linear from there to
            // the longest prompt: the most is at one of these two lengths.
            let longest = (*prompt).min(bound.context);
            let with_whole_answer = longest.min(bound.context.saturating_sub(answer));
            let at = |prompt: u64| {
                let room = answer.min(bound.context.saturating_sub(prompt));
                let generated = room.checked_mul(bound.answers).ok_or(Overflow)?;
                let cost = prompt_price.checked_mul(prompt).ok_or(Overflow)?;
                let more = generated_price.checked_mul(generated).ok_or(Overflow)?;
                cost.checked_add(more).ok_or(Overflow)
            };
            let most = at(longest)?.max(at(with_whole_answer)?);
            thousandths = thousandths.checked_add(most).ok_or(Overflow)?;
        }
        mul_div_ceil(thousandths, 1, PRICE_TOKENS).map(Units)
    }
}

/// The cost of tokens of which some have a class, in thousandths. Of more tokens in classes than in all, the last are left out.
fn cost_of_classes(all: u64, price: Units, classes: [(u64, Option<Units>); 3]) -> Result<u64, Overflow> {
    let (mut left, mut thousandths) = (all, 0_u64);
    let classes = classes.into_iter().map(|(tokens, own)| (tokens, own.unwrap_or(price)));
    for (tokens, price) in classes.chain([(u64::MAX, price)]) {
        let tokens = tokens.min(left);
        left -= tokens;
        let cost = price.get().checked_mul(tokens).ok_or(Overflow)?;
        thousandths = thousandths.checked_add(cost).ok_or(Overflow)?;
    }
    Ok(thousandths)
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
        let price = Price::new(Units(3), Units(7));
        let cost = |prompt, generated| price.cost(&Tokens::new(prompt, generated));
        assert_eq!(cost(0, 0), Ok(Units(0)));
        assert_eq!(cost(1, 0), Ok(Units(1)));
        assert_eq!(cost(100, 100), Ok(Units(1)));
        assert_eq!(cost(1_000, 1_000), Ok(Units(10)));
        assert_eq!(cost(1_000, 1_001), Ok(Units(11)));
        assert_eq!(cost(u64::MAX, 1), Err(Overflow));
    }

    #[test]
    fn a_class_has_its_own_price_or_its_parents() {
        let tokens = Tokens {
            prompt: 10_000,
            cached: 4_000,
            prompt_image: 1_000,
            prompt_audio: 2_000,
            generated: 5_000,
            reasoning: 2_000,
            generated_image: 500,
            generated_audio: 1_500,
        };
        let plain = Price::new(Units(10), Units(100));
        assert_eq!(plain.cost(&tokens), Ok(Units(600)));
        let cheap_cache = Price { cached: Some(Units(1)), ..plain };
        assert_eq!(cheap_cache.cost(&tokens), Ok(Units(600 - 4 * 9)));
        let all = Price {
            cached: Some(Units(1)),
            prompt_image: Some(Units(20)),
            prompt_audio: Some(Units(30)),
            reasoning: Some(Units(50)),
            generated_image: Some(Units(1_000)),
            generated_audio: Some(Units(200)),
            ..plain
        };
        assert_eq!(all.cost(&tokens), Ok(Units(4 + 20 + 60 + 3 * 10 + 100 + 500 + 300 + 100)));
        let contradictory = Tokens { prompt: 3_000, ..tokens };
        assert_eq!(cheap_cache.cost(&contradictory), Ok(Units(3 + 500)), "no more than the prompt");
        let free_cache = Price { cached: Some(Units(0)), ..plain };
        assert_eq!(free_cache.cost(&Tokens { prompt: 7, cached: 7, ..Tokens::default() }), Ok(Units(0)));
    }

    proptest! {
        /// No classes cost more than the most.
        #[test]
        fn no_classes_cost_more_than_the_most(
            prices in proptest::array::uniform8(proptest::option::of(0_u64..5_000)),
            context in 1_u64..10_000, answer in 0_u64..10_000, longest in 0_u64..20_000,
            share in 0.0_f64..=1.0, classes in proptest::array::uniform6(0_u64..10_000),
        ) {
            let [prompt, cached, prompt_image, prompt_audio, generated, reasoning, generated_image, generated_audio] =
                prices.map(|price| price.map(Units));
            let (prompt, generated) = (prompt.unwrap_or_default(), generated.unwrap_or_default());
            let price = Price {
                prompt, cached, prompt_image, prompt_audio, generated, reasoning, generated_image, generated_audio,
            };
            let bound = TokenBound { prompts: vec![longest], answer, answers: 1, context };
            let read = ((longest.min(context) as f64) * share) as u64;
            let [cached, prompt_image, prompt_audio, reasoning, generated_image, generated_audio] = classes;
            let tokens = Tokens {
                prompt: read, cached, prompt_image, prompt_audio,
                generated: answer.min(context - read), reasoning, generated_image, generated_audio,
            };
            prop_assert!(price.cost(&tokens).unwrap() <= price.most(&bound).unwrap());
        }

        /// Whatever an upstream states, the charge is within the hold, and nothing is lost or counted twice.
        #[test]
        fn a_charge_is_within_its_hold(
            prices in proptest::array::uniform2(0_u64..1_000_000_000), held in any::<u64>(),
            counts in proptest::array::uniform8(any::<u64>()), small in any::<bool>(),
            (prompt_bound, answer_bound) in (0_u64..1_000_000, 0_u64..1_000_000),
        ) {
            let price = Price { cached: Some(Units(prices[0] / 2)), ..Price::new(Units(prices[0]), Units(prices[1])) };
            let [prompt, cached, prompt_image, prompt_audio, generated, reasoning, generated_image, generated_audio] =
                counts.map(|count| if small { count % 1_000_000 } else { count });
            let tokens = Tokens {
                prompt, cached, prompt_image, prompt_audio, generated, reasoning, generated_image, generated_audio,
            };
            let recorded = tokens.within(prompt_bound, answer_bound);
            let (charged, above) = price.charge(&recorded, &tokens, Units(held));
            prop_assert!(charged <= Units(held));
            prop_assert!(price.cost(&recorded).is_ok_and(|cost| charged == cost.min(Units(held))), "by what is recorded");
            if let Ok(cost) = price.cost(&tokens) {
                prop_assert_eq!(charged.get() + above.get(), cost.get());
            }
        }

        /// No prompt and answers within the bound cost more than the most.
        #[test]
        fn nothing_within_the_bound_costs_more(
            prompt_price in 0_u64..5_000, generated_price in 0_u64..5_000,
            context in 1_u64..10_000, answer in 0_u64..10_000, answers in 1_u64..5,
            longest in 0_u64..20_000, share in 0.0_f64..=1.0, answer_share in 0.0_f64..=1.0,
        ) {
            let price = Price::new(Units(prompt_price), Units(generated_price));
            let bound = TokenBound { prompts: vec![longest], answer, answers, context };
            let prompt = ((longest.min(context) as f64) * share) as u64;
            let room = answer.min(context - prompt);
            let generated = ((room * answers) as f64 * answer_share) as u64;
            prop_assert!(price.cost(&Tokens::new(prompt, generated)).unwrap() <= price.most(&bound).unwrap());
        }

        /// The most can be reached: a hold is no larger than it must be.
        #[test]
        fn the_most_is_the_cost_of_some_request(
            prompt_price in 0_u64..50, generated_price in 0_u64..50,
            context in 1_u64..200, answer in 0_u64..200, answers in 1_u64..4, longest in 0_u64..300,
        ) {
            let price = Price::new(Units(prompt_price), Units(generated_price));
            let bound = TokenBound { prompts: vec![longest], answer, answers, context };
            let reached = (0..=longest.min(context))
                .map(|prompt| price.cost(&Tokens::new(prompt, answers * answer.min(context - prompt))).unwrap())
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
            let price = Price::new(Units(prompt_price), Units(generated_price));
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
