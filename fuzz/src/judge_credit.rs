use {
    super::{
        book::CreditBook,
        build::Args,
        judge::{Case, Judged, need, units_needed_for},
        ops::{Op, Role},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{FreezeAmount, UnitAmount},
            state::{FreezeReason, Party},
            transitions::Status,
        },
    },
};

pub(super) fn div_up(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { (a + b - 1) / b }
}

pub(super) fn units_of(args: &Args, all: i128) -> Result<i128, String> {
    match args {
        Args::Units(UnitAmount::All) | Args::Seize(UnitAmount::All, _) => Ok(all),
        Args::Units(UnitAmount::Units(units)) | Args::Seize(UnitAmount::Units(units), _) => {
            Ok((*units).into())
        }
        other => Err(format!("no units in {other:?}")),
    }
}

impl Case<'_> {
    /// Moves a credit on. Returns whether its account stays.
    pub(super) fn on_credit(
        &mut self,
        key: &Pubkey,
        credit: &mut CreditBook,
        status: Status,
    ) -> Result<bool, String> {
        let lender = self.signed_by(&credit.lender);
        match self.call.op {
            Op::CreditAccept => {
                need(self.signed_by(&credit.borrower), "the signer is not the borrower")?;
                let Args::Hash(hash) = self.call.args else { return Err("no hash".into()) };
                need(hash == credit.terms_hash, "other terms were accepted")?;
                self.check_offer(credit)?;
                credit.set_status(Status::Accepted);
            }
            Op::CreditIssue => self.issue(credit)?,
            Op::CreditCancelOffer => return self.cancel(key, credit, status),
            Op::CreditRepay => {
                need(self.call.signs(Role::Signer), "the payer does not sign")?;
                let Args::Amount(amount) = self.call.args else { return Err("no amount".into()) };
                credit.accrue(self.time);
                let paid = i128::from(amount).min(credit.debt());
                need(amount > 0 && paid > 0, "nothing is paid")?;
                let missing = (i128::from(credit.rider.reserve) - credit.reserve).max(0);
                let fills = status != Status::Seizing && paid < credit.debt();
                let refill = if fills { (paid - credit.arrears()).max(0).min(missing) } else { 0 };
                credit.reserve += refill;
                credit.take_payment(paid - refill, self.since(key))?;
                self.transfer(self.call.at(Role::Wallet), self.call.at(Role::Vault), paid)?;
            }
            Op::ReserveFund => {
                need(self.call.signs(Role::Signer), "the payer does not sign")?;
                let Args::Amount(amount) = self.call.args else { return Err("no amount".into()) };
                let missing = (i128::from(credit.rider.reserve) - credit.reserve).max(0);
                let paid = i128::from(amount).min(missing);
                need(paid > 0, "the reserve is full")?;
                credit.reserve += paid;
                self.transfer(self.call.at(Role::Wallet), self.call.at(Role::Vault), paid)?;
            }
            Op::ReserveDraw => {
                credit.accrue(self.time);
                need(credit.draw(self.since(key))? > 0, "nothing is due, or nothing is left")?;
            }
            Op::CovenantApply => self.covenant(credit)?,
            Op::CreditRestructure => self.restructure(key, credit)?,
            Op::CreditWaiveFee => {
                need(lender, "the signer is not the lender")?;
                let Args::Amount(amount) = self.call.args else { return Err("no amount".into()) };
                credit.accrue(self.time);
                credit.late_fees -= i128::from(amount);
                need(amount > 0 && credit.late_fees >= 0, "more is waived than there is")?;
                credit.pending_lender = Pubkey::default();
            }
            Op::CreditOfferLender => {
                let Args::Key(to) = self.call.args else { return Err("no key".into()) };
                need(lender && to != credit.borrower, "the signer is not the lender, or lends to itself")?;
                need(credit.version == 2, "the account is of an earlier version")?;
                credit.pending_lender = to;
            }
            Op::CreditAcceptLender => {
                let to = self.call.at(Role::Signer);
                need(self.signed_by(&credit.pending_lender), "the loan was not offered to the signer")?;
                need(credit.lender_claim == 0, "the seller has a claim")?;
                if credit.original_lender == Pubkey::default() {
                    credit.original_lender = credit.lender;
                }
                (credit.lender, credit.freeze_authority) = (to, to);
                credit.pending_lender = Pubkey::default();
            }
            Op::CreditSetFreezeAuthority => {
                need(lender, "the signer is not the lender")?;
                let Args::Key(to) = self.call.args else { return Err("no key".into()) };
                credit.freeze_authority = to;
                credit.pending_lender = Pubkey::default();
            }
            Op::VaultCollect => self.collect(credit)?,
            Op::CreditMarkDelinquent => {
                self.late(key, credit, credit.terms.delinquency_grace)?;
                credit.set_status(Status::Delinquent);
            }
            Op::CreditMarkDefaulted => {
                self.late(key, credit, credit.terms.default_grace)?;
                credit.defaulted_at = self.time;
                credit.set_status(Status::Defaulted);
            }
            Op::CreditGiveNotice => {
                need(lender && credit.rider.breach_notice == 1, "no notice was agreed, or not the lender's")?;
                credit.accrue(self.time);
                credit.notice = 1;
                credit.pending_lender = Pubkey::default();
                credit.defaulted_at = self.time;
                credit.set_status(Status::Defaulted);
            }
            Op::CreditWithdrawNotice => {
                need(lender && credit.notice == 1, "no notice stands, or the signer is not the lender")?;
                (credit.notice, credit.defaulted_at) = (0, 0);
                credit.pending_lender = Pubkey::default();
                if credit.terms.freeze_policy > 0 {
                    credit.thaw_all();
                }
                credit.set_status(Status::Active);
            }
            Op::CreditFreeze => self.freeze(credit, status)?,
            Op::CreditAutoFreeze => {
                need(credit.terms.auto_freeze == 1, "the terms do not say so")?;
                let lien = credit.lien();
                let reason = if credit.notice == 1 { FreezeReason::Breach } else { FreezeReason::Default };
                need(credit.freeze(lien, reason as i128, self.now, self.time), "all is frozen")?;
            }
            Op::CreditThaw => {
                need(lender || self.signed_by(&credit.freeze_authority), "the signer may not thaw")?;
                let units = units_of(&self.call.args, credit.frozen)?;
                need(units > 0 && units <= credit.frozen, "less is frozen")?;
                credit.thaw(units);
                credit.pending_lender = Pubkey::default();
            }
            Op::CreditSeizeToPool => {
                self.begin_seizure(credit, status)?;
                let units = units_of(&self.call.args, credit.seizable(self.time))?;
                need(units > 0 && units <= credit.seizable(self.time), "less can be seized")?;
                self.check_lot(credit)?;
                credit.seize(units, self.time);
                self.open_lot(self.call.at(Role::Lot), *key, credit, units)?;
                credit.lots_opened += 1;
                credit.lots_open += 1;
            }
            Op::CreditSeizeToLender => self.take_over(credit, status, self.since(key))?,
            Op::LotBuy => self.buy(key, credit)?,
            Op::LotClose => self.close_lot(key, credit, status)?,
            Op::CreditWriteOff => {
                need(lender && credit.lots_open == 0, "lots are open, or the signer is not the lender")?;
                credit.accrue(self.time);
                (credit.principal, credit.schedule_paid, credit.interest_due) = (0, 0, 0);
                (credit.interest_parts, credit.late_fees, credit.arrears_since) = (0, 0, 0);
                (credit.billed, credit.late_checked, credit.accrued_at) = (0, 0, self.time);
                credit.bills.0.clear();
                credit.discharge();
                credit.set_status(Status::Repaid);
            }
            Op::CreditExpireUnits => {
                need(credit.version == 2, "the account is of an earlier version")?;
                let expiry = credit.units_expire_at;
                need(expiry != 0 && self.time >= expiry, "the units live")?;
                credit.accrue(self.time);
                need(credit.expire() > 0, "nothing expires")?;
            }
            Op::CreditMigrate => {
                need(credit.version < 2, "the account is of this version")?;
                credit.version = 2;
                if credit.granted > 0 && credit.terms.unit_lifetime > 0 {
                    credit.units_expire_at = credit.issued_at + i128::from(credit.terms.unit_lifetime);
                }
                if credit.frozen > 0 && credit.frozen_at_market == 0 {
                    credit.frozen_at_market = credit.frozen_at_chain.min(self.time);
                }
            }
            Op::VaultClose => {
                need(credit.owed_from_vault() == 0, "something is owed from the vault")?;
                need(credit.version == 2, "the account is of an earlier version")?;
                let vault = self.call.at(Role::Vault);
                let swept = self.model.tokens.get(&vault).copied().unwrap_or(0);
                need(
                    self.call.at(Role::Treasury) == self.market.settings.treasury,
                    "another treasury is named",
                )?;
                self.transfer(vault, self.market.settings.treasury, swept)?;
                self.model.tokens.remove(&vault);
                self.removed.push((vault, credit.rent_payer()));
                credit.vault_closed = 1;
            }
            Op::CreditClose => {
                need(
                    credit.lots_open == 0 && credit.version == 2,
                    "lots are open, or it is of an earlier version",
                )?;
                need(credit.lender == credit.provider || credit.vault_closed == 1, "the vault stands")?;
                let by_borrower = self.signed_by(&credit.borrower);
                need(credit.remaining() == 0 || by_borrower, "units are left")?;
                let provider = self.provider(&credit.provider)?;
                provider.outstanding -= credit.granted - credit.seized;
                provider.closed_overrun += credit.overrun;
                self.removed.push((*key, credit.rent_payer()));
                return Ok(false);
            }
            op => return Err(format!("{op:?} is no instruction of a credit")),
        }
        Ok(true)
    }

    fn chain_of(&self, key: &Pubkey) -> Option<CreditBook> {
        self.read(key).map(|credit| CreditBook::read(&credit))
    }

    fn check_offer(&self, credit: &CreditBook) -> Judged {
        let expires = i128::from(credit.terms.offer_expires_at);
        let paused = (self.market.paused(self.now) - credit.paused_at_offer).max(0);
        need(expires == 0 || self.now - paused <= expires, "the offer has expired")
    }

    fn issue(&mut self, credit: &mut CreditBook) -> Judged {
        self.check_offer(credit)?;
        need(credit.reserve >= i128::from(credit.rider.reserve), "the reserve is not funded")?;
        let (now, wallet, vault) = (self.now, self.call.at(Role::Wallet), self.call.at(Role::Vault));
        need(self.call.at(Role::Provider) == credit.provider, "of another provider")?;
        let signer = self.call.at(Role::Signer);
        let signs = self.call.signs(Role::Signer);
        let provider = self.provider(&credit.provider)?;
        need(signs && signer == provider.authority, "the signer is not the provider")?;
        need(provider.suspended == 0 && provider.payout == wallet, "it is suspended, or paid elsewhere")?;
        provider.outstanding += i128::from(credit.terms.units);
        need(provider.outstanding <= provider.capacity, "rule 1: the capacity is exceeded")?;
        credit.index = provider.next_index;
        provider.next_index += 1;
        (credit.has_index, credit.reported_at) = (1, now);
        (credit.issued_at, credit.start, credit.accrued_at) = (self.time, self.time, self.time);
        credit.principal = credit.terms.principal.into();
        credit.granted = credit.terms.units.into();
        credit.covenant_at = now;
        credit.apr = credit.terms.apr_bps.into();
        let lifetime = i128::from(credit.terms.unit_lifetime);
        credit.units_expire_at = if lifetime > 0 { self.time + lifetime } else { 0 };
        credit.set_status(Status::Active);
        let principal = std::mem::take(&mut credit.escrow);
        self.transfer(vault, wallet, principal)
    }

    fn cancel(&mut self, key: &Pubkey, credit: &mut CreditBook, status: Status) -> Result<bool, String> {
        let by_borrower = self.signed_by(&credit.borrower) && status == Status::Accepted;
        need(self.signed_by(&credit.lender) || by_borrower, "the signer is no party")?;
        let (vault, wallet) = (self.call.at(Role::Vault), self.call.at(Role::Wallet));
        let held = self.model.tokens.get(&vault).copied().unwrap_or(0);
        self.transfer(vault, wallet, held - credit.reserve)?;
        credit.escrow = 0;
        if credit.reserve == 0 {
            self.model.tokens.remove(&vault);
            self.removed.extend([(vault, credit.lender), (*key, credit.lender)]);
            return Ok(false);
        }
        credit.borrower_claim += std::mem::take(&mut credit.reserve);
        credit.set_status(Status::Repaid);
        Ok(true)
    }

    /// Requires an instalment that the reserve, which is drawn first, leaves unpaid for the seconds of a grace period.
    fn late(&mut self, key: &Pubkey, credit: &mut CreditBook, grace: u32) -> Judged {
        credit.accrue(self.time);
        need(credit.arrears_since != 0, "nothing is in arrears")?;
        credit.draw(self.since(key))?;
        need(credit.arrears_since != 0, "the reserve covers what is in arrears")?;
        need(self.time >= credit.arrears_since + i128::from(grace), "the grace period runs")
    }

    fn covenant(&mut self, credit: &mut CreditBook) -> Judged {
        let rider = credit.rider;
        need(rider.covenant_window > 0, "no covenant was agreed")?;
        credit.accrue(self.time);
        need(credit.arrears_since == 0, "something is in arrears")?;
        let seconds = credit.reported_at - credit.covenant_at;
        let window = i128::from(rider.covenant_window);
        need(seconds >= window, "the window runs")?;
        let used = credit.consumed - credit.covenant_consumed;
        let share = used * window * 10_000 / (i128::from(rider.planned_units) * seconds);
        let step = i128::from(rider.apr_step_bps);
        let hampered = credit.frozen > 0
            || credit.began_frozen == 1
            || credit.frozen_at_chain > credit.covenant_at
            || credit.available() == 0;
        if share >= i128::from(rider.high_bps) {
            credit.apr = (credit.apr - step).max(rider.apr_floor_bps.into());
        } else if share < i128::from(rider.low_bps) && !hampered {
            credit.apr = (credit.apr + step).min(65_535).min(rider.apr_ceiling_bps.into());
            let next = credit.billed as usize;
            let mut left = div_up(credit.principal * i128::from(rider.top_up_bps), 10_000);
            for later in (next + 1..credit.principal_due.len()).rev() {
                let moved = left.min(credit.principal_due[later].into());
                credit.principal_due[later] -= moved as u64;
                credit.principal_due[next] += moved as u64;
                left -= moved;
            }
        }
        credit.began_frozen = i128::from(credit.frozen > 0);
        credit.covenant_at = credit.reported_at;
        credit.covenant_consumed = credit.consumed;
        Ok(())
    }

    fn restructure(&mut self, key: &Pubkey, credit: &mut CreditBook) -> Judged {
        let Args::Restructure(terms, schedule) = &self.call.args else { return Err("no terms".into()) };
        let borrower = self.call.at(Role::Second) == credit.borrower && self.call.signs(Role::Second);
        need(self.signed_by(&credit.lender) && borrower, "a party does not sign")?;
        need(credit.version == 2, "the account is of an earlier version")?;
        credit.accrue(self.time);
        let total: i128 = schedule.iter().map(|line| i128::from(line.principal)).sum();
        need(total == credit.principal, "the schedule does not add up")?;
        let old = credit.terms;
        need(terms.principal == old.principal && terms.units == old.units, "it touches the grant")?;
        need(terms.unit_lifetime == old.unit_lifetime, "it touches the units' lifetime")?;
        let needed = units_needed_for(terms, schedule);
        let lifetime = i128::from(terms.unit_lifetime);
        need(lifetime == 0 || lifetime >= needed, "the units would not outlast a default")?;
        let expiry = credit.units_expire_at;
        need(
            expiry == 0 || self.time + needed <= expiry,
            "the units would expire before a default is cured",
        )?;
        credit.terms = *terms;
        credit.due_after = schedule.iter().map(|line| line.due_after).collect();
        credit.principal_due = schedule.iter().map(|line| line.principal).collect();
        credit.terms_hash = self.chain_of(key).map_or([0; 32], |chain| chain.terms_hash);
        credit.start = self.time;
        credit.restructurings += 1;
        credit.interest_parts += credit.interest_due * super::book::PARTS;
        credit.bills.0.clear();
        (credit.interest_due, credit.capitalised, credit.schedule_paid) = (0, 0, 0);
        (credit.arrears_since, credit.billed, credit.late_checked) = (0, 0, 0);
        (credit.defaulted_at, credit.notice) = (0, 0);
        credit.apr = terms.apr_bps.into();
        credit.pending_lender = Pubkey::default();
        if credit.freeze_reason <= 1 || terms.freeze_policy > 0 {
            credit.thaw_all();
        }
        credit.set_status(Status::Active);
        Ok(())
    }

    fn collect(&mut self, credit: &mut CreditBook) -> Judged {
        let Args::Party(party) = self.call.args else { return Err("no party".into()) };
        let (vault, wallet) = (self.call.at(Role::Vault), self.call.at(Role::Wallet));
        let (claim, owner) = match party {
            Party::Lender => (&mut credit.lender_claim, Some(credit.lender)),
            Party::Borrower => (&mut credit.borrower_claim, Some(credit.borrower)),
            Party::Treasury => (&mut credit.treasury_claim, None),
        };
        let amount = std::mem::take(claim);
        need(amount > 0, "nothing is claimed")?;
        let right = match owner {
            None => wallet == self.market.settings.treasury,
            Some(owner) => {
                let keys = blockable_sdk::instructions::MarketKeys {
                    market: self.call.at(Role::Market),
                    mint: self.market.mint,
                    token_program: self.market.token_program,
                };
                wallet == keys.token_account(&owner)
            }
        };
        need(right, "rule 9: the claim goes elsewhere")?;
        self.transfer(vault, wallet, amount)
    }

    fn freeze(&mut self, credit: &mut CreditBook, status: Status) -> Judged {
        let by_lender = self.signed_by(&credit.lender);
        need(by_lender || self.signed_by(&credit.freeze_authority), "the signer may not freeze")?;
        let Args::Freeze(amount, reason) = self.call.args else { return Err("no amount".into()) };
        let from = [Status::Active, Status::Delinquent, Status::Defaulted]
            .get(usize::from(credit.terms.freeze_policy))
            .copied()
            .unwrap_or(Status::Closed);
        need(status >= from, "the policy forbids it")?;
        let lien = credit.lien();
        let target = match amount {
            FreezeAmount::All => lien,
            FreezeAmount::Units(units) => units.into(),
            FreezeAmount::Bps(bps) => div_up(lien * i128::from(bps), 10_000),
            FreezeAmount::Shortfall => {
                credit.accrue(self.time);
                let (arrears, debt) = (credit.arrears(), credit.debt());
                need(arrears > 0, "nothing is in arrears")?;
                div_up(lien * arrears.min(debt), debt)
            }
        };
        need(target <= lien, "rule 2: more is frozen than is under lien")?;
        need(credit.freeze(target, reason as i128, self.now, self.time), "that much is frozen")
    }
}
