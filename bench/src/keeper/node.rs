//! A node of a simulated chain: serves a fleet's accounts over JSON-RPC, and meters as the program does.

use {
    super::{
        super::BenchError,
        fleet::{Fleet, bytes},
    },
    anchor_lang::{AnchorDeserialize, Discriminator},
    axum::{Json, Router, extract::State, routing::post},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::CreditStamp,
        program::{
            instruction::UsageMeter,
            metering::Reading,
            quorum::quorum_reading,
            report::{CreditReading, SignedReport},
            state::{Credit, Market, Provider},
        },
        tokens, transactions,
    },
    serde_json::{Value, json},
    solana_sdk::{clock::Clock, sysvar},
    std::{
        collections::{BTreeMap, HashMap},
        net::SocketAddr,
        sync::{Arc, Mutex, MutexGuard},
        time::Instant,
    },
};

/// Milliseconds per slot.
const SLOT_MS: u128 = 400;
/// Blocks for which a blockhash is valid.
const LIFETIME: u64 = 150;
/// Compute units that a simulation returns: those of 32 credits and three reports.
const COMPUTE_UNITS: u64 = 108_000;

/// A JSON-RPC server over a [`SimulatedChain`]. It runs until the process ends.
pub struct SimulatedNode {
    address: SocketAddr,
    chain: Arc<SimulatedChain>,
}

/// The fleet's accounts, which metering instructions change at once, and a clock that runs in real time.
struct SimulatedChain {
    market: (Pubkey, Market),
    providers: BTreeMap<Pubkey, Provider>,
    credits: Mutex<BTreeMap<Pubkey, Credit>>,
    /// Slot of each landed transaction, by signature.
    landed: Mutex<HashMap<String, u64>>,
    began: Instant,
}

impl SimulatedNode {
    /// Starts the server on a free port. Errors: [`BenchError::Setup`].
    pub async fn start(fleet: &Fleet) -> Result<SimulatedNode, BenchError> {
        let chain = Arc::new(SimulatedChain {
            market: (fleet.market, fleet.market_account),
            providers: fleet.providers.iter().copied().collect(),
            credits: Mutex::new(fleet.credits.iter().copied().collect()),
            landed: Mutex::default(),
            began: Instant::now(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(BenchError::setup)?;
        let address = listener.local_addr().map_err(BenchError::setup)?;
        let limit = axum::extract::DefaultBodyLimit::max(64 << 20);
        let router = Router::new().route("/", post(serve)).layer(limit).with_state(chain.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(SimulatedNode { address, chain })
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The chain's clock.
    pub fn clock(&self) -> i64 {
        self.chain.clock()
    }
}

async fn serve(State(chain): State<Arc<SimulatedChain>>, Json(request): Json<Value>) -> Json<Value> {
    let method = request["method"].as_str().unwrap_or_default().to_string();
    let id = request["id"].clone();
    let answered = tokio::task::spawn_blocking(move || chain.answer(&method, &request["params"])).await;
    let result = answered.unwrap_or(Value::Null);
    Json(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

impl SimulatedChain {
    fn slot(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis() / SLOT_MS).unwrap_or(0) + 1_000
    }

    fn clock(&self) -> i64 {
        blockable_testkit::START + 60 + i64::try_from(self.began.elapsed().as_secs()).unwrap_or(0)
    }

    fn credits(&self) -> MutexGuard<'_, BTreeMap<Pubkey, Credit>> {
        self.credits.lock().expect("no panic")
    }

    fn with_context(&self, value: Value) -> Value {
        json!({ "context": { "slot": self.slot() }, "value": value })
    }

    fn answer(&self, method: &str, params: &Value) -> Value {
        match method {
            "getSlot" | "getBlockHeight" => json!(self.slot()),
            "getVersion" => json!({ "solana-core": "4.2.2", "feature-set": 1 }),
            "getGenesisHash" => json!(Pubkey::new_from_array([4; 32]).to_string()),
            "getBalance" => self.with_context(json!(1_000_000_000_000_u64)),
            "getRecentPrioritizationFees" => json!([]),
            "getLatestBlockhash" => self.with_context(json!({
                "blockhash": Pubkey::new_from_array([5; 32]).to_string(),
                "lastValidBlockHeight": self.slot() + LIFETIME,
            })),
            "simulateTransaction" => {
                self.with_context(json!({ "err": null, "logs": [], "unitsConsumed": COMPUTE_UNITS }))
            }
            "sendTransaction" => json!(self.send(params[0].as_str().unwrap_or_default())),
            "getSignatureStatuses" => self.with_context(self.statuses(&params[0])),
            "getMultipleAccounts" => self.with_context(self.accounts(&params[0])),
            "getProgramAccounts" => self.with_context(match params[1]["dataSlice"].is_object() {
                true => self.stamps(),
                false => self.list_providers(),
            }),
            _ => Value::Null,
        }
    }

    fn stamps(&self) -> Value {
        let stamp = |(address, credit): (&Pubkey, &Credit)| {
            let stamp = CreditStamp::new(credit);
            let slice = [&stamp.seq.to_le_bytes()[..], &stamp.hash].concat();
            json!({ "pubkey": address.to_string(), "account": account(&PROGRAM_ID, &slice) })
        };
        self.credits().iter().map(stamp).collect()
    }

    fn list_providers(&self) -> Value {
        let entry = |(address, provider): (&Pubkey, &Provider)| json!({ "pubkey": address.to_string(), "account": account(&PROGRAM_ID, &bytes(provider)) });
        self.providers.iter().map(entry).collect()
    }

    fn accounts(&self, addresses: &Value) -> Value {
        let credits = self.credits();
        let read = |address: &Value| {
            let address: Pubkey = address.as_str()?.parse().ok()?;
            if address == sysvar::clock::ID {
                let clock = Clock { slot: self.slot(), unix_timestamp: self.clock(), ..Clock::default() };
                let stored = solana_sdk::account::create_account_for_test(&clock);
                return Some(account(&stored.owner, &stored.data));
            }
            if address == self.market.0 {
                return Some(account(&PROGRAM_ID, &bytes(&self.market.1)));
            }
            match credits.get(&address) {
                Some(credit) => Some(account(&PROGRAM_ID, &bytes(credit))),
                // All else that is asked for is a vault.
                None => Some(account(&tokens::TOKEN_PROGRAM, &empty_vault())),
            }
        };
        addresses.as_array().into_iter().flatten().map(read).collect()
    }

    fn statuses(&self, signatures: &Value) -> Value {
        let landed = self.landed.lock().expect("no panic");
        let status = |signature: &Value| {
            let slot = landed.get(signature.as_str()?)?;
            Some(json!({
                "slot": slot, "confirmations": 1, "err": null, "status": { "Ok": null },
                "confirmationStatus": "confirmed",
            }))
        };
        signatures.as_array().into_iter().flatten().map(status).collect()
    }

    /// Applies the metering instructions of a transaction, unless it has landed before. Returns its signature.
    fn send(&self, text: &str) -> String {
        let transaction = STANDARD.decode(text).ok().and_then(|bytes| transactions::decode(&bytes));
        let transaction = transaction.expect("a transaction");
        let signature = transaction.signatures[0].to_string();
        if self.landed.lock().expect("no panic").insert(signature.clone(), self.slot()).is_some() {
            return signature;
        }
        let keys = transaction.message.static_account_keys();
        for instruction in transaction.message.instructions() {
            if keys[usize::from(instruction.program_id_index)] != PROGRAM_ID {
                continue;
            }
            let body = instruction.data.strip_prefix(UsageMeter::DISCRIMINATOR).expect("metering");
            let meter = UsageMeter::try_from_slice(body).expect("metering");
            // The named accounts come first: market, provider, event authority, program.
            let credits = instruction.accounts.iter().skip(4).map(|place| keys[usize::from(*place)]);
            self.meter(&meter.reports, credits.collect());
        }
        signature
    }

    fn meter(&self, reports: &[SignedReport], addresses: Vec<Pubkey>) {
        let clock = self.market.1.clock_at(self.clock()).expect("a clock in range");
        let mut credits = self.credits();
        for address in addresses {
            let Some(credit) = credits.get_mut(&address) else { continue };
            let Some(provider) = self.providers.get(&credit.provider) else { continue };
            let bit = credit.meter.index % u32::from(provider.settings.chunk_size);
            let reading = |report: &SignedReport| {
                let CreditReading { cumulative, in_flight } = *report.reading(bit)?;
                Some(Reading { cumulative, in_flight, reported_at: report.reported_at })
            };
            let readings: Vec<Reading> = reports.iter().filter_map(reading).collect();
            let Some(reading) = quorum_reading(&readings) else { continue };
            if credit.apply_reading(&reading, provider.epoch_began_at, &clock).is_ok() {
                credit.event_seq += 1;
                credit.event_hash[..8].copy_from_slice(&credit.event_seq.to_le_bytes());
            }
        }
    }
}

/// A token account that holds nothing and is not frozen.
fn empty_vault() -> [u8; 165] {
    let mut data = [0; 165];
    // The state: initialised.
    data[108] = 1;
    data
}

fn account(owner: &Pubkey, data: &[u8]) -> Value {
    json!({
        "lamports": 20_000_000, "owner": owner.to_string(), "executable": false, "rentEpoch": 0, "space": data.len(),
        "data": [STANDARD.encode(data), "base64"],
    })
}
