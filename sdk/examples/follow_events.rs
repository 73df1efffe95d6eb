//! Follows the events of a credit or a market, without a gap, and goes on where it stopped.
//!
//! ```text
//! cargo run -p blockable-sdk --features stream --example follow_events -- http://127.0.0.1:8899 ws://127.0.0.1:8900 ADDRESS [SLOT]
//! ```

use {
    blockable_sdk::{
        Pubkey,
        audit::RpcHistory,
        client::Client,
        follow::{Checkpoint, EventFollower, Start, WebSocketWake},
        rpc::CommitmentConfig,
    },
    std::{collections::HashSet, env, error::Error, time::Duration},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, ws_url, address, rest @ ..] = arguments.as_slice() else {
        return Err("name a node's URL, its WebSocket URL and an address".into());
    };
    let address: Pubkey = address.parse()?;
    let start = match rest.first() {
        Some(slot) => Start::At(Checkpoint { slot: slot.parse()? }),
        None => Start::Now,
    };
    let commitment = CommitmentConfig::finalized();
    let history = RpcHistory::from_client(&Client::new(url.clone()), commitment);
    let mut follower = EventFollower::new(history, address, start);
    let mut wake = WebSocketWake::open(ws_url.clone(), address, commitment, Duration::from_secs(5));
    let mut handled = HashSet::new();
    loop {
        let events = follower.next(&mut wake, |error| eprintln!("the node fails: {error}")).await;
        for observed in events {
            // After a start at a checkpoint the last minute comes again; a service keeps the signatures in its database.
            if handled.insert(observed.signature) {
                println!("slot {}: {:?}", observed.slot, observed.event);
            }
        }
        // Written down only now: after a crash nothing is left out.
        println!("checkpoint: slot {}", follower.checkpoint().slot);
    }
}
