//! A market from its TOML file, on a cluster inside this process: created once, then left alone, never half done.

use {
    blockable_cluster::{Cluster as Embedded, Pace, Program, QUICK_SLOT_MS},
    blockable_migrations::{MarketConfig, MigrationError, Outcome, ensure_market, run},
    blockable_sdk::{
        PROGRAM_ID, Pubkey, accounts::BlockableAccount, addresses, amounts::Bps, client::Client,
        program::state::Market, tokens,
    },
    blockable_testkit::{Cluster as OwnCluster, DAY, ELF, Parties},
    solana_sdk::{native_token::LAMPORTS_PER_SOL, signature::Keypair, signer::Signer},
    std::{
        fs,
        path::{Path, PathBuf},
    },
};

const EXAMPLE: &str = include_str!("../../migrations/market.example.toml");

/// A cluster with a payment mint, and with the program where a test wants it.
struct Cluster {
    embedded: Embedded,
    client: Client,
    payer: Keypair,
    admin: Keypair,
    mint: Pubkey,
    token_program: Pubkey,
}

impl Cluster {
    async fn start(token_program: Pubkey) -> Cluster {
        let pace = Pace::PerTransaction { slot_ms: QUICK_SLOT_MS };
        let embedded = OwnCluster::bare(pace, Vec::new()).await;
        let client = Client::new(embedded.rpc_url());
        let (payer, mint) = (Parties::key("payer"), Parties::key("mint"));
        client.rpc().request_airdrop(&payer.pubkey(), 10 * LAMPORTS_PER_SOL).await.unwrap();
        let rent = client.rpc().get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await.unwrap();
        let create =
            tokens::create_mint(&payer.pubkey(), &mint.pubkey(), &payer.pubkey(), 6, &token_program, rent);
        client.send(&create.unwrap(), &payer, &[&mint]).await.unwrap();
        let (admin, mint) = (Parties::key("admin"), mint.pubkey());
        Cluster { embedded, client, payer, admin, mint, token_program }
    }

    async fn with_program(token_program: Pubkey) -> Cluster {
        let cluster = Cluster::start(token_program).await;
        cluster.deploy().await;
        cluster
    }

    async fn deploy(&self) {
        self.embedded.load(Program { address: PROGRAM_ID, elf: ELF.to_vec() }).await.unwrap();
    }

    fn config(&self) -> MarketConfig {
        MarketConfig::FILE.parse(&filled_in(&self.mint), Path::new(""), "market.toml").unwrap()
    }

    async fn ensure(&self, config: &MarketConfig) -> Result<Outcome, MigrationError> {
        ensure_market(&self.client, config, &self.payer, &self.admin).await
    }

    fn treasury(&self) -> Pubkey {
        addresses::associated_token(&Parties::key("treasury").pubkey(), &self.mint, &self.token_program)
    }

    /// The bytes of an account, where there is one.
    async fn bytes(&self, address: &Pubkey) -> Option<Vec<u8>> {
        let commitment = self.client.rpc().commitment();
        let response = self.client.rpc().get_account_with_commitment(address, commitment).await.unwrap();
        response.value.map(|account| account.data)
    }

    async fn lamports(&self) -> u64 {
        self.client.rpc().get_balance(&self.payer.pubkey()).await.unwrap()
    }

    /// Requires that neither the market nor its treasury account exists.
    async fn assert_untouched(&self) {
        assert_eq!(self.bytes(&addresses::market(1)).await, None);
        assert_eq!(self.bytes(&self.treasury()).await, None);
    }
}

/// The example file with the parties' addresses and a payment mint.
fn filled_in(mint: &Pubkey) -> String {
    let address = |name| Parties::key(name).pubkey().to_string();
    EXAMPLE
        .replace("ADMIN_ADDRESS", &address("admin"))
        .replace("GUARDIAN_ADDRESS", &address("guardian"))
        .replace("TREASURY_OWNER_ADDRESS", &address("treasury"))
        .replace("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", &mint.to_string())
}

/// A file that lives as long as its test.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> TempFile {
        let path = std::env::temp_dir().join(format!("blockable-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        TempFile(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_is_created_once_and_then_left_alone() {
    let cluster = Cluster::with_program(tokens::TOKEN_PROGRAM).await;
    let file = TempFile::new("market.toml", &filled_in(&cluster.mint));
    let mut steps = Vec::new();
    let mut progress = |step: &str| steps.push(step.to_string());
    let url = cluster.embedded.rpc_url();
    let result = run(&file.0, &url, &cluster.payer, &cluster.admin, &mut progress).await.unwrap();
    assert!(matches!(result.outcome, Outcome::Created(_)), "{result:?}");
    assert_eq!(result.market, addresses::market(1));
    assert_eq!(steps.len(), 2, "{steps:?}");

    let bytes = cluster.bytes(&result.market).await.unwrap();
    let market = Market::decode(&bytes).unwrap();
    let config = cluster.config();
    assert_eq!((market.id, market.is_test, market.decimals), (1, 0, 6));
    assert_eq!((market.admin, market.guardian), (config.admin, config.guardian));
    assert_eq!((market.payment_mint, market.token_program), (cluster.mint, tokens::TOKEN_PROGRAM));
    assert_eq!(market.treasury, cluster.treasury());
    assert_eq!((market.redistribution_fee_bps, market.bounds), (200, config.bounds));
    assert_eq!(tokens::balance(&cluster.bytes(&cluster.treasury()).await.unwrap()), Some(0));

    let lamports = cluster.lamports().await;
    let again = run(&file.0, &url, &cluster.payer, &cluster.admin, &mut |_| ()).await.unwrap();
    assert!(matches!(again.outcome, Outcome::Unchanged), "{again:?}");
    assert_eq!(cluster.bytes(&result.market).await, Some(bytes));
    assert_eq!(cluster.lamports().await, lamports);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_with_other_settings_is_left_alone_and_its_differences_are_listed() {
    let cluster = Cluster::with_program(tokens::TOKEN_2022_PROGRAM).await;
    let config = cluster.config();
    assert!(matches!(cluster.ensure(&config).await.unwrap(), Outcome::Created(_)));
    let (before, lamports) = (cluster.bytes(&addresses::market(1)).await, cluster.lamports().await);

    let mut other = config.clone();
    other.guardian = Parties::key("stranger").pubkey();
    other.treasury_owner = Parties::key("stranger").pubkey();
    other.redistribution_fee_bps = Bps(300);
    other.bounds.max_principal = 5_000_000_000;
    other.bounds.min_cure_period = 6 * DAY;
    let Outcome::Differs(differences) = cluster.ensure(&other).await.unwrap() else {
        panic!("must differ");
    };
    let fields: Vec<&str> = differences.iter().map(|difference| difference.field).collect();
    let expected = [
        "guardian",
        "treasury_owner",
        "redistribution_fee_bps",
        "bounds.max_principal",
        "bounds.min_cure_period",
    ];
    assert_eq!(fields, expected);
    let principal = "bounds.max_principal: the file says 5000000000, the chain unlimited";
    assert_eq!(differences[3].to_string(), principal);
    assert_eq!(cluster.bytes(&addresses::market(1)).await, before);
    assert_eq!(cluster.lamports().await, lamports);

    // Whoever looks need not be the admin.
    let unchanged = ensure_market(&cluster.client, &config, &cluster.payer, &cluster.payer).await.unwrap();
    assert!(matches!(unchanged, Outcome::Unchanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_create_one_market() {
    let cluster = Cluster::with_program(tokens::TOKEN_PROGRAM).await;
    let config = cluster.config();
    let (one, other) = tokio::join!(cluster.ensure(&config), cluster.ensure(&config));
    let created = [one.unwrap(), other.unwrap()]
        .iter()
        .filter(|outcome| match outcome {
            Outcome::Created(_) => true,
            Outcome::Unchanged => false,
            Outcome::Differs(differences) => panic!("{differences:?}"),
        })
        .count();
    // Both are the same transaction when they catch the same blockhash, and then both have created it.
    assert!((1..=2).contains(&created), "{created}");
    assert!(matches!(cluster.ensure(&config).await.unwrap(), Outcome::Unchanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    let cluster = Cluster::start(tokens::TOKEN_PROGRAM).await;
    let config = cluster.config();
    let error = cluster.ensure(&config).await.unwrap_err();
    assert!(matches!(error, MigrationError::NoProgram(program) if program == PROGRAM_ID), "{error}");

    cluster.deploy().await;
    let stranger = Parties::key("stranger");
    let error = ensure_market(&cluster.client, &config, &cluster.payer, &stranger).await.unwrap_err();
    assert!(matches!(error, MigrationError::NotTheAdmin { found, .. } if found == stranger.pubkey()));

    let owner = stranger.pubkey();
    let payer = cluster.payer.pubkey();
    let create = tokens::create_associated(&payer, &owner, &cluster.mint, &cluster.token_program);
    cluster.client.send(&[create], &cluster.payer, &[]).await.unwrap();
    let account = addresses::associated_token(&owner, &cluster.mint, &cluster.token_program);
    for no_mint in [owner, PROGRAM_ID, account] {
        let error =
            cluster.ensure(&MarketConfig { payment_mint: no_mint, ..config.clone() }).await.unwrap_err();
        assert!(matches!(error, MigrationError::NotAMint(mint) if mint == no_mint), "{error}");
    }
    let error =
        cluster.ensure(&MarketConfig { treasury_owner: account, ..config.clone() }).await.unwrap_err();
    assert!(matches!(error, MigrationError::TreasuryIsTokenAccount(_)), "{error}");
    cluster.assert_untouched().await;
    assert!(matches!(cluster.ensure(&config).await.unwrap(), Outcome::Created(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_answer_is_named_without_what_may_be_secret() {
    let file = TempFile::new("unreachable.toml", &filled_in(&Parties::key("mint").pubkey()));
    let payer = Parties::key("payer");
    let error = run(&file.0, "http://127.0.0.1:1/SECRET", &payer, &payer, &mut |_| ()).await.unwrap_err();
    assert!(matches!(&error, MigrationError::Unreachable(host) if host == "127.0.0.1:1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_refuses_leaves_nothing_behind() {
    let cluster = Cluster::with_program(tokens::TOKEN_PROGRAM).await;
    let mut config = cluster.config();
    // The file would not have passed; the program is the last to check.
    config.redistribution_fee_bps = Bps(1_001);
    let error = cluster.ensure(&config).await.unwrap_err();
    assert!(error.to_string().contains("1,000 basis points"), "{error}");
    cluster.assert_untouched().await;
}
