//! A market with many active credits, as accounts; and the reporters of its providers.

use {
    anchor_lang::Discriminator,
    blockable_sdk::{
        Pubkey, addresses,
        program::state::{Collateral, Credit, Instalment, Market, Meter, Provider, Reporter, TermBounds},
        program::transitions::Status,
        reports::ReportScope,
        tokens,
    },
    blockable_testkit::{DAY, Loan, Parties, Reporters, USDC},
    bytemuck::{Pod, Zeroable},
    solana_sdk::signer::Signer,
};

/// Credits per chunk of a usage report.
pub const CHUNK: u8 = 32;
/// Reporters of each provider.
pub const REPORTERS: u8 = 3;

/// A market, its providers and credits.
pub struct Fleet {
    pub market: Pubkey,
    pub market_account: Market,
    pub providers: Vec<(Pubkey, Provider)>,
    pub credits: Vec<(Pubkey, Credit)>,
}

impl Fleet {
    /// `credits` active credits at `providers` providers, all issued at a time of the chain's clock.
    pub fn new(credits: u32, providers: u32, issued_at: i64) -> Fleet {
        let market = addresses::market(77);
        let mut market_account = Market::zeroed();
        market_account.version = Market::VERSION;
        market_account.id = 77;
        market_account.decimals = 6;
        market_account.token_program = tokens::TOKEN_PROGRAM;
        market_account.bounds = TermBounds::PRODUCTION;
        let each = credits.div_ceil(providers);
        let provider = |number: u32| {
            let authority = Parties::address(&format!("fleet {number}"));
            (addresses::provider(&market, &authority), provider(market, authority, each))
        };
        let providers: Vec<(Pubkey, Provider)> = (0..providers).map(provider).collect();
        let credit = |number: u32| {
            let (address, _) = providers[(number / each) as usize];
            credit(market, address, number, number % each, issued_at)
        };
        let credits = (0..credits).map(credit).collect();
        Fleet { market, market_account, providers, credits }
    }

    /// The reporters of all providers, in their order.
    pub fn reporters(&self) -> Vec<Reporters> {
        let start = |(provider, account): &(Pubkey, Provider)| {
            Reporters::start(ReportScope::new(account, *provider, 0), CHUNK, REPORTERS)
        };
        self.providers.iter().map(start).collect()
    }

    /// Sets what every credit has used.
    pub fn use_units(&self, reporters: &mut [Reporters], cumulative: u64) {
        for (address, credit) in &self.credits {
            let place = self.providers.iter().position(|(provider, _)| *provider == credit.provider);
            let place = place.expect("a provider of the fleet");
            reporters[place].set(credit.meter.index, *address, cumulative, 0);
        }
    }

    /// Every account with its address.
    pub fn accounts(&self) -> Vec<(Pubkey, Vec<u8>)> {
        let providers = self.providers.iter().map(|(address, provider)| (*address, bytes(provider)));
        let credits = self.credits.iter().map(|(address, credit)| (*address, bytes(credit)));
        std::iter::once((self.market, bytes(&self.market_account))).chain(providers).chain(credits).collect()
    }
}

/// An account as it lies on the chain.
pub fn bytes<T: Pod + Discriminator>(account: &T) -> Vec<u8> {
    [T::DISCRIMINATOR, bytemuck::bytes_of(account)].concat()
}

fn provider(market: Pubkey, authority: Pubkey, credits: u32) -> Provider {
    let mut provider = Provider::zeroed();
    provider.version = Provider::VERSION;
    provider.settings.quorum = 2;
    provider.settings.reporter_count = REPORTERS;
    provider.settings.chunk_size = CHUNK;
    provider.epoch = 1;
    provider.next_index = credits;
    provider.market = market;
    provider.authority = authority;
    provider.capacity_units = u64::MAX;
    provider.settings.max_units_per_second = 1_000_000;
    for index in 0..REPORTERS {
        let key = Parties::reporter(index).pubkey();
        provider.settings.reporters[usize::from(index)] = Reporter { key, expires_at: i64::MAX };
    }
    provider
}

fn credit(market: Pubkey, provider: Pubkey, number: u32, index: u32, issued_at: i64) -> (Pubkey, Credit) {
    let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.blockable = 1;
    credit.has_index = 1;
    (credit.lender, credit.borrower, credit.freeze_authority) = (lender, borrower, lender);
    (credit.provider, credit.market, credit.nonce) = (provider, market, u64::from(number));
    credit.terms = Loan::new(1).args.terms;
    credit.debt.principal = credit.terms.principal;
    credit.debt.accrued_at = issued_at;
    credit.issued_at = issued_at;
    credit.collateral = Collateral { granted: credit.terms.units, ..Collateral::default() };
    credit.meter = Meter { index, reported_at: issued_at, ..Meter::default() };
    let instalment = |month: u32| Instalment { due_after: month * 30 * DAY, principal: 20_000 * USDC };
    credit.set_schedule(&(1..=5).map(instalment).collect::<Vec<_>>()).expect("a schedule");
    let address = addresses::credit(&market, &lender, &borrower, u64::from(number));
    credit.vault = addresses::vault(&address);
    (address, credit)
}
