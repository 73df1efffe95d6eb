use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        metering::held_by_jobs,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN expire unused units: anyone, once their lifetime has passed. Running jobs keep what they hold.
    pub fn expire_units(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::Expire)?;
        credit.require_current()?;
        let lifetime_has_passed = credit.require_unexpired(clock.market).is_err();
        ensure(lifetime_has_passed, BlockableError::NothingToExpire)?;
        credit.accrue(clock.market)?;
        let (mut collateral, mut meter) = (credit.collateral, credit.meter);
        let units = collateral.expire(held_by_jobs(&collateral, &meter), meter.settlement_left)?;
        ensure(units > 0, BlockableError::NothingToExpire)?;
        meter.settlement_left = meter.settlement_left.min(collateral.frozen);
        (credit.collateral, credit.meter) = (collateral, meter);
        accounts.finish(credit, clock.chain, Change::Expired { units })
    }
}
