//! The words of which a message about a request may consist.
//!
//! An upstream's message goes to a customer only where each of its words is a number, a parameter of the API or one of the
//! words below. None of them names a key, an account, a bill, a host or a file, so no such message can hold one.

/// Most bytes of a message that is handed on.
const MAX_BYTES: usize = 400;
/// Most digits of a number.
const MAX_DIGITS: usize = 10;

/// Words, sorted.
const WORDS: &str = "\
    a above add additional after all allowed already also always an and another answer any are argument \
    array as assistant at audio available be because been before below between bigger body boolean both \
    but by call calls can cannot cause causes change character characters chat check choice choices \
    choose combined completion completions contain contains content context conversation correct could \
    count custom decoding default defined developer dictionary did different do does doubled duplicate \
    duplicated each either element elements embedding embeddings empty end enough enum equal error \
    errors even exactly exceed exceeded exceeds expected extra failed false feature field fields finite \
    first float follow followed following for format found from function functions generate generated \
    generation get given got grammar greater has have however if ignored image images in incorrect \
    inference input inputs instead integer invalid is it item items its json large last least length \
    less limit list long longer lower malformed many match max maximum may message messages min minimum \
    missing model more most multiple must name need needs negative new no non none not null number \
    numbers object objects of on one only option options or order other out output over parameter \
    parameters parse part parts pattern penalty please position positive possible previous prompt \
    prompts properties property provide provided range reached reading received reduce regex remove \
    repeated request requested requests require required requires response responses result results role \
    roles same sampling schema second see seed sequence sequences set short shorten shorter should \
    single size small smaller so some specified specify start starting stop stream streaming strict \
    string strings structured such supplied support supported supports syntax system template text than \
    that the their them then there these they this those to together token tokens too tool tools top \
    total true try two type types unable unexpected unique unknown unrecognized unsupported up url use \
    used user using valid validate validation value values video was were when where which while with \
    within without you your zero";

/// Parameters of the API, sorted.
const PARAMETERS: &str = "\
    arguments best_of content detail dimensions echo encoding_format frequency_penalty function \
    function_call functions guided_choice guided_grammar guided_json guided_regex image_url \
    include_usage input input_audio input_tokens instructions json_object json_schema logit_bias \
    logprobs max_completion_tokens max_new_tokens max_output_tokens max_tokens max_total_tokens messages \
    metadata min_p min_tokens model n name output_tokens parallel_tool_calls parameters presence_penalty \
    prompt prompt_logprobs reasoning reasoning_effort repetition_penalty response_format role schema \
    seed stop stop_sequences stop_token_ids stream stream_options strict suffix system temperature text \
    thinking tool_call_id tool_calls tool_choice tools top_k top_logprobs top_p truncation type user";

/// Copies a message that is about the request and nothing else, with the model's public name in the place of its internal
/// one. `None` where a word of it might be about something else.
pub(super) fn copy_plain(message: &str, internal: &str, public: &str) -> Option<String> {
    if message.is_empty() || message.len() > MAX_BYTES {
        return None;
    }
    let mut copied: Vec<String> = Vec::new();
    for word in message.split_ascii_whitespace() {
        let is_inner = |character: char| character.is_ascii_alphanumeric() || !character.is_ascii();
        let core = word.trim_matches(|character: char| !is_inner(character) && character != ']');
        if core == internal || core.trim_end_matches(']') == internal {
            copied.push(word.replacen(internal, public, 1));
        } else if is_plain(core.trim_end_matches("'s")) && word.len() <= core.len() + 6 {
            copied.push(word.to_string());
        } else {
            return None;
        }
    }
    Some(copied.join(" "))
}

/// Copies the path of a parameter, such as `messages[0].content`. `None` where a part of it is no parameter of the API.
pub(super) fn copy_parameter(path: &str) -> Option<String> {
    let is_part = |part: &str| {
        let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        let are_numbers = indices.is_empty()
            || indices.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(is_number);
        has(PARAMETERS, name) && are_numbers
    };
    // A number stands behind a name only: others may be an address.
    let mut after_name = false;
    let all = path.split('.').all(|part| {
        let is_name = is_part(part);
        let is_good = is_name || (after_name && is_index(part));
        after_name = is_name;
        is_good
    });
    (path.len() <= 100 && all).then(|| path.to_string())
}

fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

fn is_index(part: &str) -> bool {
    part.len() <= 4 && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain(word: &str) -> bool {
    let word = if word.contains('[') { word } else { word.trim_end_matches(']') };
    let is_word = || has(WORDS, &word.to_ascii_lowercase());
    let is_path = || !is_number(word.get(..1).unwrap_or_default()) && copy_parameter(word).is_some();
    word.is_empty() || is_number(word) || is_word() || is_path()
}

/// True for a whole number, one with commas between thousands, or one with a fraction.
fn is_number(word: &str) -> bool {
    let digits =
        |text: &str| (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut thousands = word.split(',');
    let first = thousands.next().unwrap_or_default();
    let is_grouped = word.contains(',')
        && digits(first)
        && first.len() <= 3
        && word.len() <= MAX_DIGITS + 3
        && thousands.all(|group| group.len() == 3 && digits(group));
    let is_fraction = || word.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest));
    digits(word) || is_grouped || is_fraction()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_name_nothing_of_the_providers() {
        for list in [WORDS, PARAMETERS] {
            let words: Vec<&str> = list.split(' ').collect();
            assert_eq!(words.windows(2).find(|pair| pair[0] >= pair[1]), None);
        }
        for word in
            ["key", "account", "billing", "credit", "host", "server", "connection", "organization", "file"]
        {
            assert!(!has(WORDS, word), "{word}");
        }
    }

    #[test]
    fn messages_about_the_request_are_copied_with_the_public_name() {
        for (message, copied) in [
            ("temperature must be between 0 and 2", None),
            ("Invalid value for 'messages[0].role': expected a string, got an integer instead.", None),
            ("`top_p` must be in (0, 1], got 1.5.", None),
            (
                "The model `org/internal-7b` does not support tools.",
                Some("The model `chat` does not support tools."),
            ),
            ("n must be <= 128", None),
            ("max_tokens is too large: 1,000,000", None),
        ] {
            assert_eq!(copy_plain(message, "org/internal-7b", "chat").as_deref(), copied.or(Some(message)));
        }
    }

    #[test]
    fn messages_with_any_other_word_are_not_copied() {
        let long = "the ".repeat(200);
        for message in [
            "",
            "Invalid value at 10.0.0.7",
            "Invalid value at 10.0.0.7:8000.",
            "Invalid value at [fe80::1]",
            "Invalid value 1.2.3.4",
            "see http://vllm",
            "Incorrect API key provided: sk-ab***89",
            "the request to gandalf failed",
            "the request failed: vllm-prod-3",
            "tokens@internal",
            "tokens/internal",
            "the model org/other-7b does not support tools",
            "the token aGVsbG8gd29ybGQ is invalid",
            "the number 12345678901",
            "messages[0].secret is invalid",
            "invalid value \u{202e}",
            "the\u{a0}key",
            "<html> error",
            "****************** is invalid",
            &long,
        ] {
            assert_eq!(copy_plain(message, "org/internal-7b", "chat"), None, "{message}");
        }
    }

    #[test]
    fn paths_of_parameters_are_copied_and_others_are_not() {
        for path in ["temperature", "messages[0].content", "messages.3.role", "tools[12].function.parameters"]
        {
            assert_eq!(copy_parameter(path).as_deref(), Some(path));
        }
        for path in [
            "",
            "api_key",
            "messages[x]",
            "messages[0",
            "messages.internal",
            "a.b",
            "messages..role",
            "0.0.0.0",
            "messages.10.0.0.7",
        ] {
            assert_eq!(copy_parameter(path), None, "{path}");
        }
    }
}
