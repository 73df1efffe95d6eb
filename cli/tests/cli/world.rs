//! The shared sandbox.

use {
    crate::run::{Done, run_in, run_with_input},
    blockable_sandbox::{Options, Sandbox, Venue, loans::LoanName, venue::LoanOffer},
    blockable_sdk::{
        Instruction, Keypair, Pubkey, Signer, VersionedTransaction,
        amounts::{ChainTime, MicroUsd},
        client::{Recorded, Sender},
        instructions,
        program::{
            state::{Credit, Instalment, Lot, Provider},
            transitions::Status,
        },
        rpc::Account,
    },
    std::{
        env, fs,
        path::{Path, PathBuf},
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    },
    tokio::runtime::Runtime,
};

/// The first number of a loan that a test makes; the sandbox's own are below.
const FIRST_NONCE: u64 = 1_000;

static WORLD: LazyLock<World> = LazyLock::new(World::start);
static NONCES: AtomicU64 = AtomicU64::new(FIRST_NONCE);

/// A running sandbox, which ends with the process.
pub(crate) struct World {
    runtime: Runtime,
    sandbox: Sandbox,
    /// A home folder without settings.
    pub home: PathBuf,
}

/// The shared sandbox.
pub(crate) fn world() -> &'static World {
    &WORLD
}

/// Money that the lender has besides, in micro-USDC.
const LENT: u64 = 10_000_000_000_000;

/// A folder with the programs of the tests: those of this repository, and Squads' own where BLOCKABLE_SQUADS names it.
fn programs(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "so") {
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }
    if let Some(squads) = env::var_os("BLOCKABLE_SQUADS") {
        fs::copy(&squads, folder.join(format!("{}.so", blockable_sdk::squads::PROGRAM))).unwrap();
    }
    folder.to_path_buf()
}

impl World {
    fn start() -> World {
        let runtime = Runtime::new().unwrap();
        // It is never stopped, so its folder is one that the next run removes.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blockable-cli");
        let _ = fs::remove_dir_all(&folder);
        let home = folder.join("home");
        fs::create_dir_all(&home).unwrap();
        let programs = Some(programs(&folder.join("programs")));
        let options = Options { keep: Some(folder.join("sandbox")), programs, ..Options::default() };
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        let venue = sandbox.venue();
        // The tests lend more than a sandbox has.
        runtime.block_on(venue.fund(&[(&venue.keyring.lender, MicroUsd(LENT))])).unwrap();
        World { runtime, sandbox, home }
    }

    /// The market with its parties.
    pub(crate) fn venue(&self) -> &Venue {
        self.sandbox.venue()
    }

    /// The URL of the node.
    pub(crate) fn url(&self) -> String {
        self.sandbox.description().cluster.rpc_url.clone()
    }

    /// The URL of the provider's server.
    pub(crate) fn gate(&self) -> String {
        self.sandbox.description().provider_url.clone()
    }

    /// The market's account.
    pub(crate) fn market(&self) -> String {
        self.venue().keys.market.to_string()
    }

    /// The address of a party.
    pub(crate) fn party(&self, name: &str) -> String {
        self.sandbox.description().parties[name].address.clone()
    }

    /// The key file of a party.
    pub(crate) fn key(&self, name: &str) -> String {
        self.sandbox.description().parties[name].key_file.display().to_string()
    }

    /// The token account of a party.
    pub(crate) fn token_account(&self, name: &str) -> String {
        self.sandbox.description().parties[name].token_account.clone()
    }

    /// A loan of the sandbox.
    pub(crate) fn sandbox_loan(&self, name: LoanName) -> Pubkey {
        self.venue().credit_address(name.nonce())
    }

    /// The API key of a loan of the sandbox.
    pub(crate) fn api_key(&self, name: LoanName) -> String {
        self.sandbox.description().loan(name).unwrap().api_key.clone()
    }

    /// Runs a task on the sandbox's runtime.
    pub(crate) fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(task)
    }

    /// Reads a credit, accrued to now.
    pub(crate) fn credit(&self, address: &Pubkey) -> Credit {
        self.runtime.block_on(self.venue().client.credit_now(address)).unwrap()
    }

    /// Reads any account.
    pub(crate) fn account(&self, address: &Pubkey) -> Account {
        self.runtime.block_on(self.venue().client.rpc().get_account(address)).unwrap()
    }

    /// Reads the provider.
    pub(crate) fn provider(&self) -> Provider {
        self.runtime.block_on(self.venue().client.provider(&self.venue().provider)).unwrap()
    }

    /// Reads a lot.
    pub(crate) fn lot(&self, address: &Pubkey) -> Lot {
        self.runtime.block_on(self.venue().client.lot(address)).unwrap()
    }

    /// The balance of a party's wallet, in micro-USDC.
    pub(crate) fn wallet(&self, name: &str) -> u64 {
        let account = self.sandbox.description().parties[name].token_account.parse().unwrap();
        let account = self.runtime.block_on(self.venue().client.rpc().get_account(&account)).unwrap();
        blockable_sdk::tokens::balance(&account.data).unwrap()
    }

    /// Makes a key with SOL and $1,000, in a file in a folder; returns the file.
    pub(crate) fn newcomer(&self, folder: &Path) -> (Keypair, String) {
        let (key, file) = (Keypair::new(), folder.join("newcomer.json").display().to_string());
        blockable_sdk::write_keypair_file(&key, &file).unwrap();
        self.block_on(async {
            self.venue().airdrop(&[key.pubkey()], 10).await.unwrap();
            self.venue().fund(&[(&key, MicroUsd(1_000_000_000))]).await.unwrap();
        });
        (key, file)
    }

    /// The balance of a key's wallet, in micro-USDC.
    pub(crate) fn balance(&self, key: &Keypair) -> u64 {
        let wallet = self.venue().wallet(key);
        let account = self.block_on(self.venue().client.rpc().get_account(&wallet)).unwrap();
        blockable_sdk::tokens::balance(&account.data).unwrap()
    }

    /// The hash of the cluster's first block.
    pub(crate) fn genesis(&self) -> String {
        self.runtime.block_on(self.venue().client.rpc().get_genesis_hash()).unwrap().to_string()
    }

    /// Signs a transaction that is sent by nobody.
    pub(crate) fn sign(&self, instructions: &[Instruction], payer: &Keypair) -> (VersionedTransaction, u64) {
        let signed = self.runtime.block_on(self.venue().client.sign(instructions, payer, &[])).unwrap();
        (signed.transaction().clone(), signed.last_valid())
    }

    /// Sends instructions of keys that are nobody's in the sandbox. Errors: the refusal.
    pub(crate) fn send_as(
        &self,
        instructions: &[Instruction],
        payer: &Keypair,
        signers: &[&Keypair],
    ) -> Result<(), String> {
        let signers: Vec<&dyn Signer> = signers.iter().map(|signer| *signer as &dyn Signer).collect();
        let sender = Sender::new(&self.venue().client);
        let sent = self.runtime.block_on(sender.send(instructions, payer, &signers));
        sent.map(drop).map_err(|error| format!("{error:?}"))
    }

    /// Gives a key SOL for fees.
    pub(crate) fn give_sol(&self, key: &Pubkey) {
        self.runtime.block_on(self.venue().airdrop(&[*key], 1)).unwrap();
    }

    /// Sends a signed transaction and waits until it has landed.
    pub(crate) fn submit(&self, transaction: &VersionedTransaction, last_valid: u64) {
        let sender = Sender::new(&self.venue().client);
        let recorded = Recorded::read_back(transaction.clone(), last_valid);
        self.runtime.block_on(sender.submit(&recorded)).unwrap();
    }

    /// Makes an offer on the terms of the healthy loan, changed by `change`.
    pub(crate) fn offer(&self, change: impl FnOnce(&mut LoanOffer)) -> Pubkey {
        self.offer_with(self.venue().keyring.freeze_authority.pubkey(), change)
    }

    /// The same with another freeze authority.
    pub(crate) fn offer_with(&self, freeze_authority: Pubkey, change: impl FnOnce(&mut LoanOffer)) -> Pubkey {
        let model = self.credit(&self.sandbox_loan(LoanName::Healthy));
        let schedule: Vec<Instalment> = (0..usize::from(model.instalment_count))
            .map(|at| Instalment { due_after: model.due_after[at], principal: model.principal_due[at] })
            .collect();
        let nonce = NONCES.fetch_add(1, Ordering::Relaxed);
        let mut offer =
            LoanOffer { nonce, freeze_authority, terms: model.terms, rider: model.rider, schedule };
        change(&mut offer);
        self.runtime.block_on(self.venue().offer(&offer)).unwrap();
        self.venue().credit_address(nonce)
    }

    /// Makes a live loan on the terms of the healthy one, changed by `change`.
    pub(crate) fn loan_with(&self, change: impl FnOnce(&mut LoanOffer)) -> Pubkey {
        let credit = self.offer(change);
        self.issue(&credit);
        credit
    }

    /// The borrower accepts an offer and the provider issues it.
    pub(crate) fn issue(&self, credit: &Pubkey) {
        self.runtime.block_on(async {
            self.venue().accept(credit).await.unwrap();
            self.venue().issue(credit).await.unwrap();
        });
    }

    /// The provider issues an offer that was accepted.
    pub(crate) fn issue_accepted(&self, credit: &Pubkey) {
        self.runtime.block_on(self.venue().issue(credit)).unwrap();
    }

    /// Makes a live loan that the lender may freeze at will.
    pub(crate) fn loan(&self) -> Pubkey {
        self.loan_with(|_| ())
    }

    /// Makes a loan that is in default, its cure period over: an instalment of $6,000 is unpaid, a late fee charged.
    pub(crate) fn defaulted_loan(&self) -> Pubkey {
        let credit = self.loan_with(|offer| {
            offer.schedule = vec![
                Instalment { due_after: 1, principal: 6_000_000_000 },
                Instalment { due_after: 86_400, principal: 6_000_000_000 },
            ];
            let terms = &mut offer.terms;
            (terms.delinquency_grace, terms.default_grace, terms.cure_period) = (1, 2, 1);
        });
        let issued_at = self.credit(&credit).issued_at;
        self.wait_until(issued_at + 4);
        let market = self.venue().keys.market;
        let marks = [
            instructions::credit_mark_delinquent(&market, &credit),
            instructions::credit_mark_defaulted(&market, &credit),
        ];
        for mark in marks {
            // The keeper may have been faster.
            let _ = self.runtime.block_on(self.venue().send(&[mark], &[]));
        }
        let account = self.credit(&credit);
        assert_eq!(account.status().unwrap(), Status::Defaulted);
        self.wait_until(account.defaulted_at + 2);
        credit
    }

    /// Makes a live loan of which an instalment is unpaid since long, so that time has made fees and interest of it that the chain does
    /// not know.
    pub(crate) fn unpaid_loan(&self) -> Pubkey {
        let credit = self.loan_with(|offer| {
            offer.schedule = vec![
                Instalment { due_after: 1, principal: 6_000_000_000 },
                Instalment { due_after: 86_400, principal: 6_000_000_000 },
            ];
            let terms = &mut offer.terms;
            (terms.delinquency_grace, terms.default_grace, terms.late_fee) = (3, 86_400, 20_000_000);
        });
        self.wait_until(self.credit(&credit).issued_at + 6);
        credit
    }

    /// The chain's clock.
    pub(crate) fn chain_time(&self) -> ChainTime {
        ChainTime(self.runtime.block_on(self.venue().client.chain_time()).unwrap())
    }

    /// Waits until the chain's clock has reached a time.
    pub(crate) fn wait_until(&self, time: i64) {
        let (began, now) = (std::time::Instant::now(), self.chain_time().get());
        // The chain's clock keeps up with the machine's, unless the cluster has stopped.
        let patience = std::time::Duration::from_secs(60 + u64::try_from(time - now).unwrap_or(0) * 2);
        while self.chain_time().get() < time {
            assert!(began.elapsed() < patience, "the chain's clock does not reach {time}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Runs the binary against the sandbox's node and market, in a home without settings.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, &[])
    }

    /// The same with environment variables.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let (url, market) = (self.url(), self.market());
        let mut all = vec![("BLOCKABLE_URL", url.as_str()), ("BLOCKABLE_MARKET", market.as_str())];
        all.extend_from_slice(variables);
        run_in(&self.home, arguments, &all)
    }

    /// The same in a home of its own, which is also the folder that it runs in.
    pub(crate) fn run_in(&self, home: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let (url, market) = (self.url(), self.market());
        let own = [("BLOCKABLE_URL", url.as_str()), ("BLOCKABLE_MARKET", &market)];
        run_in(home, arguments, &[&own, variables].concat())
    }

    /// Runs the binary as a party, confirmed, for its one document.
    pub(crate) fn run_as(&self, party: &str, arguments: &[&str]) -> Done {
        self.run_by(&self.key(party), arguments)
    }

    /// The same with a key file.
    pub(crate) fn run_by(&self, key: &str, arguments: &[&str]) -> Done {
        let mut all = arguments.to_vec();
        all.extend_from_slice(&["--keypair", key, "--yes", "--output", "json"]);
        self.run(&all)
    }

    /// The same with an input on the standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Done {
        let (url, market) = (self.url(), self.market());
        run_with_input(
            &self.home,
            arguments,
            &[("BLOCKABLE_URL", &url), ("BLOCKABLE_MARKET", &market)],
            input,
        )
    }

    /// Text with what differs between two runs replaced by names.
    pub(crate) fn stable(&self, text: &str) -> String {
        let mut text = text.replace(&self.market(), "<MARKET>").replace(&self.url(), "<URL>");
        for (name, party) in &self.sandbox.description().parties {
            text = text.replace(&party.address, &format!("<{}>", name.to_uppercase()));
        }
        text.replace(&self.venue().provider.to_string(), "<PROVIDER ACCOUNT>")
            .replace(&self.venue().keys.mint.to_string(), "<MINT>")
    }
}
