use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        metering::thaw,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

/// A number of units, or all there are.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitAmount {
    /// All there are.
    All,
    /// That many units.
    Units(u64),
}

impl UnitAmount {
    /// The number meant, given all there are. Errors: [`BlockableError::AmountZero`].
    pub fn of(self, all: u64) -> Result<u64> {
        match self {
            UnitAmount::All => Ok(all),
            UnitAmount::Units(0) => Err(BlockableError::AmountZero.into()),
            UnitAmount::Units(units) => Ok(units),
        }
    }
}

impl CreditControl<'_> {
    /// CAN thaw frozen units: the same keys that freeze; also while paused.
    pub fn thaw(ctx: Context<CreditControl>, amount: UnitAmount) -> Result<()> {
        let accounts = ctx.accounts;
        let now = accounts.market.load()?.clock()?.chain;
        let by = accounts.authority.key();
        let mut credit = accounts.credit.load_mut()?;
        credit.require_freezer(&by)?;
        credit.advance(Action::Thaw)?;
        credit.pending_lender = Pubkey::default();
        let frozen = credit.collateral.frozen;
        let units = amount.of(frozen)?;
        ensure(units > 0 && units <= frozen, BlockableError::BeyondFrozen)?;
        let (mut collateral, mut meter) = (credit.collateral, credit.meter);
        thaw(&mut collateral, &mut meter, units)?;
        (credit.collateral, credit.meter) = (collateral, meter);
        let change = Change::Thawed { by, units, frozen: collateral.frozen };
        accounts.finish(credit, now, change)
    }
}
