//! The stream over a socket, its record, and its bounds.

use {
    super::{
        batch::{Before, CreditChange, Record},
        places::Places,
        *,
    },
    crate::{
        api::tests::{Api, START, credits, key, on_credit},
        finding::Fact,
        health::Health,
    },
    blockable_sdk::{
        amounts::{ChainTime, MicroUsd, Units},
        program::state::Lot,
    },
    blockable_service::{http::ClientNetwork, sse::Parser},
    bytemuck::Zeroable,
    hub::Sources,
    reqwest::StatusCode,
    serde_json::Value,
    std::collections::{BTreeMap, VecDeque},
    tokio::{sync::watch, time::timeout},
};

const SOON: Duration = Duration::from_secs(20);

/// A hub that runs beside an API, as the daemon runs it.
struct Running {
    api: Api,
    lots: watch::Sender<Option<Arc<crate::lots::LotBook>>>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn new() -> Running {
        let api = Api::new().await;
        let lots = watch::Sender::new(None);
        let sources = Sources {
            snapshot: api.state.snapshot.clone(),
            lots: lots.subscribe(),
            watch: api.state.watch.clone(),
            alerts: api.state.alerts.clone(),
            store: api.state.store.clone(),
        };
        let (stop, stopped) = watch::channel(false);
        let beat = Health::default().watch("stream", SOON);
        let task = tokio::spawn(api.state.hub.clone().run(sources, stopped, beat));
        let running = Running { api, lots, stop, task };
        // The first reading is what later ones are compared with.
        let mut first = running.open("", None, true).await;
        running.api.show(START + 1, &credits()).await;
        first.reading(START + 1).await;
        running
    }

    async fn ask(&self, query: &str, last_id: Option<&str>, is_operator: bool) -> reqwest::Response {
        let http = match is_operator {
            true => self.api.http.clone(),
            false => reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let mut asked = http.get(format!("{}/v1/stream{query}", self.api.url));
        if let Some(id) = last_id {
            asked = asked.header("last-event-id", id);
        }
        asked.send().await.unwrap()
    }

    async fn open(&self, query: &str, last_id: Option<&str>, is_operator: bool) -> Reader {
        let response = self.ask(query, last_id, is_operator).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Reader { response, parser: Parser::new(1 << 20), waiting: VecDeque::new() }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        timeout(SOON, self.task).await.unwrap().unwrap();
    }
}

/// A message of a stream: its name, its data and its id.
type Message = (String, Value, Option<String>);

struct Reader {
    response: reqwest::Response,
    parser: Parser,
    waiting: VecDeque<Message>,
}

impl Reader {
    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            let bytes = timeout(SOON, self.response.chunk()).await.expect("nothing came").ok()??;
            for event in self.parser.feed(&bytes).unwrap() {
                let Some(data) = event.data else { continue };
                let raw = String::from_utf8(event.raw).unwrap();
                let id = raw.lines().find_map(|line| line.strip_prefix("id: ")).map(str::to_string);
                self.waiting.push_back((event.name, serde_json::from_slice(&data).unwrap(), id));
            }
        }
    }

    /// The messages up to and with the next of a name.
    async fn until(&mut self, name: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let message = self.next().await.expect("the stream has ended");
            let is_last = message.0 == name;
            messages.push(message);
            if is_last {
                return messages;
            }
        }
    }

    /// The messages up to and with the end of the reading that has shown a clock.
    async fn reading(&mut self, clock: i64) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            messages.extend(self.until("slot").await);
            if messages.last().is_some_and(|(_, data, _)| data["as_of"]["clock"]["unix"] == clock) {
                return messages;
            }
        }
    }
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|(name, ..)| name.as_str()).collect()
}

fn frozen() -> Fact {
    let (frozen, lien, available) = (Units(5), Units(10), Units(5));
    Fact::Frozen { frozen, lien, available, arrears: MicroUsd(0) }
}

#[tokio::test]
async fn changes_of_credits_come_once_and_interest_is_none() {
    let running = Running::new().await;
    let mut all = running.open("", None, false).await;
    let mut filtered = running.open(&format!("?lender={}", key(5)), None, false).await;
    let hello = all.until("hello").await;
    assert_eq!(hello[0].1["resumed"], false);
    assert!(hello[0].2.is_some(), "a client that is cut off at once goes on from here");
    filtered.until("hello").await;
    running.api.show(START + 100, &credits()).await;
    assert_eq!(names(&all.reading(START + 100).await), ["slot"], "interest alone");
    filtered.reading(START + 100).await;

    let mut changed = credits();
    let credit = changed.get_mut(&key(10)).unwrap();
    (credit.event_seq, credit.collateral.frozen_for_other) = (1, 400_000);
    changed.remove(&key(12));
    running.api.show(START + 200, &changed).await;
    let messages = all.reading(START + 200).await;
    assert_eq!(names(&messages), ["credit", "freeze", "credit", "slot"]);
    assert_eq!(messages[0].1["credit"], key(10).to_string());
    assert_eq!(messages[0].1["line"]["frozen"], "400000");
    assert_eq!((&messages[1].1["frozen"], &messages[1].1["before"]), (&"400000".into(), &"0".into()));
    assert_eq!(
        (&messages[2].1["credit"], &messages[2].1["line"]),
        (&key(12).to_string().into(), &Value::Null)
    );
    assert!(messages[..3].iter().all(|(.., id)| id.is_none()) && messages[3].2.is_some());
    let messages = filtered.reading(START + 200).await;
    assert_eq!(names(&messages), ["credit", "slot"], "the lender of the removed one");
    running.stop().await;
    assert!(all.next().await.is_none(), "streams end with the keeper");
}

#[tokio::test]
async fn a_client_goes_on_after_the_reading_that_it_has_seen_whole() {
    let running = Running::new().await;
    let mut first = running.open("", None, false).await;
    let id = first.until("hello").await.remove(0).2.unwrap();
    drop(first);
    let mut changed = credits();
    changed.get_mut(&key(10)).unwrap().event_seq = 1;
    running.api.show(START + 100, &changed).await;
    let mut watching = running.open("", None, false).await;
    watching.until("hello").await;
    running.api.show(START + 200, &changed).await;
    watching.reading(START + 200).await;
    let mut again = running.open("", Some(&id), false).await;
    let messages = again.until("slot").await;
    assert_eq!(names(&messages), ["hello", "credit", "slot"]);
    assert_eq!((&messages[0].1["resumed"], &messages[0].2), (&true.into(), &None));
    assert_ne!(messages[2].2, Some(id.clone()));
    for unknown in ["000000000000-1", "x", &id.replace('-', "-9"), &"9".repeat(100)] {
        let mut anew = running.open("", Some(unknown), false).await;
        assert_eq!(anew.until("hello").await[0].1["resumed"], false, "{unknown}");
    }
    running.stop().await;
}

#[tokio::test]
async fn lots_are_told_to_everybody_and_alerts_to_those_whom_they_concern() {
    let running = Running::new().await;
    let (mut operator, mut public) =
        (running.open("", None, true).await, running.open("", None, false).await);
    operator.until("hello").await;
    public.until("hello").await;
    running.api.state.alerts.apply(vec![on_credit(key(11), frozen())], ChainTime(START)).await.unwrap();
    let messages = operator.until("alert").await;
    let alert = &messages.last().unwrap().1;
    assert_eq!(
        (&alert["phase"], &alert["alert"]["subject"]),
        (&"raised".into(), &key(11).to_string().into())
    );
    assert!(!names(&public.until("slot").await).contains(&"alert"));

    let book = |lots: &[(u8, u64)]| {
        let lot = |(number, left): &(u8, u64)| {
            let lot = Lot { credit: key(12), lender: key(5), units_left: *left, window: 60, ..Lot::zeroed() };
            (key(*number), lot)
        };
        Some(Arc::new(crate::lots::LotBook { slot: 77, lots: lots.iter().map(lot).collect() }))
    };
    running.lots.send_replace(book(&[(60, 9)]));
    assert_eq!(names(&public.until("slot").await), ["slot"], "the first book is no change");
    running.lots.send_replace(book(&[(60, 7), (61, 1)]));
    let messages = public.until("slot").await;
    assert_eq!(names(&messages), ["lot", "lot", "slot"]);
    assert_eq!(messages[0].1["line"]["units_left"], "7");
    running.lots.send_replace(book(&[(61, 1)]));
    let messages = public.until("slot").await;
    assert_eq!((&messages[0].1["lot"], &messages[0].1["line"]), (&key(60).to_string().into(), &Value::Null));
    running.stop().await;
}

#[tokio::test]
async fn places_are_bounded_and_given_back() {
    let running = Running::new().await;
    // A quarter of 64 places for one network.
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(running.open("", None, false).await);
    }
    let refused = running.ask("", None, false).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "too_many");
    drop(open);
    let deadline = tokio::time::Instant::now() + SOON;
    while running.ask("", None, false).await.status() != StatusCode::OK {
        assert!(tokio::time::Instant::now() < deadline, "no place is given back");
        // A place is given back once the server has noticed that its client is gone: it writes to find out.
        running.api.show(START + 300, &credits()).await;
    }
    running.stop().await;

    let places = Places::new(6);
    let network = |number: u8| ClientNetwork::new([10, 0, 0, number].into());
    let of_one: Vec<_> = (0..9).map_while(|_| places.take(network(1))).collect();
    let of_two: Vec<_> = (0..9).map_while(|_| places.take(network(2))).collect();
    assert_eq!((of_one.len(), of_two.len()), (4, 2));
    drop(of_one);
    assert!(places.take(network(3)).is_some());
}

#[test]
fn the_record_is_bounded_and_says_what_it_has_forgotten() {
    let as_of = AsOf::new(&crate::api::tests::snapshot(START, &BTreeMap::new()));
    let credit =
        || CreditChange { credit: key(1), lender: key(1), borrower: key(2), now: None, frozen_before: None };
    let mut record = Record::default();
    assert!(record.after(0).is_none(), "nothing is known");
    for number in 1..=100 {
        let credits = (0..999).map(|_| credit()).collect();
        let (lots, alerts, as_of) = (Vec::new(), Vec::new(), as_of.clone());
        record.push(Arc::new(Batch { number, as_of, credits, lots, alerts }));
    }
    assert_eq!(record.last(), 100);
    let after = |number| record.after(number).map(|batches| batches.len());
    assert_eq!(
        (after(50), after(49), after(99), after(100), after(101)),
        (Some(50), None, Some(1), Some(0), None)
    );
}

#[tokio::test]
async fn more_changes_than_are_told_one_by_one_ask_to_read_everything_anew() {
    let api = Api::new().await;
    let many: BTreeMap<_, _> = (0..=200_u8).map(|number| (key(number), credits()[&key(10)])).collect();
    api.show(START, &many).await;
    let snapshot = api.state.snapshot.borrow().clone().unwrap();
    let mut before = Before::default();
    let measures = api.state.watch.measures();
    assert_eq!(before.credits(&snapshot, &measures, |_| 0).len(), 0, "the first reading changes nothing");
    let changes = before.credits(&snapshot, &measures, |_| 1);
    assert_eq!(changes.len(), 201);
    let batch = Batch {
        number: 1,
        as_of: AsOf::new(&snapshot),
        credits: changes,
        lots: Vec::new(),
        alerts: Vec::new(),
    };
    let query = StreamQuery { lender: None, borrower: None, credit: None };
    assert_eq!(message::changes(&batch, &query).len(), 1);
    let one = StreamQuery { credit: Some(AddressParam(key(7))), ..query };
    assert_eq!(message::changes(&batch, &one).len(), 1);
}
