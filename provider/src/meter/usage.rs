//! The usage that an upstream states, in the words of all forms.

use {
    crate::{members::Members, price::Tokens},
    serde_json::value::RawValue,
};

/// Reads a usage. A number that is 0, null, missing or negative says nothing. `None` where it is no object.
///
/// Numbers may be written as fractions, which are rounded up, or as texts. Where one of prompt, answer and total is missing it
/// follows from the other two.
pub(crate) fn read(usage: &RawValue) -> Option<Tokens> {
    let usage: Members = serde_json::from_str(usage.get()).ok()?;
    let total = number(&usage, "total_tokens");
    let mut tokens = read_prompt(&usage);
    tokens.generated = number(&usage, "completion_tokens").max(number(&usage, "output_tokens"));
    if tokens.generated == 0 && tokens.prompt > 0 {
        tokens.generated = total.saturating_sub(tokens.prompt);
    }
    if tokens.prompt == 0 && tokens.generated > 0 {
        tokens.prompt = total.saturating_sub(tokens.generated);
    }
    read_generated_classes(&usage, total, &mut tokens);
    Some(tokens.within(u64::MAX, u64::MAX))
}

/// Reads the sum of all tokens, 0 where none is stated.
pub(crate) fn total(usage: &RawValue) -> u64 {
    serde_json::from_str(usage.get()).map_or(0, |usage: Members| number(&usage, "total_tokens"))
}

/// True for a usage that names the tokens of a cache next to `input_tokens`. One without them that follows it has left them out.
pub(crate) fn names_cache(usage: &RawValue) -> bool {
    let names = ["cache_read_input_tokens", "cache_creation_input_tokens"];
    serde_json::from_str(usage.get())
        .is_ok_and(|usage: Members| names.iter().any(|name| usage.get(name).is_some()))
}

/// Reads the tokens of the prompt. `prompt_tokens` has those of the cache in it. So has `input_tokens`, but where
/// `cache_read_input_tokens` or `cache_creation_input_tokens` stands next to it.
fn read_prompt(usage: &Members) -> Tokens {
    let details = [usage.object("prompt_tokens_details"), usage.object("input_tokens_details")];
    let class = |name| details.iter().map(|details| number(details, name)).max().unwrap_or(0);
    let included = ["cached_tokens", "prompt_cache_hit_tokens"].map(|name| number(usage, name));
    let cached = included.into_iter().fold(class("cached_tokens"), u64::max);
    let read = number(usage, "cache_read_input_tokens");
    let (prompt, input) = (number(usage, "prompt_tokens"), number(usage, "input_tokens"));
    let written = number(usage, "cache_creation_input_tokens");
    let (prompt, cached) = match prompt {
        0 => (input.saturating_add(read).saturating_add(written), cached.max(read)),
        _ => (prompt, cached.max(read)),
    };
    Tokens {
        prompt,
        cached,
        prompt_image: class("image_tokens"),
        prompt_audio: class("audio_tokens"),
        ..Tokens::default()
    }
}

/// Reads the classes of generated tokens, and adds those of reasoning where the upstream counts them separately.
fn read_generated_classes(usage: &Members, total: u64, tokens: &mut Tokens) {
    let details = [usage.object("completion_tokens_details"), usage.object("output_tokens_details")];
    let class = |name| details.iter().map(|details| number(details, name)).max().unwrap_or(0);
    let beside = number(usage, "reasoning_tokens");
    let (reasoning, inside) = (beside.max(class("reasoning_tokens")), class("reasoning_tokens") > 0);
    let both = tokens.prompt.saturating_add(tokens.generated);
    let is_separate = if total >= both.saturating_add(reasoning) {
        true
    } else if total >= both {
        false
    } else {
        // No total that makes sense: a part cannot be more than the whole.
        !inside || reasoning > tokens.generated
    };
    if is_separate {
        tokens.generated = tokens.generated.saturating_add(reasoning);
    }
    tokens.reasoning = reasoning;
    tokens.generated_image = class("image_tokens");
    tokens.generated_audio = class("audio_tokens");
}

/// Reads a number of tokens, 0 where none is stated.
fn number(members: &Members, name: &str) -> u64 {
    let Some(value) = members.get(name) else { return 0 };
    let text = value.get();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    match text.parse::<u64>() {
        Ok(number) => number,
        // A conversion of a fraction stops at the bounds of the integer.
        Err(_) => text.parse::<f64>().map_or(0, |number| number.ceil() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(usage: &str) -> Tokens {
        read(serde_json::from_str::<&RawValue>(usage).unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (prompt, generated, usage) in [
            (10, 5, r#"{"prompt_tokens":10,"completion_tokens":5}"#),
            (10, 5, r#"{"prompt_tokens":10.0,"completion_tokens":"5"}"#),
            (11, 5, r#"{"prompt_tokens":"10.2","completion_tokens":5e0}"#),
            (10, 0, r#"{"prompt_tokens":10,"completion_tokens":null}"#),
            (10, 7, r#"{"prompt_tokens":10,"completion_tokens":null,"total_tokens":17}"#),
            (12, 5, r#"{"completion_tokens":5,"total_tokens":17}"#),
            (10, 0, r#"{"prompt_tokens":10,"completion_tokens":-3}"#),
            (0, 0, r#"{"prompt_tokens":"many","completion_tokens":[5]}"#),
            (u64::MAX, u64::MAX, r#"{"prompt_tokens":99999999999999999999,"completion_tokens":1e400}"#),
            (8, 0, r#"{"prompt_tokens":8,"total_tokens":8}"#),
            (3, 4, r#"{"input_tokens":3,"output_tokens":4,"total_tokens":7}"#),
            (3, 4, r#"{"prompt_tokens":1,"prompt_tokens":3,"completion_tokens":4}"#),
        ] {
            assert_eq!(tokens(usage), Tokens::new(prompt, generated), "{usage}");
        }
        for none in ["3", "\"10\"", "[1]", "true"] {
            assert_eq!(read(serde_json::from_str::<&RawValue>(none).unwrap()), None);
        }
    }

    #[test]
    fn reasoning_is_counted_once_wherever_it_stands() {
        for (generated, reasoning, usage) in [
            // Inside completion_tokens, as OpenAI counts.
            (
                50,
                30,
                r#""completion_tokens":50,"total_tokens":60,"completion_tokens_details":{"reasoning_tokens":30}"#,
            ),
            (50, 30, r#""completion_tokens":50,"completion_tokens_details":{"reasoning_tokens":30}"#),
            (50, 30, r#""completion_tokens":50,"total_tokens":60,"reasoning_tokens":30"#),
            // Separate: the total says so.
            (
                80,
                30,
                r#""completion_tokens":50,"total_tokens":90,"completion_tokens_details":{"reasoning_tokens":30}"#,
            ),
            (80, 30, r#""completion_tokens":50,"total_tokens":90,"reasoning_tokens":30"#),
            // Separate: it cannot be a part, or stands beside without a total.
            (130, 80, r#""completion_tokens":50,"completion_tokens_details":{"reasoning_tokens":80}"#),
            (80, 30, r#""completion_tokens":50,"reasoning_tokens":30"#),
            // The total says that it is a part, so it cannot be more than the whole.
            (
                50,
                50,
                r#""completion_tokens":50,"total_tokens":60,"completion_tokens_details":{"reasoning_tokens":80}"#,
            ),
            // A total that makes no sense says nothing.
            (
                50,
                30,
                r#""completion_tokens":50,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":30}"#,
            ),
        ] {
            let expected = Tokens { reasoning, ..Tokens::new(10, generated) };
            assert_eq!(tokens(&format!("{{\"prompt_tokens\":10,{usage}}}")), expected, "{usage}");
        }
    }

    #[test]
    fn cached_tokens_are_a_part_of_the_prompt_or_stand_next_to_input_tokens() {
        let cached = |prompt, cached| Tokens { cached, ..Tokens::new(prompt, 1) };
        for (expected, usage) in [
            (cached(10, 4), r#""prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4}"#),
            (cached(10, 4), r#""prompt_tokens":10,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6"#),
            (cached(10, 4), r#""prompt_tokens":10,"cache_read_input_tokens":4"#),
            (cached(10, 10), r#""prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":40}"#),
            (cached(10, 4), r#""input_tokens":10,"input_tokens_details":{"cached_tokens":4}"#),
            (
                cached(19, 4),
                r#""input_tokens":10,"cache_read_input_tokens":4,"cache_creation_input_tokens":5"#,
            ),
        ] {
            assert_eq!(tokens(&format!("{{{usage},\"completion_tokens\":1}}")), expected, "{usage}");
        }
        let all = r#"{"prompt_tokens":10,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":3,
            "image_tokens":5},"completion_tokens_details":{"audio_tokens":2,"image_tokens":1,"reasoning_tokens":3}}"#;
        let classes = Tokens { prompt_image: 5, prompt_audio: 1, ..cached(10, 4) };
        let classes =
            Tokens { generated: 9, reasoning: 3, generated_image: 1, generated_audio: 2, ..classes };
        assert_eq!(tokens(all), classes, "classes are together no more than their parent");
    }
}
