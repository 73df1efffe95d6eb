//! `blockable-provider bound`.

use {
    super::CommandError,
    blockable_provider::{
        Config, Family,
        bound::{bound, roomy_model},
        config::ModelConfig,
    },
    clap::Args,
    serde_json::{Value, json},
    std::{
        io::{self, BufRead, BufWriter, Write},
        path::PathBuf,
    },
};

/// Prints the most tokens that requests can use, as they are held before a request is served
///
/// Reads one request a line from the standard input, and prints one JSON document a line: `prompts` (tokens of each prompt),
/// `answer` and `answers`, or `error` where the request is refused. Compare them with your upstream's /tokenize.
#[derive(Args, Debug)]
pub(super) struct BoundArgs {
    /// The server's file; a request names one of its models
    #[arg(long, value_name = "FILE", conflicts_with = "family", required_unless_present = "family")]
    config: Option<PathBuf>,
    /// A family of models instead, with room for any prompt
    #[arg(long, value_name = "FAMILY", value_parser = parse_family)]
    family: Option<Family>,
    /// chat, text, embeddings, responses or messages
    #[arg(long, value_name = "NAME", default_value = "chat")]
    endpoint: String,
}

fn parse_family(name: &str) -> Result<Family, String> {
    let known = Family::ALL.map(Family::name);
    let found = Family::ALL.into_iter().find(|family| family.name() == name);
    found.ok_or_else(|| format!("there is no such family; name one of {}", known.join(", ")))
}

/// Prints the bounds. Errors: [`CommandError::Config`], [`CommandError::Stream`].
pub(super) fn run(args: &BoundArgs) -> Result<(), CommandError> {
    let models = match (&args.config, args.family) {
        (Some(file), _) => Config::FILE.load(file)?.models,
        (None, family) => vec![roomy_model(family.unwrap_or_default())],
    };
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&models, args, &line?))?;
    }
    Ok(out.flush()?)
}

fn answer(models: &[ModelConfig], args: &BoundArgs, line: &str) -> Value {
    let body: Value = match serde_json::from_str(line) {
        Ok(body) => body,
        Err(error) => return json!({"error": format!("the line is no JSON: {error}")}),
    };
    let name = body["model"].as_str();
    let model = models.iter().find(|model| args.family.is_some() || Some(model.name.as_str()) == name);
    let Some(model) = model else {
        return json!({"error": "the request names no model of the file; set `model` to one of them"});
    };
    match bound(model, &args.endpoint, line.as_bytes()) {
        Ok(bound) => json!({"prompts": bound.prompts, "answer": bound.answer, "answers": bound.answers}),
        Err(error) => json!({"error": error}),
    }
}
