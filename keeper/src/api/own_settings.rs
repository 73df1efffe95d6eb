//! `/v1/settings`: where alerts go, and how the keeper acts. No secret, no address of mail and no URL is in it.

use {
    crate::{
        alerts::settings::SubscribedParty,
        api::{
            access::{Caller, Party},
            error::{ApiError, ErrorBody},
            state::ApiState,
        },
        values::{Address, LamportAmount},
    },
    axum::{Json, extract::State},
    serde::Serialize,
    std::{collections::BTreeMap, sync::Arc},
    utoipa::ToSchema,
};

/// The settings that a caller may see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SettingsView {
    /// The webhooks and addresses that alerts go to: all of them for the operator, and for a wallet its own.
    pub(crate) sinks: Vec<SinkView>,
    /// The way in which the keeper acts; for the operator alone.
    pub(crate) keeper: Option<ActingView>,
}

/// A webhook or an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SinkView {
    /// Its name, as deliveries have it.
    #[schema(example = "webhook/pager")]
    pub(crate) sink: String,
    /// The alerts that it gets.
    pub(crate) gets: Vec<WantView>,
}

/// Alerts that a sink gets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WantView {
    /// The key that lends or borrows on the credit; none for more than one party.
    pub(crate) party: Option<Address>,
    /// True where they are those for the operator alone.
    pub(crate) of_operator: bool,
    /// The least severity.
    #[schema(value_type = crate::api::alerts::SeverityName)]
    pub(crate) min_severity: &'static str,
}

/// The way in which the keeper acts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActingView {
    /// The actions that it sends.
    #[schema(value_type = Vec<String>)]
    pub(crate) actions: Vec<&'static str>,
    /// The lenders for whose credits it acts; empty for all.
    pub(crate) lenders: Vec<Address>,
    /// The provider accounts for whose credits it acts; empty for all.
    pub(crate) providers: Vec<Address>,
    /// Seconds beyond the agreed grace before a mark.
    pub(crate) extra_grace_seconds: i64,
    /// Seconds for which an action must have been due.
    pub(crate) backup_delay_seconds: i64,
    /// Lamports that each role may spend in a UTC day.
    #[schema(value_type = BTreeMap<String, LamportAmount>)]
    pub(crate) lamports_per_day: BTreeMap<&'static str, LamportAmount>,
}

impl ActingView {
    fn new(state: &ApiState) -> ActingView {
        let plan = &state.plan;
        let caps = state.lamports_per_day.iter();
        ActingView {
            actions: plan.enabled.iter().map(|kind| kind.name()).collect(),
            lenders: plan.lenders.iter().copied().map(Address).collect(),
            providers: plan.providers.iter().copied().map(Address).collect(),
            extra_grace_seconds: plan.extra_grace_seconds,
            backup_delay_seconds: plan.backup_delay_seconds,
            lamports_per_day: caps.map(|(role, cap)| (role.name(), LamportAmount(*cap))).collect(),
        }
    }
}

fn sinks(state: &ApiState, caller: Caller) -> Vec<SinkView> {
    let may_see = |party: &SubscribedParty| match caller {
        Caller::Operator => true,
        Caller::Wallet(wallet) => *party == SubscribedParty::Key(wallet),
        Caller::Public | Caller::Wrong => false,
    };
    let subscriptions = state.alerts.subscriptions().iter();
    let seen =
        subscriptions.filter(|subscription| subscription.wants.iter().all(|wants| may_see(&wants.party)));
    let view = |subscription: &crate::alerts::Subscription| {
        let gets = subscription.wants.iter().map(|wants| WantView {
            party: match wants.party {
                SubscribedParty::Key(key) => Some(Address(key)),
                SubscribedParty::All | SubscribedParty::Operator => None,
            },
            of_operator: wants.party == SubscribedParty::Operator,
            min_severity: wants.min_severity.name(),
        });
        SinkView { sink: subscription.sink.clone(), gets: gets.collect() }
    };
    seen.map(view).collect()
}

/// Shows where alerts go, and to the operator how the keeper acts.
#[utoipa::path(
    get, path = "/v1/settings", tag = "keeper", security(("token" = [])),
    responses(
        (status = 200, body = SettingsView), (status = 401, body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(super) async fn settings(
    Party(caller): Party,
    State(state): State<Arc<ApiState>>,
) -> Result<Json<SettingsView>, ApiError> {
    let keeper = (caller == Caller::Operator).then(|| ActingView::new(&state));
    Ok(Json(SettingsView { sinks: sinks(&state, caller), keeper }))
}
