//! Takes a file that has changed into a running server: its models, its prices and the keys that it revokes.

use {
    crate::{
        app::App,
        config::{Config, PlaceholderError},
        price_list::PriceList,
        serve_error::ServeError,
    },
    blockable_gate::StoreError,
    blockable_service::settings::ConfigError,
    std::{path::Path, time::Duration},
};

/// Counter of files that were read anew, by result.
const RELOADS: &str = "blockable_provider_reloads_total";
/// Gauge that is 1 after a file that was refused.
pub(crate) const REFUSED: &str = "blockable_provider_reload_refused";

/// A reason for which a running server does not take a configuration. It goes on with the one before.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file has mistakes, or cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file still has placeholders.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    /// The models cannot be made.
    #[error(transparent)]
    Models(#[from] ServeError),
    /// A model, by its name, may take longer than a connection may be idle.
    #[error(
        "timeout_seconds of model {0} is not below the idle_seconds that the server runs with; start it anew to raise those"
    )]
    LongModel(String),
    /// Prices have changed and the chain's are not known yet.
    #[error(
        "prices have changed, and the provider's account with those in force has not been read yet; send SIGHUP again"
    )]
    NoChain,
    /// The prices in force cannot be recorded, to be served until those of the file are in force.
    #[error("the price list in force cannot be recorded: {0}")]
    Store(#[from] StoreError),
}

fn read(path: &Path) -> Result<Config, ReloadError> {
    let config = Config::FILE.load(path)?;
    config.require_complete()?;
    Ok(config)
}

impl App {
    /// Reads a file and takes it; see [`App::reload`]. Logs and counts the result.
    pub(crate) async fn reload_file(&self, path: &Path) {
        let result = match read(path) {
            Ok(config) => self.reload(&config).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            tracing::error!(%error, "the file is not taken: all stays as it was");
        }
        // After the log, where those look who see it.
        self.metrics.count(RELOADS, "result", if result.is_ok() { "taken" } else { "refused" });
        self.metrics.set(REFUSED, f64::from(u8::from(result.is_err())));
    }

    /// Takes models, upstreams, prices and revoked keys of a configuration, all or none. Errors: [`ReloadError`].
    pub(crate) async fn reload(&self, config: &Config) -> Result<(), ReloadError> {
        let _reloading = self.reloading.lock().await;
        let idle = Duration::from_secs(self.config.limits.idle_seconds);
        if let Some(model) = config.models.iter().find(|model| model.timeout() >= idle) {
            return Err(ReloadError::LongModel(model.name.clone()));
        }
        let models = self.models.make_next(&config.models).await?;
        let prices = PriceList::new(&config.models, &config.gpus);
        if prices.hash() != self.prices.file().hash() && self.gate.provider().is_none() {
            return Err(ReloadError::NoChain);
        }
        self.prices.replace(prices).await?;
        // Nothing fails from here on.
        self.keys.revoke(&config.revoked);
        let before = self.models.replace(models);
        let now = self.models.all();
        for (name, model) in before.iter() {
            let has = |upstream: &str| {
                let model = now.get(name);
                model.is_some_and(|model| model.pool.servers().iter().any(|server| server.name == upstream))
            };
            let gone = model.pool.servers().iter().filter(|server| !has(&server.name));
            gone.for_each(|server| self.metrics.end_upstream(name, &server.name));
        }
        self.log_reload(config);
        Ok(())
    }

    fn log_reload(&self, config: &Config) {
        let (models, revoked) = (config.models.len(), config.revoked.len());
        tracing::info!(
            models,
            revoked,
            "models, upstreams, prices and revoked keys are those of the file now"
        );
        let waiting = self.config.waiting_for_restart(config);
        if !waiting.is_empty() {
            let waiting = waiting.join(", ");
            tracing::warn!(
                waiting,
                "the file has changes that a running server does not take; start it anew for them"
            );
        }
    }
}
