//! The units of a credit: used, frozen and metered; and the money in its vault.

use {
    crate::{
        chain::Snapshot,
        values::{
            Address, Time, UnitCount, UsdAmount, auto_freeze_byte_name, freeze_policy_byte_name,
            freeze_reason_byte_name,
        },
        watch::times::Times,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        program::{
            metering::finishing,
            state::{Credit, VaultClaims},
        },
    },
    blockable_service::text::units,
    serde::Serialize,
    std::fmt,
    utoipa::ToSchema,
};

/// The units of a credit by their state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UnitsView {
    /// Granted in all.
    granted: UnitCount,
    /// Used, as metered.
    consumed: UnitCount,
    /// Taken for sale, or taken over by the lender.
    seized: UnitCount,
    /// Expired unused.
    expired: UnitCount,
    /// Cancelled under the holdback.
    pub(super) cancelled: UnitCount,
    /// Left.
    remaining: UnitCount,
    /// Released from the lien by repayment.
    pub(super) released: UnitCount,
    /// Units that secure the debt.
    pub(super) lien: UnitCount,
    /// Units that no payment has opened yet.
    pub(super) locked: UnitCount,
    /// Units on top of the locked ones that no new job may draw on.
    pub(super) frozen: UnitCount,
    /// Units that new jobs may draw on.
    pub(super) available: UnitCount,
    /// The time at which unused units expire, later where the market is paused before; none for never.
    expire_at: Option<Time>,
    /// Lots for sale that are open.
    lots_open: u32,
    /// Lots for sale so far.
    lots_opened: u32,
}

/// The freeze of a credit, and the units that another one could still freeze.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FreezeView {
    /// Units frozen.
    frozen: UnitCount,
    /// The reason: missed_payment, default, breach, risk, cross_default or unknown; none while nothing is frozen.
    #[schema(value_type = Option<String>)]
    reason: Option<&'static str>,
    /// Time of the latest freeze by the chain's clock; none before the first.
    frozen_at_chain: Option<Time>,
    /// Units frozen for a missed payment or a default; the largest of this and the next two amounts is frozen.
    frozen_for_payment: UnitCount,
    /// Units frozen for a breach or a risk.
    frozen_for_other: UnitCount,
    /// Units frozen in all for the default of another credit.
    frozen_for_cross: UnitCount,
    /// Locked or frozen units that jobs which ran at the freeze may still use.
    finishing: UnitCount,
    /// Units of running jobs that no seizure takes before `promised_until`.
    promised: UnitCount,
    /// The end of that promise: a cure period after the freeze that made it; none without a promise.
    promised_until: Option<Time>,
    /// Units of running jobs whose promise has lapsed: a seizure may take them, and no freeze promises them again.
    lapsed: UnitCount,
    /// The policy on the lender's freezes: at_will, on_delinquency, on_default or unknown.
    #[schema(value_type = String)]
    policy: &'static str,
    /// True where the policy, or a reserve that has been short for too long, lets the lender freeze now.
    may_freeze: bool,
    /// Units under lien that are neither locked nor frozen: a freeze in full would take them.
    freezable: UnitCount,
    /// The mark from which anyone may freeze the collateral in full: never, from_delinquency, from_default or unknown.
    #[schema(value_type = String)]
    auto_freeze: &'static str,
}

/// The use of a credit as far as it has been metered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MeterView {
    /// Units counted so far.
    pub(super) cumulative: UnitCount,
    /// Units that jobs held at the latest reading.
    in_flight: UnitCount,
    /// Units used beyond those that the credit allowed: the provider's loss.
    overrun: UnitCount,
    /// Time of the latest report applied; none before the first.
    pub(super) reported_at: Option<Time>,
    /// The credit's chunk in its provider's reports; none before issue.
    pub(super) chunk: Option<u32>,
    /// Its bit in the chunk.
    pub(super) bit: Option<u32>,
}

/// Money in the vault by the party that it belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VaultView {
    /// The token account; none where there is none.
    account: Option<Address>,
    /// True where the payment token's issuer has frozen it: nobody can pay, and nobody is marked.
    is_frozen: bool,
    /// The principal, until the units are issued.
    escrow: UsdAmount,
    /// Money that the lender may collect.
    lender: UsdAmount,
    /// Money that the borrower may collect.
    borrower: UsdAmount,
    /// Money that the market's treasury may collect.
    treasury: UsdAmount,
    /// Money that the provider may collect.
    provider: UsdAmount,
    /// Part of the principal that is still held back.
    held_back: UsdAmount,
}

impl UnitsView {
    /// Describes the units of a credit that has been accrued to now.
    pub(super) fn new(accrued: &Credit, times: &Times) -> UnitsView {
        let (units, amount) = (&accrued.collateral, |count| UnitCount(Units(count)));
        let expire_at = Some(accrued.units_expire_at).filter(|at| *at != 0);
        UnitsView {
            granted: amount(units.granted),
            consumed: amount(units.consumed),
            seized: amount(units.seized),
            expired: amount(units.expired),
            cancelled: amount(units.cancelled),
            remaining: amount(units.remaining()),
            released: amount(units.released),
            lien: amount(units.lien()),
            locked: amount(units.locked()),
            frozen: amount(units.frozen()),
            available: amount(units.available()),
            expire_at: expire_at.map(|at| Time::from(times.to_chain(MarketTime(at)))),
            lots_open: accrued.lots_open,
            lots_opened: accrued.lots_opened,
        }
    }
}

impl fmt::Display for UnitsView {
    /// Writes two lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnitsView { available, lien, locked, frozen, released, cancelled, .. } = self;
        let amount = |count: &UnitCount| units(count.0);
        writeln!(
            f,
            "units       {} available, {} under lien, {} of it frozen, {} of it locked",
            amount(available),
            amount(lien),
            amount(frozen),
            amount(locked)
        )?;
        writeln!(f, "            {} released, {} cancelled", amount(released), amount(cancelled))
    }
}

impl FreezeView {
    /// Describes the freeze of a credit that has been accrued to now.
    pub(super) fn new(accrued: &Credit, times: &Times) -> FreezeView {
        let (units, amount) = (&accrued.collateral, |count| UnitCount(Units(count)));
        let meter = &accrued.meter;
        let promise_ends = MarketTime(meter.promised_at).plus_seconds(i64::from(accrued.terms.cure_period));
        // A status or policy of a later version allows nothing that this keeper knows of.
        let may_freeze = accrued
            .status()
            .and_then(|status| accrued.may_freeze(status, accrued.debt.accrued_at))
            .unwrap_or(false);
        FreezeView {
            frozen: amount(units.frozen()),
            reason: (units.frozen() > 0).then(|| freeze_reason_byte_name(accrued.freeze_reason)),
            frozen_at_chain: Time::unless_zero(ChainTime(accrued.meter.frozen_at_chain)),
            frozen_for_payment: amount(units.frozen_for_payment),
            frozen_for_other: amount(units.frozen_for_other),
            frozen_for_cross: amount(units.frozen_for_cross),
            finishing: amount(finishing(units, &accrued.meter)),
            promised: amount(meter.promised),
            promised_until: (meter.promised > 0).then(|| times.to_chain(promise_ends).into()),
            lapsed: amount(meter.lapsed),
            policy: freeze_policy_byte_name(accrued.terms.freeze_policy),
            may_freeze,
            freezable: amount(units.freezable().saturating_sub(units.frozen())),
            auto_freeze: auto_freeze_byte_name(accrued.terms.auto_freeze),
        }
    }
}

impl MeterView {
    pub(super) fn new(credit: &Credit, snapshot: &Snapshot) -> MeterView {
        let (meter, provider) = (&credit.meter, snapshot.providers.get(&credit.provider));
        let size = provider
            .filter(|_| credit.has_index == 1)
            .map(|provider| u32::from(provider.settings.chunk_size));
        MeterView {
            cumulative: UnitCount(Units(meter.cumulative)),
            in_flight: UnitCount(Units(meter.in_flight)),
            overrun: UnitCount(Units(meter.overrun)),
            reported_at: Time::unless_zero(ChainTime(meter.reported_at)),
            chunk: size.and_then(|size| meter.index.checked_div(size)),
            bit: size.and_then(|size| meter.index.checked_rem(size)),
        }
    }
}

impl VaultView {
    pub(super) fn new(address: &Pubkey, credit: &Credit, snapshot: &Snapshot) -> VaultView {
        let (claims, account): (&VaultClaims, _) = (&credit.claims, Some(credit.vault));
        let is_open = credit.vault != Pubkey::default() && credit.vault_closed == 0;
        VaultView {
            account: account.filter(|_| is_open).map(Address),
            is_frozen: snapshot.frozen_vaults.contains(address),
            escrow: UsdAmount(MicroUsd(claims.escrow)),
            lender: UsdAmount(MicroUsd(claims.lender)),
            borrower: UsdAmount(MicroUsd(claims.borrower)),
            treasury: UsdAmount(MicroUsd(claims.treasury)),
            provider: UsdAmount(MicroUsd(claims.provider)),
            held_back: UsdAmount(MicroUsd(credit.holdback_left)),
        }
    }
}
