use {
    crate::{
        actions::VerifiedReports,
        errors::{BlockableError, ensure},
        events::ChunkLog,
        instructions::accounts::clock_of,
        metering::Skip,
        report::{ReportScope, SignedReport},
        state::{Credit, Market, MarketClock, Provider},
    },
    anchor_lang::prelude::*,
};

/// CAN meter: anyone who has a quorum of signed reports. The chunk's credits follow the named accounts, writable, in
/// any order; each is metered on its own, and one that cannot be is left out with its reason in the event.
#[event_cpi]
#[derive(Accounts)]
pub struct UsageMeter<'info> {
    /// The provider's market.
    pub market: AccountLoader<'info, Market>,
    /// The provider whose reporters signed.
    #[account(has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
}

impl<'info> UsageMeter<'info> {
    /// Verifies the reports and applies them to the credits given.
    ///
    /// - `chunk`: the chunk of credits reported on.
    /// - `reports`: a report each of as many distinct reporters as the provider's quorum, or more.
    pub fn handle(
        ctx: Context<'info, UsageMeter<'info>>,
        chunk: u32,
        reports: Vec<SignedReport>,
    ) -> Result<()> {
        ensure(!ctx.remaining_accounts.is_empty(), BlockableError::CreditsMissing)?;
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let log = {
            let provider = accounts.provider.load()?;
            let scope = ReportScope::new(&provider, accounts.provider.key(), chunk);
            let mut reports = VerifiedReports::verify(&provider, &scope, &reports, clock)?;
            let mut log =
                ChunkLog::new(scope.provider, scope.epoch, scope.chunk, ctx.remaining_accounts.len())?;
            for account in ctx.remaining_accounts {
                meter_credit(&mut reports, account, &clock, &mut log)?;
            }
            log
        };
        log.emit(&accounts.event_authority)
    }
}

/// Meters one credit, or notes the reason to leave it out. Errors fail the transaction.
fn meter_credit<'info>(
    reports: &mut VerifiedReports,
    account: &'info AccountInfo<'info>,
    clock: &MarketClock,
    log: &mut ChunkLog,
) -> Result<()> {
    let Ok(loader) = AccountLoader::<Credit>::try_from(account) else {
        log.skip(*account.key, Skip::NotACredit);
        return Ok(());
    };
    if !account.is_writable {
        log.skip(*account.key, Skip::NotWritable);
        return Ok(());
    }
    let mut credit = loader.load_mut()?;
    match reports.meter(&mut credit) {
        Ok(change) => log.record(&mut credit, *account.key, clock.chain, change),
        Err(reason) => {
            log.skip(*account.key, reason);
            Ok(())
        }
    }
}
