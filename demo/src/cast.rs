//! The parties of a demo, their keys and wallets, and the events of all that they do.

use {
    crate::{DemoError, cluster::Cluster},
    blockable_sandbox::{Keyring, Venue},
    blockable_sdk::{
        Instruction, Keypair, Pubkey,
        amounts::MicroUsd,
        client::{Client, Landed},
        events::CreditRecord,
        program::state::{Credit, Party},
        tokens,
    },
    std::{cell::RefCell, collections::BTreeMap},
};

/// The parties' keys, the market they share, and the events of all transactions so far.
///
/// The events are the proof at the end: every transaction must go through [`Cast::send`] or [`Cast::keep`], or the log of a
/// credit does not hash to what its account says.
pub(crate) struct Cast {
    /// The cluster.
    pub cluster: Cluster,
    /// The market with its parties. The admin pays the fees.
    pub venue: Venue,
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
        let venue = Venue::new(Client::new(cluster.url.as_str()), Keyring::random());
        Cast { cluster, venue, log: RefCell::default() }
    }

    /// Lands a transaction paid by the admin and keeps its events.
    pub(crate) async fn send(
        &self,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Landed, DemoError> {
        let landed = self.venue.send(instructions, signers).await?;
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

    /// The key that a claim on a vault is paid to, by its owner.
    pub(crate) fn owner(&self, party: Party) -> &Keypair {
        let keyring = &self.venue.keyring;
        match party {
            Party::Lender => &keyring.lender,
            Party::Borrower => &keyring.borrower,
            Party::Treasury => &keyring.treasury,
            Party::Provider => &keyring.provider,
        }
    }

    /// Reads a token account's balance; zero where there is no such account.
    pub(crate) async fn balance(&self, account: &Pubkey) -> Result<MicroUsd, DemoError> {
        let rpc = self.venue.client.rpc();
        let found = rpc.get_account_with_commitment(account, rpc.commitment()).await;
        let found = found.map_err(|error| DemoError::Client(error.into()))?.value;
        Ok(MicroUsd(found.and_then(|account| tokens::balance(&account.data)).unwrap_or(0)))
    }

    /// Reads all parties' balances.
    pub(crate) async fn wallets(&self) -> Result<Wallets, DemoError> {
        let keyring = &self.venue.keyring;
        let wallet = async |owner: &Keypair| self.balance(&self.venue.wallet(owner)).await;
        Ok(Wallets {
            lender: wallet(&keyring.lender).await?,
            borrower: wallet(&keyring.borrower).await?,
            provider: wallet(&keyring.provider).await?,
            buyer: wallet(&keyring.buyer).await?,
            treasury: wallet(&keyring.treasury).await?,
        })
    }

    /// Reads a credit.
    pub(crate) async fn credit(&self, address: &Pubkey) -> Result<Credit, DemoError> {
        Ok(self.venue.credit(address).await?)
    }
}
