//! Wallets as the specifications have them: they replace the blockhash, and add instructions of their own.

use {
    super::Site,
    base64::{Engine as _, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Instruction, Keypair, Pubkey, Signer, TransactionError, VersionedMessage, VersionedTransaction,
        transactions::{decode, message_v0},
    },
    blockable_testkit::Parties,
    serde_json::Value,
    solana_system_interface::instruction::transfer,
    std::collections::HashSet,
};

/// The way in which a wallet treats what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It signs it as it is.
    AsGiven,
    /// It takes another blockhash and puts itself in as the payer, as wallets of Solana Actions do.
    Replacing,
    /// It also puts an instruction of its own before the others and one after them, as Phantom and Solflare do with assertions.
    Guarding,
}

impl Manner {
    pub(super) const ALL: [Manner; 3] = [Manner::AsGiven, Manner::Replacing, Manner::Guarding];
}

/// Reads the transaction of an answer: it has one signer, who pays, and no lookup table.
pub(super) fn given(answer: &Value, party: &str) -> VersionedTransaction {
    let bytes = STANDARD.decode(answer["transaction"].as_str().unwrap()).unwrap();
    let transaction = decode(&bytes).expect("a transaction in the form of the network");
    let message = &transaction.message;
    assert_eq!(message.header().num_required_signatures, 1);
    assert_eq!(message.static_account_keys()[0], Parties::address(party));
    assert!(message.address_table_lookups().is_none_or(|tables| tables.is_empty()));
    assert_eq!(answer["type"], "transaction");
    assert!(bytes.len() < 1_232 - 200, "{} bytes leave no room for a wallet's assertions", bytes.len());
    transaction
}

impl Site {
    /// Signs what an answer hands out, in a manner, sends it and waits for its end. Errors: that of the transaction.
    pub(super) async fn signed(
        &self,
        answer: &Value,
        party: &str,
        manner: Manner,
    ) -> Result<(), TransactionError> {
        let transaction = given(answer, party);
        let key = Parties::key(party);
        let rpc = self.cluster.chain.client.rpc();
        let message = match manner {
            Manner::AsGiven => transaction.message,
            Manner::Replacing | Manner::Guarding => {
                let mut instructions = instructions_of(&transaction.message);
                if manner == Manner::Guarding {
                    let own = transfer(&key.pubkey(), &key.pubkey(), 1);
                    instructions.insert(0, own.clone());
                    instructions.push(own);
                }
                let blockhash = rpc.get_latest_blockhash().await.unwrap();
                message_v0(&instructions, &key.pubkey(), blockhash).unwrap()
            }
        };
        let keys: [&Keypair; 1] = [&key];
        let signed = VersionedTransaction::try_new(message, &keys).unwrap();
        let sent = rpc.send_and_confirm_transaction(&signed).await;
        sent.map(drop).map_err(|error| error.get_transaction_error().unwrap_or_else(|| panic!("{error}")))
    }
}

/// The instructions of a message without lookup tables.
fn instructions_of(message: &VersionedMessage) -> Vec<Instruction> {
    let keys = message.static_account_keys();
    let meta = |place: &u8| {
        let place = usize::from(*place);
        let signs = message.is_signer(place);
        let key: Pubkey = keys[place];
        match message.is_maybe_writable_with_reserved_addresses(place, None::<&HashSet<Pubkey>>) {
            true => blockable_sdk::AccountMeta::new(key, signs),
            false => blockable_sdk::AccountMeta::new_readonly(key, signs),
        }
    };
    let each = message.instructions().iter().map(|compiled| Instruction {
        program_id: keys[usize::from(compiled.program_id_index)],
        accounts: compiled.accounts.iter().map(meta).collect(),
        data: compiled.data.clone(),
    });
    each.collect()
}
