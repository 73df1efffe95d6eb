use {
    super::{dice::Dice, metering::Meters},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        addresses,
        instructions::{self, MarketKeys},
        program::{
            instructions::MarketArgs,
            state::{Credit, Lot, Market, Provider, ProviderSettings, Reporter, TermBounds},
        },
        tokens,
    },
    blockable_testkit::{ELF, START},
    litesvm::{
        LiteSVM,
        types::{FailedTransactionMetadata, SimulatedTransactionInfo, TransactionMetadata},
    },
    solana_sdk::{
        account::Account, clock::Clock, instruction::Instruction, message::Message, signature::Keypair,
        signature::Signature, signer::Signer, transaction::Transaction,
    },
    std::sync::{Mutex, OnceLock},
};

/// Actors besides the fee payer: each has lamports, and tokens of every market.
pub const ACTORS: u8 = 14;
/// Loans that live at the same time.
pub const PLACES: u8 = 10;
/// Reporters' keys that exist.
pub const REPORTERS: u8 = 8;
/// Every actor's first balance of every payment token, in its smallest unit.
pub const WEALTH: u64 = 1_000_000_000_000_000_000;

const DAY: u32 = 86_400;

/// A place for a loan, which is used again after the loan has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// The credit's address; the default key before the first offer.
    pub credit: Pubkey,
    /// The credit's market.
    pub market: usize,
    /// Lender, borrower and nonce of its offer.
    pub offer: (Pubkey, Pubkey, u64),
}

/// Several markets in a virtual machine with the real ELF, and everyone who acts in them.
#[derive(Clone)]
pub struct Lab {
    /// The virtual machine.
    pub svm: LiteSVM,
    /// Every market.
    pub markets: Vec<MarketKeys>,
    /// Every provider, with the index of its market.
    pub providers: Vec<(usize, Pubkey)>,
    /// The loans.
    pub places: Vec<Place>,
    /// Unrestricted credits, with the index of their market.
    pub grants: Vec<(usize, Pubkey)>,
    /// Latest meterings, to be sent again.
    pub meterings: Vec<Meters>,
    /// The chain's clock.
    pub now: i64,
}

/// The key that belongs to a name.
fn named(name: &str) -> Keypair {
    let mut seed = [7; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    Keypair::new_from_array(seed)
}

/// Everyone's keys, made once.
pub struct Cast {
    /// Pays the fees and nothing else.
    pub payer: Pubkey,
    /// The actors.
    pub actors: Vec<Pubkey>,
    /// The reporters.
    pub reporters: Vec<Keypair>,
}

/// Everyone's keys.
pub fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| Cast {
        payer: named("fuzz payer").pubkey(),
        actors: (0..ACTORS).map(|index| named(&format!("fuzz actor {index}")).pubkey()).collect(),
        reporters: (0..REPORTERS).map(|index| named(&format!("fuzz reporter {index}"))).collect(),
    })
}

/// The actor at an index, modulo their number.
pub fn actor(index: u8) -> Pubkey {
    cast().actors[usize::from(index % ACTORS)]
}

impl Default for Lab {
    fn default() -> Self {
        Lab::new()
    }
}

impl Lab {
    /// The admin of every market at first.
    pub const ADMIN: u8 = 0;
    /// The guardian of every market at first.
    pub const GUARDIAN: u8 = 1;
    /// Owns the treasuries at first.
    pub const TREASURY: u8 = 13;
    /// Actors that mostly lend.
    pub const LENDERS: [u8; 3] = [2, 3, 4];
    /// Actors that mostly borrow.
    pub const BORROWERS: [u8; 3] = [5, 6, 7];
    /// Actors with a provider in every market.
    pub const PROVIDERS: [u8; 2] = [8, 9];

    /// A fresh lab. Building one takes long, so it is built once and copied.
    pub fn new() -> Lab {
        static FIRST: OnceLock<Mutex<Lab>> = OnceLock::new();
        let first = FIRST.get_or_init(|| Mutex::new(Lab::build()));
        first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn build() -> Lab {
        let svm = LiteSVM::new()
            .with_transaction_history(0)
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_log_bytes_limit(Some(0));
        let mut lab = Lab {
            svm,
            markets: Vec::new(),
            providers: Vec::new(),
            places: vec![Place::default(); usize::from(PLACES)],
            grants: Vec::new(),
            meterings: Vec::new(),
            now: 0,
        };
        lab.svm.add_program(PROGRAM_ID, &ELF).expect("the ELF loads");
        lab.set_time(START);
        for key in cast().actors.iter().chain([&cast().payer]) {
            let account = Account { lamports: 1_000_000_000_000_000, ..Account::default() };
            lab.svm.set_account(*key, account).expect("lamports can be given");
        }
        let programs = [tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM, tokens::TOKEN_PROGRAM];
        for (index, program) in programs.into_iter().enumerate() {
            lab.build_market(index, program);
        }
        lab
    }

    fn build_market(&mut self, index: usize, token_program: Pubkey) {
        let payer = cast().payer;
        let mint = named(&format!("fuzz mint {index}")).pubkey();
        let rent = self.svm.minimum_balance_for_rent_exemption(tokens::MINT_SPACE);
        let create = tokens::create_mint(&payer, &mint, &payer, 6, &token_program, rent);
        self.must(&create.expect("a token program"));
        let keys = MarketKeys { market: addresses::market(index as u64 + 1), mint, token_program };
        for key in &cast().actors {
            let create = tokens::create_associated(&payer, key, &mint, &token_program);
            let fund = tokens::mint_to(&mint, &keys.token_account(key), &payer, WEALTH, &token_program);
            self.must(&[create, fund.expect("a token program")]);
        }
        let is_test = index < 2;
        let short = TermBounds {
            min_principal: 1,
            min_instalment_interval: 60,
            min_delinquency_grace: 0,
            min_default_grace: 1,
            min_cure_period: 0,
            min_lot_window: 60,
            min_floor_price_bps: 0,
            min_start_price_bps: 1_000,
            ..TermBounds::PRODUCTION
        };
        let args = MarketArgs {
            id: index as u64 + 1,
            is_test,
            guardian: actor(Lab::GUARDIAN),
            redistribution_fee_bps: 200,
            change_delay: if is_test { 3_600 } else { 2 * DAY },
            provider_delay: if is_test { 600 } else { DAY },
            min_suspension: if is_test { 600 } else { 2 * DAY },
            bounds: if is_test { short } else { TermBounds::PRODUCTION },
        };
        let (admin, treasury) = (actor(Lab::ADMIN), keys.token_account(&actor(Lab::TREASURY)));
        self.must(&[instructions::market_create(&payer, &admin, &mint, &token_program, &treasury, args)]);
        self.markets.push(keys);
        for (place, authority) in Lab::PROVIDERS.into_iter().enumerate() {
            let (authority, mut dice) = (actor(authority), Dice::new((index * 2 + place) as u64));
            let (capacity, payout) = (Lab::capacity(&mut dice), keys.token_account(&authority));
            let settings = Lab::settings(START, payout, &mut dice);
            self.must(&[instructions::provider_register(
                &keys.market,
                &authority,
                &authority,
                capacity,
                settings,
            )]);
            self.providers.push((index, addresses::provider(&keys.market, &authority)));
        }
    }

    /// A capacity in the range that loans need.
    pub fn capacity(dice: &mut Dice) -> u64 {
        dice.pick(&[20_000_000_000_000, 5_000_000_000_000, 100_000_000_000_000])
    }

    /// A provider's settings with a quorum that its reporters can reach.
    pub fn settings(now: i64, payout: Pubkey, dice: &mut Dice) -> ProviderSettings {
        let count = 1 + dice.below(3);
        let first = dice.below(u64::from(REPORTERS)) as usize;
        let reporter = |index: u64| Reporter {
            key: cast().reporters[(first + index as usize) % usize::from(REPORTERS)].pubkey(),
            expires_at: now + 40 * 365 * i64::from(DAY),
        };
        let reporters: Vec<Reporter> = (0..count).map(reporter).collect();
        ProviderSettings {
            payout,
            price_list_hash: [dice.below(3) as u8; 32],
            max_units_per_second: dice.pick(&[10_000, 1, 100_000_000, 3_000_000]),
            longest_job: dice.pick(&[DAY, 1, 3_600, 30 * DAY]),
            chunk_size: dice.pick(&[3, 8, 32]),
            ..ProviderSettings::with_reporters(&reporters, 1 + dice.below(count) as u8)
        }
    }

    fn must(&mut self, instructions: &[Instruction]) {
        self.send(instructions).expect("a lab can be built");
    }

    /// Sends a transaction whose signatures nobody verifies.
    pub fn send(
        &mut self,
        instructions: &[Instruction],
    ) -> Result<TransactionMetadata, Box<FailedTransactionMetadata>> {
        let transaction = self.transaction(instructions);
        self.svm.send_transaction(transaction).map_err(Box::new)
    }

    /// Simulates a transaction.
    pub fn simulate(&self, instructions: &[Instruction]) -> Option<SimulatedTransactionInfo> {
        self.svm.simulate_transaction(self.transaction(instructions)).ok()
    }

    fn transaction(&self, instructions: &[Instruction]) -> Transaction {
        let message = Message::new(instructions, Some(&cast().payer));
        let signatures = vec![Signature::default(); usize::from(message.header.num_required_signatures)];
        Transaction { signatures, message }
    }

    /// Sets the chain's clock, in Unix seconds.
    pub fn set_time(&mut self, unix: i64) {
        let mut clock: Clock = self.svm.get_sysvar();
        clock.unix_timestamp = unix;
        clock.slot += 1;
        self.svm.set_sysvar(&clock);
        self.now = unix;
    }

    /// The chain's slot.
    pub fn slot(&self) -> u64 {
        self.svm.get_sysvar::<Clock>().slot
    }

    /// An account of the program, where there is one.
    pub fn read<T: BlockableAccount>(&self, address: &Pubkey) -> Option<T> {
        let account = self.svm.get_account(address)?;
        (account.owner == PROGRAM_ID).then(|| T::decode(&account.data).ok()).flatten()
    }

    /// The credit at a place; places beyond the loans' are unrestricted credits.
    pub fn address(&self, on: u8) -> (usize, Pubkey) {
        match self.places.get(usize::from(on)) {
            Some(place) => (place.market, place.credit),
            None if self.grants.is_empty() => (0, Pubkey::default()),
            None => self.grants[(usize::from(on) - self.places.len()) % self.grants.len()],
        }
    }

    /// The credit at a place, as it stands.
    pub fn credit(&self, on: u8) -> Option<Credit> {
        self.read(&self.address(on).1)
    }

    /// The market at a place, as it stands.
    pub fn market(&self, market: usize) -> Market {
        self.read(&self.markets[market % self.markets.len()].market).expect("markets stay")
    }

    /// The provider at a place, as it stands.
    pub fn provider(&self, provider: usize) -> Provider {
        self.read(&self.providers[provider % self.providers.len()].1).expect("providers stay")
    }

    /// A lot as it stands.
    pub fn lot(&self, credit: &Pubkey, index: u32) -> Option<Lot> {
        self.read(&addresses::lot(credit, index))
    }

    /// A market's time right now, by the sum of its pauses.
    pub fn market_time(&self, market: &Market) -> i64 {
        let running = if market.paused_at == 0 {
            0
        } else {
            self.now.min(market.pause_expires_at).saturating_sub(market.paused_at).max(0)
        };
        self.now - market.paused_seconds as i64 - running
    }
}
