//! Builds freezes, thaws and notices, and the collecting of claims.

use {
    super::{Args, Call, Scene, actor},
    blockable_sdk::{
        Pubkey, instructions as ix,
        program::{
            instructions::{FreezeAmount, Notice, ThawBounds},
            state::{Credit, FreezeReason, Party, Provider},
            transitions::Status,
        },
    },
};

impl Scene<'_> {
    pub(super) fn give_notice(mut self, lender: &Pubkey) -> Option<Call> {
        let least_status = self.dice.pick(&[Status::Active, Status::Delinquent]);
        let notice = Notice { document: [5; 32], offer_slot: self.offer_slot(), least_status };
        let ix = ix::credit_give_notice(&self.keys.market, lender, &self.address, notice);
        self.call(ix, Args::Notice(notice))
    }

    pub(super) fn collect(mut self) -> Option<Call> {
        let (credit, keys) = (self.credit, self.keys);
        let parties = [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider];
        let claiming = parties.into_iter().filter(|party| credit.claims.of(*party) > 0).collect::<Vec<_>>();
        let any = claiming.is_empty() || self.dice.one_in(4);
        let party = self.dice.pick(if any { &parties } else { &claiming });
        let provider = self.lab.read::<Provider>(&credit.provider);
        let payout = provider.map_or_else(Default::default, |provider| provider.settings.payout);
        let to = match party {
            Party::Lender => keys.token_account(&credit.lender),
            Party::Borrower => keys.token_account(&credit.borrower),
            Party::Treasury => self.lab.market(self.market).treasury,
            Party::Provider => payout,
        };
        let (caller, claim) = (self.signer(actor(12)), credit.claims.of(party));
        let least = self.dice.pick(&[0, claim, 1, claim, claim.saturating_add(1)]);
        let ix = if party == Party::Provider {
            let (address, provider) = (self.address, credit.provider);
            ix::vault_collect_for_provider(&keys, &caller, &address, &provider, &payout, least)
        } else {
            ix::vault_collect(&keys, &caller, &self.address, &to, party, least)
        };
        self.call(ix, Args::Collect(party, least))
    }

    pub(super) fn freeze(mut self) -> Option<Call> {
        let (credit, units) = (self.credit, self.credit.collateral);
        let entitled = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
        let signer = self.signer(entitled);
        let broken = self.broken_other();
        let for_cross = if broken.is_some() { self.dice.one_in(2) } else { self.dice.one_in(12) };
        let reason = self.dice.pick(&[
            FreezeReason::MissedPayment,
            FreezeReason::Default,
            FreezeReason::Breach,
            FreezeReason::Risk,
        ]);
        let amount = match self.dice.below(5) {
            0 => FreezeAmount::All,
            1 => FreezeAmount::Shortfall,
            2 => FreezeAmount::Bps(self.amount(10_000, 1).min(65_535) as u16),
            _ => FreezeAmount::Units(self.amount(units.lien(), units.frozen().saturating_add(1))),
        };
        let (market, address) = (self.keys.market, self.address);
        if for_cross {
            let other = broken.unwrap_or_else(|| self.any_credit());
            let ix = ix::credit_freeze_for_cross_default(&market, &signer, &address, &other, amount);
            return self.call(ix, Args::Freeze(amount, FreezeReason::CrossDefault));
        }
        let ix = ix::credit_freeze(&market, &signer, &address, amount, reason);
        self.call(ix, Args::Freeze(amount, reason))
    }

    pub(super) fn thaw(mut self) -> Option<Call> {
        let frozen = self.credit.collateral.frozen();
        let entitled = if self.dice.one_in(2) { self.credit.lender } else { self.credit.freeze_authority };
        let signer = self.signer(entitled);
        let most = self.amount(frozen, frozen / 2);
        let bounds = ThawBounds { most, keep: self.dice.pick(&[0, frozen.saturating_sub(most), frozen]) };
        self.call(ix::credit_thaw(&self.keys.market, &signer, &self.address, bounds), Args::Thaw(bounds))
    }

    pub(super) fn thaw_cross(mut self) -> Option<Call> {
        let named = self.credit.cross_credit;
        let other = if self.dice.one_in(12) { self.any_credit() } else { named };
        self.call(ix::credit_thaw_cross(&self.keys.market, &self.address, &other), Args::None)
    }

    /// The credit at any place.
    fn any_credit(&mut self) -> Pubkey {
        let place = self.dice.below(self.lab.places.len() as u64) as u8;
        self.lab.address(place).1
    }

    /// One of the other credits of the same parties that are in default, if there is any.
    fn broken_other(&mut self) -> Option<Pubkey> {
        let (lender, borrower) = (self.credit.lender, self.credit.borrower);
        let broken = |key: &Pubkey| {
            let other = self.lab.read::<Credit>(key).filter(|_| *key != self.address);
            other.is_some_and(|other| {
                (other.lender, other.borrower) == (lender, borrower)
                    && [Status::Defaulted.byte(), Status::Seizing.byte()].contains(&other.status)
            })
        };
        let keys: Vec<Pubkey> =
            self.lab.places.iter().map(|place| place.credit).filter(|key| broken(key)).collect();
        (!keys.is_empty()).then(|| self.dice.pick(&keys))
    }
}
