//! Reads the program's events from transactions as a node hands them out.

use {
    super::Event,
    crate::rpc::{EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, UiInstruction},
    blockable_credits::ID,
};

/// The events in a transaction that was fetched, in order. `None` when the transaction cannot be decoded.
pub fn from_transaction(transaction: &EncodedConfirmedTransactionWithStatusMeta) -> Option<Vec<Event>> {
    let meta = transaction.transaction.meta.as_ref()?;
    let decoded = transaction.transaction.transaction.decode()?;
    let mut keys = decoded.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        for key in loaded.writable.iter().chain(&loaded.readonly) {
            keys.push(key.parse().ok()?);
        }
    }
    let OptionSerializer::Some(inner) = &meta.inner_instructions else {
        return Some(Vec::new());
    };
    let mut events = Vec::new();
    for instruction in inner.iter().flat_map(|inner| &inner.instructions) {
        let UiInstruction::Compiled(compiled) = instruction else { continue };
        if keys.get(usize::from(compiled.program_id_index)) == Some(&ID) {
            let data = bs58::decode(&compiled.data).into_vec().ok()?;
            events.extend(Event::decode(&data));
        }
    }
    Some(events)
}
