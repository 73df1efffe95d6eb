//! A market with its provider and parties, on any cluster: the transactions by which they open it and make loans.

mod offers;

pub use offers::{LoanOffer, MarketOffer, ProviderOffer, QUORUM, TEST_BOUNDS};

use {
    crate::{Keyring, SandboxError},
    blockable_sdk::{
        Instruction, Keypair, Pubkey, Signer, addresses,
        amounts::{LAMPORTS_PER_SOL, MicroUsd},
        client::{Client, Landed, Sender, Signed},
        errors::ClientError,
        instructions::{self, MarketKeys, Payment},
        program::{
            instructions::{LoanRead, MarketArgs, OfferArgs, OfferRead},
            state::{Credit, Party, ProviderSettings, Reporter, ScheduleRuns, Terms},
        },
        tokens, transactions,
    },
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Time within which SOL must arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two reads of a balance.
const POLL: Duration = Duration::from_millis(20);

/// Micro-USDC in one USDC.
pub const USDC: u64 = 1_000_000;
/// Accounts of the payment token that fit one transaction.
const WALLETS_AT_ONCE: usize = 4;

/// A market, and the keys of everyone in it. The admin pays the fees of all transactions.
pub struct Venue {
    /// The client that they are sent through.
    pub client: Client,
    /// The keys.
    pub keyring: Keyring,
    /// The market's account and payment token.
    pub keys: MarketKeys,
    /// The provider's account.
    pub provider: Pubkey,
}

impl Venue {
    /// The market of a keyring, which need not exist yet.
    pub fn new(client: Client, keyring: Keyring) -> Venue {
        let market = addresses::market(keyring.market_id());
        let keys = MarketKeys { market, mint: keyring.mint.pubkey(), token_program: tokens::TOKEN_PROGRAM };
        let provider = addresses::provider(&market, &keyring.provider.pubkey());
        Venue { client, keyring, keys, provider }
    }

    /// Lands a transaction paid by the admin. Errors: [`SandboxError::Client`].
    pub async fn send(
        &self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Landed, SandboxError> {
        let rpc = self.client.rpc();
        let latest = rpc.get_latest_blockhash_with_commitment(rpc.commitment()).await;
        let (blockhash, last_valid) = latest.map_err(|error| SandboxError::Client(error.into()))?;
        let signed = {
            // They cannot be shared between threads, so they go before the next wait.
            let signers: Vec<&dyn Signer> = signers.iter().map(|key| *key as &dyn Signer).collect();
            let signed = transactions::sign_v0(instructions, &self.keyring.admin, &signers, blockhash);
            Signed::new(signed.map_err(ClientError::from)?, last_valid)
        };
        Ok(Sender::new(&self.client).submit(&signed.without_record()).await?)
    }

    /// A party's token account.
    pub fn wallet(&self, owner: &Keypair) -> Pubkey {
        self.keys.token_account(&owner.pubkey())
    }

    /// The address of the lender's credit to the borrower under a nonce.
    pub fn credit_address(&self, nonce: u64) -> Pubkey {
        let (lender, borrower) = (self.keyring.lender.pubkey(), self.keyring.borrower.pubkey());
        addresses::credit(&self.keys.market, &lender, &borrower, nonce)
    }

    /// Reads a credit. Errors: [`SandboxError::Client`].
    pub async fn credit(&self, address: &Pubkey) -> Result<Credit, SandboxError> {
        Ok(self.client.credit(address).await?)
    }
}

/// Opening the market.
impl Venue {
    /// Gives accounts SOL for fees and rent, and waits for it. Errors: [`SandboxError::Airdrop`].
    pub async fn airdrop(&self, addresses: &[Pubkey], sol: u64) -> Result<(), SandboxError> {
        let rpc = self.client.rpc();
        for address in addresses {
            let asked = rpc.request_airdrop(address, sol.saturating_mul(LAMPORTS_PER_SOL)).await;
            asked.map_err(SandboxError::airdrop)?;
        }
        let deadline = Instant::now() + PATIENCE;
        for address in addresses {
            while rpc.get_balance(address).await.map_err(SandboxError::airdrop)? == 0 {
                if Instant::now() > deadline {
                    return Err(SandboxError::airdrop("it was accepted but did not arrive within a minute"));
                }
                sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// Creates the payment token, with six decimals. Errors: [`SandboxError`].
    pub async fn create_mint(&self) -> Result<Landed, SandboxError> {
        let payer = self.keyring.admin.pubkey();
        let rent = self.client.rpc().get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await;
        let rent = rent.map_err(|error| SandboxError::Client(error.into()))?;
        let MarketKeys { mint, token_program, .. } = self.keys;
        let create = tokens::create_mint(&payer, &mint, &payer, 6, &token_program, rent);
        self.send(&create.map_err(SandboxError::Token)?, &[&self.keyring.mint]).await
    }

    /// Creates accounts of the payment token, with these amounts in them. Errors: [`SandboxError`].
    pub async fn fund(&self, wallets: &[(&Keypair, MicroUsd)]) -> Result<(), SandboxError> {
        let payer = self.keyring.admin.pubkey();
        let MarketKeys { mint, token_program, .. } = self.keys;
        for wallets in wallets.chunks(WALLETS_AT_ONCE) {
            let mut acts = Vec::new();
            for (owner, amount) in wallets {
                acts.push(tokens::create_associated(&payer, &owner.pubkey(), &mint, &token_program));
                if !amount.is_zero() {
                    let to = self.wallet(owner);
                    let fund = tokens::mint_to(&mint, &to, &payer, amount.get(), &token_program);
                    acts.push(fund.map_err(SandboxError::Token)?);
                }
            }
            self.send(&acts, &[]).await?;
        }
        Ok(())
    }

    /// Creates the market; its number is the keyring's. The treasury must have a token account. Errors: [`SandboxError`].
    pub async fn create_market(&self, offer: MarketOffer) -> Result<Landed, SandboxError> {
        let admin = self.keyring.admin.pubkey();
        let MarketKeys { mint, token_program, .. } = self.keys;
        let treasury = self.wallet(&self.keyring.treasury);
        let args = MarketArgs {
            id: self.keyring.market_id(),
            is_test: offer.is_test,
            guardian: offer.guardian,
            redistribution_fee_bps: offer.fee_bps,
            change_delay: offer.change_delay,
            provider_delay: offer.provider_delay,
            min_suspension: offer.min_suspension,
            bounds: offer.bounds,
        };
        let create = instructions::market_create(&admin, &admin, &mint, &token_program, &treasury, args);
        self.send(&[create], &[]).await
    }

    /// Registers the provider with the keyring's reporters, of which [`QUORUM`] must agree. Errors: [`SandboxError`].
    pub async fn register_provider(&self, offer: ProviderOffer) -> Result<Landed, SandboxError> {
        let reporter = |key: &Keypair| Reporter { key: key.pubkey(), expires_at: i64::MAX };
        let reporters = self.keyring.reporters.each_ref().map(reporter);
        let settings = ProviderSettings {
            payout: self.wallet(&self.keyring.provider),
            max_units_per_second: offer.max_units_per_second,
            longest_job: offer.longest_job,
            ..ProviderSettings::with_reporters(&reporters, QUORUM)
        };
        let (market, authority) = (&self.keys.market, self.keyring.provider.pubkey());
        let register =
            instructions::provider_register(market, &authority, &authority, offer.capacity.get(), settings);
        self.send(&[register], &[&self.keyring.provider]).await
    }
}

/// Making loans.
impl Venue {
    /// The lender offers a loan under the provider's reporters that it has read. Errors: [`SandboxError`].
    pub async fn offer(&self, loan: &LoanOffer) -> Result<Landed, SandboxError> {
        let reporters_hash = self.client.provider(&self.provider).await?.reporters_hash();
        let args = OfferArgs {
            nonce: loan.nonce,
            freeze_authority: loan.freeze_authority,
            terms: Terms { reporters_hash, ..loan.terms },
            rider: loan.rider,
            schedule: ScheduleRuns::from_schedule(&loan.schedule),
        };
        let (lender, source) = (self.keyring.lender.pubkey(), self.wallet(&self.keyring.lender));
        let borrower = self.keyring.borrower.pubkey();
        let offer = instructions::credit_offer(
            &self.keys,
            &lender,
            &lender,
            &borrower,
            &self.provider,
            &source,
            args,
        );
        self.send(&[offer], &[&self.keyring.lender]).await
    }

    /// The borrower accepts the offer that it has read from the account, and fills its reserve where the terms ask for one.
    /// Errors: [`SandboxError`].
    pub async fn accept(&self, credit: &Pubkey) -> Result<Landed, SandboxError> {
        let (borrower, state) = (self.keyring.borrower.pubkey(), self.credit(credit).await?);
        let read = OfferRead::from_credit(&state);
        let mut acts = vec![instructions::credit_accept(&self.keys.market, &borrower, credit, read)];
        let reserve = state.rider.reserve;
        if reserve > 0 {
            let read = LoanRead::from_credit(&state).map_err(SandboxError::amount)?;
            let source = self.wallet(&self.keyring.borrower);
            acts.push(instructions::reserve_fund(&self.keys, &borrower, &source, credit, reserve, read));
        }
        self.send(&acts, &[&self.keyring.borrower]).await
    }

    /// The provider issues the units of the offer that it has read, and is paid. Errors: [`SandboxError`].
    pub async fn issue(&self, credit: &Pubkey) -> Result<Landed, SandboxError> {
        let (authority, payout) = (self.keyring.provider.pubkey(), self.wallet(&self.keyring.provider));
        let read = OfferRead::from_credit(&self.credit(credit).await?);
        let issue = instructions::credit_issue(&self.keys, &authority, &self.provider, &payout, credit, read);
        self.send(&[issue], &[&self.keyring.provider]).await
    }

    /// The borrower pays up to an amount, and the lender's claim is paid out in the same transaction. Errors: [`SandboxError`].
    pub async fn repay(&self, credit: &Pubkey, amount: MicroUsd) -> Result<Landed, SandboxError> {
        let offer_slot = self.credit(credit).await?.offer_slot;
        let (payer, source) = (self.keyring.borrower.pubkey(), self.wallet(&self.keyring.borrower));
        let payment = Payment::while_it_releases(amount.get(), offer_slot);
        let repay = instructions::credit_repay(&self.keys, &payer, &source, credit, payment);
        let destination = self.wallet(&self.keyring.lender);
        let collect = instructions::vault_collect(&self.keys, &payer, credit, &destination, Party::Lender, 1);
        self.send(&[repay, collect], &[&self.keyring.borrower]).await
    }
}
