//! The models on offer, which are replaced while the server runs.

use {
    crate::{
        config::{ModelConfig, Upstream},
        echo::Echo,
        serve_error::ServeError,
        upstreams::{Pool, UpstreamServer},
    },
    blockable_service::lock::lock,
    std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    },
    tokio::sync::watch,
};

/// A model and its upstreams.
pub(crate) struct ServedModel {
    /// Its settings.
    pub config: ModelConfig,
    /// Its upstreams.
    pub pool: Arc<Pool>,
}

/// Models by their names.
pub(crate) type ModelsByName = BTreeMap<String, Arc<ServedModel>>;

/// The models on offer.
///
/// Owned by the server's state. A request keeps the model that it began with, also where another list replaces it, so that it is
/// settled by the settings that it was held by. The lock guards the built-in models, which run until the server stops: a request
/// may still be at one that is no longer on offer. Nothing of it is durable.
pub(crate) struct Models {
    current: watch::Sender<Arc<ModelsByName>>,
    echoes: Mutex<Vec<Echo>>,
}

/// Models that are made and not on offer yet.
pub(crate) struct NewModels {
    models: ModelsByName,
    echoes: Vec<Echo>,
}

impl Drop for NewModels {
    /// Stops the built-in models of a list that is not taken.
    fn drop(&mut self) {
        self.echoes.iter().for_each(Echo::stop);
    }
}

impl Models {
    /// Makes the models of a list. Errors: a key cannot be read, or a built-in model gets no port.
    pub(crate) async fn start(list: &[ModelConfig]) -> Result<Models, ServeError> {
        let mut new = NewModels::make(list, &ModelsByName::new()).await?;
        let (current, _) = watch::channel(Arc::new(std::mem::take(&mut new.models)));
        Ok(Models { current, echoes: Mutex::new(std::mem::take(&mut new.echoes)) })
    }

    /// Makes the models of another list; they are not on offer yet. Keys are read anew. Upstreams that the list before has too
    /// keep their health and their running requests. Errors: as [`Models::start`].
    pub(crate) async fn make_next(&self, list: &[ModelConfig]) -> Result<NewModels, ServeError> {
        NewModels::make(list, &self.all()).await
    }

    /// Replaces the models. Returns those before.
    pub(crate) fn replace(&self, mut new: NewModels) -> Arc<ModelsByName> {
        lock(&self.echoes).append(&mut new.echoes);
        self.current.send_replace(Arc::new(std::mem::take(&mut new.models)))
    }

    /// Finds a model by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<ServedModel>> {
        self.current.borrow().get(name).cloned()
    }

    /// All models.
    pub(crate) fn all(&self) -> Arc<ModelsByName> {
        self.current.borrow().clone()
    }

    /// The models, and each list that replaces them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<ModelsByName>> {
        self.current.subscribe()
    }

    /// Stops the built-in models.
    pub(crate) fn stop(&self) {
        lock(&self.echoes).iter().for_each(Echo::stop);
    }
}

impl NewModels {
    async fn make(list: &[ModelConfig], before: &ModelsByName) -> Result<NewModels, ServeError> {
        warn_of_built_in(list);
        let mut new = NewModels { models: BTreeMap::new(), echoes: Vec::new() };
        for config in list {
            let known = before.get(&config.name);
            let pool = match known.filter(|known| has_same_echo(&known.config, config)) {
                Some(known) => known.pool.clone(),
                None => Pool::after(known.map(|known| known.pool.as_ref()), new.servers(config).await?),
            };
            new.models.insert(config.name.clone(), Arc::new(ServedModel { config: config.clone(), pool }));
        }
        Ok(new)
    }

    /// Makes the upstreams of a model, and starts those that are built in.
    async fn servers(&mut self, config: &ModelConfig) -> Result<Vec<UpstreamServer>, ServeError> {
        let mut servers = Vec::new();
        for upstream in &config.upstreams {
            let url = match &upstream.server {
                Upstream::Url(url) => url.clone(),
                Upstream::Echo => {
                    let echo = Echo::start(config).await.map_err(|error| ServeError::Listen {
                        addr: "127.0.0.1:0".to_string(),
                        reason: error.to_string(),
                    })?;
                    let url = format!("http://{}/v1", echo.addr);
                    self.echoes.push(echo);
                    url
                }
            };
            servers.push(UpstreamServer::new(config, upstream, url)?);
        }
        Ok(servers)
    }
}

/// Warns of built-in models next to others: customers would pay for their own words.
fn warn_of_built_in(list: &[ModelConfig]) {
    let (built_in, others): (Vec<_>, Vec<_>) = list.iter().partition(|model| model.is_built_in());
    for model in built_in.iter().filter(|_| !others.is_empty()) {
        tracing::warn!(
            model = model.name,
            "this model repeats its prompt, at a price, and is on offer next to others: remove its section"
        );
    }
}

/// True where two entries have the same built-in model, which then goes on.
fn has_same_echo(one: &ModelConfig, other: &ModelConfig) -> bool {
    let is_echo = one.is_built_in();
    let settings = |model: &ModelConfig| (model.context_tokens, model.max_output_tokens, model.latency_ms);
    is_echo && one.upstreams == other.upstreams && settings(one) == settings(other)
}
