//! A node that lists, serves and fails by script.

use {
    super::{BATCH, Checkpoint, EventFollower, ObservedEvent, Start, Wake},
    crate::{
        audit::{History, HistoryError, ListedTransaction, ShownAccount},
        events::fetched::tests::served,
        rpc::EncodedConfirmedTransactionWithStatusMeta,
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{
        sync::{Arc, Mutex},
        task::{Context, Poll, Waker},
    },
};

/// The transactions that a node has, by their slots, oldest first, and what it does with them.
#[derive(Default)]
struct Script {
    slots: Vec<u64>,
    /// Slots of transactions that it lists and does not serve.
    withheld: Vec<u64>,
    /// Slots of transactions at which it fails.
    broken: Vec<u64>,
    /// The slot of a transaction in whose place it serves another one.
    swapped: Option<u64>,
    /// It ignores the end of the page before, and gives its pages in turn.
    turns: bool,
    /// Pages that were listed.
    pages: usize,
}

#[derive(Clone, Default)]
struct Node(Arc<Mutex<Script>>);

fn signature(slot: u64) -> Signature {
    let mut bytes = [0; 64];
    bytes[..8].copy_from_slice(&slot.to_le_bytes());
    Signature::from(bytes)
}

impl History for Node {
    async fn list(
        &self,
        _: Pubkey,
        before: Option<Signature>,
        limit: usize,
    ) -> Result<Vec<ListedTransaction>, HistoryError> {
        let mut script = self.0.lock().unwrap();
        script.pages += 1;
        let listed = script.slots.iter().rev().map(|slot| ListedTransaction {
            signature: signature(*slot),
            slot: *slot,
            failed: false,
        });
        let listed: Vec<_> = listed.collect();
        if script.turns {
            let (one, other) = listed.split_at(listed.len() / 2);
            return Ok(if script.pages % 2 == 1 { one } else { other }.to_vec());
        }
        let from = before
            .and_then(|before| listed.iter().position(|entry| entry.signature == before))
            .map_or(0, |place| place + 1);
        Ok(listed.into_iter().skip(from).take(limit).collect())
    }

    async fn transaction(
        &self,
        wanted: Signature,
    ) -> Result<Option<EncodedConfirmedTransactionWithStatusMeta>, HistoryError> {
        tokio::task::yield_now().await;
        let script = self.0.lock().unwrap();
        let is = |slots: &[u64]| slots.iter().any(|slot| signature(*slot) == wanted);
        match is(&script.broken) {
            true => Err(HistoryError::Failed("by script".to_string())),
            false => Ok((!is(&script.withheld)).then(|| {
                let slot = u64::from_le_bytes(*wanted.as_ref().first_chunk().unwrap());
                let is_swapped = script.swapped == Some(slot);
                let served_signature = if is_swapped { signature(slot + 1) } else { wanted };
                served(slot, served_signature, serde_json::Value::Null)
            })),
        }
    }

    async fn accounts(&self, _: Vec<Pubkey>) -> Result<(u64, Vec<Option<ShownAccount>>), HistoryError> {
        Err(HistoryError::NoHistory)
    }
}

fn node(slots: impl IntoIterator<Item = u64>) -> (Node, EventFollower<Node>) {
    let node = Node::default();
    node.0.lock().unwrap().slots = slots.into_iter().collect();
    (node.clone(), EventFollower::new(node, Pubkey::default(), Start::Beginning))
}

fn slots(events: &[ObservedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.slot).collect()
}

/// Never wakes.
struct Never;

impl Wake for Never {
    async fn wait(&mut self) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_transaction_that_is_listed_and_never_served_is_a_failure_and_not_silence() {
    let (node, mut follower) = node([1, 2, 3]);
    node.0.lock().unwrap().withheld.push(2);
    let (noted, note) = tokio::sync::oneshot::channel();
    let mut noted = Some(noted);
    let first = follower.next(&mut Never, |error| panic!("{error}")).await;
    assert_eq!(slots(&first), [1]);
    let mut never = Never;
    let waiting =
        follower.next(&mut never, |error| drop(noted.take().map(|noted| noted.send(error.clone()))));
    tokio::select! {
        events = waiting => panic!("{events:?}"),
        error = note => assert_eq!(error.unwrap(), HistoryError::NotServed(signature(2))),
    }
    node.0.lock().unwrap().withheld.clear();
    assert_eq!(slots(&follower.fill().await.unwrap()), [2, 3], "nothing is left out");
}

#[tokio::test]
async fn a_transaction_that_is_served_soon_is_no_failure() {
    let (node, mut follower) = node([1, 2]);
    node.0.lock().unwrap().withheld.push(1);
    for _ in 0..4 {
        assert!(follower.fill().await.unwrap().is_empty());
    }
    assert_eq!(follower.fill().await.unwrap_err(), HistoryError::NotServed(signature(1)));
    assert_eq!(follower.checkpoint(), Checkpoint { slot: 0 });
    node.0.lock().unwrap().withheld = vec![2];
    assert_eq!(slots(&follower.fill().await.unwrap()), [1]);
    for _ in 0..3 {
        assert!(follower.fill().await.unwrap().is_empty(), "the rounds of another one count anew");
    }
}

#[tokio::test]
async fn events_before_a_failure_are_handed_out_and_those_after_it_come_later() {
    let (node, mut follower) = node([1, 2, 3]);
    node.0.lock().unwrap().broken.push(3);
    assert_eq!(slots(&follower.fill().await.unwrap()), [1, 2]);
    assert_eq!(follower.checkpoint(), Checkpoint { slot: 2 });
    assert_eq!(follower.fill().await.unwrap_err(), HistoryError::Failed("by script".to_string()));
    node.0.lock().unwrap().broken.clear();
    assert_eq!(slots(&follower.fill().await.unwrap()), [3]);
}

#[tokio::test]
async fn a_transaction_that_is_listed_twice_or_late_comes_once_and_in_order() {
    let (node, mut follower) = node([5, 5, 7, 5]);
    assert_eq!(slots(&follower.fill().await.unwrap()), [5, 7]);
    assert!(follower.fill().await.unwrap().is_empty());
    // A block's transaction is listed after one of a later block.
    node.0.lock().unwrap().slots = vec![5, 6, 7, 9, 8, 9];
    assert_eq!(slots(&follower.fill().await.unwrap()), [6, 8, 9]);
    assert!(follower.fill().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_transaction_than_was_listed_is_none() {
    let (node, mut follower) = node([1, 2]);
    node.0.lock().unwrap().swapped = Some(2);
    assert_eq!(slots(&follower.fill().await.unwrap()), [1]);
    assert!(follower.fill().await.unwrap().is_empty(), "it waits for the right one");
    node.0.lock().unwrap().swapped = None;
    assert_eq!(slots(&follower.fill().await.unwrap()), [2]);
}

#[tokio::test]
async fn a_node_that_gives_its_pages_in_turn_is_not_asked_for_ever() {
    let (node, mut follower) = node([1, 2, 3, 4]);
    node.0.lock().unwrap().turns = true;
    assert_eq!(slots(&follower.fill().await.unwrap()), [1, 2, 3, 4]);
    assert!(node.0.lock().unwrap().pages <= 3);
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_no_event() {
    let (_, mut follower) = node(1..=9);
    let mut read = Vec::new();
    for polls in 0..40 {
        let mut call = Box::pin(follower.fill());
        for _ in 0..polls % 5 {
            if let Poll::Ready(events) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                read.extend(slots(&events.unwrap()));
                break;
            }
        }
        drop(call);
        assert_eq!(follower.checkpoint().slot, read.last().copied().unwrap_or(0), "only what was handed out");
    }
    read.extend(slots(&follower.fill().await.unwrap()));
    assert_eq!(read, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_long_history_is_listed_once() {
    let last = 11 * BATCH as u64;
    let (node, mut follower) = node(1..=last);
    let mut read = Vec::new();
    while read.len() as u64 != last {
        read.extend(slots(&follower.fill().await.unwrap()));
    }
    assert_eq!(read, (1..=last).collect::<Vec<_>>());
    assert_eq!(node.0.lock().unwrap().pages, 4, "three pages and the end");
    node.0.lock().unwrap().slots.push(last + 1);
    assert_eq!(slots(&follower.fill().await.unwrap()), [last + 1]);
}
