//! Verifies offers of loans.

use {
    super::{Args, Case, CreditBook, ProviderBook, Role, Verdict, need, units_needed_for},
    blockable_sdk::program::{
        instructions::OfferArgs,
        state::{Credit, Instalment, Rider, TermBounds, Terms},
    },
};

/// The most principal that the model lets coupons in kind lead to, a little above the program's own bound: growth is
/// worked out in floating point here.
const MOST_GROWN: f64 = 1.000_001e18;

impl Case<'_> {
    pub(super) fn offer(&mut self) -> Verdict {
        let Args::Offer(args) = &self.call.args else { return Err("no offer".into()) };
        let (key, lender) = (self.call.account(Role::Credit), self.call.account(Role::Signer));
        need(!self.model.credits.contains_key(&key), "the credit exists")?;
        need(self.call.signs(Role::Signer), "the lender does not sign")?;
        need(self.call.signs(Role::Rent), "nobody pays the rent")?;
        need(!self.is_halted(), "the market is halted")?;
        need(lender != self.call.account(Role::Party), "lender and borrower are one")?;
        let provider = self.call.account(Role::Provider);
        let owner = self.provider(&provider)?.clone();
        need(owner.market == self.call.account(Role::Market), "the provider is of another market")?;
        need_taken(&owner, &args.terms)?;
        let schedule = args.schedule.expand().map_err(|error| format!("no schedule: {error:?}"))?;
        self.need_sound_offer(args, &schedule)?;
        let terms = &args.terms;
        let expires = i128::from(terms.offer_expires_at);
        need(expires == 0 || self.now <= expires, "the offer has expired")?;
        let account: Credit = self.read(&key).ok_or("the credit was not created")?;
        let (vault, rent_payer) = (self.call.account(Role::Vault), self.call.account(Role::Rent));
        self.created.extend([(key, rent_payer), (vault, rent_payer)]);
        self.model.tokens.insert(vault, 0);
        self.transfer(self.call.account(Role::Wallet), vault, terms.principal.into())?;
        // The fields that an offer writes are few: all others must be as in an empty account.
        let empty = CreditBook::read(&anchor_lang::__private::bytemuck::Zeroable::zeroed());
        let mut book = CreditBook {
            version: 1,
            nonce: args.nonce.into(),
            apr: terms.apr_bps.into(),
            escrow: terms.principal.into(),
            paused_at_offer: self.market.paused(self.now),
            offer_slot: self.slot.into(),
            terms: *terms,
            rider: args.rider,
            terms_hash: account.terms_hash,
            due_after: schedule.iter().map(|line| line.due_after).collect(),
            principal_due: schedule.iter().map(|line| line.principal).collect(),
            lender,
            borrower: self.call.account(Role::Party),
            provider,
            market: self.call.account(Role::Market),
            freeze_authority: args.freeze_authority,
            rent_payer,
            vault,
            ..empty
        };
        if book.rider.covenant_window > 0 {
            book.apr = 0;
        }
        self.model.credits.insert(key, book);
        Ok(())
    }

    /// Requires terms within the market's bounds, and units that outlast a default.
    fn need_sound_offer(&self, args: &OfferArgs, schedule: &[Instalment]) -> Verdict {
        let (terms, bounds) = (&args.terms, &self.market.settings.bounds);
        let total: i128 = schedule.iter().map(|line| i128::from(line.principal)).sum();
        need(total == i128::from(terms.principal), "the schedule does not add up")?;
        need(
            terms.principal >= bounds.min_principal && terms.principal <= bounds.max_principal,
            "of the principal",
        )?;
        let priced = i128::from(terms.principal) * 1_000_000 >= i128::from(terms.units) * 10_000;
        need(priced, "the units are too cheap to be priced")?;
        need_sound_terms(terms, &args.rider, schedule, bounds)
    }
}

/// Requires terms, a rider and a schedule that the market's bounds and the lock allow. Principal has bounds for new loans alone.
pub(super) fn need_sound_terms(
    terms: &Terms,
    rider: &Rider,
    schedule: &[Instalment],
    bounds: &TermBounds,
) -> Verdict {
    need(terms.units > 0 && terms.apr_bps <= bounds.max_apr_bps, "of units or the rate")?;
    need(terms.delinquency_grace >= bounds.min_delinquency_grace, "the delinquency grace is too short")?;
    need(terms.default_grace >= bounds.min_default_grace, "the default grace is too short")?;
    need(terms.default_grace > terms.delinquency_grace, "the default grace is not the longer one")?;
    need(terms.cure_period >= bounds.min_cure_period, "the cure period is too short")?;
    let fees = i128::from(terms.late_fee) * schedule.len() as i128 * 10_000;
    need(fees <= i128::from(terms.principal) * i128::from(bounds.max_late_fee_bps), "of the late fee")?;
    need_sound_lock(terms, rider, schedule)?;
    need_sound_rider(terms, rider, bounds)?;
    let mut previous = 0;
    for line in schedule {
        let gap = i128::from(line.due_after) - previous;
        need(gap > 0 && gap >= i128::from(bounds.min_instalment_interval), "instalments are too close")?;
        previous = line.due_after.into();
    }
    need(previous <= i128::from(bounds.max_term), "the term is too long")?;
    need(most_grown(terms, rider, schedule) <= MOST_GROWN, "coupons in kind outgrow the principal")?;
    let (lifetime, needed) = (i128::from(terms.unit_lifetime), units_needed_for(terms, schedule, bounds));
    need(lifetime == 0 || lifetime >= needed, "the units would not outlast a default")
}

/// Requires a lock that payments open, and a holdback that stands for locked units.
fn need_sound_lock(terms: &Terms, rider: &Rider, schedule: &[Instalment]) -> Verdict {
    let (units, ahead) = (i128::from(terms.units), i128::from(terms.unlocked_ahead));
    need((1..=units).contains(&ahead), "of the units ahead")?;
    let most = (units - ahead) * i128::from(terms.principal) / units;
    need(i128::from(terms.holdback) <= most, "more is held back than the locked units cost")?;
    let floor = if rider.covenant_window > 0 { rider.apr_floor_bps } else { terms.apr_bps };
    let highest = if terms.holdback == 0 { 0 } else { floor };
    need(terms.holdback_apr_bps <= highest, "the holdback bears more than the loan")?;
    if ahead == units {
        return Ok(());
    }
    need(rider.pay_in_kind_bps == 0, "coupons in kind are paid beside a lock")?;
    let count = schedule.len() as i128;
    let total: i128 = schedule.iter().map(|line| i128::from(line.principal)).sum();
    let even = |line: &Instalment| 2 * i128::from(line.principal) * count >= total;
    need(schedule.iter().all(even), "an instalment opens next to nothing")?;
    let mut paid = 0;
    for line in schedule.iter().filter(|_| rider.covenant_window > 0) {
        let open = units.min(ahead + units * paid / total.max(1));
        let planned = i128::from(rider.planned_units) * i128::from(line.due_after);
        need(planned <= open * i128::from(rider.covenant_window), "the plan is above the lock")?;
        paid += i128::from(line.principal);
    }
    Ok(())
}

/// Requires flags that have a meaning and a covenant that does not contradict itself.
fn need_sound_rider(terms: &Terms, rider: &Rider, bounds: &TermBounds) -> Verdict {
    need(terms.freeze_policy <= 2 && terms.auto_freeze <= 2, "of a flag of the terms")?;
    need(terms.auto_freeze != 1 || terms.freeze_policy != 2, "anybody freezes before the lender may")?;
    need(rider.breach_notice <= 1 && rider.cross_default <= 1, "of a flag of the rider")?;
    need(rider.pay_in_kind_bps <= 10_000 && rider.reserve <= terms.principal, "of reserve or coupons")?;
    if rider.covenant_window == 0 {
        return Ok(());
    }
    let rates = [rider.apr_floor_bps, terms.apr_bps, rider.apr_ceiling_bps, bounds.max_apr_bps];
    let sound = rider.covenant_window >= bounds.min_instalment_interval
        && rider.planned_units > 0
        && rider.low_bps < rider.high_bps
        && rider.top_up_bps <= 10_000
        && rates.is_sorted();
    need(sound, "the covenant contradicts itself")
}

/// The principal once every coupon but the last has been added to it, in equal parts of the time and at the highest rate.
fn most_grown(terms: &Terms, rider: &Rider, schedule: &[Instalment]) -> f64 {
    let principal = schedule.iter().map(|line| line.principal as f64).sum::<f64>();
    let coupons = &schedule[..schedule.len().saturating_sub(1)];
    let Some(last) = coupons.last() else { return principal };
    let rate = f64::from(terms.apr_bps.max(rider.apr_ceiling_bps)) * f64::from(rider.pay_in_kind_bps) / 1e8;
    let years = f64::from(last.due_after) / 31_536_000.0;
    principal * (1.0 + rate * years / coupons.len() as f64).powi(coupons.len() as i32)
}

/// Requires a provider that takes a new credit with these terms.
pub(super) fn need_taken(provider: &ProviderBook, terms: &Terms) -> Verdict {
    need(provider.suspended == 0, "the provider is suspended")?;
    need(terms.reporters_hash == provider.reporters_hash(), "rule 13: the terms name other reporters")?;
    let (rate, settings) = (terms.max_units_per_second, &provider.settings);
    need(rate > 0 && rate <= settings.max_units_per_second, "rule 13: the rate bound is not the provider's")?;
    let longest = terms.longest_job;
    need(longest > 0 && longest <= settings.longest_job, "rule 13: the longest job is not the provider's")
}
