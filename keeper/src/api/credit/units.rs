//! Where the units are, what is frozen of them, how far their use was metered, and what is in the vault.

use {
    crate::{
        api::values::{Amount, Time, policy_name, reason_name_of},
        chain::Snapshot,
        watch::measure::Times,
    },
    blockable_sdk::program::state::{Credit, VaultClaims},
    serde::Serialize,
    utoipa::ToSchema,
};

/// Where a credit's units are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitsView {
    /// Granted in all.
    pub granted: Amount,
    /// Used, as metered.
    pub consumed: Amount,
    /// Taken for sale, or taken over by the lender.
    pub seized: Amount,
    /// Expired unused.
    pub expired: Amount,
    /// Left.
    pub remaining: Amount,
    /// Released from the lien by repayment.
    pub released: Amount,
    /// That secure the debt.
    pub lien: Amount,
    /// That no new job may draw on.
    pub frozen: Amount,
    /// That new jobs may draw on.
    pub available: Amount,
    /// When those that are unused expire, later where the market is paused before; none for never.
    pub expire_at: Option<Time>,
    /// Lots for sale that are open.
    pub lots_open: u32,
    /// Lots for sale so far.
    pub lots_opened: u32,
}

/// What is frozen, and what may be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FreezeView {
    /// Units frozen.
    pub frozen: Amount,
    /// Why: missed_payment, default, breach, risk or unknown; none while nothing is frozen.
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
    /// When the latest freeze was; none before the first.
    pub frozen_at_chain: Option<Time>,
    /// Frozen units that jobs which ran at the freeze may still use.
    pub settlement_left: Amount,
    /// When the lender may freeze: at_will, on_delinquency, on_default or unknown.
    #[schema(value_type = String)]
    pub policy: &'static str,
    /// Whether the policy lets the lender freeze now.
    pub may_freeze: bool,
    /// Units under lien that are not frozen: what a freeze in full would take.
    pub freezable: Amount,
    /// Whether anyone may freeze the collateral in full after default.
    pub auto_freeze: bool,
}

/// How far use has been metered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeterView {
    /// Units counted so far.
    pub cumulative: Amount,
    /// Units that jobs held at the latest reading.
    pub in_flight: Amount,
    /// Units used beyond what the credit allowed: the provider's loss.
    pub overrun: Amount,
    /// Time of the latest report applied; none before the first.
    pub reported_at: Option<Time>,
    /// The credit's chunk in its provider's reports; none before issue.
    pub chunk: Option<u32>,
    /// Its bit in the chunk.
    pub bit: Option<u32>,
}

/// Money in the vault and whose it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultView {
    /// The principal, until the units are issued.
    pub escrow: Amount,
    /// What the lender may collect.
    pub lender: Amount,
    /// What the borrower may collect.
    pub borrower: Amount,
    /// What the market's treasury may collect.
    pub treasury: Amount,
}

impl UnitsView {
    pub(super) fn of(now: &Credit, times: &Times) -> UnitsView {
        let units = &now.collateral;
        let expire_at = Some(now.units_expire_at).filter(|at| *at != 0).map(|at| times.chain_of(at));
        UnitsView {
            granted: Amount(units.granted),
            consumed: Amount(units.consumed),
            seized: Amount(units.seized),
            expired: Amount(units.expired),
            remaining: Amount(units.remaining()),
            released: Amount(units.released),
            lien: Amount(units.lien()),
            frozen: Amount(units.frozen),
            available: Amount(units.available()),
            expire_at: Time::maybe(expire_at),
            lots_open: now.lots_open,
            lots_opened: now.lots_opened,
        }
    }
}

impl FreezeView {
    pub(super) fn of(now: &Credit) -> FreezeView {
        let units = &now.collateral;
        // A status or policy of a later version allows nothing that this keeper knows of.
        let may_freeze = now.status().and_then(|status| now.may_freeze(status)).unwrap_or(false);
        FreezeView {
            frozen: Amount(units.frozen),
            reason: (units.frozen > 0).then(|| reason_name_of(now.freeze_reason)),
            frozen_at_chain: Time::unless_zero(now.meter.frozen_at_chain),
            settlement_left: Amount(now.meter.settlement_left),
            policy: policy_name(now.terms.freeze_policy),
            may_freeze,
            freezable: Amount(units.lien().saturating_sub(units.frozen)),
            auto_freeze: now.terms.auto_freeze == 1,
        }
    }
}

impl MeterView {
    pub(super) fn of(credit: &Credit, snapshot: &Snapshot) -> MeterView {
        let (meter, provider) = (&credit.meter, snapshot.providers.get(&credit.provider));
        let size = provider.filter(|_| credit.has_index == 1).map(|provider| u32::from(provider.chunk_size));
        MeterView {
            cumulative: Amount(meter.cumulative),
            in_flight: Amount(meter.in_flight),
            overrun: Amount(meter.overrun),
            reported_at: Time::unless_zero(meter.reported_at),
            chunk: size.and_then(|size| meter.index.checked_div(size)),
            bit: size.and_then(|size| meter.index.checked_rem(size)),
        }
    }
}

impl VaultView {
    pub(super) fn of(vault: &VaultClaims) -> VaultView {
        VaultView {
            escrow: Amount(vault.escrow),
            lender: Amount(vault.lender),
            borrower: Amount(vault.borrower),
            treasury: Amount(vault.treasury),
        }
    }
}
