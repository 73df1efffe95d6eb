//! Reads the facts that no event has from the transaction of an offer, for credits whose account is gone.

use {
    crate::{
        audit::Origin,
        rpc::{EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, UiInstruction},
    },
    anchor_lang::{AnchorDeserialize, Discriminator},
    blockable_credits::{ID, actions::OfferArgs, instruction, state::LoanParties},
    solana_pubkey::Pubkey,
};

/// The facts of a credit in the instruction that offered it, which another program may have called; `None` where there is none.
pub(super) fn origin_of_offer(
    credit: &Pubkey,
    transaction: &EncodedConfirmedTransactionWithStatusMeta,
) -> Option<Origin> {
    let meta = transaction.transaction.meta.as_ref()?;
    let decoded = transaction.transaction.transaction.decode()?;
    let mut keys = decoded.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        for key in loaded.writable.iter().chain(&loaded.readonly) {
            keys.push(key.parse().ok()?);
        }
    }
    let outer = decoded.message.instructions().iter();
    let mut calls: Vec<(usize, Vec<u8>, Vec<u8>)> = outer
        .map(|call| (usize::from(call.program_id_index), call.accounts.clone(), call.data.clone()))
        .collect();
    if let OptionSerializer::Some(inner) = &meta.inner_instructions {
        for call in inner.iter().flat_map(|inner| &inner.instructions) {
            let UiInstruction::Compiled(call) = call else { continue };
            let data = bs58::decode(&call.data).into_vec().ok()?;
            calls.push((usize::from(call.program_id_index), call.accounts.clone(), data));
        }
    }
    let offers = calls.iter().filter(|(program, ..)| keys.get(*program) == Some(&ID));
    offers
        .filter_map(|(_, accounts, data)| read_offer(&keys, accounts, data))
        .find(|origin| origin.is_of(credit))
}

fn read_offer(keys: &[Pubkey], accounts: &[u8], data: &[u8]) -> Option<Origin> {
    let mut arguments = data.strip_prefix(instruction::CreditOffer::DISCRIMINATOR)?;
    let args = OfferArgs::deserialize(&mut arguments).ok()?;
    // The order in which the instruction declares its accounts.
    let [lender, rent_payer, borrower, market, provider, ..] = accounts else { return None };
    let key = |place: &u8| keys.get(usize::from(*place)).copied();
    let parties = LoanParties {
        market: key(market)?,
        lender: key(lender)?,
        borrower: key(borrower)?,
        provider: key(provider)?,
        nonce: args.nonce,
    };
    Some(Origin::from_offer(&parties, args.freeze_authority, key(rent_payer)?))
}
