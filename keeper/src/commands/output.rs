//! Results on stdout.

use {crate::commands::CommandError, serde::Serialize, serde_json::Value};

/// Prints a result: JSON for programs, a line for each field for people. Errors: [`CommandError::Output`].
pub(super) fn print(result: &impl Serialize, json: bool) -> Result<(), CommandError> {
    if json {
        println!("{}", serde_json::to_string(result)?);
        return Ok(());
    }
    print_fields(&serde_json::to_value(result)?, "");
    Ok(())
}

fn print_fields(value: &Value, indent: &str) {
    let Some(fields) = value.as_object() else {
        println!("{indent}{value}");
        return;
    };
    for (name, value) in fields {
        let name = name.replace('_', " ");
        match value {
            Value::Object(inner) if inner.is_empty() => println!("{indent}{name}: none"),
            Value::Object(_) => {
                println!("{indent}{name}:");
                print_fields(value, &format!("{indent}  "));
            }
            Value::String(text) => println!("{indent}{name}: {text}"),
            other => println!("{indent}{name}: {other}"),
        }
    }
}
