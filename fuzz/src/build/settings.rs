//! Builds instructions on markets and providers.

use {
    super::{Args, Call, Lab, Op, Scene, actor, cast},
    crate::terms,
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, MarketKeys},
        program::{
            instructions::MarketArgs,
            state::{Market, Provider},
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

    /// The time that names what an instruction is about, seldom another one.
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
            Op::ProviderSetReporters => self.set_reporters(&authority, address),
            Op::ProviderSetCapacity => {
                let mut capacity = Lab::capacity(&mut self.dice);
                if self.dice.one_in(3) {
                    capacity.capacity_units =
                        self.amount(provider.outstanding_units, provider.capacity_units);
                }
                let ix = ix::provider_set_capacity(&market_address, &authority, address, capacity);
                self.call(ix, Args::Capacity(capacity))
            }
            Op::ProviderSetPayout => {
                let payout = self.dice.pick(wallets);
                let ix = ix::provider_set_payout(&market_address, &authority, address, &payout);
                self.call(ix, Args::None)
            }
            Op::ProviderOfferAuthority => {
                let to = self.pick_actor();
                let ix = ix::provider_offer_authority(&market_address, &authority, address, to);
                self.call(ix, Args::Key(to))
            }
            Op::ProviderAcceptAuthority => {
                let to = self.signer(provider.pending_authority);
                self.call(ix::provider_accept_authority(&market_address, &to, address), Args::None)
            }
            Op::ProviderSuspend | Op::ProviderResume => {
                let entitled = if self.dice.one_in(3) { market.admin } else { provider.authority };
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
        let capacity = Lab::capacity(&mut self.dice);
        let reporters = Lab::reporters(self.lab.now, &mut self.dice);
        let payout = self.keys.token_account(&signer);
        let ix = ix::provider_register(&self.keys.market, &signer, &payout, capacity, reporters.clone());
        self.call(ix, Args::Provider(capacity, reporters))
    }

    /// Builds a change of reporters, rarely one that the program must refuse.
    fn set_reporters(mut self, authority: &Pubkey, provider: &Pubkey) -> Option<Call> {
        let mut reporters = Lab::reporters(self.lab.now, &mut self.dice);
        match self.dice.below(24) {
            0 => reporters.quorum = 0,
            1 => reporters.quorum = 9,
            2 => reporters.chunk_size = 33,
            3 => reporters.reporters[0].expires_at = self.lab.now,
            4 => reporters.reporters = vec![reporters.reporters[0]; 2],
            _ => {}
        }
        let ix = ix::provider_set_reporters(&self.keys.market, authority, provider, reporters.clone());
        self.call(ix, Args::Reporters(reporters))
    }
}
