mod agreement;
mod credit;
mod enforcement;
mod hand_over;
mod holdback;
mod metering;
mod offer;
mod origination;
mod predict;
mod provider;
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
            state::{Credit, Instalment, Lot, TermBounds, Terms},
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
    /// The chain's slot.
    pub slot: u64,
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
    /// Moves the model on by the transaction. Errors: the rule by which the program should have refused it.
    pub fn verify(&mut self) -> Verdict {
        let op = self.call.op;
        if op == Op::VaultCollect && self.collects_nothing(&self.call.account(Role::Credit)) {
            return Ok(());
        }
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

    /// True where nothing is collected, which succeeds with a least of 0 and changes nothing.
    fn collects_nothing(&self, key: &Pubkey) -> bool {
        let credit = self.model.credits.get(key);
        let Args::Collect(party, 0) = self.call.args else { return false };
        credit.is_some_and(|credit| credit.claim(party) == 0)
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
        let frozen = |account| self.model.frozen_vaults.contains(account);
        need(!frozen(&from) && !frozen(&to), "the mint's issuer has frozen the vault")?;
        let source = self.model.tokens.get_mut(&from).ok_or("it pays from an unknown account")?;
        *source -= amount;
        need(*source >= 0, "rule 7: the payer has less")?;
        *self.model.tokens.get_mut(&to).ok_or("it pays to an unknown account")? += amount;
        Ok(())
    }

    /// Requires a vault that can be paid into: nobody is late for what could not be paid.
    pub(super) fn need_open_vault(&self) -> Verdict {
        let is_frozen = self.model.frozen_vaults.contains(&self.call.account(Role::Vault));
        need(!is_frozen, "the mint's issuer has frozen the vault, so that nobody could pay")
    }

    /// A vault is removed.
    pub(super) fn remove_vault(&mut self, vault: &Pubkey) {
        self.model.tokens.remove(vault);
        self.model.frozen_vaults.remove(vault);
    }

    /// The date of the oldest unpaid instalment that the chain gives after the transaction.
    pub(super) fn since(&self, key: &Pubkey) -> i128 {
        self.read::<Credit>(key).map_or(0, |credit| credit.debt.arrears_since.into())
    }

    pub(super) fn provider(&mut self, key: &Pubkey) -> Result<&mut ProviderBook, String> {
        self.model.providers.get_mut(key).ok_or_else(|| "it acts on an unknown provider".into())
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
                rent_payer: self.call.account(Role::Rent),
                provider: source.provider,
                market: source.market,
                ..empty
            };
            book.set_status(Status::Repaid);
            self.model.credits.insert(key, book);
            self.created.push((key, self.call.account(Role::Rent)));
        }
        let book = self.model.credits.get_mut(&key).ok_or("no credit to grant to")?;
        need(book.lender == source.provider && book.borrower == owner, "the units go to someone else")?;
        need(book.units_expire_at == source.units_expire_at, "units of another expiry are mixed")?;
        let (terms, bounds) = (&mut book.terms, &source.terms);
        terms.max_units_per_second = terms.max_units_per_second.max(bounds.max_units_per_second);
        terms.longest_job = terms.longest_job.max(bounds.longest_job);
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
            rent_payer: self.call.account(Role::Rent),
        };
        if let Some(difference) = lot.difference(&chain) {
            return Err(difference);
        }
        self.created.push((key, self.call.account(Role::Rent)));
        self.model.lots.insert(key, lot);
        Ok(())
    }
}
