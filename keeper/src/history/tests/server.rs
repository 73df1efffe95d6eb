//! A node in the test's own process, well-behaved and otherwise.

use {
    super::*,
    axum::{Json, Router, extract::State as Shared, routing::post},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        AccountMeta, Instruction, PROGRAM_ID, VersionedMessage, accounts::BlockableAccount,
        events::encode_record, message::v0,
    },
    secrecy::SecretString,
    serde_json::{Value, json},
    sha2::{Digest, Sha256},
    std::{
        collections::BTreeSet,
        sync::{Mutex, MutexGuard},
        time::Duration,
    },
    tokio::task::JoinHandle,
};

/// The first bytes of every event's data.
const EVENT_TAG: [u8; 8] = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

/// A transaction that has landed.
#[derive(Clone)]
struct Landed {
    signature: Signature,
    slot: u64,
    touches: Vec<Pubkey>,
    records: Vec<CreditRecord>,
    failed: bool,
}

/// The chain's transactions and accounts, and the faults with which the node serves them.
#[derive(Default)]
pub(crate) struct FakeChain {
    landed: Vec<Landed>,
    accounts: BTreeMap<Pubkey, Credit>,
    slot: u64,
    /// Transactions that are listed and not served.
    pub unserved: BTreeSet<Signature>,
    /// Slots by which the list of transactions lags behind the accounts.
    pub lists_late: u64,
    /// Slot before which transactions are gone.
    pub forgotten_before: u64,
    pub keeps_no_history: bool,
    /// Set where the node ignores `until`.
    pub ignores_until: bool,
    /// Set where every request fails.
    pub fails: bool,
    /// Set where the times in records are served wrongly.
    pub lies: bool,
    asked: Vec<String>,
}

impl FakeChain {
    /// Has something happen to credits in one transaction, in a slot of its own.
    pub(crate) fn happen(&mut self, credits: &[Pubkey], change: What) -> Signature {
        self.slot += 1;
        self.happen_in_slot(credits, change)
    }

    /// As [`FakeChain::happen`], in the slot of what happened last.
    pub(crate) fn happen_in_slot(&mut self, credits: &[Pubkey], change: What) -> Signature {
        let mut records = Vec::new();
        for credit in credits {
            let account = self.accounts.entry(*credit).or_insert_with(Credit::zeroed);
            (account.lender, account.borrower) = (key(4), key(5));
            let record = record(*credit, account.event_seq, change.clone());
            account.event_hash = record.fold(&account.event_hash).unwrap();
            account.event_seq += 1;
            records.push(record);
        }
        self.land(credits, records, false)
    }

    /// A transaction that mentions a credit and does nothing to it.
    pub(crate) fn mention(&mut self, credit: Pubkey, failed: bool) -> Signature {
        self.slot += 1;
        self.land(&[credit], Vec::new(), failed)
    }

    fn land(&mut self, touches: &[Pubkey], records: Vec<CreditRecord>, failed: bool) -> Signature {
        let (signature, slot) = (signature(1_000 + self.landed.len() as u64), self.slot);
        self.landed.push(Landed { signature, slot, touches: touches.to_vec(), records, failed });
        signature
    }

    /// Removes a credit's account.
    pub(crate) fn remove(&mut self, credit: &Pubkey) {
        self.accounts.remove(credit);
    }

    pub(crate) fn stamp(&self, credit: &Pubkey) -> CreditStamp {
        CreditStamp::new(&self.accounts[credit])
    }

    /// Counts the requests of a method since the last call.
    pub(crate) fn take_asked(&mut self, method: &str) -> usize {
        let count = self.asked.iter().filter(|asked| *asked == method).count();
        self.asked.retain(|asked| asked != method);
        count
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, (i64, &'static str)> {
        self.asked.push(method.to_string());
        if self.fails {
            return Err((-32_005, "node is behind"));
        }
        match method {
            "getMultipleAccounts" => Ok(self.accounts(params)),
            _ if self.keeps_no_history => Err((-32_011, "transaction history is not available")),
            "getSignaturesForAddress" => Ok(self.signatures(params)),
            "getTransaction" => Ok(self.transaction(params)),
            _ => Err((-32_601, "method not found")),
        }
    }

    fn accounts(&self, params: &Value) -> Value {
        let value = params[0].as_array().unwrap().iter().map(|address| {
            let credit = self.accounts.get(&address.as_str().unwrap().parse().unwrap());
            credit.map(|credit| {
                let data = [discriminator::<Credit>(), bytemuck::bytes_of(credit)].concat();
                json!({
                    "data": [BASE64_STANDARD.encode(&data), "base64"], "executable": false, "lamports": 1,
                    "owner": PROGRAM_ID.to_string(), "rentEpoch": 0, "space": data.len(),
                })
            })
        });
        json!({ "context": { "slot": self.slot }, "value": value.collect::<Vec<_>>() })
    }

    fn signatures(&self, params: &Value) -> Value {
        let credit: Pubkey = params[0].as_str().unwrap().parse().unwrap();
        assert_eq!(params[1]["commitment"], "finalized");
        let limit = usize::try_from(params[1]["limit"].as_u64().unwrap()).unwrap();
        let is = |landed: &&Landed, key: &str| {
            Some(landed.signature.to_string().as_str()) == params[1][key].as_str()
        };
        let mut listed: Vec<&Landed> =
            self.landed.iter().rev().filter(|landed| landed.touches.contains(&credit)).collect();
        if let Some(place) = listed.iter().position(|landed| is(landed, "before")) {
            listed.drain(..=place);
        }
        if let Some(place) = listed.iter().position(|landed| is(landed, "until"))
            && !self.ignores_until
        {
            listed.truncate(place);
        }
        let slots = self.forgotten_before..=self.slot.saturating_sub(self.lists_late);
        let there = listed.into_iter().filter(|landed| slots.contains(&landed.slot)).take(limit);
        let entry = |landed: &Landed| {
            let err = landed.failed.then(|| json!({ "InstructionError": [0, { "Custom": 1 }] }));
            json!({
                "signature": landed.signature.to_string(), "slot": landed.slot, "err": err, "memo": null,
                "blockTime": null, "confirmationStatus": "finalized",
            })
        };
        there.map(entry).collect()
    }

    fn transaction(&self, params: &Value) -> Value {
        assert_eq!(params[1]["maxSupportedTransactionVersion"], 1);
        let signature: Signature = params[0].as_str().unwrap().parse().unwrap();
        let landed = self.landed.iter().find(|landed| landed.signature == signature);
        match landed.filter(|landed| !self.unserved.contains(&landed.signature)) {
            Some(landed) => encode(landed, self.lies),
            None => Value::Null,
        }
    }
}

fn discriminator<T: BlockableAccount>() -> &'static [u8] {
    T::DISCRIMINATOR
}

/// A transaction as a node serves it: the program's event is an instruction that it gave itself.
fn encode(landed: &Landed, lies: bool) -> Value {
    let payer = key(9);
    let accounts = landed.touches.iter().map(|credit| AccountMeta::new(*credit, false)).collect();
    let instruction = Instruction { program_id: PROGRAM_ID, accounts, data: vec![1] };
    let message = v0::Message::try_compile(&payer, &[instruction], &[], Default::default()).unwrap();
    let program = message.account_keys.iter().position(|key| *key == PROGRAM_ID).unwrap();
    let body = VersionedMessage::V0(message).serialize();
    let transaction = [&[1], landed.signature.as_ref(), body.as_slice()].concat();
    let event = json!({
        "programIdIndex": program, "accounts": [], "data": bs58::encode(event(&landed.records, lies)).into_string(),
        "stackHeight": 2,
    });
    let instructions = if landed.records.is_empty() { vec![] } else { vec![event] };
    json!({
        "slot": landed.slot, "blockTime": null, "version": 0,
        "transaction": [BASE64_STANDARD.encode(transaction), "base64"],
        "meta": {
            "err": null, "status": { "Ok": null }, "fee": 5_000, "preBalances": [], "postBalances": [],
            "innerInstructions": [{ "index": 0, "instructions": instructions }], "logMessages": [],
            "preTokenBalances": [], "postTokenBalances": [], "rewards": [],
            "loadedAddresses": { "writable": [], "readonly": [] }, "computeUnitsConsumed": 1,
        },
    })
}

/// One record as `CreditChanged`, any other number as `ChunkMetered`.
pub(crate) fn event(records: &[CreditRecord], lies: bool) -> Vec<u8> {
    let encoded = records.iter().flat_map(|record| {
        let at = record.at + i64::from(lies);
        encode_record(&CreditRecord { at, ..record.clone() }).unwrap()
    });
    let count = u32::try_from(records.len()).unwrap().to_le_bytes();
    let (name, before, after): (_, &[&[u8]], &[u8]) = match records.len() {
        1 => ("event:CreditChanged", &[], &[]),
        _ => ("event:ChunkMetered", &[&[2; 32], &7u32.to_le_bytes(), &0u32.to_le_bytes(), &count], &[0; 4]),
    };
    let body = [before.concat(), encoded.collect(), after.to_vec()].concat();
    [&EVENT_TAG, &Sha256::digest(name)[..8], &body].concat()
}

/// A node that ends with the test.
pub(crate) struct Server {
    pub node: Node,
    fake_chain: Arc<Mutex<FakeChain>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start() -> Server {
        let fake_chain = Arc::new(Mutex::new(FakeChain { slot: 1_000, ..FakeChain::default() }));
        let answer = async |Shared(fake_chain): Shared<Arc<Mutex<FakeChain>>>, Json(asked): Json<Value>| {
            let method = asked["method"].as_str().unwrap();
            let answer = fake_chain.lock().unwrap().answer(method, &asked["params"]);
            Json(match answer {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }),
                Err((code, message)) => {
                    json!({ "jsonrpc": "2.0", "id": asked["id"], "error": { "code": code, "message": message } })
                }
            })
        };
        let router = Router::new().route("/", post(answer)).with_state(fake_chain.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = SecretString::from(format!("http://{}", listener.local_addr().unwrap()));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Server { node: Node::new("one".to_string(), &url, None, Duration::from_secs(5)), fake_chain, task }
    }

    pub(crate) fn fake_chain(&self) -> MutexGuard<'_, FakeChain> {
        self.fake_chain.lock().unwrap()
    }

    /// The chain as it is, at a clock.
    pub(crate) fn at(&self, clock: i64) -> Snapshot {
        let fake_chain = self.fake_chain();
        let credits = fake_chain.accounts.iter().map(|(address, credit)| (*address, Arc::new(*credit)));
        snapshot(clock, credits.collect())
    }
}
