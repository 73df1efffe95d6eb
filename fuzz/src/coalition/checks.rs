//! The checks by value after each transaction that landed.

use {
    super::{
        bounds::SignedTerms,
        party::Honest,
        policy::Purpose,
        table::{Landed, Table},
        worth::{LoanState, MOST_FEE, is_own},
    },
    crate::{
        amounts::div_up,
        ops::{Op, Role},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            state::{Credit, Lot, Market},
            transitions::Status,
        },
    },
};

type Verdict = Result<(), String>;

/// The most that a transaction may take from the worth of one loan: a function of the loan's address and its states before and
/// after.
type MayLose = fn(&Table, &Landed, &Pubkey, &LoanState, &LoanState) -> Result<i128, String>;

fn need(holds: bool, rule: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(rule()) }
}

impl Table {
    /// Requires that the honest party has lost no more by a transaction than its terms allow.
    pub(super) fn check(&self, landed: &Landed) -> Verdict {
        match self.honest {
            Honest::Lender => self.check_lender(landed),
            Honest::Borrower => self.check_borrower(landed),
            Honest::Provider => self.check_provider(landed),
        }
    }

    fn market_time(&self, credit: &Credit) -> i64 {
        let market: Option<Market> = self.lab.read(&credit.market);
        market.map_or(self.lab.now, |market| self.lab.market_time(&market))
    }

    /// The loss of the honest party by a transaction, and the most of it that rounding explains, in micro-USDC. `worth` is
    /// that of a loan to the party.
    fn lost_by(
        &self,
        landed: &Landed,
        worth: impl Fn(&LoanState, Option<&SignedTerms>) -> Result<i128, String>,
    ) -> Result<(i128, i128), String> {
        let (mut lost, mut dust) = (landed.before.cash - landed.after.cash, 0);
        for (sign, loans) in [(1, &landed.before.loans), (-1, &landed.after.loans)] {
            for (key, loan) in loans.iter().filter(|(_, loan)| loan.is_of(&self.lab, self.honest)) {
                let signed = self.signed_on(key, &loan.credit);
                lost += sign * worth(loan, signed)?;
                dust += signed.map_or(0, SignedTerms::dust);
            }
        }
        Ok((lost, dust))
    }

    /// The most that a transaction may take from the worth of the honest party's loans: the sum of `most` over them.
    fn may_lose(&self, landed: &Landed, most: MayLose) -> Result<i128, String> {
        let mut allowed = 0;
        for (key, after) in &landed.after.loans {
            if let Some(before) = landed.before.loans.get(key)
                && before.is_of(&self.lab, self.honest)
            {
                allowed += most(self, landed, key, before, after)?;
            }
        }
        Ok(allowed)
    }

    fn check_lender(&self, landed: &Landed) -> Verdict {
        let (lost, dust) = self.lost_by(landed, |loan, signed| {
            let signed = signed.ok_or("it lends on terms that it has not signed")?;
            Ok(loan.for_lender(signed))
        })?;
        let allowed = self.may_lose(landed, Table::lender_may_lose)?;
        need(lost <= allowed + dust, || format!("the lender loses {lost}, {allowed} at most by its terms"))
    }

    /// The most that a transaction may take from the worth of a loan to its lender. Errors: use or thaws beyond what the lender
    /// has agreed to.
    fn lender_may_lose(
        &self,
        landed: &Landed,
        key: &Pubkey,
        before: &LoanState,
        after: &LoanState,
    ) -> Result<i128, String> {
        let signed = self.signed_on(key, &before.credit).ok_or("of a loan that it has not signed")?;
        let (old, new) = (&before.credit.collateral, &after.credit.collateral);
        let used = i128::from(new.consumed) - i128::from(old.consumed);
        if let Some(freeze) = self.freezes.get(key)
            && landed.purpose.is_none()
            && before.status().is_secured()
        {
            let (consumed, most) = (i128::from(new.consumed), freeze.most_consumed);
            need(used == 0 || consumed <= most, || {
                format!("rule 12: {consumed} units are used, {most} at most after the freeze")
            })?;
            let finished = (used - i128::from(old.available())).max(0);
            let stays = (freeze.held - finished).min(new.freezable().into());
            let at_will = before.credit.terms.freeze_policy == 0;
            let expired = new.expired > old.expired;
            need(!at_will || expired || i128::from(new.frozen()) >= stays, || {
                format!("rule 12: {} units are frozen, the lender has frozen {stays}", new.frozen())
            })?;
        }
        self.check_use(&after.credit, signed.rate)?;
        check_lock(&after.credit, signed.ahead)?;
        Ok(match (landed.purpose, landed.call.op) {
            (Some(Purpose::WriteOff(most)), _) => i128::from(*most),
            (Some(Purpose::Seize(bounds, terms)), _) => {
                let units = i128::from(new.seized) - i128::from(old.seized);
                let within = (i128::from(bounds.least)..=bounds.most.into()).contains(&units);
                let lot = after.lots.last().map(|(_, lot)| (lot.start_price, lot.floor_price, lot.window));
                let as_signed = lot == Some((terms.start_price, terms.floor_price, terms.window));
                need(within && as_signed, || "rule 11: the lot is not the one that was signed".into())?;
                signed.value(units)
            }
            (_, Op::UsageMeter) => signed.value(used),
            (_, Op::CreditExpireUnits) => {
                let expiry = before.credit.units_expire_at;
                let passed = expiry != 0 && self.market_time(&after.credit) >= expiry;
                need(passed, || "units expire before their time".into())?;
                // What is held back for units that expire is cash of the lender's.
                before.debt() - before.debt().min(before.credit.holdback_left.into())
            }
            _ => 0,
        })
    }

    /// Requires that all use since the issue stays within the rate that the honest party has signed.
    fn check_use(&self, credit: &Credit, rate: i128) -> Verdict {
        let seconds = i128::from(self.lab.now - credit.issued_at).max(0) + 60;
        let (used, most) = (i128::from(credit.collateral.consumed), rate * seconds);
        need(!credit_is_live(credit) || used <= most, || {
            format!(
                "rule 13: {used} units are used since the issue, {most} at most by the rate that was signed"
            )
        })
    }

    fn check_borrower(&self, landed: &Landed) -> Verdict {
        let (lost, dust) = self.lost_by(landed, |loan, signed| {
            let is_bound = signed.is_some() || loan.debt() == 0;
            need(is_bound, || "it owes on terms that it has not signed".into())?;
            Ok(loan.for_borrower(signed))
        })?;
        let allowed = self.may_lose(landed, Table::borrower_may_lose)?;
        need(lost <= allowed + dust, || format!("the borrower loses {lost}, {allowed} at most by its terms"))
    }

    /// The most that a transaction may take from the worth of a loan to its borrower. Errors: a seizure, a sale or use beyond what
    /// the borrower has agreed to.
    fn borrower_may_lose(
        &self,
        landed: &Landed,
        key: &Pubkey,
        before: &LoanState,
        after: &LoanState,
    ) -> Result<i128, String> {
        let Some(signed) = self.signed_on(key, &before.credit) else { return Ok(0) };
        let (old, new) = (&before.credit.collateral, &after.credit.collateral);
        match landed.call.op {
            Op::UsageMeter => {
                self.check_use(&after.credit, signed.rate)?;
                Ok(signed.value(i128::from(new.consumed) - i128::from(old.consumed)))
            }
            Op::LotBuy => self.check_sale(landed, signed.value(1_000_000), before, after),
            Op::CreditSeizeToPool | Op::CreditSeizeToLender => {
                self.check_seizure(&before.credit)?;
                check_taken(before, after)?;
                Ok(0)
            }
            Op::CreditCancelLocked if landed.purpose.is_none() => {
                self.check_seizure(&before.credit)?;
                check_taken(before, after)?;
                need(new.available() >= old.available(), || "a cancel closes units".into())?;
                Ok(0)
            }
            Op::CreditExpireUnits => Ok(signed.value(i128::from(new.expired) - i128::from(old.expired))),
            _ => Ok(0),
        }
    }

    /// Requires that a first seizure comes after the cure period of a default that has not been cured.
    fn check_seizure(&self, credit: &Credit) -> Verdict {
        let cured_by = credit.defaulted_at + i64::from(credit.terms.cure_period);
        let is_first = credit.status == Status::Defaulted.byte();
        need(!is_first || self.market_time(credit) >= cured_by, || "the cure period runs".into())
    }

    /// The borrower's loss by a sale of units, which must cost the lot's price or more, and to a lender at least what the loan
    /// paid. `par` is what the loan paid for a million units. Errors: a sale below that, or at a price out of bounds.
    fn check_sale(
        &self,
        landed: &Landed,
        par: i128,
        before: &LoanState,
        after: &LoanState,
    ) -> Result<i128, String> {
        let sold = before.unsold() - after.unsold();
        let address = landed.call.account(Role::Lot);
        let proceeds = |loan: &LoanState| {
            let lot = loan.lots.iter().find(|(key, _)| *key == address);
            lot.map_or(0, |(_, lot)| i128::from(lot.proceeds))
        };
        let lot = before.lots.iter().find(|(key, _)| *key == address).map(|(_, lot)| *lot);
        let lot = lot.ok_or("a sale from no lot")?;
        let cost = proceeds(after) - proceeds(before);
        let buyer = landed.call.account(Role::Signer);
        let is_lender = buyer == before.credit.lender || buyer == lot.lender;
        let lawful = if is_lender { par } else { self.lawful_price(&lot, par, &before.credit)? };
        let due = div_up(sold * lawful, 1_000_000);
        need(cost >= due - 2 - div_up(par, 1_000_000), || {
            format!("{sold} units are sold for {cost}, {due} at least (to the lender: {is_lender})")
        })?;
        let fee = i128::from(after.credit.claims.treasury) - i128::from(before.credit.claims.treasury);
        need(fee <= cost * MOST_FEE / 10_000, || format!("a fee of {fee} on {cost}"))?;
        Ok(div_up(sold * par, 1_000_000) - cost + fee)
    }

    /// The price of a million units that the borrower must accept now. Errors: a lot that started so high that its price fell
    /// to what the loan paid too late for anybody to buy.
    fn lawful_price(&self, lot: &Lot, par: i128, credit: &Credit) -> Result<i128, String> {
        let market: Market = self.lab.read(&credit.market).ok_or("no market")?;
        // The highest share that any market may have: the bound may have been tightened since the lot was opened.
        let highest = par * 30_000 / 10_000 + 1;
        let price = lot.price_at(self.lab.market_time(&market)).map_err(|_| "a price out of range")?;
        let sells_well = i128::from(lot.start_price) <= highest || i128::from(price) >= par;
        need(sells_well, || {
            format!("the lot's price started at {}, and passed {par} too late to sell", lot.start_price)
        })?;
        Ok(price.into())
    }

    fn check_provider(&self, landed: &Landed) -> Verdict {
        let (before, after) = (&landed.before, &landed.after);
        let (earned, owed) = (after.cash - before.cash, after.outstanding - before.outstanding);
        let (mut due, mut most) = (0, 0);
        if let Some(Purpose::Issue(signed)) = landed.purpose {
            (due, most) = (signed.principal - signed.holdback, signed.units);
        }
        need(earned >= due && owed <= most, || {
            format!("rule 11: the provider gets {earned} for {owed} units, it has signed {due} for {most}")
        })?;
        self.check_paid(landed)?;
        self.check_served(landed)
    }

    /// Requires that the provider is paid for all units that it must serve, at what the loan pays.
    fn check_paid(&self, landed: &Landed) -> Verdict {
        let (mut lost, mut dust) = (landed.before.cash - landed.after.cash, 0);
        for (sign, loans) in [(1, &landed.before.loans), (-1, &landed.after.loans)] {
            for loan in loans.values().filter(|loan| loan.is_of(&self.lab, self.honest)) {
                lost += sign * loan.for_provider();
                dust += SignedTerms::new(&loan.credit.terms).dust();
            }
        }
        need(lost <= dust, || format!("the provider must serve units worth {lost} that nobody pays it for"))
    }

    /// Requires that use which the chain's state allowed as it was served is no overrun, if reported within a minute after a
    /// freeze.
    fn check_served(&self, landed: &Landed) -> Verdict {
        let Some(Purpose::Report(gone)) = landed.purpose else {
            return need(landed.after.overrun <= landed.before.overrun, || {
                "its loss grows without a report".into()
            });
        };
        for before in landed.before.loans.values().filter(|loan| is_own(&self.lab, &loan.credit.provider)) {
            let credit = &before.credit;
            let is_in_time =
                self.market_time(credit) <= credit.frozen_at_market + 60 || credit.frozen_at_market == 0;
            let untouched =
                i128::from(credit.collateral.seized) + i128::from(credit.collateral.expired) == *gone;
            let lost = landed.after.overrun - landed.before.overrun;
            need(!is_in_time || !untouched || lost == 0, || {
                format!("{lost} units that were open as they were served are the provider's loss")
            })?;
        }
        Ok(())
    }
}

/// Requires that use and running jobs are ahead of what was paid for by no more than was signed.
fn check_lock(credit: &Credit, ahead: i128) -> Verdict {
    let used = i128::from(credit.collateral.consumed) + i128::from(credit.meter.in_flight);
    let most = i128::from(credit.collateral.released) + ahead;
    need(!credit_is_live(credit) || used <= most, || {
        format!("rule 14: {used} units are used or held by jobs, {most} at most by the lock")
    })
}

/// Requires that no unit is seized or cancelled that was paid for.
fn check_taken(before: &LoanState, after: &LoanState) -> Verdict {
    let (old, new) = (&before.credit.collateral, &after.credit.collateral);
    let unpaid = i128::from(old.granted) - i128::from(old.released);
    let taken = i128::from(new.seized) + i128::from(new.cancelled);
    need(taken <= unpaid, || "units that were paid for are seized or cancelled".into())
}

fn credit_is_live(credit: &Credit) -> bool {
    credit.issued_at > 0 && credit.has_index == 1
}
