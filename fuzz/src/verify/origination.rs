//! Verifies the origination of a credit, and what is paid on it and from it.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need, offer::need_taken},
    crate::book::MarketBook,
    blockable_sdk::{
        Pubkey, addresses,
        instructions::Payment,
        program::{state::Party, transitions::Status},
    },
};

impl Case<'_> {
    pub(super) fn accept(&mut self, credit: &mut CreditBook) -> Verdict {
        need(self.signed_by(&credit.borrower), "the signer is not the borrower")?;
        self.check_offer(credit)?;
        credit.set_status(Status::Accepted);
        Ok(())
    }

    fn check_offer(&self, credit: &CreditBook) -> Verdict {
        let Args::Read(read) = self.call.args else { return Err("no offer was read".into()) };
        need(read.terms_hash == credit.terms_hash, "rule 11: other terms were read")?;
        let slot = if read.slot == 0 { self.slot } else { read.slot };
        need(credit.offer_slot == i128::from(slot), "rule 11: another offer was read")?;
        need(!self.is_halted(), "the market is halted")?;
        let expires = i128::from(credit.terms.offer_expires_at);
        let paused = (self.market.paused(self.now) - credit.paused_at_offer).max(0);
        need(expires == 0 || self.now - paused <= expires, "the offer has expired")
    }

    pub(super) fn issue(&mut self, credit: &mut CreditBook) -> Verdict {
        self.check_offer(credit)?;
        need(credit.reserve >= i128::from(credit.rider.reserve), "the reserve is not funded")?;
        let (now, wallet, vault) =
            (self.now, self.call.account(Role::Wallet), self.call.account(Role::Vault));
        need(self.call.account(Role::Provider) == credit.provider, "of another provider")?;
        let signer = self.call.account(Role::Signer);
        let signs = self.call.signs(Role::Signer);
        let provider = self.provider(&credit.provider)?;
        need(signs && signer == provider.authority, "the signer is not the provider")?;
        need_taken(provider, &credit.terms)?;
        need(provider.settings.payout == wallet, "it is paid elsewhere")?;
        provider.outstanding += i128::from(credit.terms.units);
        need(provider.outstanding <= provider.capacity, "rule 1: the capacity is exceeded")?;
        credit.index = provider.next_index;
        provider.next_index += 1;
        (credit.has_index, credit.reported_at) = (1, now);
        (credit.issued_at, credit.start, credit.accrued_at) = (self.time, self.time, self.time);
        credit.principal = credit.terms.principal.into();
        credit.granted = credit.terms.units.into();
        credit.locked_at_issue = (credit.terms.units - credit.terms.unlocked_ahead).into();
        credit.covenant_at = now;
        credit.apr = credit.terms.apr_bps.into();
        let lifetime = i128::from(credit.terms.unit_lifetime);
        credit.units_expire_at = if lifetime > 0 { self.time + lifetime } else { 0 };
        credit.set_status(Status::Active);
        credit.holdback = credit.terms.holdback.into();
        let principal = std::mem::take(&mut credit.escrow);
        self.transfer(vault, wallet, principal - credit.holdback)
    }

    pub(super) fn cancel(
        &mut self,
        key: &Pubkey,
        credit: &mut CreditBook,
        status: Status,
    ) -> Result<bool, String> {
        let by_borrower = self.signed_by(&credit.borrower) && status == Status::Accepted;
        need(self.signed_by(&credit.lender) || by_borrower, "the signer is no party")?;
        let Args::Slot(slot) = self.call.args else { return Err("no slot".into()) };
        need(credit.offer_slot == i128::from(slot), "rule 11: another offer was read")?;
        let (vault, wallet) = (self.call.account(Role::Vault), self.call.account(Role::Wallet));
        need(wallet == self.wallet_of(&credit.lender), "rule 9: the principal goes elsewhere")?;
        let held = self.model.tokens.get(&vault).copied().unwrap_or(0);
        self.transfer(vault, wallet, held - credit.reserve)?;
        credit.escrow = 0;
        if credit.reserve == 0 {
            self.remove_vault(&vault);
            self.removed.extend([(vault, credit.rent_payer), (*key, credit.rent_payer)]);
            return Ok(false);
        }
        credit.borrower_claim += std::mem::take(&mut credit.reserve);
        credit.set_status(Status::Repaid);
        Ok(true)
    }

    pub(super) fn repay(&mut self, key: &Pubkey, credit: &mut CreditBook, status: Status) -> Verdict {
        need(self.call.signs(Role::Signer), "the payer does not sign")?;
        let Args::Pay(Payment { amount, read, must_cure }) = self.call.args else {
            return Err("no payment".into());
        };
        need(credit.meets(&read), "rule 11: the loan is another or worse than was read")?;
        credit.accrue(self.time);
        let paid = i128::from(amount).min(credit.debt());
        need(amount > 0 && paid > 0, "nothing is paid")?;
        let missing = (i128::from(credit.rider.reserve) - credit.reserve).max(0);
        let fills = status != Status::Seizing && paid < credit.debt();
        let refill = if fills { (paid - credit.arrears()).max(0).min(missing) } else { 0 };
        credit.reserve += refill;
        if refill > 0 {
            credit.note_reserve(self.time);
        }
        credit.take_payment(paid - refill, self.since(key))?;
        let cured = matches!(credit.status(), Some(Status::Active | Status::Repaid)) && credit.arrears() == 0;
        need(cured || !must_cure, "rule 11: the payment does not cure the loan")?;
        self.transfer(self.call.account(Role::Wallet), self.call.account(Role::Vault), paid)
    }

    pub(super) fn fund_reserve(&mut self, credit: &mut CreditBook) -> Verdict {
        need(self.call.signs(Role::Signer), "the payer does not sign")?;
        let Args::Fund(amount, read) = self.call.args else { return Err("no amount".into()) };
        need(credit.meets(&read), "rule 11: the loan is another or worse than was read")?;
        let missing = (i128::from(credit.rider.reserve) - credit.reserve).max(0);
        let paid = i128::from(amount).min(missing);
        need(paid > 0, "the reserve is full")?;
        credit.reserve += paid;
        if credit.reserve >= i128::from(credit.rider.reserve) {
            credit.reserve_drawn_at = 0;
            let from = [Status::Active, Status::Delinquent, Status::Defaulted];
            let allowed =
                credit.is_secured() && credit.status() >= Some(from[usize::from(credit.terms.freeze_policy)]);
            if !allowed {
                credit.thaw_all();
            }
        }
        self.transfer(self.call.account(Role::Wallet), self.call.account(Role::Vault), paid)
    }

    pub(super) fn draw_reserve(&mut self, key: &Pubkey, credit: &mut CreditBook) -> Verdict {
        credit.accrue(self.time);
        let amount = credit.drawable(self.time);
        need(amount > 0, "nothing is due, nothing is left, or what is covered is to be cancelled first")?;
        credit.draw(amount, self.since(key))
    }

    pub(super) fn waive_fee(&mut self, credit: &mut CreditBook) -> Verdict {
        need(self.by_lender(credit), "the signer is not the lender")?;
        let Args::Amount(amount) = self.call.args else { return Err("no amount".into()) };
        credit.accrue(self.time);
        let waived = i128::from(amount).min(credit.late_fees);
        need(waived > 0, "there is nothing to waive")?;
        credit.late_fees -= waived;
        credit.pending_lender = Pubkey::default();
        credit.end_if_paid();
        Ok(())
    }

    /// The associated token account of a key.
    fn wallet_of(&self, owner: &Pubkey) -> Pubkey {
        let MarketBook { mint, token_program, .. } = &self.market;
        addresses::associated_token(owner, mint, token_program)
    }

    pub(super) fn collect(&mut self, credit: &mut CreditBook) -> Verdict {
        let Args::Collect(party, least) = self.call.args else { return Err("no party".into()) };
        let (vault, wallet) = (self.call.account(Role::Vault), self.call.account(Role::Wallet));
        need(credit.claim(party) > 0 && credit.claim(party) >= i128::from(least), "less is claimed")?;
        need(wallet == self.destination(credit, party)?, "rule 9: the claim goes elsewhere")?;
        let claim = match party {
            Party::Lender => &mut credit.lender_claim,
            Party::Borrower => &mut credit.borrower_claim,
            Party::Treasury => &mut credit.treasury_claim,
            Party::Provider => &mut credit.provider_claim,
        };
        let amount = std::mem::take(claim);
        self.transfer(vault, wallet, amount)
    }

    /// The account that a party's claim is paid to. Errors: the provider's is kept while the admin suspends it.
    pub(super) fn destination(&self, credit: &CreditBook, party: Party) -> Result<Pubkey, String> {
        match party {
            Party::Lender => Ok(self.wallet_of(&credit.lender)),
            Party::Borrower => Ok(self.wallet_of(&credit.borrower)),
            Party::Treasury => Ok(self.market.settings.treasury),
            Party::Provider => {
                need(self.call.account(Role::Provider) == credit.provider, "of another provider")?;
                let provider = self.model.providers.get(&credit.provider).ok_or("of an unknown provider")?;
                need(provider.suspended & 2 == 0, "the admin has suspended the provider")?;
                Ok(provider.settings.payout)
            }
        }
    }
}
