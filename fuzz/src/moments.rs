//! The lab's clock, the moments from which on a credit or a market allows something else, and what a transaction made.

use {
    super::{
        action::{Jump, Moment},
        build::{Args, Call},
        lab::Lab,
        ops::{Op, Role},
    },
    blockable_sdk::program::state::{Credit, Provider},
};

impl Lab {
    /// Takes note of an offer or a metering that went through, for the attempts that follow; `on` is the offer's place.
    pub fn keep(&mut self, call: &Call, on: u8) {
        if let Args::Offer(args) = &call.args
            && let Some(place) = self.places.get_mut(usize::from(on))
        {
            place.credit = call.account(Role::Credit);
            place.market = call.market;
            place.offer = (call.account(Role::Signer), call.account(Role::Party), args.nonce);
        }
        if let Args::Meter(meters) = &call.args {
            self.meterings.push((**meters).clone());
            let surplus = self.meterings.len().saturating_sub(16);
            self.meterings.drain(..surplus);
        }
    }

    /// Takes note of the accounts that a transaction made or removed.
    pub fn track(&mut self, call: &Call) {
        let grant = call.account(Role::Grant);
        if matches!(call.op, Op::LotBuy | Op::CreditSeizeToLender)
            && !self.grants.iter().any(|(_, key)| *key == grant)
        {
            self.grants.push((call.market, grant));
        }
        if call.op == Op::ProviderRegister {
            self.providers.push((call.market, call.account(Role::Provider)));
        }
        let closed = call.account(Role::Credit);
        if call.op == Op::CreditClose && self.read::<Credit>(&closed).is_none() {
            self.grants.retain(|(_, key)| *key != closed);
        }
    }

    /// The moment that is meant, in the chain's time.
    fn moment(&self, on: u8, moment: Moment) -> Option<i64> {
        let (market, address) = self.address(on);
        let state = self.market(market);
        let paused = self.now - self.market_time(&state);
        let in_chain = |time: i64| Some(time + paused);
        if moment == Moment::PauseEnd {
            return Some(state.pause_expires_at);
        }
        if moment == Moment::Change {
            return in_chain(state.change_ready_at);
        }
        let credit = self.credit(on)?;
        let next = || {
            let dates = credit.due_after[..usize::from(credit.instalment_count)].iter();
            let start = credit.schedule().start;
            let time = self.now - paused;
            dates.map(|after| start + i64::from(*after)).find(|date| *date > time)
        };
        let since = credit.debt.arrears_since;
        let late = || if since == 0 { next() } else { Some(since) };
        match moment {
            Moment::Due => in_chain(next()?),
            Moment::Delinquency => in_chain(late()? + i64::from(credit.terms.delinquency_grace)),
            Moment::Default => in_chain(late()? + i64::from(credit.terms.default_grace)),
            Moment::Cure => in_chain(credit.defaulted_at + i64::from(credit.terms.cure_period)),
            Moment::LotEnd => {
                let lot = self.lot(&address, credit.lots_opened.checked_sub(1)?)?;
                in_chain(lot.opened_at + i64::from(lot.window))
            }
            Moment::Window => Some(credit.covenant.measured_at + i64::from(credit.rider.covenant_window)),
            Moment::UnitExpiry => in_chain(credit.units_expire_at),
            Moment::OfferExpiry => Some(credit.terms.offer_expires_at),
            Moment::ProviderChange => in_chain(self.read::<Provider>(&credit.provider)?.change_ready_at),
            Moment::Place => in_chain(credit.pending_borrower_ready_at),
            Moment::CancelOpens => in_chain(credit.cancel_opens_at()),
            Moment::Suspension => {
                let since = self.read::<Provider>(&credit.provider)?.admin_suspended_at;
                in_chain(since + i64::from(state.min_suspension))
            }
            Moment::ReserveGrace => {
                in_chain(credit.reserve_drawn_at + i64::from(credit.terms.delinquency_grace))
            }
            Moment::PauseEnd | Moment::Change => None,
        }
    }

    /// Moves the clock forward.
    pub fn jump(&mut self, jump: Jump) {
        let to = match jump {
            Jump::Seconds(seconds) => self.now + i64::from(seconds),
            Jump::To(on, moment, offset) => {
                let moment = self.moment(on, moment).unwrap_or(0) + i64::from(offset);
                // A moment that lies years ahead would end every other loan.
                if moment > self.now + 400 * 86_400 { self.now + 1 } else { moment }
            }
        };
        self.set_time(to.max(self.now + 1));
    }
}
