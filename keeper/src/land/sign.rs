//! Signs transactions, within their keys' daily caps.

use {
    crate::{
        land::{
            ask::Blockhash,
            fee::Priced,
            flight::{Carried, Flight, Submission, writes},
            key_faults::{KeyFault, KeyNote},
            left_out::LeftOut,
            message::{Envelope, build_message},
            pack::Version,
        },
        plan::{Intent, Role},
    },
    blockable_sdk::{
        Pubkey, VersionedTransaction,
        amounts::{ChainTime, Lamports},
        keys::SigningKey,
    },
    std::{
        collections::{BTreeMap, BTreeSet},
        time::Instant,
    },
};

/// The facts that all signatures of a round share.
pub(super) struct Signing<'a> {
    pub keys: &'a BTreeMap<Role, SigningKey>,
    pub market: &'a Pubkey,
    pub version: Version,
    pub blockhash: Blockhash,
    /// The slot on whose state the intents were planned.
    pub slot: u64,
    /// The chain's clock as last seen.
    pub now: ChainTime,
}

/// The priced batches of a round, parted.
#[derive(Default)]
pub(super) struct Signed {
    /// Signed, and neither written down nor sent.
    pub submissions: Vec<Submission>,
    /// Beyond what their key may spend today.
    pub unfunded: Vec<Intent>,
    /// Not signed; their turn comes again.
    pub unsigned: Vec<LeftOut>,
    /// Notes about keys, in order.
    pub keys: Vec<KeyNote>,
}

/// The reason for which a transaction was not signed.
#[derive(Debug, thiserror::Error)]
enum SignError {
    /// The role has no key.
    #[error("no key pays for this role; name one under [keys]")]
    NoKey,
    /// A transaction that was simulated cannot be built.
    #[error("a transaction that was simulated cannot be built: {0}")]
    Build(String),
    /// The key's signer failed.
    #[error("it does not sign: {0}")]
    Signer(String),
}

/// Signs the batches that their keys may pay for. `left` is what each key may still spend today. A key that does not sign holds
/// up its own work alone.
pub(super) async fn sign(
    priced: Vec<Priced>,
    mut left: BTreeMap<Role, Lamports>,
    signing: &Signing<'_>,
) -> Signed {
    let mut signed = Signed::default();
    let mut silent = BTreeSet::new();
    for one in priced {
        let role = one.ready.batch.role;
        // Each further try may take as long as its deadline, and the other keys' work would wait for it.
        if silent.contains(&role) {
            signed.unsigned.extend(LeftOut::all(one.ready.batch.intents, "its key does not sign"));
            continue;
        }
        let budget = left.entry(role).or_default();
        let Some(rest) = budget.checked_sub(one.lamports) else {
            signed.keys.push(cap_reached(role, one.lamports));
            signed.unfunded.extend(one.ready.batch.intents);
            continue;
        };
        match sign_one(&one, signing).await {
            Ok(transaction) => {
                *budget = rest;
                signed.keys.push(KeyNote { role, fault: KeyFault::DoesNotSign, reason: None });
                signed.submissions.push(submission(one, transaction, signing));
            }
            Err(error) => {
                tracing::warn!(role = role.name(), %error, "a transaction was not signed");
                let reason = error.to_string();
                if matches!(error, SignError::Signer(_)) {
                    silent.insert(role);
                    let fault = KeyFault::DoesNotSign;
                    signed.keys.push(KeyNote { role, fault, reason: Some(reason.clone()) });
                }
                signed.unsigned.extend(LeftOut::all(one.ready.batch.intents, &reason));
            }
        }
    }
    signed
}

fn cap_reached(role: Role, wanted: Lamports) -> KeyNote {
    let wanted = wanted.get();
    let reason = format!("its cap of lamports per day is reached; raise it in [spending] ({wanted} wanted)");
    KeyNote { role, fault: KeyFault::CannotPay, reason: Some(reason) }
}

async fn sign_one(one: &Priced, signing: &Signing<'_>) -> Result<VersionedTransaction, SignError> {
    let batch = &one.ready.batch;
    let key = signing.keys.get(&batch.role).ok_or(SignError::NoKey)?;
    let envelope = Envelope {
        market: signing.market,
        payer: &key.public_key(),
        version: signing.version,
        compute_units: one.compute_units,
        fee: one.fee,
        blockhash: signing.blockhash.hash,
    };
    let message = build_message(batch, &envelope).map_err(SignError::Build)?;
    let signature = key.sign(&message.serialize()).await;
    let signature = signature.map_err(|error| SignError::Signer(error.to_string()))?;
    Ok(VersionedTransaction { signatures: vec![signature], message })
}

fn submission(one: Priced, transaction: VersionedTransaction, signing: &Signing) -> Submission {
    let batch = one.ready.batch;
    let flight = Flight {
        signature: transaction.signatures.first().copied().unwrap_or_default(),
        writes: writes(&transaction),
        transaction,
        role: batch.role,
        last_valid_height: signing.blockhash.last_valid_height,
        lamports: one.lamports,
        compute_units: one.ready.compute_units,
        carried: batch.intents.iter().map(Carried::from_intent).collect(),
        written_at: signing.now,
        from_slot: signing.slot,
        sent: None,
        expired_since: None,
        signed: Some(Instant::now()),
    };
    Submission { flight, intents: batch.intents }
}
