//! Accounts outside the market as a node shows them. A refresh and a reading before a mark find vaults that are frozen; a refresh
//! also finds the credits that freezes for cross-default rest on.

use {
    crate::chain::{Mirror, Node, OtherCredit, Stalls, read_credits},
    axum::{Json, Router, extract::State, routing::post},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, CreditStamp},
        addresses,
        program::{
            state::{Credit, Market},
            transitions::Status,
        },
        rpc::CommitmentConfig,
        tokens::TOKEN_PROGRAM,
    },
    bytemuck::{Pod, Zeroable},
    secrecy::SecretString,
    serde_json::{Value, json},
    std::{
        collections::BTreeSet,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::task::JoinHandle,
};

const CREDITS: u8 = 3;
/// The number of a credit of another market.
const OF_ANOTHER_MARKET: u8 = 50;
/// The number of a credit that has been closed.
const CLOSED: u8 = 51;
const SLOT: u64 = 100;

/// The credits whose vaults are frozen.
type Frozen = Arc<Mutex<BTreeSet<Pubkey>>>;

struct Chain {
    node: Node,
    frozen: Frozen,
    server: JoinHandle<()>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Chain {
    async fn new() -> Chain {
        let frozen = Frozen::default();
        let router = Router::new().route("/", post(answer)).with_state(frozen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = SecretString::from(format!("http://{}", listener.local_addr().unwrap()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Chain { node: Node::new("one".to_string(), &url, None, Duration::from_secs(5)), frozen, server }
    }

    fn freeze(&self, numbers: &[u8]) {
        *self.frozen.lock().unwrap() = numbers.iter().map(|number| key(*number)).collect();
    }

    /// The credits whose vaults the node shows frozen before a mark.
    async fn before_a_mark(&self) -> BTreeSet<Pubkey> {
        let addresses: Vec<Pubkey> = (1..=CREDITS).map(key).collect();
        let (market, finalized) = (Pubkey::default(), CommitmentConfig::finalized());
        let state = read_credits(&self.node, &market, &addresses, finalized, Stalls::default());
        let state = state.await.unwrap();
        assert_eq!(state.credits.len(), usize::from(CREDITS));
        BTreeSet::clone(&state.frozen_vaults)
    }
}

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn credit(number: u8) -> Credit {
    let mut credit = Credit::zeroed();
    (credit.status, credit.vault) = (Status::Active.byte(), addresses::vault(&key(number)));
    // The first rests on a credit of another market, the second on one that is closed, the third on one of this market.
    let rests_on = [OF_ANOTHER_MARKET, CLOSED, 1].get(usize::from(number) - 1);
    if let Some(other) = rests_on {
        (credit.collateral.frozen_for_cross, credit.cross_credit) = (1, key(*other));
    }
    credit
}

fn of_another_market() -> Credit {
    Credit { market: key(99), status: Status::Defaulted.byte(), ..Credit::zeroed() }
}

fn account(owner: &Pubkey, data: &[u8]) -> Value {
    json!({
        "lamports": 1, "owner": owner.to_string(), "executable": false, "rentEpoch": 0, "space": data.len(),
        "data": [BASE64_STANDARD.encode(data), "base64"],
    })
}

fn bytes<T: BlockableAccount + Pod>(account: &T) -> Vec<u8> {
    [T::DISCRIMINATOR, bytemuck::bytes_of(account)].concat()
}

/// A token account; its state is 1 for an open one, 2 for a frozen one.
fn vault(is_frozen: bool) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[108] = if is_frozen { 2 } else { 1 };
    data
}

/// Any account by its address.
fn read(address: &str, frozen: &BTreeSet<Pubkey>) -> Value {
    let address: Pubkey = address.parse().unwrap();
    let of_credit = |number| key(number) == address || addresses::vault(&key(number)) == address;
    match (1..=CREDITS).find(|number| of_credit(*number)) {
        Some(number) if key(number) == address => account(&PROGRAM_ID, &bytes(&credit(number))),
        None if address == key(CLOSED) => Value::Null,
        None if address == key(OF_ANOTHER_MARKET) => account(&PROGRAM_ID, &bytes(&of_another_market())),
        Some(number) => account(&TOKEN_PROGRAM, &vault(frozen.contains(&key(number)))),
        None if address == addresses::CLOCK => account(&addresses::CLOCK, &[0; 40]),
        None => account(&PROGRAM_ID, &bytes(&Market::zeroed())),
    }
}

async fn answer(State(frozen): State<Frozen>, Json(request): Json<Value>) -> Json<Value> {
    let frozen = frozen.lock().unwrap().clone();
    let stamp = |number: u8| {
        let stamp = CreditStamp::new(&credit(number));
        let slice = [&stamp.seq.to_le_bytes()[..], &stamp.hash].concat();
        json!({ "pubkey": key(number).to_string(), "account": account(&PROGRAM_ID, &slice) })
    };
    let value = match request["method"].as_str() {
        Some("getVersion") => {
            return Json(json!({"jsonrpc": "2.0", "id": request["id"],
            "result": {"solana-core": "4.2.2", "feature-set": 1}}));
        }
        Some("getProgramAccounts") if request["params"][1]["dataSlice"].is_object() => {
            (1..=CREDITS).map(stamp).collect()
        }
        Some("getProgramAccounts") => json!([]),
        _ => {
            let asked = request["params"][0].as_array().unwrap();
            asked.iter().map(|address| read(address.as_str().unwrap(), &frozen)).collect()
        }
    };
    let result = json!({"context": {"slot": SLOT}, "value": value});
    Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
}

#[tokio::test]
async fn a_vault_counts_as_frozen_for_as_long_as_it_is() {
    let (chain, mut mirror) = (Chain::new().await, Mirror::new(Pubkey::default()));
    for numbers in [&[2][..], &[2, 3], &[3], &[]] {
        chain.freeze(numbers);
        let refreshed = mirror.refresh(&chain.node, Stalls::default()).await.unwrap();
        let expected: BTreeSet<Pubkey> = numbers.iter().map(|number| key(*number)).collect();
        assert_eq!(*refreshed.snapshot.frozen_vaults, expected, "{numbers:?}");
        assert_eq!(chain.before_a_mark().await, expected, "{numbers:?}");
    }
}

#[tokio::test]
async fn credits_that_a_freeze_rests_on_are_read_wherever_they_are() {
    let (chain, mut mirror) = (Chain::new().await, Mirror::new(Pubkey::default()));
    let snapshot = mirror.refresh(&chain.node, Stalls::default()).await.unwrap().snapshot;
    let status = |number| match snapshot.other_credit(&key(number)) {
        OtherCredit::Open(credit) => Some(credit.status().unwrap()),
        OtherCredit::Closed => None,
        OtherCredit::Unread => panic!("not read"),
    };
    assert_eq!(status(OF_ANOTHER_MARKET), Some(Status::Defaulted));
    assert_eq!(status(CLOSED), None);
    assert_eq!(status(1), Some(Status::Active));
    assert_eq!(snapshot.cross_credits.len(), 2, "that of this market is read with it");
    assert!(matches!(snapshot.other_credit(&key(70)), OtherCredit::Unread));
}
