//! The parameters of a request, and the use that is made of each: it is read here, forwarded, counted as a part of the prompt,
//! or refused.
//!
//! A parameter that stands in no table is refused: some upstreams obey parameters that cost without a bound, or that are meant
//! for their operator. A model's `unknown_fields = "count"` lets such ones pass, counted.

use {
    super::{CompletionKind, raw::Fields},
    crate::{config::UnknownFields, error::ApiError},
    serde_json::{Value, value::RawValue},
};

/// The use of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is read where the request is.
    Read,
    /// It never becomes tokens of the prompt, and bounds or shapes the answer at most.
    Forward,
    /// It may become part of the prompt.
    Counted,
    /// Tools: counted, with what introduces them.
    Tools,
    /// Variables of the chat template: those that are no lists or objects are counted.
    Variables,
    /// One of these values; others cost without a bound, or more than the price says.
    Only(&'static [&'static str]),
    /// It costs without a bound, reads what is not the customer's, or is for the upstream's operator.
    Refused,
}

use Use::{Counted, Forward, Only, Read, Refused, Tools, Variables};

/// Parameters of all endpoints.
const EVERYWHERE: &[(&str, Use)] = &[
    ("cache_salt", Forward),
    ("metadata", Forward),
    ("model", Read),
    ("prompt_cache_key", Forward),
    ("prompt_cache_options", Forward),
    ("prompt_cache_retention", Forward),
    ("safety_identifier", Forward),
    ("service_tier", Only(&[r#""auto""#, r#""default""#, r#""flex""#, r#""standard_only""#])),
    ("store", Forward),
    ("temperature", Forward),
    ("top_k", Forward),
    ("top_logprobs", Forward),
    ("top_p", Forward),
    ("truncate_prompt_tokens", Forward),
    ("truncation_side", Forward),
    ("user", Forward),
    // Other upstreams, keys and ways than the provider's.
    ("api_base", Refused),
    ("api_key", Refused),
    ("base_url", Refused),
    ("extra_body", Refused),
    ("fallbacks", Refused),
    ("kv_transfer_params", Refused),
    ("lora", Refused),
    ("lora_path", Refused),
    ("media_io_kwargs", Refused),
    ("mm_processor_kwargs", Refused),
    ("mock_response", Refused),
    ("models", Refused),
    ("moderation", Refused),
    ("options", Refused),
    ("plugins", Refused),
    ("priority", Only(&["0"])),
    ("provider", Refused),
    ("request_id", Refused),
    ("rid", Refused),
    ("route", Refused),
    ("vllm_xargs", Refused),
];

/// Parameters of chats and texts, beyond those of all endpoints.
const COMPLETIONS: &[(&str, Use)] = &[
    ("add_special_tokens", Forward),
    ("allowed_token_ids", Forward),
    ("bad_words", Forward),
    ("best_of", Read),
    ("dry_allowed_length", Forward),
    ("dry_base", Forward),
    ("dry_multiplier", Forward),
    ("dry_penalty_last_n", Forward),
    ("dry_sequence_breakers", Forward),
    ("ebnf", Forward),
    ("echo", Forward),
    ("frequency_penalty", Forward),
    ("grammar", Forward),
    ("guided_choice", Counted),
    ("guided_decoding_backend", Forward),
    ("guided_grammar", Counted),
    ("guided_json", Counted),
    ("guided_regex", Counted),
    ("guided_whitespace_pattern", Forward),
    ("ignore_eos", Forward),
    ("include_stop_str_in_output", Forward),
    ("json_schema", Counted),
    ("length_penalty", Forward),
    ("logit_bias", Forward),
    ("logprob_token_ids", Forward),
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
    ("regex", Forward),
    ("repeat_last_n", Forward),
    ("repeat_penalty", Forward),
    ("repetition_detection", Forward),
    ("repetition_penalty", Forward),
    ("response_format", Counted),
    ("return_token_ids", Forward),
    ("return_tokens_as_token_ids", Forward),
    ("seed", Forward),
    ("session_id", Forward),
    ("skip_special_tokens", Forward),
    ("spaces_between_special_tokens", Forward),
    ("stop", Forward),
    ("stop_regex", Forward),
    ("stop_token_ids", Forward),
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
    ("max_gen_len", Refused),
    ("max_length", Refused),
    ("max_new_tokens", Refused),
    ("max_output_tokens", Refused),
    ("n_predict", Refused),
    ("num_predict", Refused),
    // Texts that are not read here, or work beyond the tokens of the answer.
    ("custom_logit_processor", Refused),
    ("input", Refused),
    ("logits_processors", Refused),
    ("prompt_embeds", Refused),
    ("return_hidden_states", Refused),
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
    ("audio", Refused),
    ("chat_template", Refused),
    ("prediction", Refused),
    ("prompt", Refused),
    ("suffix", Refused),
    ("system", Refused),
    ("web_search_options", Refused),
];

/// Parameters of `/v1/completions`.
const TEXT: &[(&str, Use)] = &[
    ("prompt", Read),
    ("suffix", Counted),
    ("chat_template", Refused),
    ("messages", Refused),
    ("tools", Refused),
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
    ("task", Counted),
    ("truncate", Forward),
    ("chat_template", Refused),
    ("messages", Refused),
];

/// Parameters of `/v1/responses`.
const RESPONSES: &[(&str, Use)] = &[
    ("access_programs", Refused),
    ("background", Only(&["false"])),
    ("background_options", Refused),
    ("context_management", Refused),
    ("enable_response_messages", Refused),
    ("image", Refused),
    ("include", Forward),
    ("input", Read),
    ("instructions", Read),
    ("max_output_tokens", Read),
    ("max_tool_calls", Forward),
    ("parallel_tool_calls", Forward),
    ("reasoning", Forward),
    ("repetition_penalty", Forward),
    ("seed", Forward),
    ("stop", Forward),
    ("stream", Read),
    ("stream_options", Forward),
    ("text", Counted),
    ("tool_choice", Counted),
    ("tools", Tools),
    ("truncation", Forward),
    // What others may have stored, and texts that are not in the request.
    ("conversation", Refused),
    ("previous_input_messages", Refused),
    ("previous_response_id", Refused),
    ("prompt", Refused),
    ("max_tokens", Refused),
    ("max_completion_tokens", Refused),
    ("messages", Refused),
];

/// Parameters of `/v1/messages`.
const MESSAGES: &[(&str, Use)] = &[
    ("cache_control", Forward),
    ("chat_template_kwargs", Variables),
    ("max_tokens", Read),
    ("messages", Read),
    ("output_config", Counted),
    ("output_format", Counted),
    ("stop_sequences", Forward),
    ("stream", Read),
    ("system", Read),
    ("thinking", Forward),
    ("tool_choice", Counted),
    ("tools", Tools),
    ("betas", Refused),
    ("container", Refused),
    ("context_management", Refused),
    ("diagnostics", Refused),
    ("inference_geo", Refused),
    ("mcp_servers", Refused),
    ("speed", Only(&[r#""standard""#])),
    ("user_profile_id", Refused),
    ("workspace_id", Refused),
];

/// Lists the parameters of an endpoint.
fn listed(endpoint: CompletionKind) -> impl Iterator<Item = &'static (&'static str, Use)> {
    let tables: &[&[(&str, Use)]] = match endpoint {
        CompletionKind::Chat => &[CHAT, COMPLETIONS, EVERYWHERE],
        CompletionKind::Text => &[TEXT, COMPLETIONS, EVERYWHERE],
        CompletionKind::Embeddings => &[EMBEDDINGS, EVERYWHERE],
        CompletionKind::Responses => &[RESPONSES, EVERYWHERE],
        CompletionKind::Messages => &[MESSAGES, EVERYWHERE],
    };
    tables.iter().flat_map(|table| table.iter())
}

/// Finds the use of a parameter; `None` where no table names it.
pub(super) fn find(endpoint: CompletionKind, name: &str) -> Option<Use> {
    listed(endpoint).find(|(known, _)| *known == name).map(|(_, found)| *found)
}

/// The names of an endpoint's parameters.
#[cfg(test)]
pub(super) fn names(endpoint: CompletionKind) -> impl Iterator<Item = &'static str> {
    listed(endpoint).map(|(name, _)| *name)
}

/// A parameter that may become part of the prompt.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedField<'a> {
    pub name: &'a str,
    pub value: &'a RawValue,
    /// True for tools.
    pub tools: bool,
}

/// Sorts out the parameters that count. Errors: 400 for one that is refused, or that is not known and may not be counted.
pub(super) fn counted<'a>(
    endpoint: CompletionKind,
    fields: &'a Fields<'a>,
    unknown: UnknownFields,
) -> Result<Vec<CountedField<'a>>, ApiError> {
    let mut counted = Vec::new();
    for (name, value) in fields.all() {
        // Most clients send parameters that they do not use as null.
        if value.get() == "null" {
            continue;
        }
        let tools = match find(endpoint, name) {
            Some(Read | Forward) => continue,
            Some(Counted) => false,
            Some(Tools) => true,
            Some(Variables) => {
                plain_variables(name, value)?;
                false
            }
            Some(Only(values)) => {
                let given: Option<Value> = serde_json::from_str(value.get()).ok();
                if given.is_some_and(|given| values.contains(&given.to_string().as_str())) {
                    continue;
                }
                let message =
                    format!("`{name}` may only be {} here; change or remove it", values.join(" or "));
                return Err(unsupported(name, message));
            }
            Some(Refused) => return Err(unsupported(name, format!("`{name}` is not supported; remove it"))),
            None => match unknown {
                UnknownFields::Count if !resembles_known(endpoint, name) => false,
                _ => return Err(unsupported(name, format!("`{name}` is not known; remove it"))),
            },
        };
        counted.push(CountedField { name, value, tools });
    }
    Ok(counted)
}

/// Some upstreams ignore the case of names: they would obey a parameter that was not read here.
fn resembles_known(endpoint: CompletionKind, name: &str) -> bool {
    find(endpoint, &name.trim().to_ascii_lowercase().replace('-', "_")).is_some()
}

/// Templates print a list or an object as often as they like.
fn plain_variables(name: &str, value: &RawValue) -> Result<(), ApiError> {
    let wrong = || {
        let message = format!("`{name}` may only hold texts, numbers, true and false; remove the others");
        unsupported(name, message)
    };
    let variables: Fields = serde_json::from_str(value.get()).map_err(|_| wrong())?;
    let plain = |value: &RawValue| !value.get().starts_with(['[', '{']);
    let known = |name: &str| !matches!(name, "messages" | "tools" | "documents" | "chat_template");
    match variables.all().all(|(name, value)| plain(value) && known(name)) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// Makes the answer for a parameter that is not served.
pub(super) fn unsupported(name: &str, message: impl Into<String>) -> ApiError {
    ApiError { code: "unsupported_parameter", ..ApiError::param(name, message) }
}
