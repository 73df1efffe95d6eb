use {
    super::{
        amounts::div_up,
        book::CreditBook,
        dice::Dice,
        lab::actor,
        model::{balance, decode},
        session::Session,
        terms,
    },
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, LotKeys},
        program::{
            instructions::{FreezeAmount, UnitAmount},
            state::{Credit, FreezeReason},
        },
    },
    solana_sdk::{account::Account, instruction::Instruction},
};

/// A credit and a wallet after transactions that were only tried.
struct Tried {
    credit: CreditBook,
    wallet: i128,
}

/// Trials of other actions, on copies of the chain.
impl Session {
    /// Tries things with the credit at a place. Errors: the rule that would be broken.
    pub(super) fn probe(&mut self, on: u8, extra: u64) -> Result<(), String> {
        let (market, address) = self.lab.address(on);
        let Some(credit) = self.lab.credit(on) else { return Ok(()) };
        self.coverage.probes += 1;
        let mut dice = Dice::new(extra);
        let secured = credit.status().is_ok_and(|status| status.is_secured());
        if secured {
            self.repays(market, &address, &credit)?;
        }
        match dice.below(6) {
            0 if secured => self.split_repayment(market, &address, &credit, &mut dice),
            1 => self.split_sale(market, &address, &credit, &mut dice),
            2 if secured => self.split_freeze(market, &address, &credit, &mut dice),
            3 if secured => self.split_thaw(market, &address, &credit, &mut dice),
            4 => self.split_seizure(market, &address, &credit, &mut dice),
            5 => self.split_takeover(market, &address, &credit, &mut dice),
            _ => Ok(()),
        }
    }

    /// Rule 3: one micro-USDC can be repaid.
    fn repays(&self, market: usize, address: &Pubkey, credit: &Credit) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let payer = actor(12);
        let wallet = keys.token_account(&payer);
        if self.model.tokens.get(&wallet).is_none_or(|held| *held == 0) {
            return Ok(());
        }
        let repay = [ix::credit_repay(&keys, &payer, &wallet, address, 1)];
        match self.lab.simulate(&repay) {
            Some(_) => Ok(()),
            None => {
                Err(format!("rule 3: a repayment would be refused: {}", CreditBook::read(credit).describe()))
            }
        }
    }

    fn tried(&self, instructions: &[Instruction], credit: &Pubkey, wallet: &Pubkey) -> Option<Tried> {
        let post = self.lab.simulate(instructions)?.post_accounts;
        let find = |key: &Pubkey| {
            let found = post.account(key);
            found.or_else(|| self.lab.svm.get_account(key))
        };
        let account = find(credit);
        let wallet = find(wallet);
        Some(Tried {
            credit: CreditBook::read(&decode::<Credit>(account.as_ref())?),
            wallet: balance(wallet.as_ref()).unwrap_or(0),
        })
    }

    fn split_repayment(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let payer = credit.borrower;
        let wallet = keys.token_account(&payer);
        let mut now = CreditBook::read(credit);
        now.accrue(self.lab.market_time(&self.lab.market(market)).into());
        let whole = dice.pick(&[now.debt(), now.arrears(), now.debt() / 3, 1_000]).max(2) as u64;
        let part = dice.pick(&[1, whole / 2, whole - 1]).max(1);
        let pay = |amount| ix::credit_repay(&keys, &payer, &wallet, address, amount);
        let once = self.tried(&[pay(whole)], address, &wallet);
        let twice = self.tried(&[pay(part), pay(whole - part)], address, &wallet);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        let worth = |tried: &Tried| {
            tried.wallet + tried.credit.reserve + tried.credit.borrower_claim - tried.credit.debt()
        };
        let gains = worth(&twice) > worth(&once)
            || twice.credit.released > once.credit.released
            || twice.credit.frozen() < once.credit.frozen();
        verify(gains, "repaying", whole, part, &once, &twice)
    }

    fn split_sale(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let Some(index) = credit.lots_opened.checked_sub(1) else { return Ok(()) };
        let Some(lot) = self.lab.lot(address, index).filter(|lot| lot.units_left > 1) else { return Ok(()) };
        let buyer = actor(11);
        let wallet = keys.token_account(&buyer);
        let whole = dice.pick(&[lot.units_left, lot.units_left / 2, 2]).max(2);
        let part = dice.pick(&[1, whole / 2, whole - 1]).max(1);
        let (provider, units_expire_at) = (credit.provider, credit.units_expire_at);
        let lot = LotKeys { credit: *address, index, provider, units_expire_at };
        let buy = |units| ix::lot_buy(&keys, &buyer, &wallet, &lot, units, u64::MAX);
        let once = self.tried(&[buy(whole)], address, &wallet);
        let twice = self.tried(&[buy(part), buy(whole - part)], address, &wallet);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        verify(twice.wallet > once.wallet, "buying", whole, part, &once, &twice)
    }

    fn split_freeze(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let lien = credit.collateral.lien();
        let part = dice.pick(&[1, lien / 2, lien.saturating_sub(1)]).max(1);
        let (by, amount) = (credit.lender, FreezeAmount::Units);
        let freeze = |units| ix::credit_freeze(&keys.market, &by, address, amount(units), FreezeReason::Risk);
        let once = self.tried(&[freeze(lien)], address, address);
        let twice = self.tried(&[freeze(part), freeze(lien)], address, address);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        let gains = twice.credit.frozen() > once.credit.frozen()
            || twice.credit.frozen_before > once.credit.frozen_before
            || twice.credit.promised < once.credit.promised;
        verify(gains, "freezing", lien, part, &once, &twice)
    }

    fn split_thaw(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let frozen = credit.collateral.frozen();
        let part = dice.pick(&[1, frozen / 2, frozen.saturating_sub(1)]).max(1);
        let thaw = |units| ix::credit_thaw(&keys.market, &credit.lender, address, UnitAmount::Units(units));
        let once = self.tried(&[thaw(frozen)], address, address);
        let twice = self.tried(&[thaw(part), thaw(frozen.saturating_sub(part))], address, address);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        let gains = once.credit.difference(&twice.credit).is_some();
        verify(gains, "thawing", frozen, part, &once, &twice)
    }

    fn split_seizure(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let time = self.lab.market_time(&self.lab.market(market));
        let units = CreditBook::read(credit).seizable(time.into()).max(0) as u64;
        let part = dice.pick(&[1, units / 2, units.saturating_sub(1)]).max(1);
        let lot = terms::lot(credit, &self.lab.market(market), dice);
        let seize = |number, units| {
            let (amount, index) = (UnitAmount::Units(units), credit.lots_opened + number);
            ix::credit_seize_to_pool(&keys.market, &credit.lender, address, index, amount, lot)
        };
        let once = self.tried(&[seize(0, units)], address, address);
        let twice = self.tried(&[seize(0, part), seize(1, units.saturating_sub(part))], address, address);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        let (one, two) = (&once.credit, &twice.credit);
        let gains = two.seized > one.seized
            || two.frozen() > one.frozen()
            || two.promised < one.promised
            || two.debt() > one.debt();
        verify(gains, "seizing", units, part, &once, &twice)
    }

    fn split_takeover(
        &self,
        market: usize,
        address: &Pubkey,
        credit: &Credit,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let time = i128::from(self.lab.market_time(&self.lab.market(market)));
        let mut now = CreditBook::read(credit);
        now.accrue(time);
        let worth = div_up(now.debt() * i128::from(now.terms.units), now.terms.principal.into());
        let units = now.seizable(time).min(worth).max(0) as u64;
        let part = dice.pick(&[1, units / 2, units.saturating_sub(1)]).max(1);
        let (expiry, provider) = (credit.units_expire_at, credit.provider);
        let take = |units| {
            let amount = UnitAmount::Units(units);
            ix::credit_seize_to_lender(&keys.market, &credit.lender, address, &provider, expiry, amount)
        };
        let once = self.tried(&[take(units)], address, address);
        let twice = self.tried(&[take(part), take(units.saturating_sub(part))], address, address);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        let gains = twice.credit.debt() > once.credit.debt() || twice.credit.seized > once.credit.seized;
        verify(gains, "taking over", units, part, &once, &twice)
    }
}

fn verify(gains: bool, what: &str, whole: u64, part: u64, once: &Tried, twice: &Tried) -> Result<(), String> {
    if !gains {
        return Ok(());
    }
    let difference = once.credit.difference(&twice.credit);
    let wallets = (once.wallet, twice.wallet);
    Err(format!("rule 5: {what} {whole} as {part} and the rest profits; wallets {wallets:?}, {difference:?}"))
}

/// Looks an account up among those that a simulation gives back.
trait Find {
    fn account(&self, key: &Pubkey) -> Option<Account>;
}

impl<T: Clone + Into<Account>> Find for Vec<(Pubkey, T)> {
    fn account(&self, key: &Pubkey) -> Option<Account> {
        self.iter().find(|(found, _)| found == key).map(|(_, account)| account.clone().into())
    }
}
