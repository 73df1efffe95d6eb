//! Follows the events of a credit or a market, without a gap, and goes on where it stopped.
//!
//! ```text
//! cargo run -p blockable-sdk --features stream --example follow_events -- http://127.0.0.1:8899 ws://127.0.0.1:8900 ADDRESS checkpoint.json
//! ```

use {
    blockable_sdk::{
        Pubkey,
        audit::RpcHistory,
        client::Client,
        follow::{EventFollower, Start, WebSocketWake},
        rpc::CommitmentConfig,
    },
    std::{collections::HashSet, env, error::Error, fs, path::Path, time::Duration},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, ws_url, address, file] = arguments.as_slice() else {
        return Err("name a node's URL, its WebSocket URL, an address and a file for the checkpoint".into());
    };
    follow(&Client::new(url.clone()), ws_url, address.parse()?, Path::new(file)).await
}

/// Prints each event once, from the first one on, or from where an earlier run has stopped.
async fn follow(client: &Client, ws_url: &str, address: Pubkey, file: &Path) -> Result<(), Box<dyn Error>> {
    let start = match fs::read(file) {
        Ok(text) => Start::At(serde_json::from_slice(&text)?),
        Err(_) => Start::Beginning,
    };
    let commitment = CommitmentConfig::confirmed();
    let history = RpcHistory::from_client(client, commitment);
    let mut follower = EventFollower::new(history, address, start);
    let mut wake = WebSocketWake::open(ws_url, address, commitment, Duration::from_secs(5));
    let mut handled = HashSet::new();
    loop {
        let events = follower.next(&mut wake, |error| eprintln!("the node fails: {error}")).await;
        for observed in events {
            // After a start at a checkpoint the last minute comes again; a service keeps what it has handled in its database.
            for record in observed.event.records() {
                if handled.insert((record.credit, record.seq)) {
                    println!("event {} of {}: {:?}", record.seq, record.credit, record.change);
                }
            }
        }
        // Written down only now: after a crash nothing is left out.
        fs::write(file, serde_json::to_vec(&follower.checkpoint())?)?;
    }
}
