mod agreement;
mod credit;
mod enforcement;
mod origination;
mod recovery;
mod settings;

use {
    crate::{
        book::{CreditBook, LotBook, MarketBook, ProviderBook},
        build::{Args, Call},
        model::{Model, decode},
        ops::{Op, Role},
    },
    blockable_sdk::{
        Pubkey,
        accounts::BlockableAccount,
        program::{
            instructions::OfferArgs,
            state::{Credit, Instalment, Lot, Provider, TermBounds, Terms},
            transitions::Status,
        },
    },
    solana_sdk::account::Account,
    std::collections::BTreeMap,
};

/// Accounts at one moment.
pub type Snapshot = BTreeMap<Pubkey, Option<Account>>;

/// One transaction that went through, as it is verified.
pub struct Case<'a> {
    /// The model: before the transaction, then advanced over it.
    pub model: &'a mut Model,
    /// The transaction.
    pub call: &'a Call,
    /// The accounts after it.
    pub after: &'a Snapshot,
    /// The chain's time.
    pub now: i128,
    /// Market time.
    pub time: i128,
    /// The market.
    pub market: MarketBook,
    /// Accounts it must have created, and who must have paid their rent.
    pub created: Vec<(Pubkey, Pubkey)>,
    /// Accounts it must have removed, and who must have got their rent.
    pub removed: Vec<(Pubkey, Pubkey)>,
}

/// Requires a rule to hold. Errors: the rule.
pub fn need(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("it went through although {rule}")) }
}

/// Seconds for which units must last: until those of a default on the last instalment could have been sold and used.
pub(super) fn units_needed_for(terms: &Terms, schedule: &[Instalment], bounds: &TermBounds) -> i128 {
    let last = schedule.last().map_or(0, |line| i128::from(line.due_after));
    let recovery = i128::from(terms.cure_period) + i128::from(bounds.min_lot_window);
    last + i128::from(terms.default_grace) + 2 * recovery
}

pub(super) type Verdict = Result<(), String>;

impl Case<'_> {
    /// Moves the model on by the transaction. Errors: why it should not have gone through, or cannot have.
    pub fn verify(&mut self) -> Verdict {
        let op = self.call.op;
        let paused = self.market.is_paused(self.now);
        need(!paused || op.is_open_in_pause(), "rule 4: the market is paused")?;
        if !op.is_on_credit() {
            return self.on_settings();
        }
        if op == Op::UsageMeter {
            return self.meter();
        }
        if op == Op::CreditOffer {
            return self.offer();
        }
        let key = self.call.account(Role::Credit);
        let mut credit = self.model.credits.remove(&key).ok_or("it acts on a credit that does not exist")?;
        need(credit.market == self.call.account(Role::Market), "the credit is of another market")?;
        let status = credit.status().ok_or("the status is unknown")?;
        need(op.is_allowed_in(status), "rule 6: the table has no such edge")?;
        let stays = self.on_credit(&key, &mut credit, status)?;
        if stays {
            self.model.credits.insert(key, credit);
        }
        Ok(())
    }

    /// True while the market takes no new business.
    pub(super) fn is_halted(&self) -> bool {
        self.market.is_halted(self.time)
    }

    /// True where a key was the first signer of the transaction.
    pub(super) fn signed_by(&self, key: &Pubkey) -> bool {
        self.call.account(Role::Signer) == *key && self.call.signs(Role::Signer)
    }

    pub(super) fn read<T: BlockableAccount>(&self, key: &Pubkey) -> Option<T> {
        decode(self.after.get(key).and_then(Option::as_ref))
    }

    /// Tokens go from one account to another.
    pub(super) fn transfer(&mut self, from: Pubkey, to: Pubkey, amount: i128) -> Verdict {
        if amount == 0 {
            return Ok(());
        }
        let source = self.model.tokens.get_mut(&from).ok_or("it pays from an unknown account")?;
        *source -= amount;
        need(*source >= 0, "rule 7: the payer has less")?;
        *self.model.tokens.get_mut(&to).ok_or("it pays to an unknown account")? += amount;
        Ok(())
    }

    /// The date of the oldest unpaid instalment that the chain gives after the transaction.
    pub(super) fn since(&self, key: &Pubkey) -> i128 {
        self.read::<Credit>(key).map_or(0, |credit| credit.debt.arrears_since.into())
    }

    pub(super) fn provider(&mut self, key: &Pubkey) -> Result<&mut ProviderBook, String> {
        self.model.providers.get_mut(key).ok_or_else(|| "it acts on an unknown provider".into())
    }

    fn offer(&mut self) -> Verdict {
        let Args::Offer(args) = &self.call.args else { return Err("no offer".into()) };
        let (key, lender) = (self.call.account(Role::Credit), self.call.account(Role::Signer));
        need(!self.model.credits.contains_key(&key), "the credit exists")?;
        need(self.call.signs(Role::Signer), "the lender does not sign")?;
        need(!self.is_halted(), "the market is halted")?;
        need(lender != self.call.account(Role::Party), "lender and borrower are one")?;
        let provider = self.call.account(Role::Provider);
        let owner = self.provider(&provider)?.clone();
        need(owner.market == self.call.account(Role::Market), "the provider is of another market")?;
        need(owner.suspended == 0, "the provider is suspended")?;
        self.need_sound_offer(args)?;
        let terms = &args.terms;
        let expires = i128::from(terms.offer_expires_at);
        need(expires == 0 || self.now <= expires, "the offer has expired")?;
        let account: Credit = self.read(&key).ok_or("the credit was not created")?;
        let mut book = CreditBook::read(&account);
        let vault = self.call.account(Role::Vault);
        self.created.extend([(key, lender), (vault, lender)]);
        self.model.tokens.insert(vault, 0);
        self.transfer(self.call.account(Role::Wallet), vault, terms.principal.into())?;
        // The fields that an offer writes are few: all others must be as in an empty account.
        let empty = CreditBook::read(&anchor_lang::__private::bytemuck::Zeroable::zeroed());
        let seen = (book.terms_hash, book.due_after.clone(), book.principal_due.clone());
        book = CreditBook {
            version: 1,
            nonce: args.nonce.into(),
            apr: terms.apr_bps.into(),
            escrow: terms.principal.into(),
            paused_at_offer: self.market.paused(self.now),
            terms: *terms,
            rider: args.rider,
            terms_hash: seen.0,
            due_after: args.schedule.iter().map(|line| line.due_after).collect(),
            principal_due: args.schedule.iter().map(|line| line.principal).collect(),
            lender,
            borrower: self.call.account(Role::Party),
            provider,
            market: self.call.account(Role::Market),
            freeze_authority: args.freeze_authority,
            ..empty
        };
        if book.rider.covenant_window > 0 {
            book.apr = 0;
        }
        self.model.credits.insert(key, book);
        Ok(())
    }

    /// Requires terms within the market's bounds, and units that outlast a default.
    fn need_sound_offer(&self, args: &OfferArgs) -> Verdict {
        let (terms, bounds) = (&args.terms, &self.market.settings.bounds);
        let total: i128 = args.schedule.iter().map(|line| i128::from(line.principal)).sum();
        need(total == i128::from(terms.principal), "the schedule does not add up")?;
        need(
            terms.principal >= bounds.min_principal && terms.principal <= bounds.max_principal,
            "of the principal",
        )?;
        let priced = i128::from(terms.principal) * 1_000_000 >= i128::from(terms.units) * 10_000;
        need(priced, "the units are too cheap to be priced")?;
        need(terms.units > 0 && terms.apr_bps <= bounds.max_apr_bps, "of units or the rate")?;
        need(terms.delinquency_grace >= bounds.min_delinquency_grace, "the delinquency grace is too short")?;
        need(terms.default_grace >= bounds.min_default_grace, "the default grace is too short")?;
        need(terms.default_grace > terms.delinquency_grace, "the default grace is not the longer one")?;
        need(terms.cure_period >= bounds.min_cure_period, "the cure period is too short")?;
        let mut previous = 0;
        for line in &args.schedule {
            let gap = i128::from(line.due_after) - previous;
            need(gap > 0 && gap >= i128::from(bounds.min_instalment_interval), "instalments are too close")?;
            previous = line.due_after.into();
        }
        need(previous <= i128::from(bounds.max_term), "the term is too long")?;
        let (lifetime, needed) =
            (i128::from(terms.unit_lifetime), units_needed_for(terms, &args.schedule, bounds));
        need(lifetime == 0 || lifetime >= needed, "the units would not outlast a default")
    }

    fn meter(&mut self) -> Verdict {
        let Args::Meter(sent) = &self.call.args else { return Err("no reports".into()) };
        let provider = self.call.account(Role::Provider);
        let owner = self.provider(&provider)?.clone();
        need(owner.market == self.call.account(Role::Market), "the provider is of another market")?;
        let account: Provider = self.read(&provider).ok_or("the provider is gone")?;
        let scope = blockable_sdk::reports::ReportScope {
            market: owner.market,
            provider,
            epoch: owner.epoch as u32,
            chunk: sent.chunk,
        };
        need(!sent.reports.is_empty() && sent.reports.len() as i128 >= owner.quorum, "there is no quorum")?;
        for (index, report) in sent.reports.iter().enumerate() {
            let earlier = &sent.reports[..index];
            need(!earlier.iter().any(|other| other.reporter == report.reporter), "a reporter signs twice")?;
            let expiry = owner.reporters.get(usize::from(report.reporter)).map_or(0, |(_, expiry)| *expiry);
            need(self.now < i128::from(expiry), "a reporter has expired")?;
            need(i128::from(report.reported_at) <= self.now + 60, "a report is from the future")?;
            blockable_sdk::reports::verify(report, &scope, &account).map_err(|error| error.to_string())?;
        }
        let mut seen = Vec::new();
        for meta in self.call.ix.accounts.iter().skip(4) {
            let Some(credit) = self.model.credits.get_mut(&meta.pubkey) else { continue };
            let (chunk, bit) = (credit.index / owner.chunk_size, credit.index % owner.chunk_size);
            let placed =
                credit.provider == provider && credit.has_index == 1 && chunk == i128::from(sent.chunk);
            if !meta.is_writable || !placed || seen.contains(&bit) {
                continue;
            }
            seen.push(bit);
            let status = credit.status().ok_or("the status is unknown")?;
            let readings: Vec<_> = sent
                .reports
                .iter()
                .filter_map(|report| report.reading(bit as u32).map(|reading| (reading, report.reported_at)))
                .collect();
            if !Op::UsageMeter.is_allowed_in(status) || (readings.len() as i128) < owner.quorum {
                continue;
            }
            let median = |mut values: Vec<i128>| {
                values.sort_unstable();
                values[(values.len() - 1) / 2]
            };
            let cumulative = median(readings.iter().map(|(reading, _)| reading.cumulative.into()).collect());
            let in_flight = median(readings.iter().map(|(reading, _)| reading.in_flight.into()).collect());
            let at = median(readings.iter().map(|(_, at)| i128::from(*at)).collect());
            // Coupons in kind of dates that have passed go by what was unused before this report.
            if credit.rider.pay_in_kind_bps > 0 {
                let mut accrued = credit.clone();
                accrued.accrue(self.time);
                if accrued.debt() > i128::from(u64::MAX) {
                    continue;
                }
                *credit = accrued;
            }
            credit.meter(cumulative, in_flight, at, owner.rate, self.now, self.time);
        }
        Ok(())
    }

    /// Units arrive in an unrestricted credit.
    pub(super) fn grant(&mut self, source: &CreditBook, owner: Pubkey, units: i128) -> Verdict {
        let key = self.call.account(Role::Grant);
        if !self.model.credits.contains_key(&key) {
            let empty = CreditBook::read(&anchor_lang::__private::bytemuck::Zeroable::zeroed());
            let provider = self.provider(&source.provider)?;
            let index = provider.next_index;
            provider.next_index += 1;
            let mut book = CreditBook {
                version: 1,
                index,
                has_index: 1,
                reported_at: self.now,
                issued_at: self.time,
                start: self.time,
                accrued_at: self.time,
                units_expire_at: source.units_expire_at,
                nonce: source.units_expire_at,
                lender: source.provider,
                borrower: owner,
                provider: source.provider,
                market: source.market,
                ..empty
            };
            book.set_status(Status::Repaid);
            self.model.credits.insert(key, book);
            self.created.push((key, owner));
        }
        let book = self.model.credits.get_mut(&key).ok_or("no credit to grant to")?;
        need(book.lender == source.provider && book.borrower == owner, "the units go to someone else")?;
        need(book.units_expire_at == source.units_expire_at, "units of another expiry are mixed")?;
        book.granted += units;
        book.released = book.granted;
        Ok(())
    }

    /// A new lot, as the chain has it but for what is known.
    pub(super) fn open_lot(
        &mut self,
        key: Pubkey,
        credit: Pubkey,
        book: &CreditBook,
        units: i128,
    ) -> Verdict {
        let account: Lot = self.read(&key).ok_or("the lot was not created")?;
        let Args::Seize(_, terms) = &self.call.args else { return Err("no lot".into()) };
        let chain = LotBook::read(&account);
        let lot = LotBook {
            index: book.lots_opened,
            units,
            units_left: units,
            start_price: terms.start_price.into(),
            floor_price: terms.floor_price.into(),
            proceeds: 0,
            opened_at: self.time,
            window: terms.window.into(),
            credit,
            market: book.market,
            provider: book.provider,
            lender: book.lender,
        };
        if let Some(difference) = lot.difference(&chain) {
            return Err(difference);
        }
        self.created.push((key, book.lender));
        self.model.lots.insert(key, lot);
        Ok(())
    }
}
