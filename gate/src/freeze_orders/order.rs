//! Reads a signed freeze and checks it against the chain view. No I/O.

use {
    super::{
        companions::{self, key},
        refused::OrderRefused,
    },
    crate::Gate,
    anchor_lang::{AnchorDeserialize, Discriminator},
    blockable_sdk::{
        Hash, PROGRAM_ID, Pubkey, Signature, TransactionError, VersionedMessage, VersionedTransaction,
        amounts::{MarketTime, Units},
        errors::program_error,
        instructions,
        message::compiled_instruction::CompiledInstruction,
        program::{
            actions::CrossCredit,
            errors::BlockableError,
            instruction,
            instructions::FreezeAmount,
            state::{Credit, FreezeReason},
            transitions::Action,
        },
        transactions::{self, V0_MAX_BYTES, V1_MAX_BYTES},
    },
    std::collections::HashSet,
};

/// A fully signed transaction that freezes one credit and changes nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeOrder {
    /// The transaction's signature.
    pub signature: Signature,
    /// The blockhash that it expires with.
    pub blockhash: Hash,
    /// The market named.
    pub market: Pubkey,
    /// The credit to be frozen.
    pub credit: Pubkey,
    /// The other credit of a freeze for cross-default.
    pub other: Option<Pubkey>,
    /// The key that ordered the freeze by its signature.
    pub by: Pubkey,
    /// The total that is to be frozen, units frozen before included.
    pub amount: FreezeAmount,
    /// The reason.
    pub reason: FreezeReason,
    /// The transaction as it is sent.
    pub bytes: Vec<u8>,
}

impl FreezeOrder {
    /// Explains the error by which the transaction has failed: by the program's own words where its freeze has.
    pub(crate) fn explain(&self, failure: &TransactionError) -> String {
        let failed = program_error(failure).filter(|(index, _)| {
            let transaction = decode(&self.bytes).ok();
            let program = transaction.and_then(|transaction| {
                let failed = transaction.message.instructions().get(usize::from(*index))?;
                key(&transaction.message, failed.program_id_index).ok()
            });
            program == Some(PROGRAM_ID)
        });
        match failed {
            Some((_, error)) => error.to_string(),
            None => format!("{failure}; look its logs up by its signature"),
        }
    }

    /// Reads a transaction and verifies its signatures. Errors: [`OrderRefused`].
    pub fn read(bytes: &[u8]) -> Result<FreezeOrder, OrderRefused> {
        let transaction = decode(bytes)?;
        let message = &transaction.message;
        let freeze = only_freeze(message)?;
        let order = read_freeze(&transaction, freeze, bytes)?;
        let credits: Vec<Pubkey> = order.other.into_iter().chain([order.credit]).collect();
        companions::check(message, Some(freeze), &credits)?;
        require_signatures(&transaction)?;
        Ok(order)
    }

    /// Checks the order against the chain view, by the program's own rules. Returns the total of units that will be frozen for
    /// the order's kind of reason; as many may be frozen already for the other kind. Errors: [`OrderRefused`].
    pub fn check(&self, gate: &Gate) -> Result<Units, OrderRefused> {
        if self.market != gate.config().market {
            return Err(OrderRefused::ForeignMarket { market: self.market });
        }
        let (is_fresh, market_time) = {
            let view = gate.chain_view();
            (view.is_fresh(), view.market_time())
        };
        if !is_fresh {
            return Err(OrderRefused::Stale);
        }
        let mut credit =
            gate.credit(&self.credit).ok_or(OrderRefused::UnknownCredit { credit: self.credit })?;
        credit.require_freezer(&self.by).map_err(|_| OrderRefused::NotFreezer { by: self.by })?;
        let market_time = market_time.ok_or(OrderRefused::Stale)?;
        let other = self.other(gate)?;
        let cross = other.as_ref().map(|(key, credit)| CrossCredit { key: *key, credit });
        let target = self.target(&mut credit, cross, market_time).map_err(|error| forbidden(&error))?;
        match credit.collateral.freeze(target.get(), self.reason) {
            Some(_) => Ok(target),
            None => Err(OrderRefused::Forbidden(BlockableError::AlreadyFrozen)),
        }
    }

    /// The other credit of a freeze for cross-default. The gate knows those of its own provider; a freeze for another one is
    /// obeyed once it has landed. Errors: [`OrderRefused::UnknownCredit`].
    fn other(&self, gate: &Gate) -> Result<Option<(Pubkey, Credit)>, OrderRefused> {
        let Some(key) = self.other else { return Ok(None) };
        let credit = gate.credit(&key).ok_or(OrderRefused::UnknownCredit { credit: key })?;
        Ok(Some((key, credit)))
    }

    /// Runs the program's steps before a freeze on a copy of the credit.
    fn target(
        &self,
        credit: &mut Credit,
        cross: Option<CrossCredit<'_>>,
        market_time: MarketTime,
    ) -> anchor_lang::Result<Units> {
        let status = credit.advance(Action::Freeze)?;
        credit.require_may_freeze(self.reason, status, cross, market_time.get())?;
        if self.amount == FreezeAmount::Shortfall {
            credit.accrue(market_time.get())?;
        }
        credit.freeze_target(self.amount).map(Units)
    }
}

fn forbidden(error: &anchor_lang::error::Error) -> OrderRefused {
    let code = match error {
        anchor_lang::error::Error::AnchorError(error) => Some(error.error_code_number),
        anchor_lang::error::Error::ProgramError(_) => None,
    };
    // Every error of these rules is one of the program's own.
    OrderRefused::Forbidden(code.and_then(BlockableError::from_code).unwrap_or(BlockableError::UnknownStatus))
}

/// Decodes a transaction that takes up all of the bytes.
fn decode(bytes: &[u8]) -> Result<VersionedTransaction, OrderRefused> {
    let require = |limit| match bytes.len() <= limit {
        true => Ok(()),
        false => Err(OrderRefused::TooLarge { bytes: bytes.len(), limit }),
    };
    require(V1_MAX_BYTES)?;
    let transaction = transactions::decode(bytes).ok_or(OrderRefused::Malformed)?;
    if !matches!(transaction.message, VersionedMessage::V1(_)) {
        require(V0_MAX_BYTES)?;
    }
    let keys = transaction.message.static_account_keys();
    let distinct = keys.iter().collect::<HashSet<_>>().len() == keys.len();
    if distinct { Ok(transaction) } else { Err(OrderRefused::Malformed) }
}

/// The freeze, the only instruction of the program. The others are checked where its credit is known. Errors: [`OrderRefused`].
fn only_freeze(message: &VersionedMessage) -> Result<&CompiledInstruction, OrderRefused> {
    if message.address_table_lookups().is_some_and(|lookups| !lookups.is_empty()) {
        return Err(OrderRefused::LookupTables);
    }
    let mut freeze = None;
    let mut freezes = 0;
    for instruction in message.instructions() {
        if key(message, instruction.program_id_index)? != PROGRAM_ID {
            continue;
        }
        freezes += u32::from(instruction.data.starts_with(instruction::CreditFreeze::DISCRIMINATOR));
        if freeze.replace(instruction).is_some() {
            return Err(if freezes > 1 { OrderRefused::SeveralFreezes } else { OrderRefused::NotAFreeze });
        }
    }
    match freeze {
        Some(freeze) => Ok(freeze),
        // A freeze inside of another program's instruction gets the refusal that says so.
        None => Err(companions::check(message, None, &[]).err().unwrap_or(OrderRefused::NotAFreeze)),
    }
}

/// Reads the instruction. It must equal, byte for byte, the one that the client builds from the same values.
fn read_freeze(
    transaction: &VersionedTransaction,
    freeze: &CompiledInstruction,
    bytes: &[u8],
) -> Result<FreezeOrder, OrderRefused> {
    let message = &transaction.message;
    let arguments = freeze.data.strip_prefix(instruction::CreditFreeze::DISCRIMINATOR);
    let arguments = arguments.ok_or(OrderRefused::NotAFreeze)?;
    let instruction::CreditFreeze { amount, reason } =
        instruction::CreditFreeze::try_from_slice(arguments).map_err(|_| OrderRefused::NotAFreeze)?;
    let &[by, market, credit, other, ..] = freeze.accounts.as_slice() else {
        return Err(OrderRefused::NotAFreeze);
    };
    let (by, market, credit) = (key(message, by)?, key(message, market)?, key(message, credit)?);
    // An optional account that is left out has the program's address.
    let other = Some(key(message, other)?).filter(|other| *other != PROGRAM_ID);
    if other == Some(credit) {
        return Err(OrderRefused::Forbidden(BlockableError::CrossCreditMismatch));
    }

    let built = match other {
        Some(other) if reason == FreezeReason::CrossDefault => {
            instructions::credit_freeze_for_cross_default(&market, &by, &credit, &other, amount)
        }
        _ => instructions::credit_freeze(&market, &by, &credit, amount, reason),
    };
    if freeze.data != built.data || freeze.accounts.len() != built.accounts.len() {
        return Err(OrderRefused::NotAFreeze);
    }
    for (index, expected) in freeze.accounts.iter().zip(&built.accounts) {
        let at = usize::from(*index);
        // A transaction may give an account more than one instruction needs: the signer also pays.
        let suffices = (message.is_signer(at) || !expected.is_signer)
            && (is_writable(message, at) || !expected.is_writable);
        if key(message, *index)? != expected.pubkey || !suffices {
            return Err(OrderRefused::NotAFreeze);
        }
    }
    Ok(FreezeOrder {
        signature: transaction.signatures.first().copied().ok_or(OrderRefused::Unsigned)?,
        blockhash: *message.recent_blockhash(),
        market,
        credit,
        other,
        by,
        amount,
        reason,
        bytes: bytes.to_vec(),
    })
}

/// True where the header lets the account at an index be written.
fn is_writable(message: &VersionedMessage, index: usize) -> bool {
    let header = message.header();
    let signers = usize::from(header.num_required_signatures);
    let end = match index < signers {
        true => signers.checked_sub(usize::from(header.num_readonly_signed_accounts)),
        false => message
            .static_account_keys()
            .len()
            .checked_sub(usize::from(header.num_readonly_unsigned_accounts)),
    };
    end.is_some_and(|end| index < end)
}

fn require_signatures(transaction: &VersionedTransaction) -> Result<(), OrderRefused> {
    let keys = transaction.message.static_account_keys();
    let required = usize::from(transaction.message.header().num_required_signatures);
    let missing = transaction.signatures.iter().any(|signature| *signature == Signature::default());
    if missing || transaction.signatures.len() != required || required == 0 || keys.len() < required {
        return Err(OrderRefused::Unsigned);
    }
    let message = transaction.message.serialize();
    for (signature, signer) in transaction.signatures.iter().zip(keys) {
        if !signature.verify(signer.as_ref(), &message) {
            return Err(OrderRefused::BadSignature { signer: *signer });
        }
    }
    Ok(())
}
