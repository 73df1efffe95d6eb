//! The description against the tables that the server is made from. Integration tests compare it with what a server answers.

use {
    super::{super::credits::CreditStatus, openapi},
    crate::{api, config::Endpoint, gateway, http},
    blockable_sdk::program::transitions::Status,
    blockable_testkit::openapi::Description,
    serde_json::{Value, json},
    std::collections::BTreeSet,
    utoipa::PartialSchema,
};

fn description() -> Description {
    Description(openapi())
}

/// Paths of a table of routes, as the description writes them.
fn paths(routes: Vec<http::Route>) -> BTreeSet<String> {
    routes.into_iter().map(|(path, _)| path.replace("{*", "{")).collect()
}

#[test]
fn the_description_has_every_route_of_the_tables_and_no_other() {
    // What lies below an endpoint and is not served, with the reason.
    let unserved = |path: &str| path.ends_with("{rest}");
    let models: BTreeSet<String> =
        paths(gateway::routes()).into_iter().filter(|path| !unserved(path)).collect();
    assert_eq!(models, Endpoint::ALL.map(|endpoint| format!("/v1{}", endpoint.path())).into());
    let clients: BTreeSet<String> = models.union(&paths(api::routes())).cloned().collect();
    let operators = paths(api::ops::routes());
    let description = description();
    assert_eq!(description.paths(), clients.union(&operators).cloned().collect());
    for (path, method, operation) in description.operations() {
        let is_operators = operation["tags"] == json!(["operations"]);
        assert_eq!(is_operators, operators.contains(path), "{method} {path}");
        assert_eq!(is_operators, operation["servers"].is_array(), "{method} {path}");
    }
}

#[test]
fn metrics_name_every_route() {
    for path in description().paths() {
        assert_ne!(http::route(&path), "other", "{path}");
    }
}

#[test]
fn every_type_that_the_description_refers_to_is_in_it() {
    let description = description();
    assert!(description.references().len() > 30);
    assert_eq!(description.dangling(), Vec::<String>::new());
}

#[test]
fn every_operation_says_what_it_does_and_how_it_refuses() {
    let description = description();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in description.operations() {
        let at = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{at}");
        assert!(ids.insert(operation["operationId"].to_string()), "{at}: {}", operation["operationId"]);
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(
            operation["security"].is_array() || path == "/v1/keys" && method == "post",
            responses.contains_key("401"),
            "{at}"
        );
        for (name, parameter) in
            operation["parameters"].as_array().into_iter().flatten().map(|one| (&one["name"], one))
        {
            assert!(parameter["description"].is_string(), "{at} {name}");
        }
        let placed = path.matches('{').count();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        assert_eq!(parameters.filter(|one| one["in"] == "path").count(), placed, "{at}");
        if operation["requestBody"].is_object() {
            for status in ["400", "408", "413", "415"] {
                assert!(responses.contains_key(status), "{at} {status}");
            }
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let schema = &response["content"]["application/json"]["schema"]["$ref"];
            assert!(schema.is_string(), "{at} {status}");
        }
    }
}

/// The values of an enumeration.
fn values<T: PartialSchema>() -> Vec<Value> {
    serde_json::to_value(T::schema()).unwrap()["enum"].as_array().unwrap().clone()
}

#[test]
fn the_status_of_a_credit_has_every_value() {
    let statuses: Vec<Value> =
        Status::ALL.iter().map(|status| json!(format!("{status:?}").to_lowercase())).collect();
    assert_eq!(values::<CreditStatus>(), statuses);
}

#[test]
fn every_form_of_requests_has_its_parameters_and_its_errors() {
    for kind in Endpoint::ALL {
        let request = super::completions::request(kind);
        let described = request["properties"].as_object().unwrap();
        for name in [kind.input(), "model"] {
            assert!(described[name]["description"].is_string(), "{name} of {kind:?}");
            assert!(request["required"].as_array().unwrap().contains(&json!(name)), "{name} of {kind:?}");
        }
        let may_stream =
            described["stream"]["type"].as_array().is_some_and(|types| types.contains(&json!("boolean")));
        assert_eq!(may_stream, kind.streams(), "{kind:?}");
        assert!(!described.contains_key("extra_body"), "refused parameters are not described: {kind:?}");
        assert_eq!(described["service_tier"]["enum"][0], "auto", "{kind:?}");
    }
}
