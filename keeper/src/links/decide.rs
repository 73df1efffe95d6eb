//! The program's decision on an act, by its own functions on copies of the accounts, and the instruction for it.

use {
    super::{
        asked::{Asked, dollar_text},
        view::View,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::{MicroUsd, Units},
        errors::refusal,
        instructions::{self, Payment},
        program::{
            actions::{Quote, Sale},
            errors::BlockableError,
        },
    },
    blockable_service::text,
};

/// Decides on an act of `party`. Returns a sentence with its effect. Errors: the program's.
pub(crate) fn decide(asked: &Asked, view: &View, party: &Pubkey) -> Result<String, BlockableError> {
    // No function of the program fails in another way.
    let refused = |error| refusal(&error).unwrap_or(BlockableError::ArithmeticOverflow);
    let (mut credit, clock) = (view.credit, &view.clock);
    match asked {
        Asked::Freeze { amount, reason, offer } => {
            credit.require_offer(*offer).map_err(refused)?;
            let before = credit.collateral.frozen();
            credit.freeze(party, *amount, *reason, None, clock).map_err(refused)?;
            let (frozen, open) = (credit.collateral.frozen(), credit.collateral.available());
            Ok(format!(
                "Freezes {}. Then {} are frozen and {} stay open to new work.",
                units(frozen.saturating_sub(before)),
                units(frozen),
                units(open)
            ))
        }
        Asked::Thaw { bounds, offer } => {
            credit.require_offer(*offer).map_err(refused)?;
            let before = credit.collateral.frozen();
            credit.thaw(party, *bounds).map_err(refused)?;
            let frozen = credit.collateral.frozen();
            Ok(format!("Thaws {}. {} stay frozen.", units(before.saturating_sub(frozen)), units(frozen)))
        }
        Asked::Repay { amount, read, must_cure } => {
            read.require(&credit).map_err(refused)?;
            let open = credit.collateral.available();
            let paid = credit.begin_payment(*amount, clock).map_err(refused)?;
            credit.receive_payment(*party, paid).map_err(refused)?;
            if *must_cure {
                credit.require_cured().map_err(refused)?;
            }
            let opened = credit.collateral.available().saturating_sub(open);
            Ok(format!(
                "Pays {}, at most ${}. It opens {}; {} is owed then.",
                dollars(paid),
                dollar_text(*amount),
                units(opened),
                dollars(credit.debt.total())
            ))
        }
        Asked::Buy { amount, max_price } => {
            let Some((key, lot)) = view.lot else { return Err(BlockableError::LotMismatch) };
            let mut lot = lot;
            let Quote { units: bought, cost } =
                lot.quote(&credit, party, *amount, *max_price, clock).map_err(refused)?;
            let sale = Sale { lot: key, buyer: *party, units: bought, cost };
            credit.sell(&mut lot, sale, view.market.redistribution_fee_bps, clock).map_err(refused)?;
            Ok(format!(
                "Buys {} for {}, at no more than {} a million.",
                units(bought),
                dollars(cost),
                dollars(*max_price)
            ))
        }
        Asked::Accept(read) => {
            // Slot 0 stands for an offer of the same transaction, which no link has shown.
            if read.slot == 0 {
                return Err(BlockableError::OfferReplaced);
            }
            credit.accept(party, *read, clock).map_err(refused)?;
            let (principal, count) = (dollars(credit.terms.principal), units(credit.terms.units));
            Ok(format!("Accepts the offer: {principal} for {count}."))
        }
    }
}

/// Builds the instruction of an act for `party`, who signs and pays. `None` for a purchase without a lot.
pub(crate) fn instruction(asked: &Asked, view: &View, party: &Pubkey) -> Option<Instruction> {
    let (market, credit) = (&view.keys.market, &view.credit_key);
    let wallet = view.keys.token_account(party);
    Some(match asked {
        Asked::Freeze { amount, reason, .. } => {
            instructions::credit_freeze(market, party, credit, *amount, *reason)
        }
        Asked::Thaw { bounds, .. } => instructions::credit_thaw(market, party, credit, *bounds),
        Asked::Repay { amount, read, must_cure } => {
            let payment = Payment { amount: *amount, read: *read, must_cure: *must_cure };
            instructions::credit_repay(&view.keys, party, &wallet, credit, payment)
        }
        Asked::Buy { amount, max_price } => {
            let lot = view.lot_keys()?;
            instructions::lot_buy(&view.keys, party, party, &wallet, &lot, *amount, *max_price)
        }
        Asked::Accept(read) => instructions::credit_accept(market, party, credit, *read),
    })
}

fn units(count: u64) -> String {
    text::units(Units(count))
}

fn dollars(amount: u64) -> String {
    text::usd_owed(MicroUsd(amount))
}
