//! Verifies usage reports.

use {
    super::{Args, Case, Op, Role, Verdict, need},
    crate::{compute::Reading, metering::Meters},
    blockable_sdk::program::{report::ReportScope, state::Provider},
};

impl Case<'_> {
    pub(super) fn meter(&mut self) -> Verdict {
        let Args::Meter(sent) = &self.call.args else { return Err("no reports".into()) };
        let provider = self.call.account(Role::Provider);
        let owner = self.provider(&provider)?.clone();
        need(owner.market == self.call.account(Role::Market), "the provider is of another market")?;
        self.need_quorum(sent)?;
        let (quorum, size) = (usize::from(owner.settings.quorum), i128::from(owner.settings.chunk_size));
        let mut seen = Vec::new();
        for meta in self.call.ix.accounts.iter().skip(4) {
            let Some(credit) = self.model.credits.get_mut(&meta.pubkey) else { continue };
            let (chunk, bit) = (credit.index / size, credit.index % size);
            let placed =
                credit.provider == provider && credit.has_index == 1 && chunk == i128::from(sent.chunk);
            if !meta.is_writable || !placed || seen.contains(&bit) {
                continue;
            }
            seen.push(bit);
            let status = credit.status().ok_or("the status is unknown")?;
            let readings = readings_after(sent, bit as u32, credit.reported_at);
            if !Op::UsageMeter.is_allowed_in(status) || readings.is_empty() || readings.len() < quorum {
                continue;
            }
            let chosen = choose(&readings);
            // Coupons in kind of dates that have passed go by what was unused before this report.
            if credit.rider.pay_in_kind_bps > 0 {
                let mut accrued = credit.clone();
                accrued.accrue(self.time);
                if accrued.debt() > i128::from(u64::MAX) {
                    continue;
                }
                *credit = accrued;
            }
            let latest = readings.iter().map(|reading| reading.reported_at).max().unwrap_or_default();
            // The whole quorum is from before the freeze, and was in force before it.
            let closed = credit.closed_then(latest, owner.epoch_began_at, self.time);
            credit.meter(chosen, closed, self.now, self.time);
        }
        Ok(())
    }

    /// Requires a quorum of distinct reporters that have not expired, each with a signature for this cluster and epoch.
    fn need_quorum(&mut self, sent: &Meters) -> Verdict {
        let provider = self.call.account(Role::Provider);
        let owner = self.provider(&provider)?.clone();
        let account: Provider = self.read(&provider).ok_or("the provider is gone")?;
        let scope = ReportScope {
            cluster_tag: owner.cluster_tag,
            market: owner.market,
            provider,
            epoch: owner.epoch as u32,
            chunk: sent.chunk,
        };
        let quorum = usize::from(owner.settings.quorum);
        need(!sent.reports.is_empty() && sent.reports.len() >= quorum, "there is no quorum")?;
        for (index, report) in sent.reports.iter().enumerate() {
            let earlier = &sent.reports[..index];
            need(!earlier.iter().any(|other| other.reporter == report.reporter), "a reporter signs twice")?;
            let listed = owner.settings.reporters[..usize::from(owner.settings.reporter_count)].iter();
            let expiry = listed.map(|listed| listed.expires_at).nth(report.reporter.into()).unwrap_or(0);
            need(self.now < i128::from(expiry), "a reporter has expired")?;
            need(i128::from(report.reported_at) <= self.now + 60, "a report is from the future")?;
            blockable_sdk::reports::verify(report, &scope, &account).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// The readings of a credit's bit that are later than the last one, in the order of the reports.
fn readings_after(sent: &Meters, bit: u32, last: i128) -> Vec<Reading> {
    let reading = |report: &blockable_sdk::program::report::SignedReport| {
        let reading = report.reading(bit)?;
        Some(Reading {
            cumulative: reading.cumulative.into(),
            in_flight: reading.in_flight.into(),
            reported_at: report.reported_at.into(),
        })
    };
    let readings = sent.reports.iter().filter_map(reading);
    readings.filter(|reading| reading.reported_at > last).collect()
}

/// The whole reading of the reporter with the median use; its jobs count up to the median of use and jobs together.
fn choose(readings: &[Reading]) -> Reading {
    let middle = (readings.len() - 1) / 2;
    let mut by_use = readings.to_vec();
    by_use.sort_by_key(|reading| (reading.cumulative, reading.reported_at));
    let chosen = by_use[middle];
    let claimed = |reading: &Reading| (reading.cumulative + reading.in_flight).min(u64::MAX.into());
    let mut claims: Vec<i128> = readings.iter().map(claimed).collect();
    claims.sort_unstable();
    Reading { in_flight: chosen.in_flight.min((claims[middle] - chosen.cumulative).max(0)), ..chosen }
}
