//! Verifies instructions on markets and providers.

use {
    super::{Args, Case, MarketBook, Op, Role, Verdict, need},
    blockable_sdk::{
        Pubkey,
        program::state::{Market, MarketSettings, TermBounds},
    },
};

const DAY: i128 = 86_400;

/// The limits of a market, each so that a larger number is the looser one.
fn looseness(bounds: &TermBounds) -> [i128; 9] {
    [
        -i128::from(bounds.min_principal),
        bounds.max_principal.into(),
        -i128::from(bounds.min_instalment_interval),
        bounds.max_term.into(),
        -i128::from(bounds.min_delinquency_grace),
        -i128::from(bounds.min_default_grace),
        -i128::from(bounds.min_cure_period),
        bounds.max_apr_bps.into(),
        bounds.max_late_fee_bps.into(),
    ]
}

/// True where settings give anyone more than those in force.
fn loosens(new: &MarketSettings, old: &MarketSettings) -> bool {
    let (next, then) = (&new.bounds, &old.bounds);
    let lots = |b: &TermBounds| {
        let starts = (b.min_start_price_bps, b.max_start_price_bps);
        (b.min_lot_window, b.max_lot_window, starts, b.min_floor_price_bps)
    };
    looseness(next).iter().zip(looseness(then)).any(|(new, old)| *new > old)
        || lots(next) != lots(then)
        || new.redistribution_fee_bps > old.redistribution_fee_bps
        || new.change_delay < old.change_delay
        || new.provider_delay < old.provider_delay
        || new.min_suspension != old.min_suspension
        || new.guardian != old.guardian
        || new.treasury != old.treasury
}

impl Case<'_> {
    pub(super) fn on_settings(&mut self) -> Verdict {
        if self.call.op == Op::MarketCreate {
            return self.market_create();
        }
        if self.call.op <= Op::MarketUnpause {
            let key = self.call.account(Role::Market);
            let mut market = self.market.clone();
            self.on_market(&mut market)?;
            self.model.markets.insert(key, market);
            return Ok(());
        }
        if self.call.op == Op::ProviderRegister {
            return self.provider_register();
        }
        let key = self.call.account(Role::Provider);
        let mut provider = self.provider(&key)?.clone();
        need(provider.market == self.call.account(Role::Market), "the provider is of another market")?;
        self.on_provider(&mut provider)?;
        self.model.providers.insert(key, provider);
        Ok(())
    }

    fn market_create(&mut self) -> Verdict {
        let key = self.call.account(Role::Market);
        need(!self.model.markets.contains_key(&key), "the market exists")?;
        let account: Market = self.read(&key).ok_or("the market was not created")?;
        let book = MarketBook::read(&account);
        let Args::Market(args) = &self.call.args else { return Err("no market".into()) };
        need(
            self.call.signs(Role::Second) && book.admin == self.call.account(Role::Second),
            "the admin does not sign",
        )?;
        let loose = looseness(&book.settings.bounds)
            .iter()
            .zip(looseness(&TermBounds::PRODUCTION))
            .any(|(a, b)| *a > b);
        need(args.is_test || !loose, "the bounds are too loose")?;
        need(args.is_test || i128::from(book.settings.change_delay) >= 2 * DAY, "the delay is too short")?;
        need(book.settings.redistribution_fee_bps <= 1_000, "the fee is too high")?;
        need(
            book.settings.bounds == args.bounds && book.settings.guardian == args.guardian,
            "other values were written",
        )?;
        self.created.push((key, self.call.account(Role::Signer)));
        self.model.markets.insert(key, book);
        Ok(())
    }

    fn on_market(&mut self, market: &mut MarketBook) -> Verdict {
        let by_admin = self.signed_by(&market.admin);
        let signer = self.call.account(Role::Signer);
        need(self.call.signs(Role::Signer), "nobody signs")?;
        match (self.call.op, &self.call.args) {
            (Op::MarketProposeChange, Args::Settings(settings)) => self.propose(market, settings)?,
            (Op::MarketApplyChange, Args::Time(ready_at)) => {
                need(by_admin, "the signer is not the admin")?;
                need(market.change_ready_at == i128::from(*ready_at), "rule 11: it is another change")?;
                let proposed = market.proposed.take().ok_or("there was no change to apply")?;
                need(self.time >= market.change_ready_at, "rule 10: the delay has not passed")?;
                need(self.time <= market.change_ready_at + 14 * DAY, "rule 10: the change has lapsed")?;
                market.settings = proposed;
                market.change_ready_at = 0;
            }
            (Op::MarketCancelChange, Args::Time(ready_at)) => {
                need(by_admin && market.proposed.is_some(), "the signer is not the admin, or nothing waits")?;
                need(market.change_ready_at == i128::from(*ready_at), "rule 11: it is another change")?;
                market.proposed = None;
                market.change_ready_at = 0;
            }
            (Op::MarketOfferAdmin, Args::Key(to)) => {
                need(by_admin, "the signer is not the admin")?;
                market.pending = *to;
                let ready_at = self.time + i128::from(market.settings.change_delay);
                market.pending_ready_at = if *to == Pubkey::default() { 0 } else { ready_at };
            }
            (Op::MarketAcceptAdmin, _) => {
                need(signer == market.pending, "the place was not offered to the signer")?;
                let ready_at = market.pending_ready_at;
                need(self.time >= ready_at, "rule 13: the delay of the handover has not passed")?;
                need(self.time <= ready_at + 14 * DAY, "rule 13: the offer of the place has lapsed")?;
                market.admin = signer;
                (market.pending, market.pending_ready_at) = (Pubkey::default(), 0);
                (market.proposed, market.change_ready_at) = (None, 0);
            }
            (Op::MarketHalt, _) => {
                need(by_admin || signer == market.settings.guardian, "the signer may not halt")?;
                let endless = market.is_halted(self.time) && market.halt_lifts_at == 0;
                need(!endless, "it is halted without an end")?;
                (market.halted_at, market.halt_lifts_at) = (self.time, 0);
            }
            (Op::MarketLiftHalt, Args::Time(halted_at)) => {
                need(by_admin, "the signer is not the admin")?;
                need(market.is_halted(self.time), "nothing is halted")?;
                need(market.halted_at == i128::from(*halted_at), "rule 11: it is another halt")?;
                need(market.halt_lifts_at == 0, "the end is set")?;
                market.halt_lifts_at = self.time + i128::from(market.settings.change_delay);
            }
            (Op::MarketPause, Args::Seconds(seconds)) => self.pause(market, *seconds)?,
            (Op::MarketUnpause, Args::Time(began_at)) => {
                need(market.paused_at != 0, "nothing is paused")?;
                need(market.paused_at == i128::from(*began_at), "rule 11: it is another pause")?;
                need(by_admin || !market.is_paused(self.now), "the signer may not end the pause")?;
                self.end_pause(market);
            }
            (op, args) => return Err(format!("{op:?} with {args:?}")),
        }
        need(market.time(self.now) == self.time, "rule 4: market time jumped")
    }

    fn propose(&self, market: &mut MarketBook, settings: &MarketSettings) -> Verdict {
        let by_admin = self.signed_by(&market.admin);
        need(by_admin, "the signer is not the admin")?;
        need(settings.redistribution_fee_bps <= 1_000, "the fee is too high")?;
        need(settings.treasury == self.call.account(Role::Treasury), "the treasury is another account")?;
        let least = if market.is_test == 1 { 1 } else { 2 * DAY };
        need((least..=60 * DAY).contains(&i128::from(settings.change_delay)), "the delay is out of range")?;
        let least = if market.is_test == 1 { 1 } else { DAY / 4 };
        let provider_delay = i128::from(settings.provider_delay);
        need((least..=14 * DAY).contains(&provider_delay), "the providers' delay is out of range")?;
        let least = if market.is_test == 1 { 1 } else { 2 * DAY };
        let suspension = i128::from(settings.min_suspension);
        need((least..=60 * DAY).contains(&suspension), "the time of a suspension is out of range")?;
        if loosens(settings, &market.settings) {
            market.proposed = Some(*settings);
            market.change_ready_at = self.time + i128::from(market.settings.change_delay);
        } else {
            market.settings = *settings;
            (market.proposed, market.change_ready_at) = (None, 0);
        }
        Ok(())
    }

    /// Spends the budgets of the days that the pause touches, and of the 31 days that end with each.
    fn pause(&self, market: &mut MarketBook, seconds: u32) -> Verdict {
        let signer = self.call.account(Role::Signer);
        let may = self.signed_by(&market.admin) || signer == market.settings.guardian;
        need(may, "the signer may not pause")?;
        need(seconds > 0 && !market.is_paused(self.now), "of nothing, or of a pause that stands")?;
        self.end_pause(market);
        let (today, seconds) = (self.now / DAY, i128::from(seconds));
        let tomorrow = (self.now + seconds - (today + 1) * DAY).max(0);
        market.pause_day = today;
        market.paused_on.retain(|day, _| *day >= today - 30);
        for (day, spent) in [(today, seconds - tomorrow), (today + 1, tomorrow)] {
            if spent > 0 {
                *market.paused_on.entry(day).or_insert(0) += spent;
            }
            let on_day = market.paused_on.get(&day).copied().unwrap_or(0);
            need(on_day <= 21_600, "the day's budget is spent")?;
            let in_31_days: i128 = market.paused_on.range(day - 30..=day).map(|(_, spent)| spent).sum();
            need(in_31_days <= DAY, "the budget of 30 days is spent")?;
        }
        market.paused_at = self.now;
        market.pause_expires_at = self.now + seconds;
        Ok(())
    }

    /// Ends the pause; what it did not use goes back to its days.
    fn end_pause(&self, market: &mut MarketBook) {
        if market.is_paused(self.now) {
            let midnight = (market.pause_day + 1) * DAY;
            let until = market.pause_expires_at;
            let unused = [(until.min(midnight) - self.now).max(0), (until - self.now.max(midnight)).max(0)];
            for (day, unused) in (market.pause_day..).zip(unused) {
                if let Some(spent) = market.paused_on.get_mut(&day) {
                    *spent -= unused;
                }
            }
            market.paused_on.retain(|_, spent| *spent > 0);
        }
        market.paused_seconds = market.paused(self.now);
        market.paused_at = 0;
        market.pause_expires_at = 0;
    }
}
