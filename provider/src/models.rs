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

impl Models {
    /// Makes the models of a list. Errors: a key cannot be read, or a built-in model gets no port.
    pub(crate) async fn start(list: &[ModelConfig]) -> Result<Models, ServeError> {
        let (models, echoes) = make(list).await?;
        let (current, _) = watch::channel(Arc::new(models));
        Ok(Models { current, echoes: Mutex::new(echoes) })
    }

    /// Replaces the models by those of a list, with upstreams that are all up. Keys are read anew. Errors: as
    /// [`Models::start`]; the models stay as they were then.
    pub(crate) async fn replace(&self, list: &[ModelConfig]) -> Result<(), ServeError> {
        let (models, echoes) = make(list).await?;
        lock(&self.echoes).extend(echoes);
        self.current.send_replace(Arc::new(models));
        Ok(())
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

async fn make(list: &[ModelConfig]) -> Result<(ModelsByName, Vec<Echo>), ServeError> {
    let (mut models, mut echoes) = (BTreeMap::new(), Vec::new());
    for model in list {
        let mut servers = Vec::new();
        for upstream in &model.upstreams {
            let url = match &upstream.server {
                Upstream::Url(url) => url.clone(),
                Upstream::Echo => {
                    let echo = Echo::start(model).await.map_err(|error| ServeError::Listen {
                        addr: "127.0.0.1:0".to_string(),
                        reason: error.to_string(),
                    })?;
                    let url = format!("http://{}/v1", echo.addr);
                    echoes.push(echo);
                    url
                }
            };
            servers.push(UpstreamServer::new(model, upstream, url)?);
        }
        let served = ServedModel { config: model.clone(), pool: Pool::new(servers) };
        models.insert(model.name.clone(), Arc::new(served));
    }
    Ok((models, echoes))
}
