//! Reads the program's events from transactions as a node hands them out.

use {
    super::Event,
    crate::rpc::{EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, UiInstruction},
    blockable_credits::ID,
};

/// The events in a transaction that was fetched, in order: none for one that failed, which has changed nothing whatever it
/// recorded until then. `None` when the transaction cannot be decoded.
pub fn from_transaction(transaction: &EncodedConfirmedTransactionWithStatusMeta) -> Option<Vec<Event>> {
    let meta = transaction.transaction.meta.as_ref()?;
    if meta.err.is_some() {
        return Some(Vec::new());
    }
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

#[cfg(test)]
pub(crate) mod tests {
    use {
        super::*,
        crate::events::MarketCreated,
        anchor_lang::{Discriminator, event::EVENT_IX_TAG_LE},
        serde_json::json,
    };

    /// A transaction in which the program, its only account, has sent itself an event.
    pub(crate) fn fetched(err: serde_json::Value) -> EncodedConfirmedTransactionWithStatusMeta {
        let event = [EVENT_IX_TAG_LE, MarketCreated::DISCRIMINATOR, &[0; 97]].concat();
        let status = if err.is_null() { json!({ "Ok": null }) } else { json!({ "Err": err }) };
        serde_json::from_value(json!({
            "slot": 1,
            "transaction": [message(), "base58"],
            "meta": {
                "err": err, "status": status, "fee": 0, "preBalances": [], "postBalances": [],
                "innerInstructions": [{
                    "index": 0,
                    "instructions": [{ "programIdIndex": 0, "accounts": [], "data": bs58::encode(event).into_string() }],
                }],
            },
        }))
        .unwrap()
    }

    /// A legacy transaction with one signature and one key, in base58.
    fn message() -> String {
        let bytes = [&[1][..], &[0; 64], &[1, 0, 0, 1], ID.as_ref(), &[0; 32], &[0]].concat();
        bs58::encode(bytes).into_string()
    }

    #[test]
    fn a_transaction_that_failed_has_no_events() {
        let landed = from_transaction(&fetched(serde_json::Value::Null)).unwrap();
        assert!(matches!(landed[..], [Event::MarketCreated(_)]), "{landed:?}");
        let failed = json!({ "InstructionError": [0, { "Custom": 6_001 }] });
        assert!(from_transaction(&fetched(failed)).unwrap().is_empty());
    }
}
