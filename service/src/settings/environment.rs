//! Environment variables that set keys of a file.

use toml::{Table, Value};

/// Sets the keys that environment variables with a prefix name.
pub(super) fn override_from(
    tree: &mut Table,
    prefix: &str,
    variables: impl Iterator<Item = (String, String)>,
) {
    for (name, text) in variables {
        let starts = name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let Some(key) = name.get(prefix.len()..).filter(|key| starts && !is_service_link(key)) else {
            continue;
        };
        set(tree, &key.to_ascii_lowercase(), value_of(&text));
    }
}

/// Sets a key; `__` stands between a section and the rest.
fn set(tree: &mut Table, key: &str, value: Value) {
    let Some((section, rest)) = key.split_once("__") else {
        tree.insert(key.to_string(), value);
        return;
    };
    let section = tree.entry(section).or_insert_with(|| Value::Table(Table::new()));
    match section {
        Value::Table(inner) => set(inner, rest, value),
        other => {
            let mut inner = Table::new();
            set(&mut inner, rest, value);
            *other = Value::Table(inner);
        }
    }
}

/// A variable's value: what TOML makes of it, else text.
fn value_of(text: &str) -> Value {
    let text = text.trim();
    let parsed = format!("value = {text}").parse::<Table>().ok().filter(|table| table.len() == 1);
    match parsed.and_then(|mut table| table.remove("value")) {
        Some(Value::Datetime(_)) | None => Value::String(text.to_string()),
        Some(value) => value,
    }
}

/// True for variables that Kubernetes sets for a service of the daemon's name; `key` is without the prefix.
fn is_service_link(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    // No section: the keys of one stand behind two such lines.
    let is_in = |start: &str| key.strip_prefix(start).is_some_and(|rest| !rest.starts_with('_'));
    ["PORT", "SERVICE_HOST", "SERVICE_PORT"].contains(&key.as_str())
        || is_in("PORT_")
        || is_in("SERVICE_PORT_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_no_key() {
        for link in
            ["PORT", "port", "PORT_8080_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP"]
        {
            assert!(is_service_link(link), "{link}");
        }
        for key in [
            "MARKET",
            "SERVE__LISTEN",
            "SERVE__PORT",
            "PORTS",
            "PORT__A",
            "SERVICE",
            "SERVICE_HOSTS",
            "SERVICE_PORTS",
            "SERVICE_PORT__A",
        ] {
            assert!(!is_service_link(key), "{key}");
        }
    }

    fn overridden(text: &str, variables: &[(&str, &str)]) -> Table {
        let mut tree = text.parse().unwrap();
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        override_from(&mut tree, "DAEMON_", variables);
        tree
    }

    #[test]
    fn variables_set_keys_of_sections_and_have_the_types_that_toml_gives_them() {
        let text = "a = 1\nb = \"kept\"\nlate = 2027-01-01\n[cycle]\nseconds = 1\nlag_slots = 2";
        let tree = overridden(
            text,
            &[
                ("DAEMON_A", "2"),
                ("daemon_cycle__seconds", " 0.5 "),
                ("DAEMON_CYCLE__NEW__DEEP", "true"),
                ("DAEMON_LIST", "[1, 2]"),
                ("DAEMON_TABLE", "{ file = \"x\" }"),
                ("DAEMON_NAME", "two words"),
                ("DAEMON_LINES", "1\nc = 2"),
                ("DAEMON_DAY", "2027-01-01"),
                ("DAEMON_PORT", "tcp://10.0.0.1:1"),
                ("OTHER_A", "3"),
                ("DAEMON", "4"),
            ],
        );
        let expected = "a = 2\nb = \"kept\"\nlate = 2027-01-01\nlist = [1, 2]\nname = \"two words\"\n\
                        lines = \"1\\nc = 2\"\nday = \"2027-01-01\"\n\
                        [cycle]\nseconds = 0.5\nlag_slots = 2\nnew = { deep = true }\n[table]\nfile = \"x\"";
        assert_eq!(tree, expected.parse().unwrap());
        assert_eq!(overridden("a = 1", &[("DAEMON_A__B", "2")]), "a = { b = 2 }".parse().unwrap());
    }
}
