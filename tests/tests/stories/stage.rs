//! A story's loan in a market on the built program.

use {
    anchor_lang::__private::bytemuck,
    blockable_economics::{
        loan::{Act, Loan as Simulated, Snapshot},
        story::{Step, Story},
    },
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        instructions::{self, LotKeys},
        program::{
            instructions::{MarketArgs, OfferArgs, UnitBounds},
            state::{Credit, Lot, Party, ProviderSettings, Reporter, ScheduleRuns, TermBounds},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, Parties, START, World},
    solana_sdk::signer::Signer,
};

/// The world of a story.
pub(crate) struct Stage {
    world: World,
    credit: Pubkey,
}

impl Stage {
    /// The story's loan, just issued by a provider with one reporter that takes no other.
    pub(crate) fn new(story: &Story) -> Stage {
        let mut world = World::without_market(tokens::TOKEN_PROGRAM);
        // The provider's epoch begins before the issue, so that late reports count on the first day as on others.
        world.set_time(START - i64::from(DAY));
        create_market(&mut world);
        let settings = register_provider(&mut world, story);
        world.set_time(START);
        let mut terms = story.agreement.terms;
        terms.reporters_hash = settings.reporters_hash();
        let args = OfferArgs {
            nonce: 1,
            freeze_authority: Parties::address("lender"),
            terms,
            rider: story.agreement.rider,
            schedule: ScheduleRuns::from_schedule(&story.agreement.schedule),
        };
        let credit = world.accepted(&Loan { args });
        if story.agreement.rider.reserve > 0 {
            let (borrower, source) = (Parties::address("borrower"), world.token_account("borrower"));
            let read = world.loan_read(&credit);
            let fund = instructions::reserve_fund(&world.keys, &borrower, &source, &credit, u64::MAX, read);
            world.sent(&[fund], &["borrower"]);
        }
        world.sent(&[world.issue(&credit)], &["provider"]);
        Stage { world, credit }
    }

    /// Sends the instruction of a step, which must land, or be refused with the step's error.
    pub(crate) fn play(&mut self, step: &Step, at: &str) {
        self.world.set_time(START + step.seconds);
        let (instruction, signers) = self.instruction(&step.act);
        match (self.world.send(&[instruction], &signers), step.refused) {
            (Ok(_), None) => {}
            (Err(refused), Some(code)) => assert_eq!(refused.code(), Some(code), "{at}: {refused:#?}"),
            (Ok(_), Some(code)) => {
                panic!("{at}: accepted, and the simulator's program refuses it with {code}")
            }
            (Err(refused), None) => panic!("{at}: {refused:#?}"),
        }
    }

    /// The instruction of an act, and those who sign it besides the fee payer.
    fn instruction(&self, act: &Act) -> (Instruction, Vec<&'static str>) {
        let (world, credit, market) = (&self.world, &self.credit, &self.world.keys.market);
        let (provider, lender) = (&world.provider, Parties::address("lender"));
        let lot = world.credit(credit).lots_opened.saturating_sub(1);
        match *act {
            Act::Pay(amount) => (world.repay("borrower", credit, amount), vec!["borrower"]),
            Act::Meter { cumulative, in_flight } => {
                let report = world.report(0, &[(0, cumulative, in_flight)]);
                (world.meter_with(&[*credit], vec![report]), vec![])
            }
            Act::MarkDelinquent => (world.mark_delinquent(credit), vec![]),
            Act::MarkDefaulted => (world.mark_defaulted(credit), vec![]),
            Act::Freeze(amount, reason) => (world.freeze(credit, amount, reason), vec!["lender"]),
            Act::AutoFreeze => (world.auto_freeze(credit), vec![]),
            Act::Cancel => (self.cancel(None), vec!["lender"]),
            Act::CancelTogether => {
                (self.cancel(Some(&Parties::address("borrower"))), vec!["lender", "borrower"])
            }
            Act::SuspendProvider => {
                (instructions::provider_suspend(market, &Parties::address("admin"), provider), vec!["admin"])
            }
            Act::DrawReserve => (instructions::reserve_draw(market, credit), vec![]),
            Act::Seize(terms) => (world.seize_at(credit, UnitBounds::ALL, terms), vec!["lender"]),
            Act::Buy(units) => (self.buy(lot, units), vec!["buyer"]),
            Act::CloseLot => (world.close_lot("lender", credit, lot), vec!["lender"]),
            Act::TakeOver => {
                let expire_at = world.credit(credit).units_expire_at;
                let (all, lender) = (UnitBounds::ALL, &lender);
                let take_over = instructions::credit_seize_to_lender(
                    market, lender, lender, credit, provider, expire_at, all,
                );
                (take_over, vec!["lender"])
            }
            Act::WriteOff => {
                let slot = world.credit(credit).offer_slot;
                let off = instructions::credit_write_off(market, &lender, credit, provider, slot, u64::MAX);
                (off, vec!["lender"])
            }
            Act::Expire => (instructions::credit_expire_units(market, credit), vec![]),
        }
    }

    fn cancel(&self, borrower: Option<&Pubkey>) -> Instruction {
        let (world, lender) = (&self.world, Parties::address("lender"));
        let (market, provider, all) = (&world.keys.market, &world.provider, UnitBounds::ALL);
        let read = world.loan_read(&self.credit);
        instructions::credit_cancel_locked(market, &lender, borrower, &self.credit, provider, all, read)
    }

    fn buy(&self, index: u32, most: u64) -> Instruction {
        let (world, buyer) = (&self.world, Parties::address("buyer"));
        let units_expire_at = world.credit(&self.credit).units_expire_at;
        let lot = LotKeys { credit: self.credit, index, provider: world.provider, units_expire_at };
        let (source, bounds) = (world.token_account("buyer"), UnitBounds { least: 1, most });
        instructions::lot_buy(&world.keys, &buyer, &buyer, &source, &lot, bounds, u64::MAX)
    }

    /// The accounts must be the simulator's but for the keys in them, byte for byte, and the vault must hold exactly what is
    /// owed from it.
    pub(crate) fn compare(&self, simulated: &Simulated, at: &str) {
        let (credit, provider) = (self.world.credit(&self.credit), self.world.provider());
        let lot = simulated.open_lot().map(|_| self.world.lot(&self.credit, credit.lots_opened - 1));
        // The amounts first: a difference in them is read more easily than one in bytes.
        assert_eq!(Snapshot::new(&credit, lot.as_ref(), &provider), simulated.snapshot(), "{at}");
        let expected = with_identity_of(&simulated.credit, &credit);
        assert_eq!(bytemuck::bytes_of(&credit), bytemuck::bytes_of(&expected), "{at}: other bytes");
        assert_eq!(lot.as_ref().map(sale), simulated.open_lot().map(sale), "{at}: another lot");
        let vault = self.world.balance(&addresses::vault(&self.credit));
        assert_eq!(vault, credit.owed_from_vault().expect("claims add up"), "{at}: the vault");
    }

    /// Everyone collects: the wallets must grow by the simulator's claims, and nothing may be left in the vault but what is not
    /// theirs yet.
    pub(crate) fn pay_out(&mut self, simulated: &Simulated, at: &str) {
        let claims = simulated.credit.claims;
        let (keys, caller) = (self.world.keys, Parties::address("stranger"));
        for (party, name, claim) in [
            (Party::Lender, "lender", claims.lender),
            (Party::Borrower, "borrower", claims.borrower),
            (Party::Treasury, "treasury", claims.treasury),
        ] {
            let (before, to) = (self.world.wallet(name), self.world.token_account(name));
            let collect = instructions::vault_collect(&keys, &caller, &self.credit, &to, party, claim);
            self.world.sent(&[collect], &["stranger"]);
            assert_eq!(self.world.wallet(name) - before, claim, "{at}: {name}");
        }
        let (provider, payout) = (self.world.provider, self.world.token_account("provider"));
        let before = self.world.wallet("provider");
        let collect =
            instructions::vault_collect_for_provider(&keys, &caller, &self.credit, &provider, &payout, 0);
        // A suspended provider's claim waits.
        let waits = simulated.provider.is_suspended_by_admin() && claims.provider > 0;
        assert_eq!(self.world.send(&[collect], &["stranger"]).is_err(), waits, "{at}: the payout");
        let paid = if waits { 0 } else { claims.provider };
        assert_eq!(self.world.wallet("provider") - before, paid, "{at}: the provider");
        let left = self.world.balance(&addresses::vault(&self.credit));
        let credit = &simulated.credit;
        assert_eq!(
            left,
            credit.reserve_held + credit.holdback_left + claims.provider - paid,
            "{at}: the vault"
        );
        let is_repaid = credit.status() == Ok(Status::Repaid);
        assert!(!is_repaid || left == claims.provider - paid, "{at}: the end");
    }
}

/// The market of every story, with the bounds of production.
fn create_market(world: &mut World) {
    let parties = &world.parties;
    let treasury = world.keys.token_account(&parties.treasury.pubkey());
    let args = MarketArgs { bounds: TermBounds::PRODUCTION, ..World::market_args() };
    let create = instructions::market_create(
        &parties.payer.pubkey(),
        &parties.admin.pubkey(),
        &world.keys.mint,
        &world.keys.token_program,
        &treasury,
        args,
    );
    world.sent(&[create], &["admin"]);
}

fn register_provider(world: &mut World, story: &Story) -> ProviderSettings {
    let reporter =
        Reporter { key: Parties::reporter(0).pubkey(), expires_at: START + 10_000 * i64::from(DAY) };
    let terms = &story.agreement.terms;
    let settings = ProviderSettings {
        payout: world.token_account("provider"),
        max_units_per_second: terms.max_units_per_second,
        longest_job: terms.longest_job,
        ..ProviderSettings::with_reporters(&[reporter], 1)
    };
    let authority = Parties::address("provider");
    let register =
        instructions::provider_register(&world.keys.market, &authority, &authority, terms.units, settings);
    world.sent(&[register], &["provider"]);
    settings
}

/// The simulator's credit with the keys, hashes and numbers by which the chain knows it: everything that is no amount, no unit
/// and no time.
fn with_identity_of(simulated: &Credit, chain: &Credit) -> Credit {
    let mut credit = *simulated;
    credit.bump = chain.bump;
    credit.lender = chain.lender;
    credit.borrower = chain.borrower;
    credit.provider = chain.provider;
    credit.market = chain.market;
    credit.freeze_authority = chain.freeze_authority;
    credit.vault = chain.vault;
    credit.rent_payer = chain.rent_payer;
    credit.terms_hash = chain.terms_hash;
    credit.terms.reporters_hash = chain.terms.reporters_hash;
    credit.offer_slot = chain.offer_slot;
    credit.event_seq = chain.event_seq;
    credit.event_hash = chain.event_hash;
    credit
}

/// Units, prices and times of a lot.
fn sale(lot: &Lot) -> (u64, u64, u64, u64, u64, i64, u32) {
    let Lot { units, units_left, start_price, floor_price, proceeds, opened_at, window, .. } = *lot;
    (units, units_left, start_price, floor_price, proceeds, opened_at, window)
}
