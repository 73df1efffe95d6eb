//! The lifecycle on a cluster inside this process, over JSON-RPC and WebSocket, through the SDK's async client alone.

use {
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, CreditFilter},
        addresses,
        client::{Client, Landed},
        errors::ClientError,
        events::{CreditRecord, verify_log},
        instructions::{self, LotKeys, MarketKeys},
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, LotTerms, UnitAmount},
            state::{Credit, FreezeReason, Party},
            transitions::Status,
        },
        reports::{CreditReading, ReportScope, UsageReport},
        tokens,
    },
    blockable_tests::{DAY, ELF, Loan, Parties, USDC, World},
    solana_client::{
        nonblocking::pubsub_client::PubsubClient,
        rpc_config::{CommitmentConfig, RpcAccountInfoConfig, UiAccountEncoding},
    },
    solana_sdk::{native_token::LAMPORTS_PER_SOL, signature::Keypair, signer::Signer},
    std::time::Duration,
    surfpool_sdk::{Surfnet, cheatcodes::builders::DeployProgram},
    tokio::{task::block_in_place, time::timeout},
};

/// A market on a cluster of its own.
struct Cluster {
    surfnet: Surfnet,
    client: Client,
    keys: MarketKeys,
    provider: Pubkey,
    log: Vec<CreditRecord>,
}

impl Cluster {
    /// Starts the cluster on free ports, with the program, a mint, funded parties, a market and a provider.
    async fn start() -> Cluster {
        let surfnet = Surfnet::builder().offline(true).start().await.unwrap();
        let deploy = DeployProgram::new(PROGRAM_ID).so_bytes(ELF.to_vec());
        block_in_place(|| surfnet.cheatcodes().deploy(deploy)).unwrap();
        let market = addresses::market(World::market_args().id);
        let keys = MarketKeys { market, mint: key("mint"), token_program: tokens::TOKEN_PROGRAM };
        let provider = addresses::provider(&market, &key("provider"));
        let client = Client::new(surfnet.rpc_url());
        let mut cluster = Cluster { surfnet, client, keys, provider, log: Vec::new() };
        cluster.fund().await;
        cluster.open_market().await;
        cluster
    }

    async fn fund(&mut self) {
        for name in ["payer", "lender", "provider", "buyer"] {
            self.client.rpc().request_airdrop(&key(name), 100 * LAMPORTS_PER_SOL).await.unwrap();
        }
        let rent =
            self.client.rpc().get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await.unwrap();
        let MarketKeys { mint, token_program, .. } = self.keys;
        let create =
            tokens::create_mint(&key("payer"), &mint, &key("payer"), 6, &token_program, rent).unwrap();
        self.send(&create, &["mint"]).await;
        for name in ["lender", "borrower", "provider", "buyer", "treasury"] {
            let create = tokens::create_associated(&key("payer"), &key(name), &mint, &token_program);
            let dollars = if matches!(name, "provider" | "treasury") { 0 } else { 1_000_000 * USDC };
            let fund = tokens::mint_to(&mint, &self.wallet(name), &key("payer"), dollars, &token_program);
            self.send(&[create, fund.unwrap()], &[]).await;
        }
    }

    async fn open_market(&mut self) {
        let (payer, treasury) = (key("payer"), self.wallet("treasury"));
        let MarketKeys { market, mint, token_program } = self.keys;
        let args = World::market_args();
        let create = instructions::market_create(&payer, &payer, &mint, &token_program, &treasury, args);
        self.send(&[create], &[]).await;
        let mut reporters = World::reporters();
        for reporter in &mut reporters.reporters {
            reporter.expires_at = i64::MAX;
        }
        let payout = self.wallet("provider");
        let capacity = World::capacity();
        let register =
            instructions::provider_register(&market, &key("provider"), &payout, capacity, reporters);
        self.send(&[register], &["provider"]).await;
    }

    async fn try_send(
        &mut self,
        instructions: &[Instruction],
        signers: &[&str],
    ) -> Result<Landed, ClientError> {
        let keys: Vec<Keypair> = signers.iter().map(|name| Parties::key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let landed = self.client.send(instructions, &Parties::key("payer"), &signers).await?;
        self.log.extend(landed.events.iter().flat_map(|event| event.records().to_vec()));
        Ok(landed)
    }

    async fn send(&mut self, instructions: &[Instruction], signers: &[&str]) -> Landed {
        self.try_send(instructions, signers).await.unwrap()
    }

    async fn refused(&mut self, instruction: Instruction, signers: &[&str], error: BlockableError) {
        let refused = self.try_send(&[instruction], signers).await.unwrap_err();
        assert_eq!(refused.program_error(), Some(error), "{refused}");
    }

    /// Offers, accepts and issues the loan; returns its credit.
    async fn active(&mut self, nonce: u64) -> Pubkey {
        let mut args = Loan::new(nonce).args;
        args.terms.offer_expires_at = 0;
        let (lender, borrower) = (key("lender"), key("borrower"));
        let credit = addresses::credit(&self.keys.market, &lender, &borrower, nonce);
        let source = self.wallet("lender");
        let offer = instructions::credit_offer(&self.keys, &lender, &borrower, &self.provider, &source, args);
        self.send(&[offer], &["lender"]).await;
        let hash = self.credit(&credit).await.terms_hash;
        let accept = instructions::credit_accept(&self.keys.market, &borrower, &credit, hash);
        self.send(&[accept], &["borrower"]).await;
        let payout = self.wallet("provider");
        let issue =
            instructions::credit_issue(&self.keys, &key("provider"), &self.provider, &payout, &credit);
        self.send(&[issue], &["provider"]).await;
        credit
    }

    /// Meters a credit with two reporters, as of the chain's clock.
    async fn meter(&mut self, credit: &Pubkey, cumulative: u64, in_flight: u64) {
        let state = self.credit(credit).await;
        let scope = ReportScope { market: self.keys.market, provider: self.provider, epoch: 1, chunk: 0 };
        let mut report = UsageReport::new(scope, self.client.chain_time().await.unwrap());
        report.set(state.meter.index, CreditReading { cumulative, in_flight }).unwrap();
        let reports = [0, 1].map(|index| report.sign(index, &Parties::reporter(index)).unwrap());
        let meter = instructions::usage_meter(
            &self.keys.market,
            &self.provider,
            0,
            reports.to_vec(),
            std::slice::from_ref(credit),
        );
        self.send(&[meter], &[]).await;
    }

    /// Moves the chain's clock forward.
    async fn pass(&self, seconds: u32) {
        let target = self.client.chain_time().await.unwrap() + i64::from(seconds);
        let millis = u64::try_from(target).unwrap() * 1_000;
        block_in_place(|| self.surfnet.cheatcodes().time_travel_to_timestamp(millis)).unwrap();
        assert!(self.client.chain_time().await.unwrap() >= target);
    }

    async fn credit(&self, address: &Pubkey) -> Credit {
        self.client.credit(address).await.unwrap()
    }

    fn wallet(&self, name: &str) -> Pubkey {
        self.keys.token_account(&key(name))
    }

    async fn balance(&self, name: &str) -> u64 {
        let account = self.client.rpc().get_account(&self.wallet(name)).await.unwrap();
        tokens::balance(&account.data).unwrap()
    }

    async fn prove_log(&self, credit: &Pubkey) {
        let records: Vec<_> = self.log.iter().filter(|record| record.credit == *credit).cloned().collect();
        verify_log(credit, &records, &self.credit(credit).await.event_hash).unwrap();
    }

    fn stop(mut self) {
        block_in_place(|| self.surfnet.stop()).unwrap();
    }
}

fn key(name: &str) -> Pubkey {
    Parties::key(name).pubkey()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_repaid_and_released() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active(1).await;
    cluster.pass(DAY).await;
    cluster.meter(&credit, 200_000_000, 0).await;
    assert_eq!(cluster.credit(&credit).await.collateral.consumed, 200_000_000);

    cluster.pass(29 * DAY).await;
    let arrears = cluster.client.credit_now(&credit).await.unwrap().arrears();
    assert!(arrears > 20_000 * USDC);
    let source = cluster.wallet("borrower");
    let repay =
        |amount| instructions::credit_repay(&cluster.keys, &key("borrower"), &source, &credit, amount);
    let (instalment, rest) = (repay(arrears), repay(u64::MAX));
    cluster.send(&[instalment], &["borrower"]).await;
    assert_eq!(cluster.credit(&credit).await.collateral.lien(), 800_000_000);
    cluster.send(std::slice::from_ref(&rest), &["borrower"]).await;

    let state = cluster.credit(&credit).await;
    assert_eq!(state.status, Status::Repaid.byte());
    assert_eq!((state.collateral.lien(), state.collateral.available()), (0, 800_000_000));
    let lender = cluster.wallet("lender");
    let collect = instructions::vault_collect(&cluster.keys, &key("payer"), &credit, &lender, Party::Lender);
    cluster.send(&[collect], &[]).await;
    let paid = 1_000_000 * USDC - cluster.balance("borrower").await;
    assert_eq!(cluster.balance("lender").await, 900_000 * USDC + paid);
    cluster.refused(rest, &["borrower"], BlockableError::NothingOwed).await;
    cluster.prove_log(&credit).await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_loan_is_frozen_seized_and_sold() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active(1).await;
    let market = cluster.keys.market;
    let mark = instructions::credit_mark_delinquent(&market, &credit);
    cluster.refused(mark.clone(), &[], BlockableError::NotInArrears).await;
    cluster.pass(35 * DAY).await;
    cluster.send(&[mark], &[]).await;
    cluster.meter(&credit, 300_000_000, 5_000).await;
    cluster.pass(10 * DAY).await;
    cluster.send(&[instructions::credit_mark_defaulted(&market, &credit)], &[]).await;
    let freeze = instructions::credit_freeze(
        &market,
        &key("lender"),
        &credit,
        FreezeAmount::All,
        FreezeReason::Default,
    );
    cluster.send(&[freeze], &["lender"]).await;
    cluster.pass(10 * DAY).await;
    cluster.meter(&credit, 300_010_000, 0).await;
    let state = cluster.credit(&credit).await;
    assert_eq!((state.collateral.consumed, state.meter.overrun), (300_005_000, 5_000));

    let terms = LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 10 * DAY };
    let lender = key("lender");
    let seize = instructions::credit_seize_to_pool(&market, &lender, &credit, 0, UnitAmount::All, terms);
    cluster.send(&[seize], &["lender"]).await;
    let lot = LotKeys { credit, index: 0, provider: cluster.provider, units_expire_at: 0 };
    let source = cluster.wallet("buyer");
    let units = cluster.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left;
    assert_eq!(units, 699_995_000);
    let buy = instructions::lot_buy(&cluster.keys, &key("buyer"), &source, &lot, units, 100 * USDC);
    cluster.send(&[buy], &["buyer"]).await;
    let bought = addresses::unrestricted_credit(&market, &cluster.provider, &key("buyer"), 0);
    let state = cluster.credit(&bought).await;
    assert_eq!((state.collateral.granted, state.collateral.available()), (units, units));
    let found = cluster.client.credits(&[CreditFilter::Borrower(key("buyer"))]).await.unwrap();
    assert_eq!(found.iter().map(|(address, _)| *address).collect::<Vec<_>>(), [bought]);
    cluster.prove_log(&credit).await;
    cluster.prove_log(&bought).await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_reaches_a_websocket_subscriber() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active(1).await;
    cluster.pass(35 * DAY).await;
    cluster.send(&[instructions::credit_mark_delinquent(&cluster.keys.market, &credit)], &[]).await;
    let pubsub = PubsubClient::new(cluster.surfnet.ws_url()).await.unwrap();
    let config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::processed()),
        ..RpcAccountInfoConfig::default()
    };
    let (mut updates, unsubscribe) = pubsub.account_subscribe(&credit, Some(config)).await.unwrap();
    let amount = FreezeAmount::Units(123_456);
    let reason = FreezeReason::MissedPayment;
    let freeze = instructions::credit_freeze(&cluster.keys.market, &key("lender"), &credit, amount, reason);
    cluster.send(&[freeze], &["lender"]).await;
    let update = timeout(Duration::from_secs(20), futures_util::StreamExt::next(&mut updates)).await;
    let account = update.expect("an update within the deadline").expect("the stream is open").value;
    let state = Credit::decode(&account.data.decode().unwrap()).unwrap();
    assert_eq!(state.collateral.frozen, 123_456);
    unsubscribe().await;
    cluster.stop();
}
