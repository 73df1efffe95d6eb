use {
    crate::{Parties, USDC},
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        audit::Auditor,
        client::{Client, Landed},
        errors::ClientError,
        events::{CreditRecord, verify_log},
        instructions::{self, MarketKeys, Payment},
        program::{
            errors::BlockableError,
            instructions::{LoanRead, MarketArgs, OfferArgs, OfferRead},
            state::{Credit, Party, ProviderSettings},
            transitions::Status,
        },
        reports::{CreditReading, ReportScope, UsageReport},
        tokens,
        transactions::budget,
    },
    solana_sdk::{native_token::LAMPORTS_PER_SOL, signature::Keypair, signer::Signer},
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Pause between two reads of a chain.
const POLL: Duration = Duration::from_millis(50);
/// Longest wait for a change on the chain.
const PATIENCE: Duration = Duration::from_secs(90);
/// Compute units that a transaction of version 1 asks for.
const COMPUTE_UNITS: u32 = 400_000;

/// A market on a cluster, used over JSON-RPC through the SDK's async client alone. Every event is kept, as read from the
/// transactions that the cluster serves.
pub struct Chain {
    /// The client.
    pub client: Client,
    /// The market's account and payment token.
    pub keys: MarketKeys,
    /// The provider's account.
    pub provider: Pubkey,
    /// The name of the borrower in what follows; see [`Parties::key`].
    pub borrower: String,
    /// Every credit's records so far, in the order they were fetched.
    pub log: Vec<CreditRecord>,
    /// Moves the chain's clock to a Unix time, where that can be done; elsewhere the time is waited for.
    pub mover: Option<Box<dyn Fn(i64)>>,
}

impl Chain {
    /// Gives everyone who pays fees or rent SOL. Several markets on a cluster share these.
    pub async fn fund_fees(client: &Client) {
        for name in ["payer", "lender", "provider", "buyer"] {
            Chain::fund(client, name).await;
        }
    }

    /// Gives the party of a name 100 SOL, and waits for them.
    pub async fn fund(client: &Client, name: &str) {
        let address = Parties::address(name);
        client.rpc().request_airdrop(&address, 100 * LAMPORTS_PER_SOL).await.expect("an airdrop");
        let deadline = Instant::now() + PATIENCE;
        while client.rpc().get_balance(&address).await.expect("a balance") == 0 {
            assert!(Instant::now() < deadline, "the airdrop to the {name} does not arrive");
            sleep(POLL).await;
        }
    }

    /// Opens a market, whose admin is the payer, with a mint of its own, funded wallets, and a provider with these settings
    /// but for its payout account and its reporters' expiry: its own wallet, and none.
    pub async fn open(
        client: Client,
        args: MarketArgs,
        capacity_units: u64,
        mut settings: ProviderSettings,
    ) -> Chain {
        let market = addresses::market(args.id);
        let mint = mint(args.id).pubkey();
        let keys = MarketKeys { market, mint, token_program: tokens::TOKEN_PROGRAM };
        let provider = addresses::provider(&market, &Parties::address("provider"));
        let borrower = "borrower".to_string();
        let mut chain = Chain { client, keys, provider, borrower, log: Vec::new(), mover: None };
        chain.fund_wallets(args.id).await;
        let (payer, treasury) = (Parties::address("payer"), chain.wallet("treasury"));
        let token_program = &keys.token_program;
        let create = instructions::market_create(&payer, &payer, &mint, token_program, &treasury, args);
        chain.send(&[create], &[]).await;
        let in_use = usize::from(settings.reporter_count);
        settings.reporters.iter_mut().take(in_use).for_each(|reporter| reporter.expires_at = i64::MAX);
        settings.payout = chain.wallet("provider");
        let authority = Parties::address("provider");
        let register =
            instructions::provider_register(&market, &authority, &authority, capacity_units, settings);
        chain.send(&[register], &["provider"]).await;
        chain
    }

    async fn fund_wallets(&mut self, id: u64) {
        let payer = Parties::address("payer");
        let MarketKeys { mint: address, token_program, .. } = self.keys;
        let rent = self.client.rpc().get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await;
        let create = tokens::create_mint(&payer, &address, &payer, 6, &token_program, rent.expect("rent"));
        self.send_with(&create.expect("a token program"), &[&mint(id)]).await.expect("a mint");
        for name in ["lender", "borrower", "provider", "buyer", "treasury"] {
            let owner = Parties::address(name);
            let dollars = if matches!(name, "provider" | "treasury") { 0 } else { 1_000_000 * USDC };
            let create = tokens::create_associated(&payer, &owner, &address, &token_program);
            let fund = tokens::mint_to(&address, &self.wallet(name), &payer, dollars, &token_program);
            self.send(&[create, fund.expect("a token program")], &[]).await;
        }
    }

    /// Lands a transaction signed by the payer and the keys given.
    pub async fn send_with(
        &mut self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Landed, ClientError> {
        let signers: Vec<&dyn Signer> = signers.iter().map(|key| *key as &dyn Signer).collect();
        let landed = self.client.send(instructions, &Parties::key("payer"), &signers).await?;
        self.keep(&landed);
        Ok(landed)
    }

    /// Lands a transaction signed by the payer and the named parties.
    pub async fn try_send(
        &mut self,
        instructions: &[Instruction],
        signers: &[&str],
    ) -> Result<Landed, ClientError> {
        let keys: Vec<Keypair> = signers.iter().map(|name| Parties::key(name)).collect();
        self.send_with(instructions, &keys.iter().collect::<Vec<_>>()).await
    }

    /// As [`Chain::try_send`], for a transaction that must land.
    pub async fn send(&mut self, instructions: &[Instruction], signers: &[&str]) -> Landed {
        self.try_send(instructions, signers).await.expect("the transaction lands")
    }

    /// As [`Chain::send`], in a transaction of version 1.
    pub async fn send_v1(&mut self, instructions: &[Instruction], signers: &[&str]) -> Landed {
        let landed = self.land_v1(instructions, signers).await;
        self.keep(&landed);
        landed
    }

    /// Lands a transaction of version 1, whose events the caller keeps.
    pub async fn land_v1(&self, instructions: &[Instruction], signers: &[&str]) -> Landed {
        let keys: Vec<Keypair> = signers.iter().map(|name| Parties::key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let payer = Parties::key("payer");
        let landed = self.client.send_v1(instructions, &payer, &signers, budget(COMPUTE_UNITS)).await;
        landed.expect("the transaction lands")
    }

    /// Sends an instruction that the program must refuse with `error`.
    pub async fn refused(&mut self, instruction: Instruction, signers: &[&str], error: BlockableError) {
        let refused = self.try_send(&[instruction], signers).await.expect_err("a refusal");
        assert_eq!(refused.program_error(), Some(error), "{refused}");
    }

    /// Keeps the events of a transaction.
    pub fn keep(&mut self, landed: &Landed) {
        self.log.extend(landed.events.iter().flat_map(|event| event.records().to_vec()));
    }

    /// The address of the credit that an offer creates.
    pub fn credit_of(&self, args: &OfferArgs) -> Pubkey {
        let (lender, borrower) = (Parties::address("lender"), Parties::address(&self.borrower));
        addresses::credit(&self.keys.market, &lender, &borrower, args.nonce)
    }

    /// The instruction by which the lender offers the borrower a loan.
    pub fn offer(&self, args: OfferArgs) -> Instruction {
        let (lender, borrower) = (Parties::address("lender"), Parties::address(&self.borrower));
        let source = self.wallet("lender");
        instructions::credit_offer(&self.keys, &lender, &lender, &borrower, &self.provider, &source, args)
    }

    /// The offer in a credit as it stands.
    pub async fn offer_read(&self, credit: &Pubkey) -> OfferRead {
        let credit = self.credit(credit).await;
        OfferRead { terms_hash: credit.terms_hash, slot: credit.offer_slot }
    }

    /// The instruction by which the borrower accepts the offer that it has read.
    pub fn accept(&self, credit: &Pubkey, read: OfferRead) -> Instruction {
        instructions::credit_accept(&self.keys.market, &Parties::address(&self.borrower), credit, read)
    }

    /// The instruction by which the provider makes the units of the offer that it has read live.
    pub fn issue(&self, credit: &Pubkey, read: OfferRead) -> Instruction {
        let (authority, payout) = (Parties::address("provider"), self.wallet("provider"));
        instructions::credit_issue(&self.keys, &authority, &self.provider, &payout, credit, read)
    }

    /// Offers, accepts and issues a loan, its reserve funded where one was agreed; returns its credit.
    pub async fn active(&mut self, args: OfferArgs) -> Pubkey {
        let (credit, reserve) = (self.credit_of(&args), args.rider.reserve);
        let offer = self.offer(args);
        self.send(&[offer], &["lender"]).await;
        let read = self.offer_read(&credit).await;
        let accept = self.accept(&credit, read);
        self.send(&[accept], &[&self.borrower.clone()]).await;
        if reserve > 0 {
            // All who borrow: not all have a wallet of their own.
            let (payer, source) = (Parties::address("borrower"), self.wallet("borrower"));
            let read = LoanRead { offer_slot: read.slot, worst_status: Status::Active };
            let fund = instructions::reserve_fund(&self.keys, &payer, &source, &credit, reserve, read);
            self.send(&[fund], &["borrower"]).await;
        }
        let issue = self.issue(&credit, read);
        self.send(&[issue], &["provider"]).await;
        credit
    }

    /// The instruction by which the borrower pays up to `amount`, in any status.
    pub async fn repay(&self, credit: &Pubkey, amount: u64) -> Instruction {
        let (borrower, source) = (Parties::address(&self.borrower), self.wallet(&self.borrower));
        let payment = Payment::in_any_status(amount, self.credit(credit).await.offer_slot);
        instructions::credit_repay(&self.keys, &borrower, &source, credit, payment)
    }

    /// The instruction that pays a claim into the wallet of `name`.
    pub fn collect(&self, credit: &Pubkey, party: Party, name: &str) -> Instruction {
        let (payer, to) = (Parties::address("payer"), self.wallet(name));
        instructions::vault_collect(&self.keys, &payer, credit, &to, party, 0)
    }

    /// The fields that the reports of the first chunk share.
    pub async fn scope(&self) -> ReportScope {
        let provider = self.client.provider(&self.provider).await.expect("the provider");
        ReportScope::new(&provider, self.provider, 0)
    }

    /// The instruction that meters credits as of the chain's clock, once that is past their last reports. The first two
    /// reporters agree on each credit's cumulative use and units in flight; the third reads one unit more.
    pub async fn metering(&self, reporters: u8, readings: &[(Pubkey, u64, u64)]) -> Instruction {
        let (mut indices, mut last) = (Vec::new(), 0);
        for (credit, ..) in readings {
            let meter = self.credit(credit).await.meter;
            indices.push(meter.index);
            last = last.max(meter.reported_at);
        }
        let reported_at = self.wait_until(last + 1).await;
        let scope = self.scope().await;
        let report = |reporter: u8| {
            let mut report = UsageReport::new(scope, reported_at);
            for ((_, cumulative, in_flight), bit) in readings.iter().zip(&indices) {
                let cumulative = cumulative + u64::from(reporter == 2);
                report
                    .set(*bit, CreditReading { cumulative, in_flight: *in_flight })
                    .expect("a bit of the chunk");
            }
            report.sign(reporter, &Parties::reporter(reporter)).expect("the key signs")
        };
        let reports = (0..reporters).map(report).collect();
        let credits: Vec<Pubkey> = readings.iter().map(|(credit, ..)| *credit).collect();
        instructions::usage_meter(&self.keys.market, &self.provider, 0, reports, &credits)
    }

    /// Waits until the chain's clock shows `unix`, or moves it there. Returns the time that the clock then shows.
    pub async fn wait_until(&self, unix: i64) -> i64 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.client.chain_time().await.expect("the chain's clock");
            if now >= unix {
                return now;
            }
            if let Some(mover) = &self.mover {
                mover(unix);
            }
            assert!(Instant::now() < deadline, "the chain's clock shows {now} and not yet {unix}");
            sleep(POLL).await;
        }
    }

    /// Reads a credit.
    pub async fn credit(&self, address: &Pubkey) -> Credit {
        self.client.credit(address).await.expect("the credit")
    }

    /// A party's token account.
    pub fn wallet(&self, name: &str) -> Pubkey {
        self.keys.token_account(&Parties::address(name))
    }

    /// A party's balance, in micro-USDC.
    pub async fn balance(&self, name: &str) -> u64 {
        let account = self.client.rpc().get_account(&self.wallet(name)).await.expect("a token account");
        tokens::balance(&account.data).expect("a balance")
    }

    /// Proves that the events fetched are all of a credit's, and that an audit over RPC explains its account by them.
    pub async fn prove_log(&self, credit: &Pubkey) {
        let auditor = Auditor::over([&self.client], self.client.rpc().commitment());
        let audited = auditor.audit(credit).await.expect("an account that its events lead to");
        assert_eq!(audited.hash, self.credit(credit).await.event_hash);
        let records: Vec<_> = self.log.iter().filter(|record| record.credit == *credit).cloned().collect();
        verify_log(credit, &records, &self.credit(credit).await.event_hash).expect("a complete log");
    }
}

/// The mint of the market numbered `id`.
fn mint(id: u64) -> Keypair {
    Parties::key(&format!("mint {id}"))
}
