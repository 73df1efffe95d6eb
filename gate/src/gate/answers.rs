//! Answers and texts that the gate's store keeps.

use {
    super::Gate,
    crate::{
        answers::KeptAnswer,
        store::{self, StoreError},
    },
    blockable_sdk::Pubkey,
};

impl Gate {
    /// The answer that is kept for a name, no older than [`crate::GateConfig::keep_answers`]. Errors: [`StoreError`].
    pub async fn kept_answer(&self, credit: &Pubkey, name: &str) -> Result<Option<KeptAnswer>, StoreError> {
        let (credit, name) = (*credit, name.to_string());
        let keep = i64::try_from(self.config().keep_answers.as_millis()).unwrap_or(i64::MAX);
        let since = super::now_ms().saturating_sub(keep);
        self.write(move |connection| store::find_answer(connection, &credit, &name, since)).await
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
