//! The answer of a command: text for people, or exactly one JSON document. Everything else goes to stderr.

pub(crate) use blockable_service::command::{Answer, note};
use {
    crate::{error::CliError, near::nearest, settings::Format},
    blockable_sdk::printable,
    blockable_service::command::{Exit, Failure, document, say},
    clap::error::ErrorKind,
    serde_json::{Map, Value, json},
    std::{
        ffi::OsString,
        sync::{Mutex, MutexGuard, PoisonError},
    },
};

/// Prints the answer. Returns the exit code.
pub(crate) fn print(format: Format, fields: &[String], result: Result<Answer, CliError>) -> Exit {
    if format == Format::Table {
        return match result {
            Ok(answer) => {
                print_line(&answer.text);
                answer.exit()
            }
            Err(error) => {
                say(&format!("error: {error}"));
                error.exit()
            }
        };
    }
    let exit = result.as_ref().map_or_else(CliError::exit, Answer::exit);
    let chosen = result.and_then(|answer| chosen(answer.data, fields));
    let exit = chosen.as_ref().map_or_else(CliError::exit, |_| exit);
    let mut document = document(&chosen);
    document["warnings"] = json!(warnings().drain(..).collect::<Vec<_>>());
    print_line(&document.to_string());
    exit
}

/// Prints to standard output; a reader that has gone is no error.
fn print_line(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
}

/// Warnings of this run, for the document.
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn warnings() -> MutexGuard<'static, Vec<String>> {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what the answer lacks, or what its reader should look at: on standard error, and in the document's `warnings`.
pub(crate) fn warn(text: &str) {
    let text = printable(text);
    let mut warnings = warnings();
    // A command that reads the chain anew has the same to say.
    if warnings.contains(&text) {
        return;
    }
    say(&format!("warning: {text}"));
    warnings.push(text);
}

/// Keeps a danger that the review shows on standard error for the document's `warnings`.
pub(crate) fn keep_warning(text: &str) {
    warnings().push(printable(text));
}

/// Keeps the fields that are asked for. Where the command has sent something, a field that is not there is no failure: the whole
/// document is given. Errors: as [`choose`].
fn chosen(data: Value, fields: &[String]) -> Result<Value, CliError> {
    let has_changed = data["changed"] == Value::Bool(true) || !data["proposal"]["status"].is_null();
    match choose(data.clone(), fields) {
        Err(error) if has_changed => {
            note(&format!("{error}; the command has done its work, and the whole document is given"));
            Ok(data)
        }
        fields => fields,
    }
}

/// Keeps the fields that are asked for, in each object of a list; a point leads into an object. Without fields everything is kept.
/// Errors: [`CliError::Usage`] for a field that is not there.
fn choose(data: Value, fields: &[String]) -> Result<Value, CliError> {
    if fields.is_empty() {
        return Ok(data);
    }
    match data {
        Value::Array(items) => items.into_iter().map(|item| choose(item, fields)).collect(),
        Value::Object(object) => {
            let mut chosen = Map::new();
            for field in fields {
                let pointer = format!("/{}", field.replace('.', "/"));
                let Some(value) = Value::Object(object.clone()).pointer(&pointer).cloned() else {
                    let near = nearest(field, object.keys());
                    let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
                    let known = object.keys().cloned().collect::<Vec<_>>().join(", ");
                    return Err(CliError::Usage(format!(
                        "there is no field {field:?}; {near}there are: {known}"
                    )));
                };
                chosen.insert(field.clone(), value);
            }
            Ok(Value::Object(chosen))
        }
        other => Ok(other),
    }
}

/// Prints what clap says: help and version as they are; mistakes as text, or as a document where JSON is asked for. `missing` is the
/// mistake of a line that names no command, for which clap has the help alone.
pub(crate) fn print_usage(format: Format, error: &clap::Error, missing: String) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done;
    }
    let is_missing = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if format == Format::Table {
        let _ = error.print();
        if is_missing {
            say(&format!("\nerror: {missing}"));
        }
        return Exit::Usage;
    }
    if is_missing {
        return print(Format::Json, &[], Err(CliError::Usage(missing)));
    }
    let text = error.render().to_string();
    let cut = |text: &str, from: &str| text.split(from).next().unwrap_or_default().to_string();
    let text = cut(&cut(&text, "\n\nUsage:"), "\n\nFor more information");
    let message = text.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    print(Format::Json, &[], Err(CliError::Usage(message)))
}

/// True where arguments ask for JSON, also by a mistyped `--output`; for arguments that clap could not read.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    let arguments: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let is_output = |name: &str| {
        (name.len() > 3 && "--output".starts_with(name)) || strsim::damerau_levenshtein(name, "--output") <= 2
    };
    let is_flag = |argument: &&str| match argument.split_once('=') {
        Some((name, value)) => name == "--json" || value == "json" && is_output(name),
        None => *argument == "--json",
    };
    let by_two = arguments.windows(2).any(|pair| matches!(pair, [name, "json"] if is_output(name)));
    by_two || arguments.iter().any(is_flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_chosen_by_name_in_every_object() {
        let data = json!([{"a": 1, "b": {"c": 2}}, {"a": 3, "b": {"c": 4}}]);
        let fields = ["a".to_string(), "b.c".to_string()];
        assert_eq!(choose(data.clone(), &fields).unwrap(), json!([{"a": 1, "b.c": 2}, {"a": 3, "b.c": 4}]));
        let error = choose(data, &["colour".to_string()]).unwrap_err().to_string();
        assert_eq!(error, "there is no field \"colour\"; there are: a, b");
        let fields = ["signatures".to_string(), "nothing".to_string()];
        let landed = json!({"changed": true, "signatures": ["5x"]});
        assert_eq!(chosen(landed.clone(), &fields).unwrap(), landed, "what has landed is never a failure");
        assert!(chosen(json!({"changed": false, "signatures": []}), &fields).is_err());
    }
}
