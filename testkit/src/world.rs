use {
    crate::{DAY, ELF, Landed, Parties, Refused, START, USDC},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        addresses,
        events::Event,
        instructions::{self, MarketKeys},
        program::{
            errors::BlockableError,
            instructions::MarketArgs,
            state::{Credit, Lot, Market, Provider, ProviderSettings, TermBounds},
        },
        tokens,
    },
    litesvm::LiteSVM,
    solana_sdk::{
        account::Account, clock::Clock, instruction::Instruction, message::Message, signature::Keypair,
        signer::Signer, transaction::Transaction,
    },
    std::{
        collections::{BTreeMap, BTreeSet},
        ops::Range,
        sync::Mutex,
    },
};

/// Accounts as they stand at one moment.
pub(crate) type Snapshot = BTreeMap<Pubkey, Option<Account>>;

/// A market with a provider and funded parties, in a virtual machine with the real ELF.
pub struct World {
    /// The virtual machine.
    pub svm: LiteSVM,
    /// The parties' keys.
    pub parties: Parties,
    /// The market's account and payment token.
    pub keys: MarketKeys,
    /// The provider's account.
    pub provider: Pubkey,
    /// Every event so far, in order.
    pub events: Vec<Event>,
    /// Accounts of the program that the test has written itself: no event shows that.
    pub written: BTreeSet<Pubkey>,
}

impl World {
    /// The settings of the market that [`World::new`] creates.
    pub fn market_args() -> MarketArgs {
        MarketArgs {
            id: 1,
            is_test: false,
            guardian: Parties::key("guardian").pubkey(),
            redistribution_fee_bps: 200,
            change_delay: 2 * DAY,
            provider_delay: DAY,
            min_suspension: 2 * DAY,
            bounds: TermBounds { max_apr_bps: 5_000, ..TermBounds::PRODUCTION },
        }
    }

    /// The units that [`World::new`] registers the provider with.
    pub fn capacity() -> u64 {
        10_000_000_000
    }

    /// The settings that [`World::new`] registers, but for the payout account: three reporters and a quorum of two, and
    /// bounds that [`Loan::new`](crate::Loan::new) uses in full.
    pub fn settings() -> ProviderSettings {
        World::settings_with(0..3)
    }

    /// As [`World::settings`], with the reporters of other numbers.
    pub fn settings_with(reporters: Range<u8>) -> ProviderSettings {
        Parties::provider_settings(reporters)
    }

    /// Settings with the payout account of this world's provider.
    pub fn paid_out(&self, settings: ProviderSettings) -> ProviderSettings {
        ProviderSettings { payout: self.token_account("provider"), ..settings }
    }

    /// A world with an SPL Token mint.
    pub fn new() -> World {
        World::with_token(tokens::TOKEN_PROGRAM)
    }

    /// A world whose payment mint belongs to `token_program`.
    pub fn with_token(token_program: Pubkey) -> World {
        let mut world = World::without_market(token_program);
        let parties = &world.parties;
        let (payer, admin) = (parties.payer.pubkey(), parties.admin.pubkey());
        let treasury = world.keys.token_account(&parties.treasury.pubkey());
        let mint = world.keys.mint;
        let create = instructions::market_create(
            &payer,
            &admin,
            &mint,
            &token_program,
            &treasury,
            World::market_args(),
        );
        world.sent(&[create], &["admin"]);
        let authority = world.parties.provider.pubkey();
        let settings = world.paid_out(World::settings());
        let market = &world.keys.market;
        let register =
            instructions::provider_register(market, &authority, &authority, World::capacity(), settings);
        world.sent(&[register], &["provider"]);
        world
    }

    /// A world with a mint and funded parties, where the market does not exist yet.
    ///
    /// Loading programs and funding everyone takes most of a test's time, so it is done once per binary and copied.
    pub fn without_market(token_program: Pubkey) -> World {
        static FUNDED: Mutex<BTreeMap<Pubkey, LiteSVM>> = Mutex::new(BTreeMap::new());
        let mut funded = FUNDED.lock().expect("no other test failed here");
        let svm = funded.entry(token_program).or_insert_with(|| World::funded(token_program));
        World::around(svm.clone(), token_program)
    }

    fn around(svm: LiteSVM, token_program: Pubkey) -> World {
        let parties = Parties::new();
        let market = addresses::market(World::market_args().id);
        let provider = addresses::provider(&market, &parties.provider.pubkey());
        let keys = MarketKeys { market, mint: Parties::address("mint"), token_program };
        World { svm, parties, keys, provider, events: Vec::new(), written: BTreeSet::new() }
    }

    /// A virtual machine with the program, a mint, and lamports and tokens for everyone.
    fn funded(token_program: Pubkey) -> LiteSVM {
        // Transactions are signed, which fails where a key is missing; to verify that again takes ten times as long as
        // all the rest of a test.
        let mut svm = LiteSVM::new().with_transaction_history(0).with_sigverify(false);
        svm.add_program(PROGRAM_ID, &ELF).expect("the ELF loads");
        let mut world = World::around(svm, token_program);
        world.set_time(START);
        for key in Parties::NAMES {
            world.svm.airdrop(&Parties::address(key), 100_000_000_000).expect("an airdrop lands");
        }
        let (payer, mint) = (world.parties.payer.pubkey(), world.keys.mint);
        let rent = world.svm.minimum_balance_for_rent_exemption(tokens::MINT_SPACE);
        let create = tokens::create_mint(&payer, &mint, &payer, 6, &token_program, rent);
        world.sent(&create.expect("a token program"), &["mint"]);
        for key in ["lender", "borrower", "provider", "buyer", "treasury", "stranger"] {
            let (owner, account) = (Parties::address(key), world.token_account(key));
            let amount = if matches!(key, "provider" | "treasury") { 0 } else { 1_000_000 * USDC };
            let create = tokens::create_associated(&payer, &owner, &mint, &token_program);
            let fund = tokens::mint_to(&mint, &account, &payer, amount, &token_program);
            world.sent(&[create, fund.expect("a token program")], &[]);
        }
        world.svm
    }

    /// Sends a transaction signed by the payer and the named parties; what is refused has changed nothing.
    pub fn send(&mut self, instructions: &[Instruction], signers: &[&str]) -> Result<Landed, Refused> {
        let keys: Vec<Keypair> = signers.iter().map(|name| Parties::key(name)).collect();
        self.send_with(instructions, &keys.iter().collect::<Vec<_>>())
    }

    /// As [`World::send`], with keys instead of names.
    pub fn send_with(
        &mut self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Landed, Refused> {
        self.svm.expire_blockhash();
        let payer = &self.parties.payer;
        let mut all: Vec<&Keypair> = vec![payer];
        all.extend(signers.iter().filter(|key| key.pubkey() != payer.pubkey()));
        let message = Message::new(instructions, Some(&payer.pubkey()));
        let transaction = Transaction::new(&all, message, self.svm.latest_blockhash());
        let before = self.snapshot(instructions);
        match self.svm.send_transaction(transaction) {
            Ok(meta) => {
                let landed = Landed::from(meta);
                self.events.extend(landed.events.iter().cloned());
                self.audit(&before);
                Ok(landed)
            }
            Err(failed) => {
                assert_eq!(before, self.snapshot(instructions), "a refused transaction changed an account");
                Err(Refused { error: failed.err, logs: failed.meta.logs })
            }
        }
    }

    /// As [`World::send`], for a transaction that must go through.
    #[track_caller]
    pub fn sent(&mut self, instructions: &[Instruction], signers: &[&str]) -> Landed {
        match self.send(instructions, signers) {
            Ok(landed) => landed,
            Err(refused) => panic!("{:?}: {:#?}", refused.error, refused.logs),
        }
    }

    /// Sends a transaction that must be refused with `error` and change nothing.
    #[track_caller]
    pub fn refused(&mut self, instructions: &[Instruction], signers: &[&str], error: BlockableError) {
        let refused = self.fails(instructions, signers);
        assert_eq!(refused.program_error(), Some(error), "{:?}: {:#?}", refused.error, refused.logs);
    }

    /// Sends a transaction that must be refused, be it by the program, by Anchor or by the runtime.
    #[track_caller]
    pub fn fails(&mut self, instructions: &[Instruction], signers: &[&str]) -> Refused {
        match self.send(instructions, signers) {
            Ok(landed) => panic!("accepted, but should be refused: {:#?}", landed.logs),
            Err(refused) => refused,
        }
    }

    /// Every account that the instructions name, but for the fee payer's.
    fn snapshot(&self, instructions: &[Instruction]) -> Snapshot {
        let payer = self.parties.payer.pubkey();
        let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
        let keys = metas.map(|meta| meta.pubkey).filter(|key| *key != payer);
        keys.map(|key| (key, self.svm.get_account(&key))).collect()
    }

    /// Sets the chain's clock, in Unix seconds.
    pub fn set_time(&mut self, unix: i64) {
        let mut clock: Clock = self.svm.get_sysvar();
        clock.unix_timestamp = unix;
        clock.slot += 1;
        self.svm.set_sysvar(&clock);
    }

    /// The chain's clock, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.svm.get_sysvar::<Clock>().unix_timestamp
    }

    /// Moves the chain's clock forward by seconds.
    pub fn pass(&mut self, seconds: u32) {
        self.set_time(self.now() + i64::from(seconds));
    }

    /// Pauses the market for seconds from now. The account is written: the instruction allows six hours a day.
    pub fn pause(&mut self, seconds: u32) {
        let (now, market) = (self.now(), self.keys.market);
        self.write::<Market>(&market, |market| {
            market.paused_at = now;
            market.pause_expires_at = now + i64::from(seconds);
        });
    }

    /// Reads an account of the program.
    #[track_caller]
    pub fn read<T: BlockableAccount>(&self, address: &Pubkey) -> T {
        let account = self.svm.get_account(address).expect("the account exists");
        T::decode(&account.data).expect("the account decodes")
    }

    /// Writes an account of the program, to provoke what cannot be reached otherwise.
    pub fn write<T: BlockableAccount>(&mut self, address: &Pubkey, change: impl FnOnce(&mut T)) {
        let mut account = self.svm.get_account(address).expect("the account exists");
        let mut value = T::decode(&account.data).expect("the account decodes");
        change(&mut value);
        self.written.insert(*address);
        account.data[8..8 + size_of::<T>()].copy_from_slice(bytes_of(&value));
        self.svm.set_account(*address, account).expect("the account can be set");
    }

    /// The market as it stands.
    pub fn market(&self) -> Market {
        self.read(&self.keys.market)
    }

    /// The provider as it stands.
    pub fn provider(&self) -> Provider {
        self.read(&self.provider)
    }

    /// A credit as it stands.
    #[track_caller]
    pub fn credit(&self, address: &Pubkey) -> Credit {
        self.read(address)
    }

    /// A lot as it stands.
    #[track_caller]
    pub fn lot(&self, credit: &Pubkey, index: u32) -> Lot {
        self.read(&addresses::lot(credit, index))
    }
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

fn bytes_of<T: BlockableAccount>(value: &T) -> &[u8] {
    anchor_lang::__private::bytemuck::bytes_of(value)
}
