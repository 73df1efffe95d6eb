//! A model server of the user's own behind the provider's server, or the echo model.

use {
    crate::SandboxError, blockable_service::secrets::SecretSource, reqwest::redirect::Policy,
    secrecy::ExposeSecret, serde::Deserialize, serde_json::Value, std::time::Duration, url::Url,
};

/// Time in which the upstream must list its models.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most models that are taken from it.
const MOST_MODELS: usize = 32;
/// Tokens of a context where the upstream does not say.
const CONTEXT_TOKENS: u64 = 131_072;
/// Largest context that the provider's server takes.
const MOST_CONTEXT_TOKENS: u64 = 10_000_000;
/// Longest name of a model in bytes.
const LONGEST_NAME: usize = 256;
/// Largest list of models in bytes.
const LONGEST_LIST: usize = 1_000_000;
/// Advice for a URL that is none.
const BASE_URL: &str = "give the upstream's base URL, up to and with its /v1, as http://HOST:PORT/v1";

/// A server that speaks OpenAI's protocol.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Its URL, up to and with `/v1`.
    pub url: Url,
    /// The environment variable that holds its API key.
    pub key_variable: Option<String>,
}

impl Upstream {
    /// Reads the URL of an upstream. Errors: the mistake and what to write instead; never the text, which may hold a password.
    pub fn parse_url(text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|_| BASE_URL.to_string())?;
        require_plain(&url)?;
        Ok(url)
    }

    /// Scheme, host and port.
    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The reason for which it cannot be used, and what to do.
    fn refused(&self, reason: impl Into<String>) -> SandboxError {
        SandboxError::Upstream { origin: self.origin(), reason: reason.into() }
    }

    /// Its section below that of a model.
    fn section(&self) -> String {
        let url = quoted(self.url.as_str().trim_end_matches('/'));
        let key = self.key_variable.as_ref();
        let key = key.map(|name| format!("key = {{ env = {} }}\n", quoted(name))).unwrap_or_default();
        format!("[[model.upstream]]\nurl = {url}\n{key}")
    }
}

/// Requires a base URL and nothing more. Errors: the mistake and what to write instead.
fn require_plain(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || url.query().is_some() {
        return Err(BASE_URL.to_string());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "leave user and password out of the URL; name the variable that holds an API key".to_string()
        );
    }
    match url.fragment() {
        None => Ok(()),
        Some(_) => Err("leave the # and what follows it out of the URL".to_string()),
    }
}

/// A model that the provider's server offers.
pub(crate) struct OfferedModel {
    name: String,
    context_tokens: u64,
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    /// The context, as vLLM says it; others may say anything.
    #[serde(default)]
    max_model_len: Value,
}

/// The models that the provider's server offers: those of the upstream, or the echo model. Errors: [`SandboxError::Upstream`],
/// [`SandboxError::UpstreamKey`].
pub(crate) async fn models(upstream: Option<&Upstream>) -> Result<Vec<OfferedModel>, SandboxError> {
    let Some(upstream) = upstream else {
        return Ok(vec![OfferedModel { name: "echo".to_string(), context_tokens: CONTEXT_TOKENS }]);
    };
    let refused = |reason| upstream.refused(reason);
    require_plain(&upstream.url).map_err(refused)?;
    offered(fetch(upstream).await?).map_err(refused)
}

/// The models of a list that can be served, each once. Errors: none can be.
fn offered(list: ModelList) -> Result<Vec<OfferedModel>, String> {
    if list.data.is_empty() {
        return Err("it has no model; load one".to_string());
    }
    let mut models: Vec<OfferedModel> = Vec::new();
    for ListedModel { id, max_model_len } in list.data {
        let is_name = !id.trim().is_empty() && id.len() <= LONGEST_NAME && !id.chars().any(char::is_control);
        if models.len() < MOST_MODELS && is_name && models.iter().all(|model| model.name != id) {
            let context_tokens = max_model_len.as_u64().unwrap_or(CONTEXT_TOKENS);
            models.push(OfferedModel {
                name: id,
                context_tokens: context_tokens.clamp(2, MOST_CONTEXT_TOKENS),
            });
        }
    }
    match models.is_empty() {
        false => Ok(models),
        true => Err(format!(
            "none of its models has a name of 1 to {LONGEST_NAME} bytes without control characters; rename one"
        )),
    }
}

/// Asks an upstream for its models. Errors: [`SandboxError::Upstream`], [`SandboxError::UpstreamKey`].
async fn fetch(upstream: &Upstream) -> Result<ModelList, SandboxError> {
    // It is the user's own and called without a proxy, as the provider's server does, and its key goes nowhere else.
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().redirect(Policy::none()).build();
    let client = client.map_err(|error| upstream.refused(error.to_string()))?;
    let url = format!("{}/models", upstream.url.as_str().trim_end_matches('/'));
    let mut request = client.get(url);
    if let Some(variable) = &upstream.key_variable {
        let key = SecretSource::Env(variable.clone()).read();
        let key = key.map_err(|_| {
            upstream.refused(format!(
                "the environment variable {variable} is not set; export the upstream's API key in it"
            ))
        })?;
        request = request.bearer_auth(key.expose_secret());
    }
    let answer = request.send().await.map_err(|error| match error.is_timeout() {
        true => upstream.refused("it does not answer within 5 s; check that it runs"),
        false => upstream.refused("it cannot be reached; start it, or name none for the echo model"),
    })?;
    let status = answer.status().as_u16();
    let advice = match status {
        200 => None,
        401 | 403 => return Err(SandboxError::UpstreamKey { origin: upstream.origin(), status }),
        300..=399 => Some("redirects; give the base URL that it leads to"),
        _ => Some("is refused; give the base URL up to and with /v1"),
    };
    if let Some(advice) = advice {
        return Err(upstream.refused(format!("GET /models (HTTP {status}) {advice}")));
    }
    let body = read_bounded(answer).await.map_err(|reason| upstream.refused(reason))?;
    serde_json::from_slice(&body).map_err(|_| {
        upstream
            .refused("GET /models does not list models as OpenAI's API does; name a server that speaks it")
    })
}

/// Reads a body that may be endless. Errors: the reason, and what to do.
async fn read_bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST_LIST => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Err(
                    "GET /models answers with more than 1 MB; check that it is a model server".to_string()
                );
            }
            Err(_) => {
                return Err("GET /models does not answer in full within 5 s; check that it runs".to_string());
            }
        }
    }
}

impl OfferedModel {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its section of `provider.toml`. An answer may be as long as the context: an upstream's own limit is not known, and a
    /// request that states none must be held for in full.
    pub(crate) fn section(&self, upstream: Option<&Upstream>) -> String {
        let server = match upstream {
            None => "upstream = \"echo\"\n".to_string(),
            Some(_) => String::new(),
        };
        let own = upstream.map(Upstream::section).unwrap_or_default();
        format!(
            "\n[[model]]\nname = {name}\n{server}context_tokens = {context}\nmax_output_tokens = {context}\n\
             units_per_1k_prompt = 1000\nunits_per_1k_generated = 4000\n{own}",
            name = quoted(&self.name),
            context = self.context_tokens,
        )
    }
}

/// A string as TOML has it: its escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_provider::Config};

    /// The settings of the sandbox's server with the sections of models.
    fn read(sections: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../files/provider.toml")
            .replace("{port}", "8901")
            .replace("{health}", "8903")
            .replace("{page}", "8902")
            .replace("{rpc_url}", "http://127.0.0.1:8899")
            .replace("{ws_url}", "ws://127.0.0.1:8900");
        let text =
            ["{market}", "{provider}"].iter().fold(text, |text, name| text.replace(name, &"1".repeat(32)));
        let file = folder.path().join("provider.toml");
        std::fs::write(&file, text + sections).unwrap();
        Config::FILE.load(&file).unwrap()
    }

    #[test]
    fn the_server_reads_the_section_of_each_kind_of_upstream() {
        let models = ["org/a \"b\"", "c"]
            .map(|name| OfferedModel { name: name.to_string(), context_tokens: CONTEXT_TOKENS });
        let url = Upstream::parse_url("http://127.0.0.1:4000/v1/").unwrap();
        // A variable that every test process has.
        for key_variable in [None, Some("PATH".to_string())] {
            let upstream = Upstream { url: url.clone(), key_variable };
            let sections: String = models.iter().map(|model| model.section(Some(&upstream))).collect();
            let read = read(&sections).models;
            let names: Vec<&str> = read.iter().map(|model| model.name.as_str()).collect();
            assert_eq!(names, ["org/a \"b\"", "c"]);
            for model in &read {
                assert_eq!(model.upstreams.len(), 1);
                assert_eq!(model.upstreams[0].key.is_some(), upstream.key_variable.is_some());
            }
        }
        assert_eq!(read(&models[1].section(None)).models.len(), 1);
    }

    #[test]
    fn odd_models_are_left_out_and_none_refuses_the_others() {
        let list = |models: &str| serde_json::from_str(&format!(r#"{{"data": [{models}]}}"#)).unwrap();
        let models = offered(list(
            r#"{"id": "a", "max_model_len": "32k"}, {"id": "a", "max_model_len": 7}, {"id": ""}, {"id": " "},
            {"id": "b\u007f"}, {"id": "b\nc"}, {"id": "it's \"b\"", "max_model_len": 18446744073709551615},
            {"id": "c", "max_model_len": 0}, {"id": "d", "max_model_len": -1}, {"id": "e", "max_model_len": null}"#,
        ));
        let models = models.unwrap();
        let found: Vec<(&str, u64)> =
            models.iter().map(|model| (model.name(), model.context_tokens)).collect();
        let (all, most) = (CONTEXT_TOKENS, MOST_CONTEXT_TOKENS);
        assert_eq!(found, [("a", all), ("it's \"b\"", most), ("c", 2), ("d", all), ("e", all)]);
        let sections: String = models.iter().map(|model| model.section(None)).collect();
        assert_eq!(read(&sections).models.len(), models.len(), "the server takes them all");
        let long = format!(r#"{{"id": "{}"}}, {{"id": "\u0007"}}"#, "x".repeat(257));
        let refused = offered(list(&long)).err().unwrap();
        assert!(refused.contains("none of its models has a name of 1 to 256 bytes"), "{refused}");
        let many: Vec<String> = (0..100).map(|number| format!(r#"{{"id": "{number}"}}"#)).collect();
        assert_eq!(offered(list(&many.join(","))).unwrap().len(), MOST_MODELS);
    }

    #[test]
    fn passwords_and_fragments_are_refused_and_not_repeated() {
        for wrong in
            ["http://me:s3cret@host/v1", "http://s3cret@host/v1", "http://host/v1#s3cret", "ftp://s3cret/v1"]
        {
            let refused = Upstream::parse_url(wrong).unwrap_err();
            assert!(!refused.contains("s3cret") && refused.contains("URL"), "{refused}");
        }
    }
}
