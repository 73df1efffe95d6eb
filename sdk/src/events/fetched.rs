//! Reads the program's events from transactions as a node hands them out.

use {
    super::Event,
    crate::rpc::{EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, UiInstruction},
    blockable_credits::ID,
    solana_signature::Signature,
};

/// The events in a transaction that was fetched, in order: none for one that failed, which has changed nothing whatever it
/// recorded until then. `None` when the transaction cannot be decoded, or names the program and comes without the calls between
/// programs, in which its events are: such a node would hide them.
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
        return (!keys.contains(&ID)).then(Vec::new);
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

/// The events of a transaction, if it is the one that was asked for: that of a signature, in a slot. `None` for another one, and as
/// [`from_transaction`].
pub(crate) fn from_served(
    transaction: &EncodedConfirmedTransactionWithStatusMeta,
    signature: &Signature,
    slot: Option<u64>,
) -> Option<Vec<Event>> {
    let decoded = transaction.transaction.transaction.decode()?;
    let is_other_slot = slot.is_some_and(|slot| slot != transaction.slot);
    if decoded.signatures.first() != Some(signature) || is_other_slot {
        return None;
    }
    from_transaction(transaction)
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
        served(1, Signature::default(), err)
    }

    /// The same in a slot, with a signature.
    pub(crate) fn served(
        slot: u64,
        signature: Signature,
        err: serde_json::Value,
    ) -> EncodedConfirmedTransactionWithStatusMeta {
        let event = [EVENT_IX_TAG_LE, MarketCreated::DISCRIMINATOR, &[0; 97]].concat();
        let status = if err.is_null() { json!({ "Ok": null }) } else { json!({ "Err": err }) };
        serde_json::from_value(json!({
            "slot": slot,
            "transaction": [message(signature), "base58"],
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
    fn message(signature: Signature) -> String {
        let bytes = [&[1][..], signature.as_ref(), &[1, 0, 0, 1], ID.as_ref(), &[0; 32], &[0]].concat();
        bs58::encode(bytes).into_string()
    }

    #[test]
    fn a_transaction_that_failed_has_no_events() {
        let landed = from_transaction(&fetched(serde_json::Value::Null)).unwrap();
        assert!(matches!(landed[..], [Event::MarketCreated(_)]), "{landed:?}");
        let failed = json!({ "InstructionError": [0, { "Custom": 6_001 }] });
        assert!(from_transaction(&fetched(failed)).unwrap().is_empty());
    }

    #[test]
    fn a_transaction_without_the_calls_between_programs_is_unreadable_and_not_empty() {
        let mut stripped = fetched(serde_json::Value::Null);
        for hidden in [OptionSerializer::None, OptionSerializer::Skip] {
            stripped.transaction.meta.as_mut().unwrap().inner_instructions = hidden;
            assert!(from_transaction(&stripped).is_none(), "its events are hidden");
        }
    }

    #[test]
    fn another_transaction_than_was_asked_for_has_no_events() {
        let signature = Signature::from([7; 64]);
        let transaction = served(5, signature, serde_json::Value::Null);
        assert_eq!(from_served(&transaction, &signature, Some(5)).unwrap().len(), 1);
        assert!(from_served(&transaction, &Signature::from([8; 64]), Some(5)).is_none());
        assert!(from_served(&transaction, &signature, Some(6)).is_none());
    }
}
