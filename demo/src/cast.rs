//! The parties of a demo, their keys and wallets, and the events of all that they do.

use {
    crate::{DemoError, cluster::Cluster},
    blockable_sdk::{
        Instruction, Keypair, Pubkey, Signer, addresses,
        amounts::MicroUsd,
        client::Landed,
        events::CreditRecord,
        instructions::MarketKeys,
        program::state::{Credit, Party},
        tokens,
    },
    std::{cell::RefCell, collections::BTreeMap},
};

/// Micro-USDC in one USDC.
pub(crate) const USDC: u64 = 1_000_000;

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
    /// Lends in both stories.
    pub lender: Keypair,
    /// Borrows in both stories.
    pub borrower: Keypair,
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
    /// The payment token's key.
    pub mint: Keypair,
    log: RefCell<BTreeMap<Pubkey, Vec<CreditRecord>>>,
}

/// The balances of every party's token account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wallets {
    /// The lender's.
    pub lender: MicroUsd,
    /// The borrower's.
    pub borrower: MicroUsd,
    /// The provider's.
    pub provider: MicroUsd,
    /// The buyer's.
    pub buyer: MicroUsd,
    /// The market's treasury.
    pub treasury: MicroUsd,
}

impl Wallets {
    /// The sum of all.
    pub(crate) fn total(&self) -> MicroUsd {
        [self.lender, self.borrower, self.provider, self.buyer, self.treasury].into_iter().sum()
    }
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
            borrower: Keypair::new(),
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

    /// The key that a claim on a vault is paid to, by its owner.
    pub(crate) fn owner(&self, party: Party) -> &Keypair {
        match party {
            Party::Lender => &self.lender,
            Party::Borrower => &self.borrower,
            Party::Treasury => &self.treasury,
            Party::Provider => &self.provider_authority,
        }
    }

    /// Reads a token account's balance; zero where there is no such account.
    pub(crate) async fn balance(&self, account: &Pubkey) -> Result<MicroUsd, DemoError> {
        let rpc = self.cluster.client.rpc();
        let found = rpc.get_account_with_commitment(account, rpc.commitment()).await;
        let found = found.map_err(|error| DemoError::Client(error.into()))?.value;
        Ok(MicroUsd(found.and_then(|account| tokens::balance(&account.data)).unwrap_or(0)))
    }

    /// Reads all parties' balances.
    pub(crate) async fn wallets(&self) -> Result<Wallets, DemoError> {
        Ok(Wallets {
            lender: self.balance(&self.wallet(&self.lender)).await?,
            borrower: self.balance(&self.wallet(&self.borrower)).await?,
            provider: self.balance(&self.wallet(&self.provider_authority)).await?,
            buyer: self.balance(&self.wallet(&self.buyer)).await?,
            treasury: self.balance(&self.wallet(&self.treasury)).await?,
        })
    }

    /// The address of the lender's credit to the borrower under a nonce.
    pub(crate) fn credit_address(&self, nonce: u64) -> Pubkey {
        addresses::credit(&self.keys.market, &self.lender.pubkey(), &self.borrower.pubkey(), nonce)
    }

    /// Reads a credit.
    pub(crate) async fn credit(&self, address: &Pubkey) -> Result<Credit, DemoError> {
        Ok(self.cluster.client.credit(address).await?)
    }
}

/// Derives a market number from a fresh key, so that two runs on one cluster use two markets.
pub(crate) fn market_id(mint: &Keypair) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&mint.pubkey().to_bytes()[..8]);
    u64::from_le_bytes(bytes)
}
