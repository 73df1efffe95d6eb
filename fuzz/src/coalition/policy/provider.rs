//! The honest provider: it issues what it has read, and serves and reports use that the chain's state allows.

use {
    super::{Args, Honest, LoanAsRead, Op, Pending, Purpose, SignedTerms, Status},
    crate::{coalition::worth::is_own, lab::cast, metering::Meters},
    blockable_sdk::{
        instructions as ix,
        program::{
            instructions::OfferRead,
            report::{CreditReading, ReportScope},
            state::{Party, Provider},
        },
        reports::UsageReport,
    },
    solana_sdk::signer::Signer,
};

impl LoanAsRead<'_> {
    pub(super) fn sign_as_provider(mut self) -> Option<Pending> {
        if !is_own(self.lab, &self.credit.provider) {
            return None;
        }
        match self.status {
            Status::Accepted => self.issue(),
            _ if self.credit.claims.provider > 0 && self.dice.one_in(2) => self.collect_earnings(),
            status if status.is_secured() => self.serve(),
            _ => None,
        }
    }

    fn issue(&self) -> Option<Pending> {
        let (key, read) = (self.credit.provider, OfferRead::from_credit(&self.credit));
        let provider: Provider = self.lab.read(&key)?;
        let (authority, payout) = (Honest::Provider.key(), provider.settings.payout);
        let ix = ix::credit_issue(&self.keys, &authority, &key, &payout, &self.address, read);
        let purpose = Purpose::Issue(SignedTerms::new(&self.credit.terms));
        self.pending(Op::CreditIssue, ix, Args::Read(read), purpose)
    }

    /// Collects what it has earned of the holdback.
    fn collect_earnings(&self) -> Option<Pending> {
        let (caller, key, least) =
            (Honest::Provider.key(), self.credit.provider, self.credit.claims.provider);
        let payout = self.lab.read::<Provider>(&key)?.settings.payout;
        let ix = ix::vault_collect_for_provider(&self.keys, &caller, &self.address, &key, &payout, least);
        self.pending(Op::VaultCollect, ix, Args::Collect(Party::Provider, least), Purpose::Other)
    }

    /// Serves a part of the units that are open now, and reports them as of now.
    fn serve(&mut self) -> Option<Pending> {
        let (credit, now) = (self.credit, self.lab.now);
        let seconds = u64::try_from(now - credit.meter.reported_at).ok()?;
        let open =
            credit.collateral.available().min(credit.terms.max_units_per_second.saturating_mul(seconds));
        let used = self.dice.pick(&[open, open / 2, open / 10]);
        let provider: Provider = self.lab.read(&credit.provider)?;
        let size = u32::from(provider.settings.chunk_size.max(1));
        let chunk = credit.meter.index / size;
        let scope = ReportScope::new(&provider, credit.provider, chunk);
        let reading = CreditReading { cumulative: credit.meter.cumulative.checked_add(used)?, in_flight: 0 };
        let mut reports = Vec::new();
        for (place, reporter) in provider.reporters().iter().enumerate() {
            let key = cast().reporters.iter().find(|key| key.pubkey() == reporter.key)?;
            let mut report = UsageReport::new(scope, now);
            report.set(credit.meter.index % size, reading).ok()?;
            reports.push(report.sign(place as u8, key).ok()?);
        }
        let (key, credits) = (credit.provider, vec![self.address]);
        let ix = ix::usage_meter(&self.keys.market, &key, chunk, reports.clone(), &credits);
        let meters = Meters { market: self.market, provider: key, chunk, reports, credits };
        let gone = i128::from(credit.collateral.seized) + i128::from(credit.collateral.expired);
        self.pending(Op::UsageMeter, ix, Args::Meter(Box::new(meters)), Purpose::Report(gone))
    }
}
