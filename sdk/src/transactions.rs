//! Signed transactions in the network's two formats: version 0 of up to 1,232 bytes, version 1 of up to 4,096.
//!
//! Version 1 has room for 32 credits metered by three reporters, where version 0 has room for 8. It takes no lookup
//! tables and states its own limits: a limit that is not stated is zero (see [`budget`]).

pub use solana_message::v1::TransactionConfig as Budget;
use {
    solana_compute_budget_interface::ComputeBudgetInstruction,
    solana_hash::Hash,
    solana_instruction::Instruction,
    solana_message::{VersionedMessage, v0, v1},
    solana_pubkey::Pubkey,
    solana_signature::SIGNATURE_BYTES,
    solana_signer::{Signer, SignerError},
    solana_transaction::versioned::VersionedTransaction,
};

/// Most bytes of a transaction of version 0.
pub const V0_MAX_BYTES: usize = 1_232;
/// Most bytes of a transaction of version 1.
pub const V1_MAX_BYTES: usize = v1::MAX_TRANSACTION_SIZE;
/// Most accounts that a transaction of version 1 may name.
pub const V1_MAX_ACCOUNTS: usize = v1::MAX_ADDRESSES as usize;

/// Bytes of accounts that [`budget`] lets a transaction load: the program, the token program, and any credits.
const LOADED_BYTES: u32 = 4 << 20;

/// Reasons for which a transaction cannot be built and signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A key could not sign.
    #[error("a key could not sign: {0}")]
    Signing(#[from] SignerError),
    /// The instructions make no valid message.
    #[error("the transaction cannot be built: {0}")]
    Compile(String),
    /// The transaction is larger than its version allows.
    #[error("the transaction has {bytes} bytes and its version allows {limit}; put less into it")]
    TooLarge {
        /// Bytes it has.
        bytes: usize,
        /// Bytes it may have.
        limit: usize,
    },
}

/// A budget for a transaction of version 1 of this program: compute units, and bytes of accounts enough for any of its
/// instructions. No priority fee; [`Budget::with_priority_fee`] adds one, in lamports.
pub fn budget(compute_units: u32) -> Budget {
    Budget::empty().with_compute_unit_limit(compute_units).with_loaded_accounts_data_size_limit(LOADED_BYTES)
}

/// The instructions that give a transaction of version 0 what [`budget`] gives one of version 1: compute units, and a
/// priority fee in micro-lamports per compute unit.
pub fn budget_v0(compute_units: u32, micro_lamports_per_unit: u64) -> [Instruction; 2] {
    [
        ComputeBudgetInstruction::set_compute_unit_limit(compute_units),
        ComputeBudgetInstruction::set_compute_unit_price(micro_lamports_per_unit),
    ]
}

/// Signs a transaction of version 0. `payer` pays the fee; `signers` are the others.
/// Errors: [`BuildError::Compile`], [`BuildError::Signing`], [`BuildError::TooLarge`].
pub fn sign_v0(
    instructions: &[Instruction],
    payer: &dyn Signer,
    signers: &[&dyn Signer],
    blockhash: Hash,
) -> Result<VersionedTransaction, BuildError> {
    sign(message_v0(instructions, &payer.pubkey(), blockhash)?, payer, signers, V0_MAX_BYTES)
}

/// The message of a transaction of version 0, to be signed elsewhere. Errors: [`BuildError::Compile`].
pub fn message_v0(
    instructions: &[Instruction],
    payer: &Pubkey,
    blockhash: Hash,
) -> Result<VersionedMessage, BuildError> {
    let message = v0::Message::try_compile(payer, instructions, &[], blockhash)
        .map_err(|error| BuildError::Compile(error.to_string()))?;
    Ok(VersionedMessage::V0(message))
}

/// Signs a transaction of version 1. `payer` pays the fee; `signers` are the others.
/// Errors: [`BuildError::Compile`], [`BuildError::Signing`], [`BuildError::TooLarge`].
pub fn sign_v1(
    instructions: &[Instruction],
    payer: &dyn Signer,
    signers: &[&dyn Signer],
    blockhash: Hash,
    budget: Budget,
) -> Result<VersionedTransaction, BuildError> {
    sign(message_v1(instructions, &payer.pubkey(), blockhash, budget)?, payer, signers, V1_MAX_BYTES)
}

/// The message of a transaction of version 1, to be signed elsewhere. Errors: [`BuildError::Compile`].
pub fn message_v1(
    instructions: &[Instruction],
    payer: &Pubkey,
    blockhash: Hash,
    budget: Budget,
) -> Result<VersionedMessage, BuildError> {
    let message = v1::Message::try_compile_with_config(payer, instructions, blockhash, budget)
        .map_err(|error| BuildError::Compile(error.to_string()))?;
    message.validate().map_err(|error| BuildError::Compile(error.to_string()))?;
    Ok(VersionedMessage::V1(message))
}

fn sign(
    message: VersionedMessage,
    payer: &dyn Signer,
    signers: &[&dyn Signer],
    limit: usize,
) -> Result<VersionedTransaction, BuildError> {
    let mut keys: Vec<&dyn Signer> = vec![payer];
    keys.extend(signers.iter().filter(|signer| signer.pubkey() != payer.pubkey()));
    let transaction = VersionedTransaction::try_new(message, &keys)?;
    let bytes = size(&transaction);
    if bytes > limit { Err(BuildError::TooLarge { bytes, limit }) } else { Ok(transaction) }
}

/// Bytes of a transaction as it is sent.
pub fn size(transaction: &VersionedTransaction) -> usize {
    encode(transaction).len()
}

/// A transaction as it is sent.
pub fn encode(transaction: &VersionedTransaction) -> Vec<u8> {
    let message = transaction.message.serialize();
    let signatures =
        transaction.signatures.iter().flat_map(|signature| <[u8; SIGNATURE_BYTES]>::from(*signature));
    match transaction.message {
        VersionedMessage::V1(_) => message.into_iter().chain(signatures).collect(),
        // Before version 1 the signatures come first, with their number, which takes one byte up to 127: more have no room.
        VersionedMessage::Legacy(_) | VersionedMessage::V0(_) => {
            let count = u8::try_from(transaction.signatures.len()).unwrap_or(u8::MAX);
            std::iter::once(count).chain(signatures).chain(message).collect()
        }
    }
}

/// The transaction that bytes are, all of them: written again it is the same, with no byte left over and no number in
/// another form than the network's. `None` for anything else.
pub fn decode(bytes: &[u8]) -> Option<VersionedTransaction> {
    let transaction: VersionedTransaction = wincode::deserialize(bytes).ok()?;
    transaction.sanitize().ok()?;
    (encode(&transaction) == bytes).then_some(transaction)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{
            instructions,
            reports::{CreditReading, ReportScope, UsageReport},
        },
        solana_instruction::AccountMeta,
        solana_keypair::Keypair,
    };

    /// The metering of a number of credits by a number of reporters.
    fn metering(credits: u32, reporters: u8) -> Instruction {
        let scope = ReportScope {
            cluster_tag: [5; 32],
            market: Pubkey::new_unique(),
            provider: Pubkey::new_unique(),
            epoch: 1,
            chunk: 0,
        };
        let mut report = UsageReport::new(scope, 1_000);
        for bit in 0..credits {
            report.set(bit, CreditReading { cumulative: 5, in_flight: 0 }).unwrap();
        }
        let reports = (0..reporters).map(|index| report.sign(index, &Keypair::new()).unwrap()).collect();
        let credits: Vec<Pubkey> = (0..credits).map(|_| Pubkey::new_unique()).collect();
        instructions::usage_meter(&scope.market, &scope.provider, 0, reports, &credits)
    }

    #[test]
    fn a_transaction_is_encoded_as_nodes_read_it() {
        let (payer, other) = (Keypair::new(), Keypair::new());
        let (payer, other): (&dyn Signer, &dyn Signer) = (&payer, &other);
        let mut meter = metering(2, 2);
        meter.accounts.push(AccountMeta::new(other.pubkey(), true));
        let (meter, hash) = ([meter], Hash::new_unique());
        for signed in [
            sign_v0(&meter, payer, &[other], hash).unwrap(),
            sign_v1(&meter, payer, &[other], hash, budget(200_000)).unwrap(),
        ] {
            assert_eq!(wincode::serialize(&signed).unwrap(), encode(&signed));
            assert_eq!(decode(&encode(&signed)), Some(signed.clone()));
            assert_eq!(decode(&[encode(&signed), vec![0]].concat()), None, "a byte left over");
        }
    }

    #[test]
    fn version_0_takes_ten_credits_with_two_reporters_and_eight_with_three() {
        let payer = Keypair::new();
        let sign = |credits, reporters| {
            sign_v0(&[metering(credits, reporters)], &payer, &[], Hash::new_unique())
                .map(|signed| size(&signed))
        };
        for (credits, reporters) in [(10, 2), (8, 3)] {
            assert!(sign(credits, reporters).unwrap() <= V0_MAX_BYTES);
        }
        assert!(matches!(sign(32, 3), Err(BuildError::TooLarge { limit: V0_MAX_BYTES, .. })));
    }

    #[test]
    fn version_1_takes_a_whole_chunk_with_three_reporters() {
        let payer = Keypair::new();
        let meter = metering(32, 3);
        let signed = sign_v1(&[meter], &payer, &[], Hash::new_unique(), budget(200_000)).unwrap();
        assert!(size(&signed) <= V1_MAX_BYTES, "{}", size(&signed));
        assert!(signed.message.static_account_keys().len() <= V1_MAX_ACCOUNTS);
        let two = [metering(32, 3), metering(32, 3)];
        let refused = sign_v1(&two, &payer, &[], Hash::new_unique(), budget(200_000));
        assert!(matches!(refused, Err(BuildError::Compile(_))), "more accounts than a transaction may name");
    }
}
