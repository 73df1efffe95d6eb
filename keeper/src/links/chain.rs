//! The chain behind links: the accounts as of now, and transactions that have been simulated.

use {
    super::{act::Act, error::LinkError, view::View},
    crate::{
        chain::{Node, Nodes},
        land::simulate_message,
    },
    base64::{Engine as _, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey, Signature, TransactionError, VersionedTransaction,
        accounts::{BlockableAccount, decode_clock},
        addresses,
        errors::program_error,
        instructions::MarketKeys,
        program::state::{Credit, Lot, Market},
        rpc::{CommitmentConfig, UiAccount},
        transactions::{encode, message_v0},
    },
};

/// The error of Anchor for an account that does not exist, which a wallet without a token account meets.
const NOT_INITIALISED: u32 = 3_012;

/// The market's part of the chain.
pub(super) struct Chain<'a> {
    /// A node that can be used.
    node: &'a Node,
    market: Pubkey,
}

impl<'a> Chain<'a> {
    /// Chooses a node. Errors: [`LinkError::Chain`] where none can be used.
    pub(super) async fn open(nodes: &'a Nodes, market: Pubkey) -> Result<Chain<'a>, LinkError> {
        let (usable, _) = nodes.probe().await;
        let node = usable.into_iter().next().ok_or(LinkError::Chain)?;
        Ok(Chain { node, market })
    }

    /// Reads the accounts that a link is about; for a purchase `address` is the lot's. Errors: [`LinkError::Unknown`] for an
    /// account of another market, of another type or of nobody; [`LinkError::Chain`].
    pub(super) async fn view(&self, act: Act, address: Pubkey) -> Result<View, LinkError> {
        let lot = match act {
            Act::Buy => {
                let found = self.accounts([address]).await?;
                Some((address, own::<Lot>(found.first(), &address)?))
            }
            _ => None,
        };
        let credit_key = lot.as_ref().map_or(address, |(_, lot)| lot.credit);
        let found = self.accounts([addresses::CLOCK, self.market, credit_key]).await?;
        let [clock, market, credit] = found.as_slice() else { return Err(LinkError::Chain) };
        let credit: Credit = own(Some(credit), &credit_key)?;
        if credit.market != self.market {
            return Err(unknown(&address));
        }
        let market: Market = own(Some(market), &self.market)?;
        let clock = clock.as_ref().and_then(|account| decode_clock(&account.data.decode()?));
        let clock = clock.and_then(|clock| market.clock_at(clock.unix_timestamp).ok());
        let keys = MarketKeys {
            market: self.market,
            mint: market.payment_mint,
            token_program: market.token_program,
        };
        Ok(View { keys, market, credit_key, credit, lot, clock: clock.ok_or(LinkError::Chain)? })
    }

    async fn accounts<const N: usize>(
        &self,
        addresses: [Pubkey; N],
    ) -> Result<Vec<Option<UiAccount>>, LinkError> {
        Ok(self.node.fetch(&addresses, CommitmentConfig::confirmed()).await?.1)
    }

    /// Builds the transaction of one instruction that `account` signs and pays for, and simulates it. Returns it in base 64.
    /// Errors: [`LinkError::Refused`] and [`LinkError::Wallet`] where it would fail, [`LinkError::Chain`].
    pub(super) async fn to_sign(
        &self,
        instruction: Instruction,
        account: &Pubkey,
    ) -> Result<String, LinkError> {
        let latest = self.node.ask("blockhash", self.node.rpc().get_latest_blockhash()).await?;
        let message = message_v0(&[instruction], account, latest).map_err(|error| {
            tracing::error!(%error, "a link's transaction cannot be built");
            LinkError::Chain
        })?;
        if message.header().num_required_signatures != 1 {
            return Err(LinkError::Wallet("Another key would have to sign as well. Use the lender's page."));
        }
        if let Some(error) = simulate_message(self.node, message.clone()).await?.error {
            return Err(failed(&error));
        }
        let transaction = VersionedTransaction { signatures: vec![Signature::default()], message };
        Ok(STANDARD.encode(encode(&transaction)))
    }
}

/// Reads an account of the program. Errors: [`LinkError::Unknown`].
fn own<T: BlockableAccount>(account: Option<&Option<UiAccount>>, address: &Pubkey) -> Result<T, LinkError> {
    let account = account.and_then(Option::as_ref).filter(|account| account.owner == PROGRAM_ID.to_string());
    let data = account.and_then(|account| account.data.decode());
    data.and_then(|data| T::decode(&data).ok()).ok_or_else(|| unknown(address))
}

fn unknown(address: &Pubkey) -> LinkError {
    LinkError::Unknown(format!("This keeper's market has nothing of this kind at {address}. Check the link."))
}

/// Explains a simulation that has failed.
fn failed(error: &TransactionError) -> LinkError {
    if let Some((_, error)) = program_error(error) {
        return LinkError::Refused(error);
    }
    let text = error.to_string();
    LinkError::Wallet(match error {
        TransactionError::InstructionError(_, _) if text.contains(&format!("{NOT_INITIALISED:#x}")) => {
            "This wallet has no account for the market's stablecoin. Use the wallet that holds it."
        }
        TransactionError::InstructionError(_, _) => {
            "The transaction would fail: this wallet has too little of the stablecoin, or too little SOL for fee and rent. \
             Add some, or use another wallet."
        }
        _ => "This wallet cannot pay the fee. Send some SOL to it, or use another wallet.",
    })
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::program::errors::BlockableError};

    fn instruction_error(code: u32) -> TransactionError {
        use blockable_sdk::InstructionError;
        TransactionError::InstructionError(0, InstructionError::Custom(code))
    }

    #[test]
    fn a_failed_simulation_is_explained() {
        let told = |error: &TransactionError| failed(error).to_string();
        let refused = instruction_error(BlockableError::AlreadyFrozen.code());
        assert!(told(&refused).starts_with("At least that many units are frozen"), "{}", told(&refused));
        assert!(told(&instruction_error(3_012)).contains("no account for the market's stablecoin"));
        assert!(told(&instruction_error(1)).contains("too little of the stablecoin"));
        assert!(told(&TransactionError::AccountNotFound).contains("cannot pay the fee"));
    }
}
