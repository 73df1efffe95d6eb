//! Answers and texts that the gate's store keeps.

use {
    super::Gate,
    crate::{
        answers::KeptAnswer,
        gate::GateConfig,
        store::{self, KeptBytes, StoreError},
    },
    blockable_sdk::Pubkey,
};

impl Gate {
    /// The answer that is kept for a caller's name, no older than [`crate::GateConfig::keep_answers`], or that waits with its
    /// settlement until the store takes it. Errors: [`StoreError`].
    pub async fn kept_answer(
        &self,
        credit: &Pubkey,
        caller: &str,
        name: &str,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        // First: a settlement leaves this place once the store has it.
        if let Some(waiting) = self.core.unwritten.answer(credit, caller, name) {
            return Ok(Some(waiting));
        }
        let (credit, caller, name) = (*credit, caller.to_string(), name.to_string());
        let keep = i64::try_from(self.config().keep_answers.as_millis()).unwrap_or(i64::MAX);
        let since = super::now_ms().saturating_sub(keep);
        self.write(move |connection| store::find_answer(connection, &credit, &caller, &name, since)).await
    }

    /// Most bytes of the bodies of kept answers. Those of all credits have a quarter of the store's limit at most: a settlement finds
    /// room whatever answers are kept.
    pub(super) fn kept_bytes(&self) -> KeptBytes {
        let GateConfig { kept_bytes, max_store_bytes, .. } = self.config();
        let limit = max_store_bytes.map_or(u64::MAX, |limit| limit / 4);
        KeptBytes { total: kept_bytes.total.min(limit), ..*kept_bytes }
    }

    /// A named text; `None` where none was set. Errors: [`StoreError`].
    pub async fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_string();
        self.write(move |connection| store::read_text(connection, &name)).await
    }

    /// Sets a named text. Errors: [`StoreError`].
    pub async fn set_text(&self, name: &str, body: &str) -> Result<(), StoreError> {
        let (name, body) = (name.to_string(), body.to_string());
        self.write(move |connection| store::write_text(connection, &name, &body)).await
    }
}
