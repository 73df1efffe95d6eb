use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        state::Credit,
        units::after,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN move a credit of an earlier version to this one: anyone. Repaying, freezing, marking and metering work before it
    /// as well; what reads the fields of version 2 asks for it.
    pub fn migrate(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let mut credit = accounts.credit.load_mut()?;
        let from = credit.version;
        ensure(from < Credit::VERSION, BlockableError::VersionCurrent)?;
        credit.version = Credit::VERSION;
        let has_units = credit.collateral.granted > 0;
        if has_units && credit.terms.unit_lifetime > 0 {
            credit.units_expire_at = after(credit.issued_at, credit.terms.unit_lifetime)?;
        }
        if credit.collateral.frozen > 0 && credit.frozen_at_market == 0 {
            // Version 1 kept the chain's time alone, in markets that could not pause.
            credit.frozen_at_market = credit.meter.frozen_at_chain.min(clock.market);
        }
        accounts.finish(credit, clock.chain, Change::Migrated { from })
    }
}
