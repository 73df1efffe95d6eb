//! Compares the gate's view with the chain by RPC, and fetches what differs.

use {
    super::{
        FollowerCore,
        account::{self, FetchedCredit},
        diff::{self, KnownCredit},
        fault::Fault,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{CreditFilter, CreditStamp, decode_clock, type_filter},
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
pub(super) async fn run(core: Arc<FollowerCore>) {
    loop {
        if let Err(fault) = reconcile(&core).await {
            core.progress().note_reconcile_failed();
            tracing::warn!(reason = %fault, "the gate's view could not be compared with the chain");
        }
        sleep(LEAST_PAUSE).await;
        let behind = core.progress().is_behind();
        let pause = if behind { core.config.poll_every } else { core.config.reconcile_every };
        tokio::select! {
            () = sleep(pause.saturating_sub(LEAST_PAUSE)) => {}
            () = core.wake.notified() => {}
        }
    }
}

/// Fetches the accounts that the stream's updates leave in doubt.
pub(super) async fn fetch_doubts(core: Arc<FollowerCore>, mut doubts: mpsc::Receiver<Pubkey>) {
    let mut addresses = Vec::with_capacity(FETCH);
    while doubts.recv_many(&mut addresses, FETCH).await > 0 {
        if let Err(fault) = fetch_doubted(&core, std::mem::take(&mut addresses)).await {
            tracing::warn!(reason = %fault, "an account could not be fetched; comparing all");
            core.wake.notify_one();
        }
    }
}

async fn fetch_doubted(core: &FollowerCore, mut addresses: Vec<Pubkey>) -> Result<(), Fault> {
    addresses.sort_unstable();
    addresses.dedup();
    let config = core.gate.config();
    let asked = addresses.len();
    addresses.retain(|address| *address != config.market && *address != config.provider);
    if addresses.len() < asked {
        show_market_accounts(core).await?;
    }
    if addresses.is_empty() { Ok(()) } else { show(core, addresses).await }
}

async fn reconcile(core: &FollowerCore) -> Result<(), Fault> {
    let stream_at_start = core.progress().stream_now();
    let (slot, listed) = list(core).await?;
    let market_slot = show_market_accounts(core).await?;
    let known: HashMap<Pubkey, KnownCredit> = core
        .gate
        .ledger()
        .credits()
        .map(|(address, slot, credit)| (address, KnownCredit { slot, stamp: CreditStamp::new(credit) }))
        .collect();
    let differing = diff::differing(&listed, slot, &known);
    for (address, stamp) in &listed {
        core.gate.ledger().confirm(address, slot, *stamp);
    }
    let chunks: Vec<Vec<Pubkey>> = differing.chunks(FETCH).map(<[Pubkey]>::to_vec).collect();
    stream::iter(chunks.into_iter().map(|addresses| Ok(show(core, addresses))))
        .try_buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let (missed, slot) = (differing.len() as u64, slot.min(market_slot));
    core.progress().note_reconciled(stream_at_start, slot, missed);
    core.gate.chain_view().observe_slot(slot);
    core.gate.note_all_observed();
    Ok(())
}

/// Runs a request with its deadline, requires that its answer is not too old, and counts it where it fails. The client
/// waits on its own where a node asks it to, so its timeout is no deadline.
async fn request<T>(
    core: &FollowerCore,
    request: impl Future<Output = Result<(u64, T), Fault>>,
) -> Result<(u64, T), Fault> {
    let answer = timeout(core.config.request_timeout, request).await.unwrap_or(Err(Fault::Timeout));
    let mut progress = core.progress();
    let answer = answer.and_then(|(slot, value)| progress.accept(slot).map(|()| (slot, value)));
    answer.inspect_err(|fault| progress.count_failure(fault))
}

/// The stamps of all of the provider's credits and the slot they are of.
async fn list(core: &FollowerCore) -> Result<(u64, HashMap<Pubkey, CreditStamp>), Fault> {
    let config = RpcProgramAccountsConfig {
        filters: Some(filters(&core.gate.config().provider)),
        account_config: RpcAccountInfoConfig {
            data_slice: Some(UiDataSliceConfig { offset: CreditStamp::OFFSET, length: CreditStamp::LENGTH }),
            ..as_bytes()
        },
        with_context: Some(true),
        ..RpcProgramAccountsConfig::default()
    };
    request(core, async {
        let params = json!([PROGRAM_ID.to_string(), config]);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> =
            core.rpc.send(RpcRequest::GetProgramAccounts, params).await?;
        let OptionalContext::Context(answer) = answer else {
            return Err(Fault::Unusable("it does not say which slot it is of"));
        };
        let mut listed = HashMap::with_capacity(answer.value.len());
        for entry in answer.value {
            let address = entry.pubkey.parse().map_err(|_| Fault::Unusable("an address cannot be read"))?;
            let stamp = entry.account.data.decode().and_then(|data| CreditStamp::read(&data));
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
async fn fetch(core: &FollowerCore, addresses: &[Pubkey]) -> Result<(u64, Vec<Option<UiAccount>>), Fault> {
    request(core, async {
        let answer = core.rpc.get_multiple_ui_accounts_with_config(addresses, as_bytes()).await?;
        if answer.value.len() != addresses.len() {
            return Err(Fault::Unusable("it has another number of accounts than were asked for"));
        }
        Ok((answer.context.slot, answer.value))
    })
    .await
}

/// Fetches market, provider and clock and shows them to the gate; returns the slot they are of.
async fn show_market_accounts(core: &FollowerCore) -> Result<u64, Fault> {
    let config = core.gate.config();
    let (slot, accounts) = fetch(core, &[config.market, config.provider, addresses::CLOCK]).await?;
    let [market, provider, clock] = accounts.as_slice() else {
        return Err(Fault::Unusable("it has another number of accounts than were asked for"));
    };
    show_market(core, slot, market.as_ref());
    show_provider(core, slot, provider.as_ref());
    show_clock(core, clock.as_ref());
    Ok(slot)
}

/// Shows the gate its market.
pub(super) fn show_market(core: &FollowerCore, slot: u64, account: Option<&UiAccount>) {
    match account.and_then(account::read::<Market>) {
        Some(market) => core.gate.chain_view().observe_market(slot, &market),
        None => tracing::error!("there is no market at the address the gate was given; check its settings"),
    }
}

/// Shows the gate its provider.
pub(super) fn show_provider(core: &FollowerCore, slot: u64, account: Option<&UiAccount>) {
    match account.and_then(account::read::<Provider>) {
        Some(provider) => core.gate.chain_view().observe_provider(slot, &provider),
        None => tracing::error!(
            provider = %core.gate.config().provider,
            "no provider is registered at this address; run `blockable-provider register`, or correct the address in the settings"
        ),
    }
}

/// Shows the gate the chain's clock.
pub(super) fn show_clock(core: &FollowerCore, account: Option<&UiAccount>) {
    let clock = account.and_then(|account| account.data.decode()).and_then(|data| decode_clock(&data));
    if let Some(clock) = clock {
        core.gate.chain_view().observe_clock(ChainTime(clock.unix_timestamp));
    }
}

/// Fetches credits and shows them to the gate.
async fn show(core: &FollowerCore, addresses: Vec<Pubkey>) -> Result<(), Fault> {
    let (slot, accounts) = fetch(core, &addresses).await?;
    for (address, account) in addresses.into_iter().zip(&accounts) {
        show_credit(core, address, slot, account.as_ref());
    }
    Ok(())
}

fn show_credit(core: &FollowerCore, address: Pubkey, slot: u64, account: Option<&UiAccount>) {
    let config = core.gate.config();
    match FetchedCredit::read(account, &config.market, &config.provider) {
        FetchedCredit::Credit(credit) => core.gate.observe_credit(address, slot, Some(&credit)),
        FetchedCredit::Gone => {
            let seen = core.gate.ledger().slot(&address);
            if seen.is_some_and(|seen| slot > seen) {
                core.gate.observe_credit(address, slot, None);
            }
        }
        FetchedCredit::Unreadable => {
            tracing::error!(credit = %address, "a credit cannot be read; update this program")
        }
    }
}
