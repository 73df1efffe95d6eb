//! The sender over nodes that fail: no signature is lost, and no action has two effects.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic and wait for the clock"
)]

use {
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        Hash, Instruction, Keypair, PROGRAM_ID, Signature, Signer, VersionedTransaction,
        client::{Client, Sender},
        errors::{ClientError, Outcome},
        program::errors::BlockableError,
        transactions,
    },
    blockable_testkit::http::{Reply, Server},
    serde_json::{Value, json},
    std::{
        collections::BTreeMap,
        net::TcpListener,
        sync::{Arc, Mutex},
        thread,
        time::Duration,
    },
    tokio::task::{JoinSet, LocalSet},
};

/// Last block height at which the node's transactions can land.
const LAST_VALID: u64 = 15;

/// A way in which one request fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The node never gets it.
    Before,
    /// The node does it, and its answer is lost.
    After,
    /// The node gets it twice; the second answer is given.
    Twice,
    /// The same with a node that does not say why it refuses the copy.
    TwiceUnnamed,
    /// The answer comes late.
    Late,
    /// The answer is no JSON.
    Garbage,
    /// The node answers HTTP status 500 and does nothing.
    Refused,
}

impl Fault {
    const ALL: [Fault; 7] = [
        Fault::Before,
        Fault::After,
        Fault::Twice,
        Fault::TwiceUnnamed,
        Fault::Late,
        Fault::Garbage,
        Fault::Refused,
    ];
}

/// The chain behind a stand-in node: what it was sent, and its blocks.
#[derive(Default)]
struct Ledger {
    /// Transactions by their signatures, with the times that each was received.
    received: BTreeMap<String, u32>,
    /// Looks at a transaction until it is confirmed.
    looks_left: u32,
    /// Blocks so far; each question for the height makes one.
    height: u64,
    /// The last height that the node states for its blockhashes, where it states a wrong one.
    stated: Option<u64>,
    /// The node takes transactions and never lands them.
    drops: bool,
    /// The transaction fails when it lands, with the program's code.
    fails: Option<u32>,
    /// The node has a status at hand no longer: only its history has it.
    forgets: bool,
    /// Faults to come, by method.
    faults: BTreeMap<&'static str, Vec<Fault>>,
    /// The node does not say why it refuses a copy.
    is_silent: bool,
    /// Text of the last transaction, as it came.
    last: String,
}

type Shared = Arc<Mutex<Ledger>>;

fn node(ledger: &Shared) -> Server {
    let ledger = ledger.clone();
    Server::json_rpc(move |request| {
        let mut ledger = ledger.lock().unwrap();
        let method = request["method"].as_str().unwrap_or_default();
        let fault = ledger.faults.get_mut(method).and_then(Vec::pop);
        match fault {
            Some(Fault::Before) => return Reply::HangUp,
            Some(Fault::Refused) => return Reply::Status("500 Internal Server Error".into(), "{}".into()),
            _ => {}
        }
        if matches!(fault, Some(Fault::Twice | Fault::TwiceUnnamed)) {
            ledger.answer(request);
        }
        ledger.is_silent = fault == Some(Fault::TwiceUnnamed);
        let answer = ledger.answer(request);
        match fault {
            Some(Fault::After) => return Reply::HangUp,
            Some(Fault::Garbage) => return Reply::Body("<html>bad gateway</html>".into()),
            Some(Fault::Late) => {
                drop(ledger);
                thread::sleep(Duration::from_millis(60));
            }
            _ => {}
        }
        Reply::json_rpc(request, answer)
    })
}

impl Ledger {
    fn answer(&mut self, request: &Value) -> Value {
        let context = json!({"slot": 7});
        let sent = request["params"][0].as_str().unwrap_or_default();
        if request["method"] == "sendTransaction" && self.has_received(sent) && self.is_silent {
            let message = "Transaction verification failed";
            return json!({"error": {"code": -32_002, "message": message}});
        }
        if request["method"] == "sendTransaction" && self.has_received(sent) {
            return json!({"error": {
                "code": -32_002, "message": "Transaction simulation failed: This transaction has already been processed",
                "data": {"err": "AlreadyProcessed", "logs": [], "accounts": null, "unitsConsumed": 0, "returnData": null},
            }});
        }
        let result = match request["method"].as_str().unwrap_or_default() {
            "getLatestBlockhash" => {
                json!({"context": context, "value": {
                    "blockhash": Hash::new_unique().to_string(),
                    "lastValidBlockHeight": self.stated.unwrap_or(LAST_VALID),
                }})
            }
            "simulateTransaction" => json!({"context": context, "value": {
                "err": null, "logs": [], "accounts": null, "unitsConsumed": 500, "returnData": null,
            }}),
            "sendTransaction" => self.receive(request["params"][0].as_str().unwrap()),
            "getSignatureStatuses" => {
                let is_at_hand = !self.forgets || request["params"][1]["searchTransactionHistory"] == true;
                let status = if is_at_hand {
                    self.status(request["params"][0][0].as_str().unwrap())
                } else {
                    Value::Null
                };
                json!({"context": context, "value": [status]})
            }
            "getBlockHeight" => {
                self.height += 1;
                json!(self.height)
            }
            "isBlockhashValid" => json!({"context": context, "value": self.height <= LAST_VALID}),
            "getTransaction" if self.last.is_empty() => Value::Null,
            "getTransaction" => json!({
                "slot": 7, "blockTime": null, "version": 0, "transaction": [self.last, "base64"],
                "meta": {
                    "err": null, "status": {"Ok": null}, "fee": 5_000, "preBalances": [], "postBalances": [],
                    "innerInstructions": [], "logMessages": [], "computeUnitsConsumed": 400,
                },
            }),
            other => panic!("the node does not know {other}"),
        };
        json!({"result": result})
    }

    fn has_received(&self, text: &str) -> bool {
        let transaction = transactions::decode(&BASE64_STANDARD.decode(text).unwrap());
        transaction
            .is_some_and(|transaction| self.received.contains_key(&transaction.signatures[0].to_string()))
    }

    fn receive(&mut self, text: &str) -> Value {
        let transaction: VersionedTransaction =
            transactions::decode(&BASE64_STANDARD.decode(text).unwrap()).expect("a transaction");
        let signature = transaction.signatures[0].to_string();
        *self.received.entry(signature.clone()).or_default() += 1;
        self.last = text.to_string();
        json!(signature)
    }

    fn status(&mut self, signature: &str) -> Value {
        if self.drops || !self.received.contains_key(signature) {
            return Value::Null;
        }
        if self.looks_left > 0 {
            self.looks_left -= 1;
            return Value::Null;
        }
        let err = self.fails.map(|code| json!({"InstructionError": [0, {"Custom": code}]}));
        let status = err.as_ref().map_or(json!({"Ok": null}), |err| json!({"Err": err}));
        json!({"slot": 7, "confirmations": null, "err": err, "status": status, "confirmationStatus": "finalized"})
    }
}

fn ledger(change: impl FnOnce(&mut Ledger)) -> (Shared, Server, Client) {
    let mut ledger = Ledger { looks_left: 2, ..Ledger::default() };
    change(&mut ledger);
    let ledger = Arc::new(Mutex::new(ledger));
    let server = node(&ledger);
    let client = Client::new(server.url());
    (ledger, server, client)
}

fn action() -> Instruction {
    Instruction { program_id: PROGRAM_ID, accounts: Vec::new(), data: vec![1] }
}

fn received(ledger: &Shared) -> Vec<Signature> {
    ledger.lock().unwrap().received.keys().map(|text| text.parse().unwrap()).collect()
}

fn sent_error(error: ClientError) -> (Signature, u64, Outcome) {
    match error {
        ClientError::Sent(sent) => (sent.signature, sent.last_valid, sent.outcome),
        other => panic!("no signature: {other}"),
    }
}

/// One failed request after the send was an error without the signature, though the transaction landed.
#[tokio::test(flavor = "multi_thread")]
async fn failed_requests_while_it_is_followed_end_nothing() {
    for method in ["getSignatureStatuses", "getBlockHeight", "sendTransaction", "getTransaction"] {
        for fault in Fault::ALL {
            // A first copy that the node never gets is sent again after two seconds.
            let (ledger, _server, client) = ledger(|ledger| {
                ledger.faults.insert(method, vec![fault; 1]);
            });
            let landed = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await;
            let landed = landed.unwrap_or_else(|error| panic!("{method}, {fault:?}: {error}"));
            assert_eq!(received(&ledger), [landed.signature], "{method}, {fault:?}");
            assert_eq!((landed.slot, landed.compute_units), (7, Some(400)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_on_the_chain_has_signature_and_program_error() {
    let code = BlockableError::NotProvider.code();
    let (ledger, _server, client) = ledger(|ledger| ledger.fails = Some(code));
    let error = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await.unwrap_err();
    assert_eq!(error.program_error(), Some(BlockableError::NotProvider));
    let text = error.to_string();
    let (signature, last_valid, outcome) = sent_error(error);
    assert_eq!((vec![signature], last_valid), (received(&ledger), LAST_VALID));
    assert!(matches!(outcome, Outcome::Refused(_)) && text.contains(&signature.to_string()), "{text}");
    let resolved = Sender::new(&client).resolve(&signature, last_valid).await;
    assert!(matches!(resolved, Outcome::Refused(error) if error.program_error().is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_nobody_lands_expires() {
    let (ledger, _server, client) = ledger(|ledger| ledger.drops = true);
    let error = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await.unwrap_err();
    let (signature, _, outcome) = sent_error(error);
    assert_eq!(vec![signature], received(&ledger));
    assert!(matches!(outcome, Outcome::Expired) && ledger.lock().unwrap().height > LAST_VALID);
}

/// The node that gives the blockhash says that it lives shorter than it does. Taken for expired, the same would be sent once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_last_height_that_is_stated_too_low_makes_nothing_expired() {
    for stated in [0, 1, LAST_VALID - 1] {
        let (ledger, _server, client) =
            ledger(|ledger| (ledger.stated, ledger.looks_left) = (Some(stated), 6));
        let sender = Sender::new(&client);
        let landed = sender.send(&[action()], &Keypair::new(), &[]).await;
        let landed = landed.unwrap_or_else(|error| panic!("{stated}: {error}"));
        assert_eq!(received(&ledger), [landed.signature], "{stated}");
    }
    // What never lands expires all the same, and so does what is read back from a record.
    let (ledger, _server, client) = ledger(|ledger| (ledger.stated, ledger.drops) = (Some(0), true));
    let sender = Sender::new(&client);
    let recorded = client.sign(&[action()], &Keypair::new(), &[]).await.unwrap().without_record();
    assert!(matches!(sender.resolve_recorded(&recorded).await, Outcome::Unknown));
    let (_, _, outcome) = sent_error(sender.submit(&recorded).await.unwrap_err());
    assert!(matches!(outcome, Outcome::Expired) && ledger.lock().unwrap().height > LAST_VALID);
    assert!(matches!(sender.resolve_recorded(&recorded).await, Outcome::Expired));
}

/// A node in front of which a cache answers with another transaction than was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn another_transaction_is_not_taken_for_the_one_that_landed() {
    let (shared, _server, client) = ledger(|_| {});
    let other = client.sign(&[action()], &Keypair::new(), &[]).await.unwrap();
    let signature = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await.unwrap().signature;
    shared.lock().unwrap().last = BASE64_STANDARD.encode(transactions::encode(other.transaction()));
    let error = client.landed(&signature).await.unwrap_err();
    assert!(matches!(error, ClientError::Undecodable(undecodable) if undecodable == signature), "{error}");
    assert_eq!(client.landed(&other.signature()).await.unwrap().signature, other.signature());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_resolved_once_the_node_answers() {
    let (ledger, server, client) = ledger(|ledger| {
        for method in ["getSignatureStatuses", "getBlockHeight"] {
            ledger.faults.insert(method, vec![Fault::Before; 10_000]);
        }
    });
    let sender = Sender::new(&client).with_patience(Duration::from_millis(300));
    let error = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap_err();
    assert!(error.to_string().contains("outcome is unknown"), "{error}");
    let (signature, last_valid, outcome) = sent_error(error);
    assert!(matches!(outcome, Outcome::Unknown));
    assert!(matches!(sender.resolve(&signature, last_valid).await, Outcome::Unknown));
    server.refuse();
    assert!(matches!(sender.resolve(&signature, last_valid).await, Outcome::Unknown));
    server.accept();
    ledger.lock().unwrap().faults.clear();
    ledger.lock().unwrap().looks_left = 0;
    assert!(matches!(sender.resolve(&signature, last_valid).await, Outcome::Landed { slot: 7 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landed_transaction_that_cannot_be_read_says_that_it_landed() {
    let (_ledger, _server, client) = ledger(|ledger| {
        ledger.faults.insert("getTransaction", vec![Fault::Garbage; 10_000]);
    });
    let error = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await.unwrap_err();
    assert!(error.to_string().contains("do not send it again"), "{error}");
    assert!(matches!(sent_error(error).2, Outcome::Landed { slot: 7 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_living_node_of_three_is_enough_to_land() {
    let (_, first, client) = ledger(|ledger| {
        for method in ["sendTransaction", "getSignatureStatuses"] {
            ledger.faults.insert(method, vec![Fault::Before; 10_000]);
        }
    });
    let (_, dead, silent) = ledger(|_| {});
    dead.refuse();
    let (ledger, _third, living) = ledger(|_| {});
    let sender = Sender::new(&client).with_nodes([&silent, &living]);
    let landed = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap();
    assert_eq!(received(&ledger), [landed.signature]);
    drop(first);
}

/// The good node serves the transaction at its second request, and the silent one never.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_holds_up_neither_the_looks_nor_the_events() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Client::new(format!("http://{}", silent.local_addr().unwrap()));
    let (ledger, _server, client) = ledger(|ledger| {
        ledger.faults.insert("getTransaction", vec![Fault::Garbage]);
    });
    let sender = Sender::new(&client).with_nodes([&silent]).with_patience(Duration::from_secs(6));
    let landed = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap();
    assert_eq!(received(&ledger), [landed.signature]);
}

/// Nobody could look for some minutes. Taken for expired, the same would be signed and sent once more.
#[tokio::test(flavor = "multi_thread")]
async fn what_landed_before_the_statuses_at_hand_is_found_in_the_history() {
    let (ledger, _server, client) = ledger(|ledger| (ledger.forgets, ledger.looks_left) = (true, 0));
    let landed = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await.unwrap();
    assert_eq!(received(&ledger), [landed.signature]);
    assert!(ledger.lock().unwrap().height > LAST_VALID, "it was not looked for when it might have expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_calls_it_failed_does_not_decide_against_one_that_has_it() {
    let (_, _first, liar) = ledger(|ledger| (ledger.fails, ledger.looks_left) = (Some(6_000), 0));
    let (honest, _second, client) = ledger(|ledger| ledger.looks_left = 3);
    let sender = Sender::new(&liar).with_nodes([&client]);
    let landed = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap();
    assert_eq!(received(&honest), [landed.signature]);
}

/// One node of three lies, or is of another cluster, and each of the others fails the first request. Taken for expired or failed, the
/// same would be signed and sent once more.
#[tokio::test(flavor = "multi_thread")]
async fn one_node_of_three_does_not_decide_that_it_had_no_effect() {
    let lies: [fn(&mut Ledger); 2] = [
        |ledger| (ledger.drops, ledger.height) = (true, LAST_VALID + 10),
        |ledger| (ledger.fails, ledger.looks_left) = (Some(6_000), 0),
    ];
    for lie in lies {
        let (_, _first, liar) = ledger(lie);
        let busy = |ledger: &mut Ledger| {
            ledger.faults.insert("getSignatureStatuses", vec![Fault::Refused; 3]);
        };
        let ((second, _second, client), (third, _third, other)) = (ledger(busy), ledger(busy));
        let sender = Sender::new(&client).with_nodes([&other, &liar]);
        let landed = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap();
        assert_eq!((received(&second), received(&third)), (vec![landed.signature], vec![landed.signature]));
        // The same for a record that is looked up later.
        for ledger in [&second, &third] {
            ledger.lock().unwrap().faults.insert("getSignatureStatuses", vec![Fault::Refused]);
        }
        let found = sender.resolve(&landed.signature, LAST_VALID).await;
        assert!(matches!(found, Outcome::Unknown), "{found:?}");
        let found = sender.resolve(&landed.signature, LAST_VALID).await;
        assert!(matches!(found, Outcome::Landed { slot: 7 }), "{found:?}");
    }
}

/// A node that has it as landed ends no sending to one that has not got it.
#[tokio::test(flavor = "multi_thread")]
async fn one_node_of_two_does_not_decide_that_it_has_landed() {
    let (_, _first, liar) = ledger(|ledger| ledger.looks_left = 0);
    let (honest, _second, client) = ledger(|ledger| {
        ledger.faults.insert("sendTransaction", vec![Fault::Refused]);
    });
    let sender = Sender::new(&client).with_nodes([&liar]);
    let landed = sender.send(&[action()], &Keypair::new(), &[]).await.unwrap();
    assert_eq!(received(&honest), [landed.signature]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_without_the_accounts_that_were_asked_for_is_an_error() {
    let (_, _server, client) = ledger(|_| {});
    let sender = Sender::new(&client);
    let found = sender.preview(&[action()], &Keypair::new().pubkey(), &[PROGRAM_ID]).await;
    assert!(matches!(found, Err(ClientError::WrongCount { given: 0, asked: 1 })), "{found:?}");
}

/// A hundred sends over a node that fails one request of ten, in every way.
#[tokio::test(flavor = "multi_thread")]
async fn no_signature_is_lost_and_none_has_two_effects() {
    let mut random = 42u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (local, mut runs) = (LocalSet::new(), JoinSet::new());
    for number in 0..100 {
        let case = ledger(|ledger| {
            // Some land at once, some late, some never.
            ledger.looks_left = next(4) as u32;
            ledger.drops = next(10) == 0;
            ledger.fails = (next(10) == 0).then_some(BlockableError::WrongStatus.code());
            if next(2) == 0 {
                let methods = ["sendTransaction", "getSignatureStatuses", "getBlockHeight", "getTransaction"];
                let faults = (0..=next(3)).map(|_| Fault::ALL[next(7) as usize]).collect();
                ledger.faults.insert(methods[next(4) as usize], faults);
            }
        });
        runs.spawn_local_on(send_once(number, case), &local);
    }
    let ends = local.run_until(runs.join_all()).await;
    let count = |name: &str| ends.iter().filter(|end| **end == name).count();
    assert_eq!(ends.len(), 100);
    for name in ["landed", "refused", "expired"] {
        assert!(count(name) >= 3, "{ends:?}");
    }
}

/// Sends once and compares the outcome with the chain's truth.
async fn send_once(number: u32, (ledger, _server, client): (Shared, Server, Client)) -> &'static str {
    let sent = Sender::new(&client).send(&[action()], &Keypair::new(), &[]).await;
    let drops = ledger.lock().unwrap().drops;
    let fails = ledger.lock().unwrap().fails.is_some();
    let (signature, end) = match sent {
        Ok(landed) => (landed.signature, "landed"),
        Err(error) => {
            let (signature, _, outcome) = sent_error(error);
            (signature, outcome.name())
        }
    };
    let received = received(&ledger);
    let expected = if drops || received.is_empty() {
        "expired"
    } else if fails {
        "refused"
    } else {
        "landed"
    };
    assert_eq!(end, expected, "{number}");
    assert!(received.len() <= 1 && received.iter().all(|known| *known == signature), "{number}");
    end
}
