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
        Pubkey, addresses,
        instructions::{self as ix, LotKeys, MarketKeys, Payment},
        program::{
            instructions::{FreezeAmount, LoanRead, ThawBounds, UnitBounds},
            state::{Credit, FreezeReason},
            transitions::Status,
        },
    },
    solana_sdk::{account::Account, instruction::Instruction},
};

/// A credit and a wallet after transactions that were only tried.
struct Tried {
    credit: CreditBook,
    wallet: i128,
}

/// A credit that actions are tried on.
struct Subject<'a> {
    keys: MarketKeys,
    address: &'a Pubkey,
    credit: &'a Credit,
    /// The market's time.
    time: i128,
}

/// An action on an amount, which is tried at once and in two parts. Its two parts must not profit anybody.
struct Split<'a> {
    verb: &'static str,
    /// The whole amount.
    whole: u64,
    /// The wallet that pays; the credit's own address where no money moves.
    wallet: Pubkey,
    /// Builds the instruction for one part: its number from 0, and its amount.
    part: Box<dyn Fn(u32, u64) -> Instruction + 'a>,
    /// True where the second part names the amount of both, as it is a level and not an addition.
    is_level: bool,
    /// True where two parts profit somebody: the states after the whole and after the two parts.
    gains: fn(&Tried, &Tried) -> bool,
}

/// Describes an action on a credit, `None` where there is nothing to try.
type Describe = for<'a> fn(&Session, &Subject<'a>, &mut Dice) -> Option<Split<'a>>;

/// The actions that are split, and whether each needs a credit that is secured.
const SPLITS: [(Describe, bool); 7] = [
    (repayment, true),
    (sale, false),
    (freeze, true),
    (thaw, true),
    (seizure, false),
    (takeover, false),
    (cancel, false),
];

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
        let (describe, needs_secured) = dice.pick(&SPLITS);
        if needs_secured && !secured {
            return Ok(());
        }
        let subject = Subject {
            keys: self.lab.markets[market],
            address: &address,
            credit: &credit,
            time: self.lab.market_time(&self.lab.market(market)).into(),
        };
        describe(self, &subject, &mut dice).map_or(Ok(()), |split| self.split(&address, &split, &mut dice))
    }

    /// Rule 3: one micro-USDC can be repaid, but for a vault that the mint's issuer has frozen.
    fn repays(&self, market: usize, address: &Pubkey, credit: &Credit) -> Result<(), String> {
        let keys = self.lab.markets[market];
        let payer = actor(12);
        let wallet = keys.token_account(&payer);
        if self.model.tokens.get(&wallet).is_none_or(|held| *held == 0) {
            return Ok(());
        }
        let payment = Payment::in_any_status(1, credit.offer_slot);
        let repay = [ix::credit_repay(&keys, &payer, &wallet, address, payment)];
        let frozen = self.model.frozen_vaults.contains(&addresses::vault(address));
        let rule = match (self.lab.simulate(&repay).is_some(), frozen) {
            (true, false) | (false, true) => return Ok(()),
            (true, true) => "a repayment went into a frozen vault",
            (false, false) => "a repayment would be refused",
        };
        Err(format!("rule 3: {rule}: {}", CreditBook::read(credit).describe()))
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

    /// Rule 5: nobody gains by doing an action in two parts.
    fn split(&self, address: &Pubkey, split: &Split<'_>, dice: &mut Dice) -> Result<(), String> {
        let Split { verb, whole, wallet, part, is_level, gains } = split;
        let first = dice.pick(&[1, whole / 2, whole.saturating_sub(1)]).max(1);
        let second = if *is_level { *whole } else { whole.saturating_sub(first) };
        let once = self.tried(&[part(0, *whole)], address, wallet);
        let twice = self.tried(&[part(0, first), part(1, second)], address, wallet);
        let (Some(once), Some(twice)) = (once, twice) else { return Ok(()) };
        if !gains(&once, &twice) {
            return Ok(());
        }
        let difference = once.credit.difference(&twice.credit);
        let wallets = (once.wallet, twice.wallet);
        Err(format!(
            "rule 5: {verb} {whole} as {first} and the rest profits; wallets {wallets:?}, {difference:?}"
        ))
    }
}

fn repayment<'a>(_: &Session, subject: &Subject<'a>, dice: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, time } = *subject;
    let payer = credit.borrower;
    let wallet = keys.token_account(&payer);
    let mut now = CreditBook::read(credit);
    now.accrue(time);
    Some(Split {
        verb: "repaying",
        whole: dice.pick(&[now.debt(), now.arrears(), now.debt() / 3, 1_000]).max(2) as u64,
        wallet,
        part: Box::new(move |_, amount| {
            let payment = Payment::in_any_status(amount, credit.offer_slot);
            ix::credit_repay(&keys, &payer, &wallet, address, payment)
        }),
        is_level: false,
        gains: |once, twice| {
            let worth = |tried: &Tried| {
                tried.wallet + tried.credit.reserve + tried.credit.borrower_claim - tried.credit.debt()
            };
            worth(twice) > worth(once)
                || twice.credit.released > once.credit.released
                || twice.credit.frozen() < once.credit.frozen()
        },
    })
}

fn sale<'a>(session: &Session, subject: &Subject<'a>, dice: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, .. } = *subject;
    let index = credit.lots_opened.checked_sub(1)?;
    let left = session.lab.lot(address, index)?.units_left;
    if left <= 1 {
        return None;
    }
    let buyer = actor(11);
    let wallet = keys.token_account(&buyer);
    let (provider, units_expire_at) = (credit.provider, credit.units_expire_at);
    let lot = LotKeys { credit: *address, index, provider, units_expire_at };
    Some(Split {
        verb: "buying",
        whole: dice.pick(&[left, left / 2, 2]).max(2),
        wallet,
        part: Box::new(move |_, units| {
            let amount = UnitBounds::exactly(units);
            ix::lot_buy(&keys, &buyer, &buyer, &wallet, &lot, amount, u64::MAX)
        }),
        is_level: false,
        gains: |once, twice| twice.wallet > once.wallet,
    })
}

fn freeze<'a>(_: &Session, subject: &Subject<'a>, _: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, .. } = *subject;
    Some(Split {
        verb: "freezing",
        whole: credit.collateral.lien(),
        wallet: *address,
        part: Box::new(move |_, units| {
            let amount = FreezeAmount::Units(units);
            ix::credit_freeze(&keys.market, &credit.lender, address, amount, FreezeReason::Risk)
        }),
        is_level: true,
        gains: |once, twice| {
            twice.credit.frozen() > once.credit.frozen()
                || twice.credit.closed_before > once.credit.closed_before
                // Without a cure period a promise lapses as it is made.
                || (twice.credit.promised < once.credit.promised && once.credit.terms.cure_period > 0)
        },
    })
}

fn thaw<'a>(_: &Session, subject: &Subject<'a>, _: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, .. } = *subject;
    Some(Split {
        verb: "thawing",
        whole: credit.collateral.frozen(),
        wallet: *address,
        part: Box::new(move |_, units| {
            ix::credit_thaw(&keys.market, &credit.lender, address, ThawBounds { most: units, keep: 0 })
        }),
        is_level: false,
        gains: |once, twice| once.credit.difference(&twice.credit).is_some(),
    })
}

fn seizure<'a>(session: &Session, subject: &Subject<'a>, dice: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, time } = *subject;
    let market = session.lab.read(&keys.market)?;
    let (lot, now) = (terms::lot(credit, &market, dice), CreditBook::read(credit));
    Some(Split {
        verb: "seizing",
        whole: (now.seizable(time) - now.covered()).max(0) as u64,
        wallet: *address,
        part: Box::new(move |number, units| {
            let (amount, index) = (UnitBounds::exactly(units), credit.lots_opened + number);
            let lender = &credit.lender;
            ix::credit_seize_to_pool(&keys.market, lender, lender, address, index, amount, lot)
        }),
        is_level: false,
        gains: |once, twice| {
            let (one, two) = (&once.credit, &twice.credit);
            two.seized > one.seized
                || two.frozen() > one.frozen()
                || two.promised < one.promised
                || two.debt() > one.debt()
        },
    })
}

fn takeover<'a>(_: &Session, subject: &Subject<'a>, _: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, time } = *subject;
    let mut now = CreditBook::read(credit);
    now.accrue(time);
    let worth = div_up(now.debt() * i128::from(now.terms.units), now.terms.principal.into());
    Some(Split {
        verb: "taking over",
        whole: now.seizable(time).min(worth).max(0) as u64,
        wallet: *address,
        part: Box::new(move |_, units| {
            let (expiry, amount) = (credit.units_expire_at, UnitBounds::exactly(units));
            let (lender, provider) = (&credit.lender, &credit.provider);
            ix::credit_seize_to_lender(&keys.market, lender, lender, address, provider, expiry, amount)
        }),
        is_level: false,
        gains: |once, twice| {
            twice.credit.debt() > once.credit.debt() || twice.credit.seized > once.credit.seized
        },
    })
}

fn cancel<'a>(_: &Session, subject: &Subject<'a>, _: &mut Dice) -> Option<Split<'a>> {
    let Subject { keys, address, credit, time } = *subject;
    let mut now = CreditBook::read(credit);
    now.accrue(time);
    let read = LoanRead { offer_slot: credit.offer_slot, worst_status: Status::Seizing };
    Some(Split {
        verb: "cancelling",
        whole: now.cancellable().max(0) as u64,
        wallet: *address,
        part: Box::new(move |_, units| {
            let (amount, both) = (UnitBounds::exactly(units), Some(&credit.borrower));
            ix::credit_cancel_locked(
                &keys.market,
                &credit.lender,
                both,
                address,
                &credit.provider,
                amount,
                read,
            )
        }),
        is_level: false,
        gains: |once, twice| {
            let (one, two) = (&once.credit, &twice.credit);
            two.holdback < one.holdback
                || two.provider_claim > one.provider_claim
                || two.borrower_claim > one.borrower_claim
                || two.debt() < one.debt()
                || two.available() > one.available()
        },
    })
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
