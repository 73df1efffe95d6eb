//! Builds instructions on markets and providers.

use {
    super::{Args, Call, Lab, Op, Scene, actor, cast},
    crate::terms,
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, MarketKeys},
        program::{
            instructions::MarketArgs,
            state::{Market, Provider, ProviderSettings, Reporter},
        },
    },
};

impl Scene<'_> {
    /// Builds the attempt's instruction on a market or a provider; `None` for an instruction on a credit.
    pub(super) fn on_settings(mut self) -> Option<Call> {
        let lab = self.lab;
        let is_market_op = self.attempt.op <= Op::MarketUnpause;
        let index = usize::from(self.attempt.on);
        let provider = index % lab.providers.len();
        self.market = if is_market_op { index % lab.markets.len() } else { lab.providers[provider].0 };
        self.keys = lab.markets[self.market];
        let wallets: Vec<Pubkey> = cast().actors.iter().map(|key| self.keys.token_account(key)).collect();
        let market = lab.market(self.market);
        if is_market_op {
            self.on_market(&market, &wallets)
        } else {
            self.on_provider(&market, &lab.provider(provider), &lab.providers[provider].1, &wallets)
        }
    }

    fn on_market(mut self, market: &Market, wallets: &[Pubkey]) -> Option<Call> {
        let address = self.keys.market;
        let admin = self.signer(market.admin);
        match self.attempt.op {
            Op::MarketCreate => self.create_market(market, wallets),
            Op::MarketProposeChange => {
                let settings = terms::settings(market, wallets, &mut self.dice);
                self.call(ix::market_propose_change(&address, &admin, settings), Args::Settings(settings))
            }
            Op::MarketApplyChange => {
                let ready_at = self.nearby(market.change_ready_at);
                self.call(ix::market_apply_change(&address, &admin, ready_at), Args::Time(ready_at))
            }
            Op::MarketCancelChange => {
                let ready_at = self.nearby(market.change_ready_at);
                self.call(ix::market_cancel_change(&address, &admin, ready_at), Args::Time(ready_at))
            }
            Op::MarketOfferAdmin => {
                let to = self.pick_actor();
                self.call(ix::market_offer_admin(&address, &admin, to), Args::Key(to))
            }
            Op::MarketAcceptAdmin => {
                let to = self.signer(market.pending_admin);
                self.call(ix::market_accept_admin(&address, &to), Args::None)
            }
            Op::MarketHalt => {
                let entitled = if self.dice.one_in(2) { market.guardian } else { market.admin };
                let signer = self.signer(entitled);
                self.call(ix::market_halt(&address, &signer), Args::None)
            }
            Op::MarketLiftHalt => {
                let halted_at = self.nearby(market.halted_at);
                self.call(ix::market_lift_halt(&address, &admin, halted_at), Args::Time(halted_at))
            }
            Op::MarketPause => {
                let seconds = self.amount(21_600, 300).min(u64::from(u32::MAX)) as u32;
                let entitled = if self.dice.one_in(2) { market.guardian } else { market.admin };
                let signer = self.signer(entitled);
                self.call(ix::market_pause(&address, &signer, seconds), Args::Seconds(seconds))
            }
            Op::MarketUnpause => {
                let began_at = self.nearby(market.paused_at);
                self.call(ix::market_unpause(&address, &admin, began_at), Args::Time(began_at))
            }
            _ => None,
        }
    }

    /// The time by which an instruction names a change, pause or halt; seldom a wrong one.
    fn nearby(&mut self, time: i64) -> i64 {
        if self.dice.one_in(12) { time.saturating_add(self.dice.pick(&[-1, 1])) } else { time }
    }

    fn create_market(mut self, market: &Market, wallets: &[Pubkey]) -> Option<Call> {
        let guardian = self.pick_actor();
        let settings = terms::settings(market, wallets, &mut self.dice);
        let args = MarketArgs {
            id: 1 + self.dice.below(6),
            is_test: self.dice.one_in(2),
            guardian,
            redistribution_fee_bps: settings.redistribution_fee_bps,
            change_delay: settings.change_delay,
            provider_delay: settings.provider_delay,
            min_suspension: settings.min_suspension,
            bounds: settings.bounds,
        };
        let MarketKeys { mint, token_program, .. } = self.keys;
        let (payer, admin) = (actor(Lab::ADMIN), self.signer(market.admin));
        let ix = ix::market_create(&payer, &admin, &mint, &token_program, &wallets[13], args);
        self.call(ix, Args::Market(args))
    }

    fn on_provider(
        mut self,
        market: &Market,
        provider: &Provider,
        address: &Pubkey,
        wallets: &[Pubkey],
    ) -> Option<Call> {
        let market_address = self.keys.market;
        let authority = self.signer(provider.authority);
        match self.attempt.op {
            Op::ProviderRegister => self.register_provider(),
            Op::ProviderProposeChange => self.propose_settings(&authority, provider, address, wallets),
            Op::ProviderApplyChange => {
                let ready_at = self.nearby(provider.change_ready_at);
                let ix = ix::provider_apply_change(&market_address, &authority, address, ready_at);
                self.call(ix, Args::Time(ready_at))
            }
            Op::ProviderCancelChange => {
                let ready_at = self.nearby(provider.change_ready_at);
                let ix = ix::provider_cancel_change(&market_address, &authority, address, ready_at);
                self.call(ix, Args::Time(ready_at))
            }
            Op::ProviderSetCapacity => {
                let mut capacity = Lab::capacity(&mut self.dice);
                if self.dice.one_in(3) {
                    capacity = self.amount(provider.outstanding_units, provider.capacity_units);
                }
                let ix = ix::provider_set_capacity(&market_address, &authority, address, capacity);
                self.call(ix, Args::Amount(capacity))
            }
            Op::ProviderOfferAuthority => {
                let to = self.pick_actor();
                let ix = ix::provider_offer_authority(&market_address, &authority, address, to);
                self.call(ix, Args::Key(to))
            }
            Op::ProviderAcceptAuthority => {
                let to = self.signer(provider.pending_authority);
                let outstanding = provider.outstanding_units;
                let most = self.bound(outstanding, outstanding.saturating_sub(1));
                let ix = ix::provider_accept_authority(&market_address, &to, address, most);
                self.call(ix, Args::Amount(most))
            }
            Op::ProviderSuspend | Op::ProviderResume => {
                let entitled = if self.dice.one_in(2) { market.admin } else { provider.authority };
                let signer = self.signer(entitled);
                let suspend = self.attempt.op == Op::ProviderSuspend;
                let build = if suspend { ix::provider_suspend } else { ix::provider_resume };
                self.call(build(&market_address, &signer, address), Args::None)
            }
            _ => None,
        }
    }

    fn register_provider(mut self) -> Option<Call> {
        let signer = actor(self.dice.roll() as u8);
        let (capacity, payout) = (Lab::capacity(&mut self.dice), self.keys.token_account(&signer));
        let settings = Lab::settings(self.lab.now, payout, &mut self.dice);
        let rent = self.rent_payer(&signer);
        let ix = ix::provider_register(&self.keys.market, &signer, &rent, capacity, settings);
        self.call(ix, Args::Register(capacity, Box::new(settings)))
    }

    /// Builds a change of a provider's settings: a tighter one, any other, rarely one that the program must refuse.
    fn propose_settings(
        mut self,
        authority: &Pubkey,
        provider: &Provider,
        address: &Pubkey,
        wallets: &[Pubkey],
    ) -> Option<Call> {
        let (mut settings, dice) = (provider.settings, &mut self.dice);
        let payout = dice.pick(wallets);
        let fresh = Lab::settings(self.lab.now, payout, dice);
        match dice.below(32) {
            0 => settings.quorum = 0,
            1 => settings.quorum = 9,
            2 => settings.chunk_size = 33,
            3 => settings.reporters[7] = settings.reporters[0],
            4 => settings = ProviderSettings::with_reporters(&[settings.reporters[0]; 2], 1),
            5 => settings.longest_job = 0,
            6..=8 => settings.max_units_per_second = (settings.max_units_per_second / 2).max(1),
            9..=10 => settings.longest_job = (settings.longest_job / 2).max(1),
            11 => settings.quorum = settings.reporter_count,
            12..=13 if settings.reporter_count > settings.quorum => drop_last(&mut settings),
            14..=15 => settings.payout = payout,
            16..=17 => settings.price_list_hash = fresh.price_list_hash,
            18..=19 => settings.max_units_per_second = fresh.max_units_per_second,
            _ => settings = fresh,
        }
        let ix = ix::provider_propose_change(&self.keys.market, authority, address, settings);
        self.call(ix, Args::Propose(Box::new(settings)))
    }
}

/// Takes the last reporter out.
fn drop_last(settings: &mut ProviderSettings) {
    settings.reporter_count -= 1;
    settings.reporters[usize::from(settings.reporter_count)] = Reporter::default();
}
