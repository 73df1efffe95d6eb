//! A node in the test's own process, with a transaction for every event of a world.

use {
    blockable_sdk::{
        PROGRAM_ID, Pubkey, Signature, addresses,
        audit::{History, HistoryError, ListedTransaction, ShownAccount},
        events::Event,
        rpc::EncodedConfirmedTransactionWithStatusMeta,
    },
    blockable_testkit::{Loan, Parties, World},
    serde_json::{Value, json},
    std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    },
};

/// Places of keys in every transaction's message.
pub(crate) const PROGRAM: u8 = 1;
/// Place of a program that imitates.
pub(crate) const IMITATOR: u8 = 2;

/// An event as the data of the program's call of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Place of the program that is called.
    pub(crate) program: u8,
    /// The data.
    pub(crate) data: Vec<u8>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) signature: Signature,
    pub(crate) slot: u64,
    pub(crate) failed: bool,
    pub(crate) touches: Vec<Pubkey>,
    pub(crate) calls: Vec<Call>,
}

/// A node that others change meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Node>>);

impl Shared {
    fn now(&self) -> Node {
        self.0.lock().unwrap().clone()
    }
}

impl History for Shared {
    async fn list(
        &self,
        address: Pubkey,
        before: Option<Signature>,
        limit: usize,
    ) -> Result<Vec<ListedTransaction>, HistoryError> {
        self.now().list(address, before, limit).await
    }

    async fn transaction(
        &self,
        signature: Signature,
    ) -> Result<Option<EncodedConfirmedTransactionWithStatusMeta>, HistoryError> {
        self.now().transaction(signature).await
    }

    async fn accounts(
        &self,
        addresses: Vec<Pubkey>,
    ) -> Result<(u64, Vec<Option<ShownAccount>>), HistoryError> {
        self.now().accounts(addresses).await
    }
}

/// The node: its transactions, oldest first, and its accounts.
#[derive(Clone, Default)]
pub(crate) struct Node {
    pub(crate) transactions: Vec<Transaction>,
    /// Answers that are given in the place of others.
    pub(crate) instead: BTreeMap<Signature, Signature>,
    /// Transactions that are listed and not served.
    pub(crate) withheld: Vec<Signature>,
    pub(crate) accounts: BTreeMap<Pubkey, ShownAccount>,
    offers: BTreeMap<Pubkey, Vec<Pubkey>>,
}

impl Node {
    /// A node with the chain of a world.
    pub(crate) fn of(world: &World) -> Node {
        let mut node = Node {
            transactions: Vec::new(),
            instead: BTreeMap::new(),
            withheld: Vec::new(),
            accounts: BTreeMap::new(),
            offers: BTreeMap::new(),
        };
        for (number, event) in world.events.iter().enumerate() {
            let touches: Vec<Pubkey> = event.records().iter().map(|record| record.credit).collect();
            let mut bytes = [1; 64];
            bytes[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
            node.transactions.push(Transaction {
                signature: Signature::from(bytes),
                slot: 100 + number as u64 / 2,
                failed: false,
                touches,
                calls: vec![Call { program: PROGRAM, data: encode(event) }],
            });
        }
        let mut addresses: Vec<Pubkey> =
            node.transactions.iter().flat_map(|one| one.touches.clone()).collect();
        addresses.extend([world.keys.market, addresses::CLOCK]);
        for address in addresses {
            if let Some(account) = world.svm.get_account(&address).filter(|account| account.lamports > 0) {
                node.accounts.insert(address, ShownAccount { owner: account.owner, data: account.data });
            }
        }
        let parties = ["lender", "lender", "borrower"].map(Parties::address);
        let parties = [&parties[..], &[world.keys.market, world.provider]].concat();
        for nonce in 1..=2 {
            node.offers.insert(world.credit_address(nonce), parties.clone());
        }
        node
    }

    /// Transactions that touched a credit, oldest first.
    pub(crate) fn transactions_of(&self, credit: &Pubkey) -> Vec<Signature> {
        let own = self.transactions.iter().filter(|one| one.touches.contains(credit));
        own.map(|one| one.signature).collect()
    }

    /// The node as it was when a transaction was its latest.
    pub(crate) fn clone_until(&self, last: &Signature) -> Node {
        let mut node = self.clone();
        let end = node.transactions.iter().position(|one| one.signature == *last).unwrap();
        node.transactions.truncate(end + 1);
        node
    }

    /// Hides a transaction: it is neither listed nor served.
    pub(crate) fn hide(&mut self, signature: &Signature) {
        self.transactions.retain(|one| one.signature != *signature);
    }

    fn json(&self, one: &Transaction) -> Value {
        let mut keys = vec![Pubkey::new_from_array([9; 32]), PROGRAM_ID, Pubkey::new_from_array([8; 32])];
        let is_offer = one.calls.iter().any(|call| call.data.get(16 + 32..16 + 40) == Some(&[0; 8]));
        let offer = one.touches.first().and_then(|credit| self.offers.get(credit)).filter(|_| is_offer);
        let mut outer = vec![0];
        if let Some(parties) = offer {
            let places: Vec<u8> = (0..parties.len()).map(|place| (keys.len() + place) as u8).collect();
            keys.extend(parties.iter().copied());
            let nonce = if self.offers.keys().next() == one.touches.first() { [1, 2] } else { [2, 1] };
            let nonce = nonce.into_iter().find(|nonce| {
                addresses::credit(&parties[3], &parties[0], &parties[2], *nonce) == one.touches[0]
            });
            outer = offer_call(nonce.unwrap(), &places);
        }
        let signature: [u8; 64] = one.signature.into();
        let message = [
            &[1][..],
            &signature,
            &[1, 0, 0, keys.len() as u8],
            keys.concat_bytes().as_slice(),
            &[0; 32],
            &outer,
        ]
        .concat();
        let calls: Vec<Value> = one
            .calls
            .iter()
            .map(|call| {
                let data = bs58_of(&call.data);
                json!({ "programIdIndex": call.program, "accounts": [0], "data": data })
            })
            .collect();
        let err =
            if one.failed { json!({ "InstructionError": [0, { "Custom": 6_001 }] }) } else { Value::Null };
        let status = if one.failed { json!({ "Err": err }) } else { json!({ "Ok": null }) };
        json!({
            "slot": one.slot,
            "transaction": [bs58_of(&message), "base58"],
            "meta": {
                "err": err, "status": status, "fee": 0, "preBalances": [], "postBalances": [],
                "innerInstructions": [{ "index": 0, "instructions": calls }],
            },
        })
    }
}

/// The call that offers a loan of the world's parties.
fn offer_call(nonce: u64, places: &[u8]) -> Vec<u8> {
    let args = Loan::new(nonce).args;
    let data = offer_data(args);
    let length = u16::try_from(data.len()).unwrap();
    let short = [(length & 0x7f) as u8 | 0x80, (length >> 7) as u8];
    [&[1, PROGRAM, places.len() as u8][..], places, &short, &data].concat()
}

fn offer_data(args: blockable_sdk::program::instructions::OfferArgs) -> Vec<u8> {
    use anchor_lang::InstructionData;
    blockable_sdk::program::instruction::CreditOffer { args }.data()
}

/// An event's data, as the program sends it to itself.
pub(crate) fn encode(event: &Event) -> Vec<u8> {
    use anchor_lang::Event as _;
    let data = match event {
        Event::MarketCreated(event) => event.data(),
        Event::MarketChanged(event) => event.data(),
        Event::ProviderChanged(event) => event.data(),
        Event::CreditChanged(event) => event.data(),
        Event::ChunkMetered(event) => event.data(),
    };
    [anchor_lang::event::EVENT_IX_TAG_LE, &data].concat()
}

trait ConcatBytes {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl ConcatBytes for Vec<Pubkey> {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|key| key.to_bytes()).collect()
    }
}

fn bs58_of(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

impl History for Node {
    async fn list(
        &self,
        address: Pubkey,
        before: Option<Signature>,
        limit: usize,
    ) -> Result<Vec<ListedTransaction>, HistoryError> {
        let newest_first = self.transactions.iter().rev();
        let after = newest_first.skip_while(|one| before.is_some_and(|before| one.signature != before));
        let after = after.filter(|one| Some(one.signature) != before && one.touches.contains(&address));
        let entry = |one: &Transaction| ListedTransaction {
            signature: one.signature,
            slot: one.slot,
            failed: one.failed,
        };
        Ok(after.take(limit.min(7)).map(entry).collect())
    }

    async fn transaction(
        &self,
        signature: Signature,
    ) -> Result<Option<EncodedConfirmedTransactionWithStatusMeta>, HistoryError> {
        if self.withheld.contains(&signature) {
            return Ok(None);
        }
        let served = self.instead.get(&signature).copied().unwrap_or(signature);
        let one = self.transactions.iter().find(|one| one.signature == served);
        Ok(one.map(|one| serde_json::from_value(self.json(one)).unwrap()))
    }

    async fn accounts(
        &self,
        addresses: Vec<Pubkey>,
    ) -> Result<(u64, Vec<Option<ShownAccount>>), HistoryError> {
        Ok((1_000, addresses.iter().map(|address| self.accounts.get(address).cloned()).collect()))
    }
}
