//! Verifies seizures, sales and takeovers.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need},
    crate::amounts::{div_up, units_within},
    blockable_sdk::{
        Pubkey,
        program::{instructions::UnitBounds, transitions::Status},
    },
};

impl Case<'_> {
    pub(super) fn begin_seizure(&mut self, credit: &mut CreditBook, status: Status) -> Verdict {
        self.need_open_vault()?;
        need(self.signed_by(&credit.lender), "the signer is not the lender")?;
        need(credit.units_expire_at == 0 || self.time < credit.units_expire_at, "the units have expired")?;
        credit.pending_lender = Pubkey::default();
        credit.accrue(self.time);
        let cured_by = credit.defaulted_at + i128::from(credit.terms.cure_period);
        need(status != Status::Defaulted || self.time >= cured_by, "the cure period runs")?;
        credit.set_status(Status::Seizing);
        Ok(())
    }

    pub(super) fn check_lot(&self, credit: &CreditBook) -> Verdict {
        let Args::Seize(_, terms) = &self.call.args else { return Err("no lot".into()) };
        let (bounds, paid) = (&self.market.settings.bounds, credit.price_paid());
        let least = |share: u16| div_up(paid * i128::from(share), 10_000);
        let (start, floor) = (i128::from(terms.start_price), i128::from(terms.floor_price));
        need(start >= least(bounds.min_start_price_bps) && start >= floor, "the price starts too low")?;
        need(start <= paid * i128::from(bounds.max_start_price_bps) / 10_000, "the price starts too high")?;
        let ends = self.time + i128::from(terms.window);
        need(
            credit.units_expire_at == 0
                || ends <= credit.units_expire_at
                || terms.window == bounds.min_lot_window,
            "the units expire first",
        )?;
        need(floor >= least(bounds.min_floor_price_bps).max(1), "the price falls too low")?;
        need(
            (bounds.min_lot_window..=bounds.max_lot_window).contains(&terms.window),
            "the window is out of bounds",
        )
    }

    pub(super) fn take_over(&mut self, credit: &mut CreditBook, status: Status, since: i128) -> Verdict {
        self.begin_seizure(credit, status)?;
        let debt = credit.debt();
        let worth = div_up(debt * i128::from(credit.terms.units), credit.terms.principal.into());
        let Args::Units(bounds) = self.call.args else { return Err("no units".into()) };
        let seizable = credit.seizable(self.time);
        let units = first_units(bounds, worth.min(seizable), status)?;
        let others = (seizable - credit.covered()).max(0);
        credit.seize(units, self.time);
        credit.pay_for_covered(units, others);
        self.recover(credit, credit.worth(units).min(debt), since)?;
        let owner = self.call.account(Role::Signer);
        self.grant(&credit.clone(), owner, units)
    }

    fn recover(&mut self, credit: &mut CreditBook, amount: i128, since: i128) -> Verdict {
        credit.pay(amount, true, since)?;
        credit.recovered += amount;
        if credit.debt() == 0 {
            credit.discharge();
            credit.set_status(Status::Repaid);
        }
        Ok(())
    }

    pub(super) fn buy(&mut self, key: &Pubkey, credit: &mut CreditBook) -> Verdict {
        let Args::Buy(bounds, most) = self.call.args else { return Err("no units".into()) };
        need(self.call.signs(Role::Signer), "the buyer does not sign")?;
        let opener = self.model.lots.get(&self.call.account(Role::Lot)).map(|lot| lot.lender);
        let own = self.signed_by(&credit.lender) || opener.is_some_and(|opener| self.signed_by(&opener));
        need(!own || !self.is_halted(), "a lender buys from its own lot while the market is halted")?;
        need(credit.units_expire_at == 0 || self.time < credit.units_expire_at, "the units have expired")?;
        let (buyer, time) = (self.call.account(Role::Signer), self.time);
        let lot = self.model.lots.get_mut(&self.call.account(Role::Lot)).ok_or("the lot is not open")?;
        need(lot.credit == *key, "the lot is another credit's")?;
        let units = units_within(bounds, lot.units_left)?;
        let (mut price, mut cost) = (lot.price(time), div_up(units * lot.price(time), 1_000_000));
        if buyer == credit.lender || buyer == lot.lender {
            (price, cost) = (price.max(credit.price_paid()), cost.max(credit.worth(units)));
        }
        need(price <= i128::from(most), "the price is above the buyer's")?;
        lot.units_left -= units;
        lot.proceeds += cost;
        self.transfer(self.call.account(Role::Wallet), self.call.account(Role::Vault), cost)?;
        credit.accrue(time);
        let fee = cost * i128::from(self.market.settings.redistribution_fee_bps) / 10_000;
        let recovered = (cost - fee).min(credit.debt());
        credit.lender_claim += recovered;
        credit.treasury_claim += fee;
        credit.borrower_claim += cost - fee - recovered;
        self.recover(credit, recovered, self.since(key))?;
        self.grant(&credit.clone(), buyer, units)
    }

    pub(super) fn close_lot(&mut self, key: &Pubkey, credit: &mut CreditBook, status: Status) -> Verdict {
        let address = self.call.account(Role::Lot);
        let lot = self.model.lots.remove(&address).ok_or("the lot is not open")?;
        need(lot.credit == *key && self.call.signs(Role::Signer), "the lot is another credit's")?;
        if status == Status::Seizing {
            let passed = self.time >= lot.opened_at + lot.window;
            let by_lender = self.signed_by(&credit.lender);
            need(lot.units_left == 0 || passed && by_lender, "the lot has units and is still open")?;
            if lot.units_left > 0 {
                credit.frozen_for_other = credit.frozen() + lot.units_left;
                // A report from before a freeze finds them as closed as they were in the lot.
                let in_lot = |at: i128| if lot.opened_at < at { lot.units_left } else { 0 };
                credit.closed_before += in_lot(credit.frozen_at_market);
                credit.earlier_closed += in_lot(credit.at_market);
            }
        }
        credit.seized -= lot.units_left;
        credit.fit();
        credit.lots_open -= 1;
        self.removed.push((address, lot.rent_payer));
        Ok(())
    }
}

/// The units of a seizure. The first one ends the right to cure and takes at least a tenth.
pub(super) fn first_units(bounds: UnitBounds, takeable: i128, status: Status) -> Result<i128, String> {
    let units = units_within(bounds, takeable)?;
    need(status != Status::Defaulted || units * 10 >= takeable, "the first seizure takes less than a tenth")?;
    Ok(units)
}
