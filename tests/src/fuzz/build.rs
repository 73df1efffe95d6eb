use {
    super::{
        action::{Attempt, By, Twist},
        dice::Dice,
        lab::{Lab, actor, cast},
        meters::{self, Meters},
        ops::{Op, Role},
        terms,
    },
    anchor_lang::__private::bytemuck::Zeroable,
    blockable_sdk::{
        Pubkey, addresses,
        instructions::{self as ix, LotKeys, MarketKeys},
        program::{
            instructions::{
                CapacityArgs, FreezeAmount, LotTerms, MarketArgs, OfferArgs, ReportersArgs, UnitAmount,
            },
            state::{Credit, FreezeReason, Instalment, MarketSettings, Party, Terms},
        },
        tokens,
    },
    solana_sdk::instruction::Instruction,
};

/// The arguments of an instruction, for those who judge what it did.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Args {
    None,
    Amount(u64),
    Key(Pubkey),
    Seconds(u32),
    Market(MarketArgs),
    Settings(MarketSettings),
    Provider(CapacityArgs, ReportersArgs),
    Capacity(CapacityArgs),
    Reporters(ReportersArgs),
    Offer(Box<OfferArgs>),
    Hash([u8; 32]),
    Restructure(Terms, Vec<Instalment>),
    Party(Party),
    Freeze(FreezeAmount, FreezeReason),
    Units(UnitAmount),
    Seize(UnitAmount, LotTerms),
    Buy(u64, u64),
    Meter(Box<Meters>),
}

/// A transaction's one instruction, and what it is about.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which instruction.
    pub op: Op,
    /// As it is sent.
    pub ix: Instruction,
    /// Its arguments.
    pub args: Args,
    /// The place of the market it was meant for.
    pub market: usize,
    /// Whether nothing is wrong with its accounts.
    pub honest: bool,
}

impl Call {
    /// The account with a purpose.
    pub fn at(&self, role: Role) -> Pubkey {
        let place = self.op.roles().iter().position(|found| *found == role);
        place.and_then(|place| self.ix.accounts.get(place)).map_or(Pubkey::default(), |meta| meta.pubkey)
    }

    /// Whether the account with a purpose signs.
    pub fn signs(&self, role: Role) -> bool {
        let place = self.op.roles().iter().position(|found| *found == role);
        place.and_then(|place| self.ix.accounts.get(place)).is_some_and(|meta| meta.is_signer)
    }

    /// The credits that the instruction acts on.
    pub fn credits(&self) -> Vec<Pubkey> {
        match &self.args {
            Args::Meter(_) => self.ix.accounts.iter().skip(4).map(|meta| meta.pubkey).collect(),
            _ if self.op.is_on_credit() => vec![self.at(Role::Credit)],
            _ => Vec::new(),
        }
    }
}

/// What an attempt is made of in a state of the world.
struct Scene<'a> {
    lab: &'a Lab,
    attempt: &'a Attempt,
    keys: MarketKeys,
    market: usize,
    address: Pubkey,
    credit: Credit,
    /// The credit with its debt brought up to now.
    now: Credit,
    dice: Dice,
}

/// The transaction that an attempt means right now; `None` where it means nothing.
pub fn build(lab: &Lab, attempt: &Attempt) -> Option<Call> {
    let mut dice = Dice::new(attempt.extra);
    if let Some(Twist::Replay(back)) = attempt.twist
        && attempt.op == Op::UsageMeter
    {
        let meters = lab.meterings.get(usize::from(back) % lab.meterings.len().max(1))?;
        return Some(meter_call(lab, meters.clone(), attempt.op));
    }
    let (market, address) =
        if attempt.op.is_on_credit() { lab.address(attempt.on) } else { (0, Pubkey::default()) };
    let credit = lab.credit(attempt.on).unwrap_or_else(Credit::zeroed);
    let mut now = credit;
    let _ = now.accrue(lab.market_time(&lab.market(market)));
    dice.roll();
    let keys = lab.markets[market];
    let scene = Scene { lab, attempt, keys, market, address, credit, now, dice };
    let mut call = if attempt.op.is_on_credit() { scene.on_credit()? } else { scene.on_settings()? };
    if let Some(twist) = attempt.twist {
        call.honest = false;
        bend(lab, &mut call, twist);
    }
    Some(call)
}

fn meter_call(lab: &Lab, meters: Meters, op: Op) -> Call {
    let market = lab.markets[meters.market].market;
    let (chunk, reports) = (meters.chunk, meters.reports.clone());
    let ix = ix::usage_meter(&market, &meters.provider, chunk, reports, &meters.credits);
    Call { op, ix, market: meters.market, args: Args::Meter(Box::new(meters)), honest: true }
}

/// Puts something wrong into a transaction.
fn bend(lab: &Lab, call: &mut Call, twist: Twist) {
    let roles = call.op.roles();
    let count = call.ix.accounts.len();
    let place = |at: u8| usize::from(at) % count;
    match twist {
        Twist::ReadOnly(at) => call.ix.accounts[place(at)].is_writable = false,
        Twist::Unsigned(at) => call.ix.accounts[place(at)].is_signer = false,
        Twist::Swap(at, with) => {
            let at = place(at);
            // Only a key can sign: an address of the program never does.
            let known = if call.ix.accounts[at].is_signer { cast().actors.clone() } else { known(lab) };
            call.ix.accounts[at].pubkey = known[usize::from(with) % known.len()];
        }
        Twist::Cousin(at, with) => {
            let at = usize::from(at) % roles.len();
            let cousins = cousins(lab, call, roles[at]);
            if !cousins.is_empty() {
                call.ix.accounts[at].pubkey = cousins[usize::from(with) % cousins.len()];
            }
        }
        Twist::Replay(_) => {}
    }
}

fn credits(lab: &Lab) -> impl Iterator<Item = Pubkey> {
    lab.places.iter().map(|place| place.credit).chain(lab.grants.iter().map(|(_, key)| *key))
}

fn known(lab: &Lab) -> Vec<Pubkey> {
    let mut known = cast().actors.clone();
    known.extend(lab.markets.iter().flat_map(|keys| [keys.market, keys.mint, keys.token_program]));
    known.extend(lab.providers.iter().map(|(_, key)| *key));
    known.extend(credits(lab));
    known
}

fn cousins(lab: &Lab, call: &Call, role: Role) -> Vec<Pubkey> {
    let keys = lab.markets[call.market];
    match role {
        Role::Signer | Role::Second | Role::Party | Role::Receiver => cast().actors.clone(),
        Role::Market => lab.markets.iter().map(|keys| keys.market).collect(),
        Role::Mint => lab.markets.iter().map(|keys| keys.mint).collect(),
        Role::Tokens => vec![tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM],
        Role::Provider => lab.providers.iter().map(|(_, key)| *key).collect(),
        Role::Credit | Role::Grant => credits(lab).collect(),
        Role::Vault => credits(lab).map(|credit| addresses::vault(&credit)).collect(),
        Role::Wallet | Role::Treasury => cast().actors.iter().map(|key| keys.token_account(key)).collect(),
        Role::Lot => credits(lab).flat_map(|credit| [0, 1].map(|lot| addresses::lot(&credit, lot))).collect(),
        Role::System => vec![blockable_sdk::PROGRAM_ID],
    }
}

impl Scene<'_> {
    fn call(&self, ix: Instruction, args: Args) -> Option<Call> {
        Some(Call { op: self.attempt.op, ix, args, market: self.market, honest: true })
    }

    fn by(&self, right: Pubkey) -> Pubkey {
        match self.attempt.by {
            By::Actor(index) => actor(index),
            By::Right if right == Pubkey::default() => actor(Lab::LENDERS[0]),
            By::Right => right,
        }
    }

    fn someone(&mut self) -> Pubkey {
        if self.dice.one_in(8) { Pubkey::default() } else { actor(self.dice.roll() as u8) }
    }

    fn amount(&self, whole: u64, lesser: u64) -> u64 {
        self.attempt.amount.of(whole, lesser)
    }

    fn units(&self, whole: u64, lesser: u64) -> UnitAmount {
        match self.amount(whole, lesser) {
            u64::MAX => UnitAmount::All,
            units => UnitAmount::Units(units),
        }
    }

    fn on_settings(mut self) -> Option<Call> {
        let (attempt, lab) = (*self.attempt, self.lab);
        let on_market = attempt.op <= Op::MarketUnpause;
        let provider = usize::from(attempt.on) % lab.providers.len();
        self.market =
            if on_market { usize::from(attempt.on) % lab.markets.len() } else { lab.providers[provider].0 };
        self.keys = lab.markets[self.market];
        let market = self.keys.market;
        let state = lab.market(self.market);
        let (owner, provider) = (lab.provider(provider), lab.providers[provider].1);
        let wallets: Vec<Pubkey> = cast().actors.iter().map(|key| self.keys.token_account(key)).collect();
        let (admin, authority) = (self.by(state.admin), self.by(owner.authority));
        match attempt.op {
            Op::MarketCreate => {
                let guardian = self.someone();
                let settings = terms::settings(&state, &wallets, &mut self.dice);
                let args = MarketArgs {
                    id: 1 + self.dice.below(6),
                    is_test: self.dice.one_in(2),
                    guardian,
                    redistribution_fee_bps: settings.redistribution_fee_bps,
                    change_delay: settings.change_delay,
                    bounds: settings.bounds,
                };
                let MarketKeys { mint, token_program, .. } = self.keys;
                let payer = actor(Lab::ADMIN);
                let ix = ix::market_create(&payer, &admin, &mint, &token_program, &wallets[13], args);
                self.call(ix, Args::Market(args))
            }
            Op::MarketProposeChange => {
                let settings = terms::settings(&state, &wallets, &mut self.dice);
                self.call(ix::market_propose_change(&market, &admin, settings), Args::Settings(settings))
            }
            Op::MarketApplyChange => self.call(ix::market_apply_change(&market, &admin), Args::None),
            Op::MarketCancelChange => self.call(ix::market_cancel_change(&market, &admin), Args::None),
            Op::MarketOfferAdmin => {
                let to = self.someone();
                self.call(ix::market_offer_admin(&market, &admin, to), Args::Key(to))
            }
            Op::MarketAcceptAdmin => {
                let to = self.by(state.pending_admin);
                self.call(ix::market_accept_admin(&market, &to), Args::None)
            }
            Op::MarketSetGuardian => {
                let to = self.someone();
                self.call(ix::market_set_guardian(&market, &admin, to), Args::Key(to))
            }
            Op::MarketPause => {
                let seconds = self.amount(21_600, 300).min(u64::from(u32::MAX)) as u32;
                let right = if self.dice.one_in(2) { state.guardian } else { state.admin };
                let by = self.by(right);
                self.call(ix::market_pause(&market, &by, seconds), Args::Seconds(seconds))
            }
            Op::MarketUnpause => self.call(ix::market_unpause(&market, &admin), Args::None),
            Op::ProviderRegister => {
                let by = actor(self.dice.roll() as u8);
                let (capacity, reporters) =
                    (Lab::capacity(&mut self.dice), Lab::reporters(lab.now, &mut self.dice));
                let payout = self.keys.token_account(&by);
                let ix = ix::provider_register(&market, &by, &payout, capacity, reporters.clone());
                self.call(ix, Args::Provider(capacity, reporters))
            }
            Op::ProviderSetReporters => {
                let mut reporters = Lab::reporters(lab.now, &mut self.dice);
                match self.dice.below(24) {
                    0 => reporters.quorum = 0,
                    1 => reporters.quorum = 9,
                    2 => reporters.chunk_size = 33,
                    3 => reporters.reporters[0].expires_at = lab.now,
                    4 => reporters.reporters = vec![reporters.reporters[0]; 2],
                    _ => {}
                }
                let ix = ix::provider_set_reporters(&market, &authority, &provider, reporters.clone());
                self.call(ix, Args::Reporters(reporters))
            }
            Op::ProviderSetCapacity => {
                let mut capacity = Lab::capacity(&mut self.dice);
                if self.dice.one_in(3) {
                    capacity.capacity_units = self.amount(owner.outstanding_units, owner.capacity_units);
                }
                let ix = ix::provider_set_capacity(&market, &authority, &provider, capacity);
                self.call(ix, Args::Capacity(capacity))
            }
            Op::ProviderSetPayout => {
                let payout = self.dice.pick(&wallets);
                let ix = ix::provider_set_payout(&market, &authority, &provider, &payout);
                self.call(ix, Args::None)
            }
            Op::ProviderOfferAuthority => {
                let to = self.someone();
                let ix = ix::provider_offer_authority(&market, &authority, &provider, to);
                self.call(ix, Args::Key(to))
            }
            Op::ProviderAcceptAuthority => {
                let to = self.by(owner.pending_authority);
                self.call(ix::provider_accept_authority(&market, &to, &provider), Args::None)
            }
            Op::ProviderSuspend | Op::ProviderResume => {
                let right = if self.dice.one_in(3) { state.admin } else { owner.authority };
                let by = self.by(right);
                let build = if attempt.op == Op::ProviderSuspend {
                    ix::provider_suspend
                } else {
                    ix::provider_resume
                };
                self.call(build(&market, &by, &provider), Args::None)
            }
            _ => None,
        }
    }

    fn offer(mut self) -> Option<Call> {
        let lab = self.lab;
        let place = *lab.places.get(usize::from(self.attempt.on))?;
        let taken = lab.credit(self.attempt.on).is_some();
        let again = place.offer.2 != 0 && (taken || self.dice.one_in(4));
        let (lender, borrower, nonce) = if again {
            place.offer
        } else {
            self.market = self.dice.below(3) as usize;
            let lender = actor(self.dice.pick(&Lab::LENDERS));
            let borrower = actor(self.dice.pick(&Lab::BORROWERS));
            (lender, borrower, 1 + self.dice.roll() % 1_000_000_000)
        };
        self.keys = lab.markets[self.market];
        let providers: Vec<_> = lab.providers.iter().filter(|(market, _)| *market == self.market).collect();
        let provider = providers[self.dice.below(providers.len() as u64) as usize].1;
        let args = terms::offer(nonce, &lab.market(self.market), lab.now, &mut self.dice);
        let lender = self.by(lender);
        let source = self.keys.token_account(&lender);
        let ix = ix::credit_offer(&self.keys, &lender, &borrower, &provider, &source, args.clone());
        self.call(ix, Args::Offer(Box::new(args)))
    }

    fn on_credit(mut self) -> Option<Call> {
        let (lab, attempt, credit, now, keys) = (self.lab, *self.attempt, self.credit, self.now, self.keys);
        let (market, address) = (keys.market, self.address);
        let lender = self.by(credit.lender);
        let units = credit.collateral;
        match attempt.op {
            Op::CreditOffer => self.offer(),
            Op::CreditAccept => {
                let mut hash = credit.terms_hash;
                if self.dice.one_in(12) {
                    hash[0] ^= 1;
                }
                let borrower = self.by(credit.borrower);
                self.call(ix::credit_accept(&market, &borrower, &address, hash), Args::Hash(hash))
            }
            Op::CreditIssue => {
                let provider = lab.read::<blockable_sdk::program::state::Provider>(&credit.provider);
                let (authority, payout) = provider.map_or_else(Default::default, |p| (p.authority, p.payout));
                let authority = self.by(authority);
                let ix = ix::credit_issue(&keys, &authority, &credit.provider, &payout, &address);
                self.call(ix, Args::None)
            }
            Op::CreditCancelOffer => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.borrower };
                let party = self.by(right);
                let refund = keys.token_account(&credit.lender);
                let ix = ix::credit_cancel_offer(&keys, &party, &credit.lender, &address, &refund);
                self.call(ix, Args::None)
            }
            Op::CreditRepay | Op::ReserveFund => {
                let payer = self.by(credit.borrower);
                let source = keys.token_account(&payer);
                let repay = attempt.op == Op::CreditRepay;
                let missing = credit.rider.reserve.saturating_sub(credit.reserve_held);
                let amount = if repay {
                    self.amount(now.debt.total(), now.arrears())
                } else {
                    self.amount(missing, missing)
                };
                let build = if repay { ix::credit_repay } else { ix::reserve_fund };
                self.call(build(&keys, &payer, &source, &address, amount), Args::Amount(amount))
            }
            Op::ReserveDraw => self.call(ix::reserve_draw(&market, &address), Args::None),
            Op::CovenantApply => self.call(ix::covenant_apply(&market, &address), Args::None),
            Op::CreditRestructure => {
                let state = lab.market(self.market);
                let (principal, owed) = (credit.terms.principal, now.debt.principal);
                let (mut terms, schedule) = terms::terms(principal, owed, &state, lab.now, &mut self.dice);
                if !self.dice.one_in(12) {
                    terms.units = credit.terms.units;
                    terms.unit_lifetime = credit.terms.unit_lifetime;
                    terms.offer_expires_at = credit.terms.offer_expires_at;
                }
                terms.apr_bps = terms.apr_bps.max(credit.rider.apr_floor_bps);
                let borrower = credit.borrower;
                let built = schedule.clone();
                let ix = ix::credit_restructure(&market, &lender, &borrower, &address, terms, built);
                self.call(ix, Args::Restructure(terms, schedule))
            }
            Op::CreditWaiveFee => {
                let amount = self.amount(now.debt.late_fees, now.debt.late_fees);
                self.call(ix::credit_waive_fee(&market, &lender, &address, amount), Args::Amount(amount))
            }
            Op::CreditOfferLender => {
                let to =
                    if self.dice.one_in(6) { credit.borrower } else { actor(self.dice.pick(&[2, 3, 4, 12])) };
                let to = if self.dice.one_in(10) { Pubkey::default() } else { to };
                self.call(ix::credit_offer_lender(&market, &lender, &address, to), Args::Key(to))
            }
            Op::CreditAcceptLender => {
                let to = self.by(credit.pending_lender);
                self.call(ix::credit_accept_lender(&market, &to, &address), Args::None)
            }
            Op::CreditSetFreezeAuthority => {
                let to = self.someone();
                self.call(ix::credit_set_freeze_authority(&market, &lender, &address, to), Args::Key(to))
            }
            Op::VaultCollect => {
                let party = self.dice.pick(&[Party::Lender, Party::Borrower, Party::Treasury]);
                let party = match party {
                    Party::Borrower if credit.vault.borrower == 0 && credit.vault.lender > 0 => Party::Lender,
                    other => other,
                };
                let to = match party {
                    Party::Lender => keys.token_account(&credit.lender),
                    Party::Borrower => keys.token_account(&credit.borrower),
                    Party::Treasury => lab.market(self.market).treasury,
                };
                let caller = self.by(actor(12));
                self.call(ix::vault_collect(&keys, &caller, &address, &to, party), Args::Party(party))
            }
            Op::CreditMarkDelinquent => self.call(ix::credit_mark_delinquent(&market, &address), Args::None),
            Op::CreditMarkDefaulted => self.call(ix::credit_mark_defaulted(&market, &address), Args::None),
            Op::CreditAutoFreeze => self.call(ix::credit_auto_freeze(&market, &address), Args::None),
            Op::CreditExpireUnits => self.call(ix::credit_expire_units(&market, &address), Args::None),
            Op::CreditMigrate => self.call(ix::credit_migrate(&market, &address), Args::None),
            Op::CreditGiveNotice => {
                self.call(ix::credit_give_notice(&market, &lender, &address, [5; 32]), Args::None)
            }
            Op::CreditWithdrawNotice => {
                self.call(ix::credit_withdraw_notice(&market, &lender, &address), Args::None)
            }
            Op::CreditWriteOff => self.call(ix::credit_write_off(&market, &lender, &address), Args::None),
            Op::CreditFreeze => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
                let by = self.by(right);
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
                    _ => FreezeAmount::Units(self.amount(units.lien(), units.frozen.saturating_add(1))),
                };
                let ix = ix::credit_freeze(&market, &by, &address, amount, reason);
                self.call(ix, Args::Freeze(amount, reason))
            }
            Op::CreditThaw => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
                let by = self.by(right);
                let amount = self.units(units.frozen, units.frozen / 2);
                self.call(ix::credit_thaw(&market, &by, &address, amount), Args::Units(amount))
            }
            Op::UsageMeter => {
                let used = self.amount(units.available(), units.remaining());
                let in_flight = self.dice.pick(&[0, 1, units.available() / 3, units.lien(), u64::MAX]);
                let meters =
                    meters::compose(lab, self.market, address, &credit, used, in_flight, &mut self.dice);
                let none = || Meters {
                    market: self.market,
                    provider: lab.providers[0].1,
                    chunk: 0,
                    reports: Vec::new(),
                    credits: vec![address],
                };
                Some(meter_call(lab, meters.unwrap_or_else(none), attempt.op))
            }
            Op::CreditSeizeToPool => {
                let seizable = credit.seizable(self.clock()).unwrap_or(0);
                let amount = self.units(seizable, units.lien());
                let terms = terms::lot(&credit, &lab.market(self.market), &mut self.dice);
                let number = credit.lots_opened;
                let ix = ix::credit_seize_to_pool(&market, &lender, &address, number, amount, terms);
                self.call(ix, Args::Seize(amount, terms))
            }
            Op::CreditSeizeToLender => {
                let seizable = credit.seizable(self.clock()).unwrap_or(0);
                let price = credit.price_paid().unwrap_or(1).max(1);
                let worth = u128::from(now.debt.total()) * 1_000_000 / u128::from(price);
                let amount = self.units(seizable.min(worth.min(u128::from(u64::MAX)) as u64), seizable);
                let expiry = credit.units_expire_at;
                let provider = credit.provider;
                let ix = ix::credit_seize_to_lender(&market, &lender, &address, &provider, expiry, amount);
                self.call(ix, Args::Units(amount))
            }
            Op::LotBuy => {
                let index = self.some_lot();
                let lot = lab.lot(&address, index);
                let left = lot.map_or(0, |lot| lot.units_left);
                let price = lot.and_then(|lot| lot.price_at(self.clock().market).ok()).unwrap_or(0);
                let buyer = self.by(actor(11));
                let source = keys.token_account(&buyer);
                let (provider, units_expire_at) = (credit.provider, credit.units_expire_at);
                let lot = LotKeys { credit: address, index, provider, units_expire_at };
                let (units, most) = (
                    self.amount(left, left / 3),
                    self.dice.pick(&[price, u64::MAX, price.saturating_sub(1), price]),
                );
                self.call(ix::lot_buy(&keys, &buyer, &source, &lot, units, most), Args::Buy(units, most))
            }
            Op::LotClose => {
                let index = self.some_lot();
                let receiver = lab.lot(&address, index).map_or(credit.lender, |lot| lot.lender);
                self.call(ix::lot_close(&market, &lender, &receiver, &address, index), Args::None)
            }
            Op::VaultClose => {
                let (receiver, treasury) = (credit.rent_payer(), lab.market(self.market).treasury);
                self.call(ix::vault_close(&keys, &address, &receiver, &treasury), Args::None)
            }
            Op::CreditClose => {
                let (closer, receiver) = (self.by(credit.borrower), credit.rent_payer());
                let ix = ix::credit_close(&market, &closer, &receiver, &address, &credit.provider);
                self.call(ix, Args::None)
            }
            _ => None,
        }
    }

    fn clock(&self) -> blockable_sdk::program::state::MarketClock {
        let market = self.lab.market_time(&self.lab.market(self.market));
        blockable_sdk::program::state::MarketClock { chain: self.lab.now, market }
    }

    /// One of the credit's lots, an open one where there is any.
    fn some_lot(&mut self) -> u32 {
        let opened = self.credit.lots_opened;
        let open: Vec<u32> = (opened.saturating_sub(6)..opened)
            .filter(|index| self.lab.lot(&self.address, *index).is_some())
            .collect();
        if open.is_empty() || self.dice.one_in(12) {
            self.dice.below(u64::from(opened.max(1))) as u32
        } else {
            self.dice.pick(&open)
        }
    }
}
