//! Checks of an OpenAPI description, and of answers against it.

use {
    serde_json::{Map, Value},
    std::collections::BTreeSet,
};

/// Members that an object must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Those that are required, and none that are not described.
    Required,
    /// All that are described, and no others.
    All,
}

/// An OpenAPI description.
pub struct Description(pub Value);

impl Description {
    /// Every path.
    pub fn paths(&self) -> BTreeSet<String> {
        self.0["paths"].as_object().into_iter().flatten().map(|(path, _)| path.clone()).collect()
    }

    /// Methods of a path, in upper case.
    pub fn methods(&self, path: &str) -> BTreeSet<String> {
        let methods = self.0["paths"][path].as_object().into_iter().flatten();
        methods.map(|(method, _)| method.to_uppercase()).collect()
    }

    /// Every operation: path, method in lower case, and description.
    pub fn operations(&self) -> Vec<(&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
            })
            .collect()
    }

    /// Every `$ref`.
    pub fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        references(&self.0, &mut found);
        found
    }

    /// References to types that are not in the description.
    pub fn dangling(&self) -> Vec<String> {
        let known = |reference: &String| {
            self.0.pointer(reference.trim_start_matches('#')).is_some_and(Value::is_object)
        };
        self.references().into_iter().filter(|reference| !known(reference)).collect()
    }

    /// The schema of an answer; `None` where its path, method, status or type of content is not described.
    pub fn answer(&self, path: &str, method: &str, status: u16, content: &str) -> Option<&Value> {
        self.0["paths"][path][method]["responses"][status.to_string()]["content"][content].get("schema")
    }

    /// Requires that a value fits a schema. Errors: the place, and what does not fit there.
    pub fn check(&self, schema: &Value, value: &Value, members: Members) -> Result<(), String> {
        self.check_at(schema, value, members, "$")
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
            None => schema,
        }
    }

    fn check_at(&self, schema: &Value, value: &Value, members: Members, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        if schema.is_null() {
            return Err(format!("{at} has no schema"));
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.check_at(&self.merged(parts), value, members, at);
        }
        if let Some(either) = schema["oneOf"].as_array() {
            let faults: Vec<String> =
                either.iter().filter_map(|one| self.check_at(one, value, members, at).err()).collect();
            let fits = faults.len() < either.len();
            return if fits { Ok(()) } else { Err(faults.join(", or ")) };
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            return Err(format!("{at} is {value}, none of {values:?}"));
        }
        if !is_of_type(&schema["type"], value) {
            return Err(format!("{at} is {value}, not of type {}", schema["type"]));
        }
        match value {
            Value::Object(fields) => self.check_members(schema, fields, members, at),
            Value::Array(values) if !schema["items"].is_null() => {
                values.iter().enumerate().try_for_each(|(place, value)| {
                    self.check_at(&schema["items"], value, members, &format!("{at}[{place}]"))
                })
            }
            Value::Number(number) => match (schema["minimum"].as_f64(), number.as_f64()) {
                (Some(least), Some(number)) if number < least => {
                    Err(format!("{at} is {number}, below {least}"))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// One schema of an object for several.
    fn merged(&self, parts: &[Value]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts.iter().map(|part| self.resolve(part)) {
            let part = match part["allOf"].as_array() {
                Some(inner) => self.merged(inner),
                None => part.clone(),
            };
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        serde_json::json!({ "type": "object", "properties": properties, "required": required })
    }

    fn check_members(
        &self,
        schema: &Value,
        fields: &Map<String, Value>,
        members: Members,
        at: &str,
    ) -> Result<(), String> {
        let known = schema["properties"].as_object();
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let described = known.into_iter().flatten().map(|(name, _)| name.as_str());
        let wanted: Vec<&str> = match members {
            Members::Required => required.collect(),
            Members::All => described.collect(),
        };
        if let Some(missing) = wanted.into_iter().find(|name| !fields.contains_key(*name)) {
            return Err(format!("{at}.{missing} is missing"));
        }
        for (name, value) in fields {
            let place = format!("{at}.{name}");
            match (known.and_then(|known| known.get(name)), &schema["additionalProperties"]) {
                (Some(part), _) => self.check_at(part, value, members, &place)?,
                (None, Value::Bool(true)) => {}
                (None, other) if other.is_object() => self.check_at(other, value, members, &place)?,
                // An object without members is one of any kind.
                (None, Value::Null) if known.is_none() => {}
                _ => return Err(format!("{place} is not described")),
            }
        }
        Ok(())
    }
}

/// True where a value is of a type, or of one of several.
fn is_of_type(kind: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    };
    match kind {
        Value::Null => true,
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_string));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use {super::*, serde_json::json};

    #[test]
    fn what_does_not_fit_is_named() {
        let document = Description(json!({"components": {"schemas": {"Name": {"type": "string"}}}}));
        let name = json!({"$ref": "#/components/schemas/Name"});
        let one = json!({"type": "object", "properties": {"a": name, "b": {"type": ["integer", "null"], "minimum": 2}}, "required": ["a"]});
        let check = |schema: &Value, value: Value, members| document.check(schema, &value, members).err();
        assert_eq!(check(&one, json!({"a": "x"}), Members::Required), None);
        assert_eq!(check(&one, json!({"a": "x", "b": null}), Members::All), None);
        let fault = |value, members| check(&one, value, members).unwrap();
        assert_eq!(fault(json!({"a": "x"}), Members::All), "$.b is missing");
        assert_eq!(fault(json!({"b": 3}), Members::Required), "$.a is missing");
        assert_eq!(fault(json!({"a": "x", "b": 1}), Members::Required), "$.b is 1, below 2");
        assert_eq!(fault(json!({"a": "x", "c": 1}), Members::Required), "$.c is not described");
        assert!(fault(json!({"a": 1}), Members::Required).contains("not of type"));
        let both = json!({"allOf": [one, {"type": "object", "properties": {"c": {"enum": ["d"]}}, "required": ["c"]}]});
        assert_eq!(check(&both, json!({"a": "x", "c": "d"}), Members::Required), None);
        assert!(check(&both, json!({"a": "x", "c": "e"}), Members::Required).unwrap().contains("none of"));
        let either = json!({"oneOf": [{"type": "null"}, {"type": "array", "items": name}]});
        assert_eq!(check(&either, json!(["x"]), Members::Required), None);
        assert!(check(&either, json!([1]), Members::Required).unwrap().contains("$[0]"));
        let map = json!({"type": "object", "additionalProperties": name});
        assert_eq!(check(&map, json!({"any": "x"}), Members::Required), None);
        assert!(check(&map, json!({"any": 1}), Members::Required).is_some());
        assert!(document.dangling().is_empty());
        assert_eq!(Description(json!([{"$ref": "#/none"}])).dangling(), ["#/none"]);
    }
}
