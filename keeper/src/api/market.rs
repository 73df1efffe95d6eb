//! `/v1/market` and `/v1/providers`: keys, settings, proposals that wait, pause, halt and suspensions.

use {
    crate::{
        api::{
            error::{ApiError, MarketRefusals},
            settings_view::{MarketSettingsView, ProviderSettingsView},
            state::{ApiState, AsOf},
        },
        chain::Snapshot,
        values::{Address, Time, UnitCount},
        watch::times::Times,
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, Units},
        program::state::{CHANGE_LIFETIME, MAX_PAUSE_PER_DAY, Market, Provider},
    },
    blockable_service::hex,
    serde::Serialize,
    std::sync::Arc,
    utoipa::ToSchema,
};

/// The market. Anyone can take a market's number, so only its address and its admin identify it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MarketView {
    /// The state of the chain that the answer describes, with the market's address.
    as_of: AsOf,
    /// The number in its address.
    id: u64,
    /// True for a test market, whose bounds may be looser than real money needs.
    is_test: bool,
    /// The key that may change its settings and suspend providers.
    admin: Address,
    /// The key that may pause and halt it.
    guardian: Address,
    /// The mint of the payment token.
    payment_mint: Address,
    /// The settings in force.
    settings: MarketSettingsView,
    /// The settings that the admin has proposed; none when none wait.
    proposed: Option<ProposalView<MarketSettingsView>>,
    /// The key that the admin role is offered to; none when it is offered to nobody.
    pending_admin: Option<RoleOfferView>,
    /// The pause, and what is left of its budget.
    pause: PauseView,
    /// The halt; none while the market takes new business.
    halt: Option<HaltView>,
}

/// Settings that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProposalView<T> {
    /// The settings.
    settings: T,
    /// The time from which they can be applied, later where the market is paused before.
    ready_at: Time,
    /// The time after which they cannot be applied any more.
    lapses_at: Time,
    /// True where that time has passed.
    has_lapsed: bool,
}

/// A role that is offered to another key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RoleOfferView {
    /// The key.
    to: Address,
    /// The time from which it can take the role, later where the market is paused before.
    ready_at: Time,
    /// The time after which it cannot take it any more.
    lapses_at: Time,
    /// True where that time has passed.
    has_lapsed: bool,
}

/// A market's pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PauseView {
    /// True while the market is paused.
    is_paused: bool,
    /// The time at which the pause ends by itself; none while there is none.
    ends_at: Option<Time>,
    /// Seconds spent paused in all pauses that have ended.
    paused_seconds: u64,
    /// The longest pause that could begin now, in seconds; while the market is paused, once that pause has been ended. A UTC
    /// day has six hours, and any 31 days in a row have 24.
    longest_next_seconds: u32,
}

/// A halt of a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HaltView {
    /// The time of the halt.
    since: Time,
    /// The end that the admin has set; none while it has no end.
    ends_at: Option<Time>,
}

/// The providers of a market.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderList {
    /// The state of the chain that the answer describes.
    as_of: AsOf,
    /// The providers, by address.
    providers: Vec<ProviderView>,
}

/// A provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// Its account.
    provider: Address,
    /// The key that signs for it.
    authority: Address,
    /// The key that its authority role is offered to; none when it is offered to nobody.
    pending_authority: Option<RoleOfferView>,
    /// True where it has suspended itself.
    suspended_by_itself: bool,
    /// True where the market's admin has suspended it.
    suspended_by_admin: bool,
    /// Units that it has committed to serve.
    capacity: UnitCount,
    /// Units granted and not given back.
    outstanding: UnitCount,
    /// Its reporters' epoch.
    epoch: u32,
    /// The time at which the epoch began.
    epoch_began_at: Time,
    /// The hash of its cluster that every report covers, in hexadecimal.
    cluster_tag: String,
    /// The hash of its reporters that the terms of a loan must name now, in hexadecimal.
    reporters_hash: String,
    /// The settings in force.
    settings: ProviderSettingsView,
    /// The settings that it has proposed; none when none wait.
    proposed: Option<ProposalView<ProviderSettingsView>>,
}

impl MarketView {
    fn new(snapshot: &Snapshot) -> MarketView {
        let (market, times) = (&snapshot.market, Times::new(snapshot));
        let proposal = |settings| ProposalView::new(snapshot, market.change_ready_at, settings);
        MarketView {
            as_of: AsOf::new(snapshot),
            id: market.id,
            is_test: market.is_test == 1,
            admin: Address(market.admin),
            guardian: Address(market.guardian),
            payment_mint: Address(market.payment_mint),
            settings: MarketSettingsView::new(&market.settings()),
            proposed: proposal(MarketSettingsView::new(&market.proposed_settings())),
            pending_admin: RoleOfferView::new(snapshot, market.pending_admin, market.pending_admin_ready_at),
            pause: PauseView::new(market, snapshot.clock),
            halt: market.is_halted(snapshot.market_time().get()).then(|| HaltView::new(market, &times)),
        }
    }
}

impl<T> ProposalView<T> {
    /// Describes settings that are ready at a market time; `None` for 0.
    fn new(snapshot: &Snapshot, ready_at: i64, settings: T) -> Option<ProposalView<T>> {
        let (ready_at, lapses_at, has_lapsed) = waiting(snapshot, ready_at)?;
        Some(ProposalView { settings, ready_at, lapses_at, has_lapsed })
    }
}

impl RoleOfferView {
    /// Describes the offer of a role that can be taken from a market time on; `None` for the zero key.
    pub(super) fn new(snapshot: &Snapshot, to: Pubkey, ready_at: i64) -> Option<RoleOfferView> {
        let (ready_at, lapses_at, has_lapsed) = waiting(snapshot, ready_at)?;
        let to = Some(to).filter(|to| *to != Pubkey::default()).map(Address)?;
        Some(RoleOfferView { to, ready_at, lapses_at, has_lapsed })
    }
}

/// The first and the last time at which a change that is ready at a market time can come into force, and whether the last one
/// has passed. `None` for 0.
fn waiting(snapshot: &Snapshot, ready_at: i64) -> Option<(Time, Time, bool)> {
    let (times, ready_at) = (Times::new(snapshot), Some(MarketTime(ready_at)).filter(|at| at.get() != 0)?);
    let lapses_at = ready_at.plus_seconds(i64::from(CHANGE_LIFETIME));
    let has_lapsed = snapshot.market_time() > lapses_at;
    Some((times.to_chain(ready_at).into(), times.to_chain(lapses_at).into(), has_lapsed))
}

impl PauseView {
    fn new(market: &Market, clock: ChainTime) -> PauseView {
        let is_paused = market.is_paused(clock.get());
        PauseView {
            is_paused,
            ends_at: is_paused.then(|| Time::from(ChainTime(market.pause_expires_at))),
            paused_seconds: market.paused_seconds,
            longest_next_seconds: longest_pause(market, clock),
        }
    }
}

/// The longest pause that could begin now, in seconds: found by the program's own function on copies.
fn longest_pause(market: &Market, clock: ChainTime) -> u32 {
    let mut ended = *market;
    if ended.end_pause(clock.get()).is_err() {
        return 0;
    }
    let can_last = |seconds: u32| {
        let mut copy = ended;
        copy.begin_pause(clock.get(), seconds).is_ok()
    };
    // A pause can go over midnight and use the budgets of two days.
    let (mut longest, mut too_long) = (0, 2 * MAX_PAUSE_PER_DAY + 1);
    while too_long - longest > 1 {
        let middle = longest + (too_long - longest) / 2;
        if can_last(middle) { longest = middle } else { too_long = middle }
    }
    longest
}

impl HaltView {
    fn new(market: &Market, times: &Times) -> HaltView {
        let at = |time| Time::from(times.to_chain(MarketTime(time)));
        let ends_at = Some(market.halt_lifts_at).filter(|time| *time != 0).map(at);
        HaltView { since: at(market.halted_at), ends_at }
    }
}

impl ProviderView {
    fn new(address: &Pubkey, provider: &Provider, snapshot: &Snapshot) -> ProviderView {
        let is_set = |flag| provider.suspended & flag != 0;
        let proposed = ProviderSettingsView::new(&provider.proposed);
        let (pending, ready_at) = (provider.pending_authority, provider.pending_authority_ready_at);
        ProviderView {
            provider: Address(*address),
            authority: Address(provider.authority),
            pending_authority: RoleOfferView::new(snapshot, pending, ready_at),
            suspended_by_itself: is_set(Provider::SUSPENDED_BY_ITSELF),
            suspended_by_admin: is_set(Provider::SUSPENDED_BY_ADMIN),
            capacity: UnitCount(Units(provider.capacity_units)),
            outstanding: UnitCount(Units(provider.outstanding_units)),
            epoch: provider.epoch,
            epoch_began_at: ChainTime(provider.epoch_began_at).into(),
            cluster_tag: hex::encode(provider.cluster_tag),
            reporters_hash: hex::encode(provider.reporters_hash()),
            settings: ProviderSettingsView::new(&provider.settings),
            proposed: ProposalView::new(snapshot, provider.change_ready_at, proposed),
        }
    }
}

/// Gives the market: its keys, settings, pause and halt, and the change and the hand-over that wait.
#[utoipa::path(
    get, path = "/v1/market", tag = "market",
    responses((status = 200, body = MarketView), MarketRefusals)
)]
pub(super) async fn market(State(state): State<Arc<ApiState>>) -> Result<Json<MarketView>, ApiError> {
    Ok(Json(MarketView::new(&*state.require_snapshot()?)))
}

/// Gives the market's providers: their keys, settings and suspensions, and the changes and hand-overs that wait.
#[utoipa::path(
    get, path = "/v1/providers", tag = "market",
    responses((status = 200, body = ProviderList), MarketRefusals)
)]
pub(super) async fn providers(State(state): State<Arc<ApiState>>) -> Result<Json<ProviderList>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let providers = snapshot.providers.iter();
    let providers = providers.map(|(address, provider)| ProviderView::new(address, provider, &snapshot));
    Ok(Json(ProviderList { as_of: AsOf::new(&snapshot), providers: providers.collect() }))
}
