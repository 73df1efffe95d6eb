//! Compares the gate's view with the chain by RPC, and fetches what differs.

use {
    super::{
        Link,
        account::{self, Found},
        diff::{self, Known},
        fault::Fault,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{CreditFilter, CreditStamp as Stamp, decode_clock, type_filter},
        addresses,
        amounts::ChainTime,
        program::state::{Credit, Market, Provider},
        rpc::{
            CommitmentConfig, OptionalContext, RpcAccountInfoConfig, RpcKeyedAccount,
            RpcProgramAccountsConfig, RpcRequest, UiAccount, UiAccountEncoding, UiDataSliceConfig,
        },
    },
    futures_util::{TryStreamExt, stream},
    serde_json::json,
    std::{collections::HashMap, sync::Arc, time::Duration},
    tokio::{
        sync::mpsc,
        time::{sleep, timeout},
    },
};

/// Most accounts that a node gives in one answer.
const FETCH: usize = 100;
/// Fetches that run at once.
const AT_ONCE: usize = 4;
/// Shortest pause between two reconciles, however often one is asked for.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Reconciles at the start, when woken, and in between as often as the stream's state calls for.
pub(super) async fn run(link: Arc<Link>) {
    loop {
        if let Err(fault) = reconcile(&link).await {
            link.progress().reconcile_failed();
            tracing::warn!(reason = %fault, "the gate's view could not be compared with the chain");
        }
        sleep(LEAST_PAUSE).await;
        let behind = link.progress().is_behind();
        let pause = if behind { link.config.poll_every } else { link.config.reconcile_every };
        tokio::select! {
            () = sleep(pause.saturating_sub(LEAST_PAUSE)) => {}
            () = link.wake.notified() => {}
        }
    }
}

/// Fetches the accounts that the stream's updates leave in doubt.
pub(super) async fn answer_doubts(link: Arc<Link>, mut doubts: mpsc::Receiver<Pubkey>) {
    let mut addresses = Vec::with_capacity(FETCH);
    while doubts.recv_many(&mut addresses, FETCH).await > 0 {
        if let Err(fault) = answer(&link, std::mem::take(&mut addresses)).await {
            tracing::warn!(reason = %fault, "an account could not be fetched; comparing all");
            link.wake.notify_one();
        }
    }
}

async fn answer(link: &Link, mut addresses: Vec<Pubkey>) -> Result<(), Fault> {
    addresses.sort_unstable();
    addresses.dedup();
    let config = link.gate.config();
    let asked = addresses.len();
    addresses.retain(|address| *address != config.market && *address != config.provider);
    if addresses.len() < asked {
        show_heads(link).await?;
    }
    if addresses.is_empty() { Ok(()) } else { show(link, addresses).await }
}

async fn reconcile(link: &Link) -> Result<(), Fault> {
    let begun = link.progress().begin();
    let (slot, listed) = list(link).await?;
    let heads_slot = show_heads(link).await?;
    let known: HashMap<Pubkey, Known> = link
        .gate
        .ledger()
        .credits()
        .map(|(address, slot, credit)| (address, Known { slot, stamp: Stamp::new(credit) }))
        .collect();
    let differing = diff::differing(&listed, slot, &known);
    for (address, stamp) in &listed {
        link.gate.ledger().confirm(address, slot, *stamp);
    }
    let chunks: Vec<Vec<Pubkey>> = differing.chunks(FETCH).map(<[Pubkey]>::to_vec).collect();
    stream::iter(chunks.into_iter().map(|addresses| Ok(show(link, addresses))))
        .try_buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let (missed, slot) = (differing.len() as u64, slot.min(heads_slot));
    link.progress().reconciled(begun, slot, missed);
    link.gate.chain_view().observe_slot(slot);
    Ok(())
}

/// Runs a request with its deadline, requires that its answer is not too old, and counts it where it fails. The client
/// waits on its own where a node asks it to, so its timeout is no deadline.
async fn ask<T>(
    link: &Link,
    request: impl Future<Output = Result<(u64, T), Fault>>,
) -> Result<(u64, T), Fault> {
    let answer = timeout(link.config.request_timeout, request).await.unwrap_or(Err(Fault::Timeout));
    let mut progress = link.progress();
    let answer = answer.and_then(|(slot, value)| progress.accept(slot).map(|()| (slot, value)));
    answer.inspect_err(|fault| progress.failed(fault))
}

/// The stamps of all of the provider's credits and the slot they are of.
async fn list(link: &Link) -> Result<(u64, HashMap<Pubkey, Stamp>), Fault> {
    let config = RpcProgramAccountsConfig {
        filters: Some(filters(&link.gate.config().provider)),
        account_config: RpcAccountInfoConfig {
            data_slice: Some(UiDataSliceConfig { offset: Stamp::OFFSET, length: Stamp::LENGTH }),
            ..as_bytes()
        },
        with_context: Some(true),
        ..RpcProgramAccountsConfig::default()
    };
    ask(link, async {
        let params = json!([PROGRAM_ID.to_string(), config]);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> =
            link.rpc.send(RpcRequest::GetProgramAccounts, params).await?;
        let OptionalContext::Context(answer) = answer else {
            return Err(Fault::Unusable("it does not say which slot it is of"));
        };
        let mut listed = HashMap::with_capacity(answer.value.len());
        for entry in answer.value {
            let address = entry.pubkey.parse().map_err(|_| Fault::Unusable("an address cannot be read"))?;
            let stamp = entry.account.data.decode().and_then(|data| Stamp::read(&data));
            listed.insert(address, stamp.ok_or(Fault::Unusable("a credit cannot be read"))?);
        }
        Ok((answer.context.slot, listed))
    })
    .await
}

/// The filters that select a provider's credits.
pub(super) fn filters(provider: &Pubkey) -> Vec<blockable_sdk::rpc::RpcFilterType> {
    vec![type_filter::<Credit>(), CreditFilter::Provider(*provider).to_rpc()]
}

/// The encoding and commitment of requested accounts: base 64, as of the latest processed slot.
pub(super) fn as_bytes() -> RpcAccountInfoConfig {
    RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::processed()),
        ..RpcAccountInfoConfig::default()
    }
}

/// Fetches accounts, at most [`FETCH`], and the slot they are of.
async fn fetch(link: &Link, addresses: &[Pubkey]) -> Result<(u64, Vec<Option<UiAccount>>), Fault> {
    ask(link, async {
        let answer = link.rpc.get_multiple_ui_accounts_with_config(addresses, as_bytes()).await?;
        if answer.value.len() != addresses.len() {
            return Err(Fault::Unusable("it has another number of accounts than were asked for"));
        }
        Ok((answer.context.slot, answer.value))
    })
    .await
}

/// Fetches market, provider and clock and shows them to the gate; returns the slot they are of.
async fn show_heads(link: &Link) -> Result<u64, Fault> {
    let config = link.gate.config();
    let (slot, accounts) = fetch(link, &[config.market, config.provider, addresses::CLOCK]).await?;
    let [market, provider, clock] = accounts.as_slice() else {
        return Err(Fault::Unusable("it has another number of accounts than were asked for"));
    };
    show_market(link, slot, market.as_ref());
    show_provider(link, slot, provider.as_ref());
    show_clock(link, clock.as_ref());
    Ok(slot)
}

/// Shows the gate its market.
pub(super) fn show_market(link: &Link, slot: u64, account: Option<&UiAccount>) {
    match account.and_then(account::read::<Market>) {
        Some(market) => link.gate.chain_view().observe_market(slot, &market),
        None => tracing::error!("there is no market at the address the gate was given; check its settings"),
    }
}

/// Shows the gate its provider.
pub(super) fn show_provider(link: &Link, slot: u64, account: Option<&UiAccount>) {
    match account.and_then(account::read::<Provider>) {
        Some(provider) => link.gate.chain_view().observe_provider(slot, &provider),
        None => tracing::error!("there is no provider at the address the gate was given; check its settings"),
    }
}

/// Shows the gate the chain's clock.
pub(super) fn show_clock(link: &Link, account: Option<&UiAccount>) {
    let clock = account.and_then(|account| account.data.decode()).and_then(|data| decode_clock(&data));
    if let Some(clock) = clock {
        link.gate.chain_view().observe_clock(ChainTime(clock.unix_timestamp));
    }
}

/// Fetches credits and shows them to the gate.
async fn show(link: &Link, addresses: Vec<Pubkey>) -> Result<(), Fault> {
    let (slot, accounts) = fetch(link, &addresses).await?;
    for (address, account) in addresses.into_iter().zip(&accounts) {
        show_credit(link, address, slot, account.as_ref());
    }
    Ok(())
}

fn show_credit(link: &Link, address: Pubkey, slot: u64, account: Option<&UiAccount>) {
    let config = link.gate.config();
    match Found::read(account, &config.market, &config.provider) {
        Found::Credit(credit) => link.gate.observe_credit(address, slot, Some(&credit)),
        Found::Gone => {
            let seen = link.gate.ledger().slot(&address);
            if seen.is_some_and(|seen| slot > seen) {
                link.gate.observe_credit(address, slot, None);
            }
        }
        Found::Unreadable => {
            tracing::error!(credit = %address, "a credit cannot be read; update this program")
        }
    }
}
