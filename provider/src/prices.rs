//! The prices that are served: those of the list whose hash is in force on chain.

use {
    crate::{config::Config, error::ApiError, price::Price, price_list::PriceList},
    blockable_gate::{Gate, StoreError},
    blockable_sdk::amounts::{MarketTime, Units},
    blockable_service::{hex, lock::lock},
    serde::Serialize,
    std::sync::{Arc, Mutex},
    utoipa::ToSchema,
};

/// The name under which the gate's store keeps the list that was last in force.
const KEPT: &str = "price_list";

/// The hashes that the chain shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainPrices {
    /// The hash in force; `None` where the provider has published none, or has not been seen yet.
    pub in_force: Option<[u8; 32]>,
    /// The hash of a change that waits, and the market time from which it can be applied.
    pub proposed: Option<([u8; 32], MarketTime)>,
}

/// The relation of the file's list to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PriceState {
    /// The chain shows no list, so that the file's is served.
    Unpublished,
    /// The file's list is in force.
    InForce,
    /// An older list is in force and served. The file's waits for the chain.
    Older,
    /// The list in force is not known here, so that nothing is sold.
    Unknown,
}

/// The price lists of a server.
///
/// The file's list is served once its hash is in force on chain. Until then the list that was in force before is served, which the
/// gate's store keeps for that. So a provider changes its file, has the server read it anew, proposes the change, and prices change
/// with the block in which it is applied. The locks are held for single steps. A crash loses nothing: the list in force is recorded
/// once the chain shows it, at the latest before the file's list is replaced, and the file has the other one.
pub(crate) struct Prices {
    gate: Gate,
    /// The file's list.
    file: Mutex<Arc<PriceList>>,
    /// The list that was last in force, as the store has it.
    kept: Mutex<Option<Arc<PriceList>>>,
    /// The state that was logged last.
    logged: Mutex<Option<PriceState>>,
}

impl Prices {
    /// Reads the list that was last in force. Errors: the store cannot be read.
    pub(crate) async fn load(gate: Gate, config: &Config) -> Result<Prices, StoreError> {
        let kept = gate.text(KEPT).await?.and_then(|text| PriceList::read(&text)).map(Arc::new);
        let file = Mutex::new(Arc::new(PriceList::new(&config.models, &config.gpus)));
        Ok(Prices { gate, file, kept: Mutex::new(kept), logged: Mutex::new(None) })
    }

    /// The file's list.
    pub(crate) fn file(&self) -> Arc<PriceList> {
        lock(&self.file).clone()
    }

    /// Takes the list of another file, which is served once its hash is in force. Until then the one before is, which is recorded
    /// first where it is in force. Errors: [`StoreError`], with nothing changed.
    pub(crate) async fn replace(&self, list: PriceList) -> Result<(), StoreError> {
        let before = self.file();
        if before.hash() != list.hash() {
            self.record_in_force(&before).await?;
            *lock(&self.file) = Arc::new(list);
            // The state is logged anew, with the hash to propose.
            *lock(&self.logged) = None;
        }
        Ok(())
    }

    /// The hashes on chain.
    pub(crate) fn on_chain(&self) -> ChainPrices {
        let view = self.gate.chain_view();
        let provider = view.provider();
        let named = |hash: [u8; 32]| (hash != [0; 32]).then_some(hash);
        let proposed = provider.filter(|provider| provider.change_ready_at != 0);
        ChainPrices {
            in_force: provider.and_then(|provider| named(provider.settings.price_list_hash)),
            proposed: proposed.and_then(|provider| {
                Some((named(provider.proposed.price_list_hash)?, MarketTime(provider.change_ready_at)))
            }),
        }
    }

    /// The list that is served now, and its relation to the chain.
    pub(crate) fn served(&self) -> (Option<Arc<PriceList>>, PriceState) {
        let file = self.file();
        let Some(in_force) = self.on_chain().in_force else { return (Some(file), PriceState::Unpublished) };
        if in_force == file.hash() {
            return (Some(file), PriceState::InForce);
        }
        let kept = lock(&self.kept).clone().filter(|kept| kept.hash() == in_force);
        let state = if kept.is_some() { PriceState::Older } else { PriceState::Unknown };
        (kept, state)
    }

    /// The price of a model. Errors: 503 where the list in force has none.
    pub(crate) fn model(&self, name: &str) -> Result<Price, ApiError> {
        self.served().0.and_then(|list| list.model(name)).ok_or_else(not_in_force)
    }

    /// The units per second of a GPU. Errors: 503 where the list in force has none.
    pub(crate) fn gpu(&self, name: &str) -> Result<Units, ApiError> {
        self.served().0.and_then(|list| list.gpu(name)).ok_or_else(not_in_force)
    }

    /// Records the file's list once it is in force, and logs where that changes.
    pub(crate) async fn note(&self) {
        if let Err(error) = self.record_in_force(&self.file()).await {
            tracing::error!(%error, "the price list in force could not be recorded; trying again");
        }
        let (_, state) = self.served();
        let is_seen = self.gate.chain_view().provider().is_some();
        if is_seen && lock(&self.logged).replace(state) != Some(state) {
            self.log(state);
        }
    }

    /// Records a list where it is in force and is not recorded yet. Errors: [`StoreError`].
    async fn record_in_force(&self, list: &Arc<PriceList>) -> Result<(), StoreError> {
        let is_recorded = lock(&self.kept).as_ref().is_some_and(|kept| kept.hash() == list.hash());
        if self.on_chain().in_force != Some(list.hash()) || is_recorded {
            return Ok(());
        }
        self.gate.set_text(KEPT, list.text()).await?;
        *lock(&self.kept) = Some(list.clone());
        Ok(())
    }

    fn log(&self, state: PriceState) {
        let hash = hex::encode(self.file().hash());
        match state {
            PriceState::InForce => {
                tracing::info!(hash, "the file's price list is in force on chain and is served")
            }
            PriceState::Unpublished => {
                tracing::warn!(hash, "no price list is published on chain; run `blockable-provider prices`");
            }
            PriceState::Older => {
                tracing::warn!(
                    hash,
                    "the file's price list is not in force on chain: the older one is served until its hash is; run `blockable-provider prices`"
                );
            }
            PriceState::Unknown => {
                tracing::error!(
                    hash,
                    "another price list is in force on chain than the file's, and it is not known here: nothing is sold; restore the file's old prices, or run `blockable-provider prices`"
                );
            }
        }
    }

    /// Requires that something can be sold. Errors: what to do.
    pub(crate) fn ready(&self) -> Result<(), String> {
        match self.served().1 {
            PriceState::Unknown => {
                let hash = hex::encode(self.file().hash());
                Err(format!(
                    "the file's price list is not in force on chain and the one in force is not known here; propose {hash}"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Makes the refusal of what has no price in force.
fn not_in_force() -> ApiError {
    let message = "the price of this is not in force on chain yet; GET /v1/prices has the list in force, and the next one with the time from which it can be";
    // The market's delay may be days: nobody is to try again every few seconds.
    ApiError { retry_after: None, ..ApiError::unavailable("price_not_in_force", message) }
}
