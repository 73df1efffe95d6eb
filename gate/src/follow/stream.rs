//! Follows the chain over WebSocket, and opens the stream again whenever it is lost.

use {
    super::{
        FollowerCore,
        account::FetchedCredit,
        fault::Fault,
        reconcile::{as_bytes, filters, show_clock, show_market, show_provider},
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::CreditStamp,
        addresses,
        rpc::{RpcProgramAccountsConfig, UiAccount},
    },
    blockable_service::backoff::Backoff,
    futures_util::{
        StreamExt,
        stream::{BoxStream, select_all},
    },
    solana_pubsub_client::nonblocking::pubsub_client::{PubsubClient, PubsubClientError},
    std::{sync::Arc, time::Duration},
    tokio::time::{Instant, sleep, sleep_until, timeout},
};

/// A stream that has lasted this long was sound: the next pause is the shortest again.
const SOUND: Duration = Duration::from_secs(30);

/// An update from the stream.
enum StreamUpdate {
    Slot(u64),
    Credit(Pubkey, u64, UiAccount),
    Market(u64, UiAccount),
    Provider(u64, UiAccount),
    Clock(UiAccount),
}

/// Keeps a stream open.
pub(super) async fn run(core: Arc<FollowerCore>) {
    let mut backoff = Backoff::new(core.config.backoff_min, core.config.backoff_max);
    loop {
        let opened = Instant::now();
        // A task of its own: a panic in the client must not end the stream for good.
        let mut stream = StreamTask(tokio::spawn(follow(core.clone())));
        let fault = (&mut stream.0).await.unwrap_or(Fault::Ended);
        core.progress().note_stream_lost();
        // Without the stream the view is polled, from now on.
        core.wake.notify_one();
        if opened.elapsed() >= SOUND {
            backoff.reset();
        }
        let pause = backoff.next_pause();
        tracing::warn!(reason = %fault, ?pause, "no stream from the chain; opening it again");
        sleep(pause).await;
    }
}

/// A stream's task, which is aborted when it is dropped.
struct StreamTask(tokio::task::JoinHandle<Fault>);

impl Drop for StreamTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Opens a stream and passes its updates on, until it fails.
async fn follow(core: Arc<FollowerCore>) -> Fault {
    let patience = core.config.request_timeout;
    let client = match timeout(patience, PubsubClient::new(core.config.ws_url.as_str())).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return error.into(),
        Err(_) => return Fault::Timeout,
    };
    let mut updates = match timeout(patience, subscribe(&core, &client)).await {
        Ok(Ok(updates)) => updates,
        Ok(Err(error)) => return error.into(),
        Err(_) => return Fault::Timeout,
    };
    core.progress().note_stream_opened();
    let mut deadline = Instant::now() + core.config.silence;
    loop {
        let update = tokio::select! {
            update = updates.next() => update,
            () = sleep_until(deadline) => return Fault::Silent,
        };
        let Some(update) = update else { return Fault::Ended };
        if let StreamUpdate::Slot(_) = update {
            deadline = Instant::now() + core.config.silence;
        }
        apply(&core, update);
    }
}

async fn subscribe<'a>(
    core: &FollowerCore,
    client: &'a PubsubClient,
) -> Result<BoxStream<'a, StreamUpdate>, PubsubClientError> {
    let config = core.gate.config();
    let credits = RpcProgramAccountsConfig {
        filters: Some(filters(&config.provider)),
        account_config: as_bytes(),
        ..RpcProgramAccountsConfig::default()
    };
    let (credits, _) = client.program_subscribe(&PROGRAM_ID, Some(credits)).await?;
    let credits = credits.filter_map(async |update| {
        let address = update.value.pubkey.parse().ok()?;
        Some(StreamUpdate::Credit(address, update.context.slot, update.value.account))
    });
    let (market, _) = client.account_subscribe(&config.market, Some(as_bytes())).await?;
    let (provider, _) = client.account_subscribe(&config.provider, Some(as_bytes())).await?;
    let (slots, _) = client.slot_subscribe().await?;
    let mut streams = vec![
        credits.boxed(),
        market.map(|update| StreamUpdate::Market(update.context.slot, update.value)).boxed(),
        provider.map(|update| StreamUpdate::Provider(update.context.slot, update.value)).boxed(),
        slots.map(|update| StreamUpdate::Slot(update.slot)).boxed(),
    ];
    // Not every node streams the clock. Reconciles bring it as well, and between them the gate advances it itself.
    if let Ok((clock, _)) = client.account_subscribe(&addresses::CLOCK, Some(as_bytes())).await {
        streams.push(clock.map(|update| StreamUpdate::Clock(update.value)).boxed());
    }
    Ok(select_all(streams).boxed())
}

fn apply(core: &FollowerCore, update: StreamUpdate) {
    core.progress().count_update();
    match update {
        StreamUpdate::Slot(slot) => {
            let (first, reliable) = core.progress().take_stream_slot(slot);
            if first {
                core.wake.notify_one();
            }
            if reliable {
                core.gate.chain_view().observe_slot(slot);
            }
        }
        StreamUpdate::Credit(address, slot, account) => apply_credit(core, address, slot, &account),
        // An update may be passed over for its old slot, as below: both are asked about.
        StreamUpdate::Market(slot, account) => {
            show_market(core, slot, Some(&account));
            core.doubt(core.gate.config().market);
        }
        StreamUpdate::Provider(slot, account) => {
            show_provider(core, slot, Some(&account));
            core.doubt(core.gate.config().provider);
        }
        StreamUpdate::Clock(account) => show_clock(core, Some(&account)),
    }
}

fn apply_credit(core: &FollowerCore, address: Pubkey, slot: u64, account: &UiAccount) {
    let config = core.gate.config();
    let credit = match FetchedCredit::read(Some(account), &config.market, &config.provider) {
        FetchedCredit::Credit(credit) => credit,
        FetchedCredit::Gone => return core.doubt(address),
        FetchedCredit::Unreadable => {
            return tracing::error!(credit = %address, "a credit cannot be read; update this program");
        }
    };
    let known = {
        let ledger = core.gate.ledger();
        ledger.slot(&address).zip(Some(ledger.credit(&address).map(CreditStamp::new)))
    };
    match known {
        // Some nodes stamp every update with the slot at which the subscription was made, and updates may come late:
        // an update that differs from a view of a later slot is checked by a fetch.
        Some((seen, stamp)) if slot < seen => {
            if stamp != Some(CreditStamp::new(&credit)) {
                core.doubt(address);
            }
        }
        _ => core.gate.observe_credit(address, slot, Some(&credit)),
    }
}
