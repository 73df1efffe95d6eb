//! The tables of parameters with the use of each.

use crate::config::Endpoint;

/// The use of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is read where the request is.
    Read,
    /// A setting, forwarded where it is short: a template that prints it prints next to nothing.
    Forward,
    /// It is forwarded at any length: it goes to the sampler, to a cache or to accounts, and never to a template.
    Long,
    /// It may become part of the prompt.
    Counted,
    /// Tools: counted, with what introduces them.
    Tools,
    /// Variables of the chat template: those that are no lists or objects are counted.
    Variables,
    /// One of these values; others cost without a bound, or more than the price says.
    Only(&'static [&'static str]),
    /// It is refused, for a reason.
    Refused(&'static str),
}

use Use::{Counted, Forward, Long, Only, Read, Refused, Tools, Variables};

const ELSEWHERE: &str = "it names other upstreams, keys or ways than the provider's";
const OPERATORS: &str = "it is for the operator of the model's server";
const OTHER_LIMIT: &str = "it is another name of a limit, which some servers obey and others do not";
const OTHER_TEXT: &str =
    "it is no text of this endpoint's requests, and some servers would read it uncounted";
const UNBOUNDED: &str = "its cost has no bound that could be held before";
const STORED: &str =
    "nothing is stored here, and what is stored elsewhere would be read uncounted; send the whole input";
const SOUND: &str = "answers in sound have no limit in tokens that could be held before";
const PREDICTED: &str =
    "predicted tokens that are not used are charged as well, beyond every limit of the answer";
const SEARCHED: &str =
    "a search adds pages to the prompt that nobody can count before, and has a price of its own";
const TEMPLATE: &str = "a template may print the prompt as often as it likes; the model's own one is used";
const MEDIA: &str = "it changes the number of tokens of an image, a sound or a video";
const WORKS_ON: &str = "it starts work beyond this request's answer";

/// Parameters of all endpoints.
const EVERYWHERE: &[(&str, Use)] = &[
    ("cache_salt", Long),
    ("metadata", Long),
    ("model", Read),
    ("prompt_cache_key", Long),
    ("prompt_cache_options", Forward),
    ("prompt_cache_retention", Forward),
    ("safety_identifier", Long),
    ("service_tier", Only(&[r#""auto""#, r#""default""#, r#""flex""#, r#""standard_only""#])),
    ("temperature", Forward),
    ("top_k", Forward),
    ("top_logprobs", Forward),
    ("top_p", Forward),
    ("truncate_prompt_tokens", Forward),
    ("truncation_side", Forward),
    ("user", Long),
    // Other upstreams, keys and ways than the provider's.
    ("api_base", Refused(ELSEWHERE)),
    ("api_key", Refused(ELSEWHERE)),
    ("base_url", Refused(ELSEWHERE)),
    ("extra_body", Refused(ELSEWHERE)),
    ("fallbacks", Refused(ELSEWHERE)),
    ("kv_transfer_params", Refused(OPERATORS)),
    ("lora", Refused(OPERATORS)),
    ("lora_path", Refused(OPERATORS)),
    ("media_io_kwargs", Refused(MEDIA)),
    ("mm_processor_kwargs", Refused(MEDIA)),
    ("mock_response", Refused(OPERATORS)),
    ("models", Refused(ELSEWHERE)),
    ("moderation", Refused(WORKS_ON)),
    ("options", Refused(OPERATORS)),
    ("plugins", Refused(WORKS_ON)),
    ("priority", Only(&["0"])),
    ("provider", Refused(ELSEWHERE)),
    ("request_id", Refused(OPERATORS)),
    ("rid", Refused(OPERATORS)),
    ("route", Refused(ELSEWHERE)),
    ("vllm_xargs", Refused(OPERATORS)),
];

/// Parameters of chats and texts, beyond those of all endpoints.
const COMPLETIONS: &[(&str, Use)] = &[
    ("add_special_tokens", Forward),
    ("allowed_token_ids", Long),
    ("bad_words", Long),
    ("best_of", Read),
    ("dry_allowed_length", Forward),
    ("dry_base", Forward),
    ("dry_multiplier", Forward),
    ("dry_penalty_last_n", Forward),
    ("dry_sequence_breakers", Long),
    ("ebnf", Long),
    ("echo", Forward),
    ("frequency_penalty", Forward),
    ("grammar", Long),
    ("guided_choice", Counted),
    ("guided_decoding_backend", Forward),
    ("guided_grammar", Counted),
    ("guided_json", Counted),
    ("guided_regex", Counted),
    ("guided_whitespace_pattern", Long),
    ("ignore_eos", Forward),
    ("include_stop_str_in_output", Forward),
    ("json_schema", Counted),
    ("length_penalty", Forward),
    ("logit_bias", Long),
    ("logprob_token_ids", Long),
    ("logprobs", Forward),
    ("max_completion_tokens", Read),
    ("max_tokens", Read),
    ("min_p", Forward),
    ("min_tokens", Forward),
    ("mirostat", Forward),
    ("mirostat_eta", Forward),
    ("mirostat_tau", Forward),
    ("n", Read),
    ("n_probs", Forward),
    ("no_stop_trim", Forward),
    ("presence_penalty", Forward),
    ("prompt_logprobs", Forward),
    ("regex", Long),
    ("repeat_last_n", Forward),
    ("repeat_penalty", Forward),
    ("repetition_detection", Forward),
    ("repetition_penalty", Forward),
    ("response_format", Counted),
    ("return_token_ids", Forward),
    ("return_tokens_as_token_ids", Forward),
    ("seed", Forward),
    ("session_id", Long),
    ("skip_special_tokens", Forward),
    ("spaces_between_special_tokens", Forward),
    ("stop", Long),
    ("stop_regex", Long),
    ("stop_token_ids", Long),
    ("store", Only(&["false"])),
    ("stream", Read),
    ("stream_options", Read),
    ("structural_tag", Counted),
    ("structured_outputs", Counted),
    ("tfs_z", Forward),
    ("typical_p", Forward),
    ("watermarking", Forward),
    ("xtc_probability", Forward),
    ("xtc_threshold", Forward),
    // Other names of limits, which some upstreams obey.
    ("max_gen_len", Refused(OTHER_LIMIT)),
    ("max_length", Refused(OTHER_LIMIT)),
    ("max_new_tokens", Refused(OTHER_LIMIT)),
    ("max_output_tokens", Refused(OTHER_LIMIT)),
    ("n_predict", Refused(OTHER_LIMIT)),
    ("num_predict", Refused(OTHER_LIMIT)),
    // Texts that are not read here, or work beyond the tokens of the answer.
    ("custom_logit_processor", Refused(OPERATORS)),
    ("input", Refused(OTHER_TEXT)),
    ("logits_processors", Refused(OPERATORS)),
    ("prompt_embeds", Refused(UNBOUNDED)),
    ("return_hidden_states", Refused(OPERATORS)),
    ("use_beam_search", Only(&["false"])),
];

/// Parameters of `/v1/chat/completions`.
const CHAT: &[(&str, Use)] = &[
    ("add_generation_prompt", Forward),
    ("chat_template_kwargs", Variables),
    ("continue_final_message", Forward),
    ("documents", Counted),
    ("enable_thinking", Forward),
    ("function_call", Counted),
    ("functions", Tools),
    ("include_reasoning", Forward),
    ("messages", Read),
    ("modalities", Only(&[r#"["text"]"#])),
    ("parallel_tool_calls", Forward),
    ("reasoning", Forward),
    ("reasoning_effort", Forward),
    ("reasoning_format", Forward),
    ("separate_reasoning", Forward),
    ("stream_reasoning", Forward),
    ("thinking", Forward),
    ("thinking_budget", Forward),
    ("thinking_token_budget", Forward),
    ("tool_choice", Counted),
    ("tools", Tools),
    ("verbosity", Forward),
    ("audio", Refused(SOUND)),
    ("chat_template", Refused(TEMPLATE)),
    ("prediction", Refused(PREDICTED)),
    ("prompt", Refused(OTHER_TEXT)),
    ("suffix", Refused(OTHER_TEXT)),
    ("system", Refused(OTHER_TEXT)),
    ("web_search_options", Refused(SEARCHED)),
];

/// Parameters of `/v1/completions`.
const TEXT: &[(&str, Use)] = &[
    ("prompt", Read),
    ("suffix", Counted),
    ("chat_template", Refused(TEMPLATE)),
    ("messages", Refused(OTHER_TEXT)),
    ("tools", Refused(OTHER_TEXT)),
];

/// Parameters of `/v1/embeddings`.
const EMBEDDINGS: &[(&str, Use)] = &[
    ("add_special_tokens", Forward),
    ("dimensions", Forward),
    ("embed_dtype", Forward),
    ("encoding_format", Forward),
    ("endianness", Forward),
    ("input", Read),
    ("input_type", Counted),
    ("instruction", Counted),
    ("normalize", Forward),
    ("stream", Only(&["false"])),
    ("task", Counted),
    ("truncate", Forward),
    ("chat_template", Refused(TEMPLATE)),
    ("messages", Refused(OTHER_TEXT)),
];

/// Parameters of `/v1/responses`.
const RESPONSES: &[(&str, Use)] = &[
    ("access_programs", Refused(WORKS_ON)),
    ("background", Only(&["false"])),
    ("background_options", Refused(WORKS_ON)),
    ("context_management", Refused(WORKS_ON)),
    ("enable_response_messages", Refused(OPERATORS)),
    ("image", Refused(OTHER_TEXT)),
    ("include", Long),
    ("input", Read),
    ("instructions", Read),
    ("max_output_tokens", Read),
    ("max_tool_calls", Forward),
    ("parallel_tool_calls", Forward),
    ("reasoning", Forward),
    ("repetition_penalty", Forward),
    ("seed", Forward),
    ("stop", Long),
    ("store", Only(&["false"])),
    ("stream", Read),
    ("stream_options", Forward),
    ("text", Counted),
    ("tool_choice", Counted),
    ("tools", Tools),
    ("truncation", Forward),
    // What others may have stored, and texts that are not in the request.
    ("conversation", Refused(STORED)),
    ("previous_input_messages", Refused(STORED)),
    ("previous_response_id", Refused(STORED)),
    ("prompt", Refused(STORED)),
    ("max_tokens", Refused(OTHER_LIMIT)),
    ("max_completion_tokens", Refused(OTHER_LIMIT)),
    ("messages", Refused(OTHER_TEXT)),
];

/// Parameters of `/v1/messages`.
const MESSAGES: &[(&str, Use)] = &[
    ("cache_control", Read),
    ("chat_template_kwargs", Variables),
    ("max_tokens", Read),
    ("messages", Read),
    ("output_config", Counted),
    ("output_format", Counted),
    ("stop_sequences", Long),
    ("stream", Read),
    ("system", Read),
    ("thinking", Forward),
    ("tool_choice", Counted),
    ("tools", Tools),
    ("betas", Refused(WORKS_ON)),
    ("container", Refused(STORED)),
    ("context_management", Refused(WORKS_ON)),
    ("diagnostics", Refused(OPERATORS)),
    ("inference_geo", Refused(ELSEWHERE)),
    ("mcp_servers", Refused(WORKS_ON)),
    ("speed", Only(&[r#""standard""#])),
    ("user_profile_id", Refused(OPERATORS)),
    ("workspace_id", Refused(OPERATORS)),
];

/// Lists the parameters of an endpoint, refused ones as well.
pub(crate) fn parameters(endpoint: Endpoint) -> impl Iterator<Item = &'static (&'static str, Use)> {
    let tables: &[&[(&str, Use)]] = match endpoint {
        Endpoint::Chat => &[CHAT, COMPLETIONS, EVERYWHERE],
        Endpoint::Text => &[TEXT, COMPLETIONS, EVERYWHERE],
        Endpoint::Embeddings => &[EMBEDDINGS, EVERYWHERE],
        Endpoint::Responses => &[RESPONSES, EVERYWHERE],
        Endpoint::Messages => &[MESSAGES, EVERYWHERE],
    };
    tables.iter().flat_map(|table| table.iter())
}

/// Finds the use of a parameter; `None` where no table names it.
pub(in crate::request) fn find(endpoint: Endpoint, name: &str) -> Option<Use> {
    parameters(endpoint).find(|(known, _)| *known == name).map(|(_, found)| *found)
}

/// The names of an endpoint's parameters.
#[cfg(test)]
pub(in crate::request) fn names(endpoint: Endpoint) -> impl Iterator<Item = &'static str> {
    parameters(endpoint).map(|(name, _)| *name)
}
