//! `blockable schema`: the JSON schema of each command's document.
//!
//! `cli/schemas` has a file per noun: types under `$defs`, and under `commands` the `data` of each command. Tests compare every
//! document that they read with it.

use {
    super::Cli,
    crate::{error::CliError, lookup::nearest, output::Answer},
    blockable_service::command::SCHEMA_VERSION,
    clap::{Args, CommandFactory},
    serde_json::{Map, Value, json},
};

/// The parts of the schema, by noun.
const PARTS: [&str; 9] = [
    include_str!("../../schemas/common.json"),
    include_str!("../../schemas/market.json"),
    include_str!("../../schemas/provider.json"),
    include_str!("../../schemas/credit.json"),
    include_str!("../../schemas/pool.json"),
    include_str!("../../schemas/reports.json"),
    include_str!("../../schemas/audit.json"),
    include_str!("../../schemas/economics.json"),
    include_str!("../../schemas/config.json"),
];

/// Prints the JSON schema of a command's answer
///
/// It is that of the whole document on the standard output with --output json. Without a command the commands are listed.
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// The command, such as credit show
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl SchemaArgs {
    /// Prints the schema. Errors: [`CliError::NotFound`] for an unknown command, with a near one.
    pub(super) fn run(&self) -> Result<Answer, CliError> {
        let Schemas { types, commands } = Schemas::read()?;
        let name = self.command.join(" ");
        if name.is_empty() {
            let names: Vec<&String> = commands.keys().collect();
            let text = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("\n");
            return Ok(Answer { text, data: json!({"commands": names}) });
        }
        let data = commands.get(&name).ok_or_else(|| {
            let near = nearest(&name, commands.keys());
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            CliError::NotFound(format!(
                "no command {name:?} gives an answer; `blockable schema` lists those that do{near}"
            ))
        })?;
        let schema = document(&name, data, types);
        let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        Ok(Answer { text, data: json!({"schema": schema}) })
    }
}

/// All parts together.
struct Schemas {
    types: Map<String, Value>,
    commands: Map<String, Value>,
}

impl Schemas {
    /// Reads the parts. Errors: [`CliError::Failed`], none in practice.
    fn read() -> Result<Schemas, CliError> {
        let mut schemas = Schemas { types: Map::new(), commands: Map::new() };
        for part in PARTS {
            let mut part: Value = serde_json::from_str(part).map_err(|error| {
                CliError::Failed(format!("the schemas cannot be read: {error}; report this"))
            })?;
            let mut take = |name: &str| match part[name].take() {
                Value::Object(entries) => entries,
                _ => Map::new(),
            };
            schemas.types.extend(take("$defs"));
            schemas.commands.extend(take("commands"));
        }
        Ok(schemas)
    }
}

/// The schema of the document of a command whose `data` has a schema of its own.
fn document(command: &str, data: &Value, types: Map<String, Value>) -> Value {
    let or_null = |schema: Value| json!({"oneOf": [schema, {"type": "null"}]});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("blockable {command}"),
        "description": format!("The document of `blockable {command} --output json`, version {}.", Cli::command().get_version().unwrap_or_default()),
        "type": "object",
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "ok": {"type": "boolean"},
            "data": or_null(data.clone()),
            "error": or_null(json!({"$ref": "#/$defs/Error"})),
            "warnings": {
                "type": "array",
                "items": {"type": "string"},
                "description": "What the answer lacks, or what its reader should look at.",
            },
        },
        "required": ["schema_version", "ok", "data", "error", "warnings"],
        "$defs": types,
    })
}
