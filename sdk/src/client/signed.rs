//! Signed transactions on their way to the nodes.

use {solana_hash::Hash, solana_signature::Signature, solana_transaction::versioned::VersionedTransaction};

/// A signed transaction that nobody has been given yet.
///
/// Whoever crashes between the hand-over and the answer must find the signature again: else the same is signed and sent a second time.
/// So a [`Sender`](super::Sender) takes none but a [`Recorded`] one:
///
/// ```no_run
/// use blockable_sdk::{Instruction, Keypair, client::{Client, Sender}};
/// # use std::{error::Error, fs};
///
/// async fn send(client: &Client, instructions: &[Instruction], payer: &Keypair) -> Result<(), Box<dyn Error>> {
///     let signed = client.sign(instructions, payer, &[]).await?;
///     let line = |signature, last_valid| format!("{signature} {last_valid}\n");
///     let recorded = signed.record(|signed| fs::write("pending", line(signed.signature(), signed.last_valid())))?;
///     Sender::new(client).submit(&recorded).await?;
///     Ok(fs::remove_file("pending")?)
/// }
/// ```
///
/// One that was not written down cannot be sent:
///
/// ```compile_fail,E0308
/// use blockable_sdk::{Instruction, Keypair, client::{Client, Sender}, errors::ClientError};
///
/// async fn send(client: &Client, instructions: &[Instruction], payer: &Keypair) -> Result<(), ClientError> {
///     let signed = client.sign(instructions, payer, &[]).await?;
///     Sender::new(client).submit(&signed).await?;
///     Ok(())
/// }
/// ```
///
/// Nor can one be written down once it was sent, since [`Signed::record`] takes it:
///
/// ```compile_fail,E0382
/// use blockable_sdk::{Instruction, Keypair, client::{Client, Sender}};
/// # use std::{error::Error, fs};
///
/// async fn send(client: &Client, instructions: &[Instruction], payer: &Keypair) -> Result<(), Box<dyn Error>> {
///     let signed = client.sign(instructions, payer, &[]).await?;
///     Sender::new(client).submit(&signed.without_record()).await?;
///     signed.record(|signed| fs::write("sent", signed.signature().to_string()))?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "it is neither written down nor sent"]
pub struct Signed {
    transaction: VersionedTransaction,
    last_valid: u64,
}

impl Signed {
    /// A transaction that was signed elsewhere, such as by a device, and the last block height at which it can land.
    pub fn new(transaction: VersionedTransaction, last_valid: u64) -> Signed {
        Signed { transaction, last_valid }
    }

    /// The transaction.
    pub fn transaction(&self) -> &VersionedTransaction {
        &self.transaction
    }

    /// The signature that it has on the chain.
    pub fn signature(&self) -> Signature {
        self.transaction.signatures.first().copied().unwrap_or_default()
    }

    /// The last block height at which it can land.
    pub fn last_valid(&self) -> u64 {
        self.last_valid
    }

    /// Writes it down by `record`, which returns once it is on the disk. Errors: those of `record`; then it cannot be sent.
    pub fn record<E>(self, record: impl FnOnce(&Signed) -> Result<(), E>) -> Result<Recorded, E> {
        record(&self)?;
        Ok(Recorded(self))
    }

    /// Lets it be sent without a record: for an act that changes nothing where it is done twice, such as a freeze, and where a crash
    /// ends the wish as well.
    pub fn without_record(self) -> Recorded {
        Recorded(self)
    }
}

/// A signed transaction that was written down, and may be sent.
#[derive(Debug)]
pub struct Recorded(Signed);

impl Recorded {
    /// One that was read back from its record, after a crash.
    pub fn read_back(transaction: VersionedTransaction, last_valid: u64) -> Recorded {
        Recorded(Signed::new(transaction, last_valid))
    }

    /// The transaction.
    pub fn transaction(&self) -> &VersionedTransaction {
        self.0.transaction()
    }

    /// The signature that it has on the chain.
    pub fn signature(&self) -> Signature {
        self.0.signature()
    }

    /// The last block height at which it can land, as the node said that gave its blockhash.
    pub fn last_valid(&self) -> u64 {
        self.0.last_valid
    }

    /// The blockhash that it lives by.
    pub(super) fn blockhash(&self) -> Hash {
        *self.0.transaction.message.recent_blockhash()
    }
}
