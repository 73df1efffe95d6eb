use {
    crate::{
        errors::{BlockableError, ensure},
        events::{Change, ChunkLog},
        metering::{self, LATE_REPORT_SECONDS, Reading, Skip, lower_median},
        report::{MAX_CLOCK_SKEW_SECONDS, ReportScope, SignedReport},
        signature,
        state::{Credit, MAX_REPORTERS, Market, MarketClock, Provider},
        transitions::{Action, next},
    },
    anchor_lang::prelude::*,
};

/// CAN meter: anyone who has a quorum of signed reports. The chunk's credits follow the named accounts, writable, in
/// any order; each is metered on its own, and one that cannot be is left out with its reason in the event.
#[event_cpi]
#[derive(Accounts)]
pub struct UsageMeter<'info> {
    pub market: AccountLoader<'info, Market>,
    #[account(has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
}

impl<'info> UsageMeter<'info> {
    /// Verifies the reports and applies them to the credits given.
    pub fn handle(
        ctx: Context<'info, UsageMeter<'info>>,
        chunk: u32,
        reports: Vec<SignedReport>,
    ) -> Result<()> {
        ensure(!ctx.remaining_accounts.is_empty(), BlockableError::CreditsMissing)?;
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let log = {
            let provider = accounts.provider.load()?;
            let scope = ReportScope {
                market: accounts.market.key(),
                provider: accounts.provider.key(),
                epoch: provider.epoch,
                chunk,
            };
            verify_reports(&provider, &scope, &reports, clock)?;
            meter_credits(&provider, &scope, &reports, ctx.remaining_accounts, clock)?
        };
        log.emit(&accounts.event_authority)
    }
}

/// Requires a quorum of distinct, unexpired reporters of this epoch, each with a signature over this scope.
fn verify_reports(
    provider: &Provider,
    scope: &ReportScope,
    reports: &[SignedReport],
    clock: MarketClock,
) -> Result<()> {
    ensure(!reports.is_empty(), BlockableError::ReportsMissing)?;
    ensure(reports.len() >= usize::from(provider.quorum), BlockableError::QuorumNotReached)?;
    let mut seen = 0u64;
    for report in reports {
        let reporter =
            provider.reporters().get(usize::from(report.reporter)).ok_or(BlockableError::ReporterUnknown)?;
        let flag = 1u64.checked_shl(u32::from(report.reporter)).unwrap_or(0);
        ensure(seen & flag == 0, BlockableError::ReporterRepeated)?;
        seen |= flag;
        ensure(clock.chain < reporter.expires_at, BlockableError::ReporterExpired)?;
        ensure(
            report.reported_at <= clock.chain.saturating_add(MAX_CLOCK_SKEW_SECONDS),
            BlockableError::ReportFromFuture,
        )?;
        let chunk_bits = report.bitmap.checked_shr(u32::from(provider.chunk_size)).unwrap_or(0);
        ensure(
            chunk_bits == 0 && report.bitmap.count_ones() as usize == report.readings.len(),
            BlockableError::ReportMalformed,
        )?;
        ensure(
            signature::verify(&reporter.key, &report.signature, &report.digest(scope)),
            BlockableError::ReportSignatureInvalid,
        )?;
    }
    Ok(())
}

fn meter_credits<'info>(
    provider: &Provider,
    scope: &ReportScope,
    reports: &[SignedReport],
    credits: &'info [AccountInfo<'info>],
    clock: MarketClock,
) -> Result<ChunkLog> {
    let mut log = ChunkLog::new(scope.provider, scope.epoch, scope.chunk, credits.len())?;
    let mut seen = 0u32;
    for account in credits {
        if let Some(reason) = meter_credit(provider, scope, reports, account, clock, &mut seen, &mut log)? {
            log.skip(*account.key, reason);
        }
    }
    Ok(log)
}

/// Meters one credit. Errors fail the transaction; a [`Skip`] says why this credit was left as it was.
fn meter_credit<'info>(
    provider: &Provider,
    scope: &ReportScope,
    reports: &[SignedReport],
    account: &'info AccountInfo<'info>,
    clock: MarketClock,
    seen: &mut u32,
    log: &mut ChunkLog,
) -> Result<Option<Skip>> {
    let Ok(loader) = AccountLoader::<Credit>::try_from(account) else {
        return Ok(Some(Skip::NotACredit));
    };
    if !account.is_writable {
        return Ok(Some(Skip::NotWritable));
    }
    let mut credit = loader.load_mut()?;
    if credit.market != scope.market || credit.provider != scope.provider || credit.has_index == 0 {
        return Ok(Some(Skip::NotInChunk));
    }
    let size = u32::from(provider.chunk_size);
    let (Some(chunk), Some(bit)) =
        (credit.meter.index.checked_div(size), credit.meter.index.checked_rem(size))
    else {
        return Ok(Some(Skip::NotInChunk));
    };
    if chunk != scope.chunk {
        return Ok(Some(Skip::NotInChunk));
    }
    let flag = 1u32.checked_shl(bit).unwrap_or(0);
    if *seen & flag != 0 {
        return Ok(Some(Skip::Duplicate));
    }
    *seen |= flag;
    if credit.status().ok().and_then(|status| next(Action::Meter, status)).is_none() {
        return Ok(Some(Skip::WrongStatus));
    }
    let reading = match quorum_reading(reports, bit, provider.quorum) {
        Some(reading) => reading,
        None => return Ok(Some(Skip::NoQuorum)),
    };
    // Coupons in kind are a share of what is unused: those of dates that have passed go by what was unused before.
    if credit.rider.pay_in_kind_bps > 0 && credit.accrue(clock.market).is_err() {
        return Ok(Some(Skip::DebtOutOfRange));
    }
    let (mut collateral, mut meter) = (credit.collateral, credit.meter);
    let rate = provider.max_units_per_second;
    let late = clock.market <= credit.frozen_at_market.saturating_add(LATE_REPORT_SECONDS);
    let metered = match metering::apply(&mut collateral, &mut meter, &reading, rate, clock.chain, late) {
        Ok(metered) => metered,
        Err(skip) => return Ok(Some(skip)),
    };
    (credit.collateral, credit.meter) = (collateral, meter);
    let change = Change::Metered {
        cumulative: meter.cumulative,
        in_flight: meter.in_flight,
        reported_at: meter.reported_at,
        metered,
    };
    log.record(&mut credit, *account.key, clock.chain, change)?;
    Ok(None)
}

/// The lower median of each value over the reporters that speak of a credit; `None` below the quorum.
fn quorum_reading(reports: &[SignedReport], bit: u32, quorum: u8) -> Option<Reading> {
    let mut cumulative = [0u64; MAX_REPORTERS];
    let mut in_flight = [0u64; MAX_REPORTERS];
    let mut reported_at = [0i64; MAX_REPORTERS];
    let mut count = 0usize;
    for report in reports {
        if let Some(reading) = report.reading(bit) {
            *cumulative.get_mut(count)? = reading.cumulative;
            *in_flight.get_mut(count)? = reading.in_flight;
            *reported_at.get_mut(count)? = report.reported_at;
            count = count.checked_add(1)?;
        }
    }
    if count < usize::from(quorum) {
        return None;
    }
    Some(Reading {
        cumulative: lower_median(cumulative.get(..count)?)?,
        in_flight: lower_median(in_flight.get(..count)?)?,
        reported_at: lower_median(reported_at.get(..count)?)?,
    })
}
