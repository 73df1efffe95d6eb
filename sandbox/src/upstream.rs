//! A model server of the user's own behind the provider's server, or the echo model.

use {crate::SandboxError, serde::Deserialize, std::time::Duration, url::Url};

/// Time in which the upstream must list its models.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most models that are taken from it.
const MOST_MODELS: usize = 32;
/// Tokens of a context where the upstream does not say.
const CONTEXT_TOKENS: u64 = 131_072;
/// Most tokens of an answer, where the context has room for them.
const MAX_OUTPUT_TOKENS: u64 = 4_096;

/// A server that speaks OpenAI's protocol.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Its URL, up to and with `/v1`.
    pub url: Url,
    /// The environment variable that holds its API key.
    pub key_variable: Option<String>,
}

impl Upstream {
    /// Reads the URL of an upstream. Errors: the mistake and what to write instead.
    pub fn parse_url(text: &str) -> Result<Url, String> {
        match Url::parse(text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() =>
            {
                Ok(url)
            }
            _ => {
                Err("give the upstream's base URL, up to and with its /v1, as http://HOST:PORT/v1"
                    .to_string())
            }
        }
    }

    /// The section of `provider.toml` for an upstream with an API key.
    fn listed(&self) -> Option<String> {
        let variable = self.key_variable.as_ref()?;
        let url = self.url.as_str().trim_end_matches('/');
        Some(format!("\n[[model.upstream]]\nurl = {}\nkey = {{ env = {} }}\n", quoted(url), quoted(variable)))
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
    /// The context, as vLLM says it.
    max_model_len: Option<u64>,
}

/// The models that the provider's server offers: those of the upstream, or the echo model. Errors: [`SandboxError::Upstream`].
pub(crate) async fn models(upstream: Option<&Upstream>) -> Result<Vec<OfferedModel>, SandboxError> {
    let Some(upstream) = upstream else {
        return Ok(vec![OfferedModel { name: "echo".to_string(), context_tokens: CONTEXT_TOKENS }]);
    };
    let list = fetch(upstream)
        .await
        .map_err(|reason| SandboxError::Upstream { url: upstream.url.to_string(), reason })?;
    let offered = |model: ListedModel| OfferedModel {
        name: model.id,
        context_tokens: model.max_model_len.unwrap_or(CONTEXT_TOKENS).max(2),
    };
    Ok(list.data.into_iter().take(MOST_MODELS).map(offered).collect())
}

/// Asks an upstream for its models. Errors: the reason for which they cannot be had, and what to do.
async fn fetch(upstream: &Upstream) -> Result<ModelList, String> {
    // It is the user's own and called without a proxy, as the provider's server does.
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let url = format!("{}/models", upstream.url.as_str().trim_end_matches('/'));
    let mut request = client.get(url);
    if let Some(variable) = &upstream.key_variable {
        let key = std::env::var(variable).map_err(|_| {
            format!("the environment variable {variable} is not set; export the upstream's API key in it")
        })?;
        request = request.bearer_auth(key);
    }
    let answer = request.send().await.map_err(|error| match error.is_timeout() {
        true => "it does not answer within 5 s; check that it runs".to_string(),
        false => "it cannot be reached; start it, or leave --upstream out for the echo model".to_string(),
    })?;
    let status = answer.status().as_u16();
    match status {
        200 => {}
        401 | 403 => {
            return Err(format!(
                "it wants an API key (HTTP {status}); name its variable with --upstream-key-env NAME"
            ));
        }
        _ => return Err(format!("GET /models answers HTTP {status}; give the base URL up to and with /v1")),
    }
    let list: ModelList = answer
        .json()
        .await
        .map_err(|_| "GET /models does not list models as OpenAI's API does".to_string())?;
    if list.data.is_empty() {
        return Err("it has no model; load one".to_string());
    }
    Ok(list)
}

impl OfferedModel {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its section of `provider.toml`.
    pub(crate) fn section(&self, upstream: Option<&Upstream>) -> String {
        let served = match upstream {
            None => "upstream = \"echo\"\n".to_string(),
            Some(Upstream { url, key_variable: None }) => {
                format!("upstream = {}\n", quoted(url.as_str().trim_end_matches('/')))
            }
            // The key has its place in a list of upstreams, which ends the model's own settings.
            Some(Upstream { .. }) => String::new(),
        };
        let listed = upstream.and_then(Upstream::listed).unwrap_or_default();
        format!(
            "\n[[model]]\nname = {name}\n{served}context_tokens = {context}\nmax_output_tokens = {output}\n\
             units_per_1k_prompt = 1000\nunits_per_1k_generated = 4000\n{listed}",
            name = quoted(&self.name),
            context = self.context_tokens,
            output = MAX_OUTPUT_TOKENS.min(self.context_tokens / 2),
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
}
