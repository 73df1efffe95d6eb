//! The parties of a demo and the terms they agree on.

use {
    super::{DemoError, cluster::Cluster},
    blockable_sdk::{
        Instruction, Keypair, Pubkey, Signer, addresses,
        amounts::{ChainTime, MicroUsd, Units},
        client::Landed,
        events::CreditRecord,
        instructions::{self, MarketKeys},
        program::{
            instructions::{MarketArgs, OfferArgs, OfferRead},
            state::{
                AutoFreeze, Credit, FreezePolicy, Instalment, MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY,
                MIN_SUSPENSION, ProviderSettings, Reporter, Rider, ScheduleRuns, TermBounds, Terms,
            },
        },
        tokens,
    },
    std::{cell::RefCell, collections::BTreeMap},
};

/// Micro-USDC in one USDC.
const USDC: u64 = 1_000_000;
/// Principal of each loan.
pub(crate) const PRINCIPAL: MicroUsd = MicroUsd(100_000 * USDC);
/// List price of a GPU-hour. One credit unit is one GPU-second.
pub(crate) const LIST_PRICE_PER_HOUR: MicroUsd = MicroUsd(2 * USDC);
/// Units that the principal buys in bulk: 35 % more than at list price.
pub(crate) const UNITS: Units = Units(PRINCIPAL.get() / LIST_PRICE_PER_HOUR.get() * 3_600 * 135 / 100);
/// Units that the provider registers as its capacity.
pub(crate) const CAPACITY: Units = Units(4 * UNITS.get());
/// Most units per second a credit may use, as a multiple of using them up in one instalment's time.
const RATE_HEADROOM: u64 = 8;

/// Periods of a demo, in seconds: months where the clock can be moved, seconds where it cannot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Time from one due date to the next.
    pub interval: u32,
    /// Time from a due date to delinquency.
    pub delinquency_grace: u32,
    /// Time from a due date to default.
    pub default_grace: u32,
    /// Time from default to seizure.
    pub cure_period: u32,
    /// Time in which a lot's price falls.
    pub lot_window: u32,
    /// Time of the longest job that a freeze makes room for.
    pub longest_job: u32,
    /// Metering transactions in the replay.
    pub windows: usize,
}

const DAY: u32 = 86_400;

impl Pace {
    /// A loan over months.
    pub(crate) const MONTHS: Pace = Pace {
        interval: 30 * DAY,
        delinquency_grace: 5 * DAY,
        default_grace: 15 * DAY,
        cure_period: 10 * DAY,
        lot_window: 10 * DAY,
        longest_job: DAY,
        windows: 60,
    };

    /// The same loan in seconds, for a market of tests.
    pub(crate) const SECONDS: Pace = Pace {
        interval: 24,
        delinquency_grace: 4,
        default_grace: 12,
        cure_period: 6,
        lot_window: 20,
        longest_job: 1,
        windows: 12,
    };

    /// The rate bound of the provider and of each loan, in units per second.
    pub(crate) fn max_units_per_second(&self) -> Units {
        Units(RATE_HEADROOM * UNITS.get() / u64::from(self.interval))
    }

    fn bounds(&self, is_test: bool) -> TermBounds {
        if !is_test {
            return TermBounds { max_apr_bps: 3_000, ..TermBounds::PRODUCTION };
        }
        TermBounds {
            min_instalment_interval: 1,
            min_delinquency_grace: 1,
            min_default_grace: 1,
            min_cure_period: 1,
            min_lot_window: 1,
            ..TermBounds::PRODUCTION
        }
    }

    fn terms(&self, reporters_hash: [u8; 32]) -> Terms {
        Terms {
            principal: PRINCIPAL.get(),
            units: UNITS.get(),
            unlocked_ahead: UNITS.get(),
            holdback: 0,
            late_fee: 500 * USDC,
            offer_expires_at: 0,
            max_units_per_second: self.max_units_per_second().get(),
            delinquency_grace: self.delinquency_grace,
            default_grace: self.default_grace,
            cure_period: self.cure_period,
            unit_lifetime: 0,
            longest_job: self.longest_job,
            apr_bps: 1_400,
            holdback_apr_bps: 0,
            freeze_policy: FreezePolicy::OnDelinquency as u8,
            auto_freeze: AutoFreeze::FromDefault as u8,
            reserved: [0; 6],
            reporters_hash,
        }
    }

    fn schedule(&self) -> Vec<Instalment> {
        let instalment =
            |number: u32| Instalment { due_after: number * self.interval, principal: PRINCIPAL.get() / 4 };
        (1..=4).map(instalment).collect()
    }
}

/// The parties' keys, the market they share, and the events of all transactions so far.
///
/// The events are the proof at the end: every transaction must go through [`Cast::send`] or [`Cast::keep`], or the log of a
/// credit does not hash to what its account says.
pub(crate) struct Cast {
    /// The cluster.
    pub cluster: Cluster,
    /// Pays fees, and is the market's admin.
    pub operator: Keypair,
    /// Owner of the market's treasury.
    pub treasury: Keypair,
    /// Lends to both borrowers.
    pub lender: Keypair,
    /// Borrower 1, who repays.
    pub good: Keypair,
    /// Borrower 2, who misses a payment.
    pub bad: Keypair,
    /// The GPU provider's authority.
    pub provider_authority: Keypair,
    /// Sign usage reports.
    pub reporters: [Keypair; 3],
    /// Buys seized units.
    pub buyer: Keypair,
    /// The market's account and payment token.
    pub keys: MarketKeys,
    /// The provider's account.
    pub provider: Pubkey,
    mint: Keypair,
    log: RefCell<BTreeMap<Pubkey, Vec<CreditRecord>>>,
}

impl Cast {
    /// Draws fresh keys for every party, and a market number that no other run uses.
    pub(crate) fn new(cluster: Cluster) -> Cast {
        let mint = Keypair::new();
        let provider_authority = Keypair::new();
        let market = addresses::market(market_id(&mint));
        Cast {
            cluster,
            operator: Keypair::new(),
            treasury: Keypair::new(),
            lender: Keypair::new(),
            good: Keypair::new(),
            bad: Keypair::new(),
            reporters: [Keypair::new(), Keypair::new(), Keypair::new()],
            buyer: Keypair::new(),
            keys: MarketKeys { market, mint: mint.pubkey(), token_program: tokens::TOKEN_PROGRAM },
            provider: addresses::provider(&market, &provider_authority.pubkey()),
            provider_authority,
            mint,
            log: RefCell::default(),
        }
    }

    /// Lands a transaction paid by the operator and keeps its events.
    pub(crate) async fn send(
        &self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Landed, DemoError> {
        let signers: Vec<&dyn Signer> = signers.iter().map(|key| *key as &dyn Signer).collect();
        let landed = self.cluster.client.send(instructions, &self.operator, &signers).await?;
        self.keep(&landed);
        Ok(landed)
    }

    /// Keeps a transaction's events for the proof at the end.
    pub(crate) fn keep(&self, landed: &Landed) {
        let mut log = self.log.borrow_mut();
        for record in landed.events.iter().flat_map(|event| event.records()) {
            log.entry(record.credit).or_default().push(record.clone());
        }
    }

    /// A credit's events so far.
    pub(crate) fn records(&self, credit: &Pubkey) -> Vec<CreditRecord> {
        self.log.borrow().get(credit).cloned().unwrap_or_default()
    }

    /// A party's token account.
    pub(crate) fn wallet(&self, owner: &Keypair) -> Pubkey {
        self.keys.token_account(&owner.pubkey())
    }

    /// Reads a token account's balance.
    pub(crate) async fn balance(&self, account: &Pubkey) -> Result<MicroUsd, DemoError> {
        let rpc = self.cluster.client.rpc();
        let found = rpc.get_account(account).await.map_err(|error| DemoError::Client(error.into()))?;
        Ok(MicroUsd(tokens::balance(&found.data).unwrap_or(0)))
    }

    /// The lender's credit to a borrower.
    pub(crate) fn credit_of(&self, borrower: &Keypair) -> Pubkey {
        addresses::credit(&self.keys.market, &self.lender.pubkey(), &borrower.pubkey(), 1)
    }

    /// Reads the time of a credit's issue on the chain's clock. It is the market's time as well: a demo's market is never
    /// paused, so both clocks show the same.
    pub(crate) async fn issued_at(&self, credit: &Pubkey) -> Result<ChainTime, DemoError> {
        Ok(ChainTime(self.credit(credit).await?.issued_at))
    }

    /// Reads a credit.
    pub(crate) async fn credit(&self, address: &Pubkey) -> Result<Credit, DemoError> {
        Ok(self.cluster.client.credit(address).await?)
    }

    /// Funds the parties: SOL for those who pay rent and fees, dollars of a new mint for those who need them.
    pub(crate) async fn fund(&self) -> Result<Landed, DemoError> {
        let payers = [&self.operator, &self.lender, &self.provider_authority, &self.buyer];
        self.cluster.airdrop(&payers.map(Signer::pubkey)).await?;
        let payer = self.operator.pubkey();
        let rpc = self.cluster.client.rpc();
        let rent = rpc.get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await;
        let rent = rent.map_err(|error| DemoError::Client(error.into()))?;
        let MarketKeys { mint, token_program, .. } = self.keys;
        let create =
            tokens::create_mint(&payer, &mint, &payer, 6, &token_program, rent).map_err(DemoError::token)?;
        let landed = self.send(&create, &[&self.mint]).await?;
        for (party, dollars) in [
            (&self.lender, 2 * PRINCIPAL.get()),
            (&self.good, 120_000 * USDC),
            (&self.bad, 0),
            (&self.buyer, 250_000 * USDC),
            (&self.provider_authority, 0),
            (&self.treasury, 0),
        ] {
            let owner = party.pubkey();
            let create = tokens::create_associated(&payer, &owner, &mint, &token_program);
            let fund = tokens::mint_to(&mint, &self.wallet(party), &payer, dollars, &token_program);
            self.send(&[create, fund.map_err(DemoError::token)?], &[]).await?;
        }
        Ok(landed)
    }

    /// Creates the market.
    pub(crate) async fn create_market(&self, pace: &Pace, is_test: bool) -> Result<Landed, DemoError> {
        let args = MarketArgs {
            id: market_id(&self.mint),
            is_test,
            guardian: self.operator.pubkey(),
            redistribution_fee_bps: 200,
            change_delay: if is_test { 60 } else { MIN_CHANGE_DELAY },
            provider_delay: if is_test { 60 } else { MIN_PROVIDER_DELAY },
            min_suspension: if is_test { 60 } else { MIN_SUSPENSION },
            bounds: pace.bounds(is_test),
        };
        let payer = self.operator.pubkey();
        let MarketKeys { mint, token_program, .. } = self.keys;
        let treasury = self.wallet(&self.treasury);
        self.send(&[instructions::market_create(&payer, &payer, &mint, &token_program, &treasury, args)], &[])
            .await
    }

    /// Registers the provider with three reporters and a quorum of two.
    pub(crate) async fn register_provider(&self, pace: &Pace) -> Result<Landed, DemoError> {
        let reporter = |key: &Keypair| Reporter { key: key.pubkey(), expires_at: i64::MAX };
        let settings = ProviderSettings {
            payout: self.wallet(&self.provider_authority),
            max_units_per_second: pace.max_units_per_second().get(),
            longest_job: pace.longest_job,
            ..ProviderSettings::with_reporters(&self.reporters.each_ref().map(reporter), 2)
        };
        let authority = self.provider_authority.pubkey();
        let market = &self.keys.market;
        let register =
            instructions::provider_register(market, &authority, &authority, CAPACITY.get(), settings);
        self.send(&[register], &[&self.provider_authority]).await
    }

    /// The lender offers a loan under the provider's reporters that it has read.
    pub(crate) async fn offer(&self, pace: &Pace, borrower: &Keypair) -> Result<Landed, DemoError> {
        let reporters_hash = self.cluster.client.provider(&self.provider).await?.reporters_hash();
        let args = OfferArgs {
            nonce: 1,
            freeze_authority: self.lender.pubkey(),
            terms: pace.terms(reporters_hash),
            rider: Rider::default(),
            schedule: ScheduleRuns::from_schedule(&pace.schedule()),
        };
        let (lender, source) = (self.lender.pubkey(), self.wallet(&self.lender));
        let offer = instructions::credit_offer(
            &self.keys,
            &lender,
            &lender,
            &borrower.pubkey(),
            &self.provider,
            &source,
            args,
        );
        self.send(&[offer], &[&self.lender]).await
    }

    /// The borrower accepts the offer it has read from the account.
    pub(crate) async fn accept(&self, borrower: &Keypair) -> Result<Landed, DemoError> {
        let credit = self.credit_of(borrower);
        let read = self.read_offer(&credit).await?;
        let accept = instructions::credit_accept(&self.keys.market, &borrower.pubkey(), &credit, read);
        self.send(&[accept], &[borrower]).await
    }

    /// The provider issues the units of the offer it has read, and is paid.
    pub(crate) async fn issue(&self, borrower: &Keypair) -> Result<Landed, DemoError> {
        let authority = self.provider_authority.pubkey();
        let payout = self.wallet(&self.provider_authority);
        let credit = self.credit_of(borrower);
        let read = self.read_offer(&credit).await?;
        let issue =
            instructions::credit_issue(&self.keys, &authority, &self.provider, &payout, &credit, read);
        self.send(&[issue], &[&self.provider_authority]).await
    }

    /// Reads what an acceptance and an issue are signed for: the agreement's hash and the slot of the offer.
    async fn read_offer(&self, credit: &Pubkey) -> Result<OfferRead, DemoError> {
        let credit = self.credit(credit).await?;
        Ok(OfferRead { terms_hash: credit.terms_hash, slot: credit.offer_slot })
    }
}

/// Derives a market number from a fresh key, so that two runs on one cluster use two markets.
fn market_id(mint: &Keypair) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&mint.pubkey().to_bytes()[..8]);
    u64::from_le_bytes(bytes)
}
