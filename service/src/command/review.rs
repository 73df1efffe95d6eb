//! The review before anything is signed, for stderr.

use {
    blockable_sdk::{
        Pubkey,
        amounts::{LAMPORTS_PER_SOL, Lamports},
    },
    std::fmt,
};

/// Least width of the column of names.
const NAMES: usize = 14;

/// The first line of every command that signs.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The cluster's name, by its genesis hash.
    pub cluster: String,
    /// The market's account.
    pub market: Pubkey,
    /// Its admin: anyone can take a market's id, so the address alone says little.
    pub admin: Pubkey,
    /// The address that signs.
    pub signer: Pubkey,
    /// Words for the origin of its key.
    pub source: String,
    /// Further addresses that sign.
    pub cosigners: Vec<Pubkey>,
    /// The address that pays.
    pub payer: Pubkey,
}

impl fmt::Display for Heading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Heading { cluster, market, admin, signer, source, cosigners, payer } = self;
        write!(f, "cluster {cluster}, market {market} (admin {admin}), signer {signer} ({source})")?;
        for cosigner in cosigners {
            write!(f, ", also {cosigner}")?;
        }
        if payer != signer {
            write!(f, ", fee payer {payer}")?;
        }
        Ok(())
    }
}

/// The act, its effect, its cost, and the part that cannot be undone. Ends with a line break.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    /// The act, as a sentence.
    pub title: &'a str,
    /// Line by line the name of a thing, and its value or what becomes of it.
    pub lines: &'a [(String, String)],
    /// The cost.
    pub cost: Cost,
    /// The part that cannot be undone.
    pub irreversible: &'a str,
}

impl fmt::Display for Review<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(NAMES);
        writeln!(f, "{}", self.title)?;
        for (name, value) in self.lines {
            writeln!(f, "  {name:width$}  {value}")?;
        }
        writeln!(f, "  {:width$}  {}", "cost", self.cost)?;
        writeln!(f, "  {:width$}  {}", "not undone", self.irreversible)
    }
}

/// The cost of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Fees of all transactions.
    pub fee: Lamports,
    /// Rent that is paid for accounts.
    pub rent: Lamports,
    /// The number of transactions.
    pub transactions: usize,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = match self.transactions {
            1 => "one transaction".to_string(),
            count => format!("{count} transactions"),
        };
        write!(f, "{} SOL for {many}", sol(self.fee))?;
        match self.rent {
            Lamports::ZERO => Ok(()),
            rent => write!(f, ", and {} SOL of rent", sol(rent)),
        }
    }
}

/// Writes an amount in SOL, exactly.
pub fn sol(amount: Lamports) -> String {
    format!("{}.{:09}", amount.get() / LAMPORTS_PER_SOL, amount.get() % LAMPORTS_PER_SOL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_has_its_values_in_a_column() {
        let lines = [("frozen".to_string(), "0 units -> 5 units".to_string())];
        let cost = Cost { fee: Lamports(5_000), rent: Lamports(1_500_000_000), transactions: 2 };
        let review = Review { title: "freeze 5 units", lines: &lines, cost, irreversible: "nothing" };
        assert_eq!(
            review.to_string(),
            "freeze 5 units\n  frozen          0 units -> 5 units\n  cost            0.000005000 SOL for 2 transactions, and \
             1.500000000 SOL of rent\n  not undone      nothing\n"
        );
    }

    #[test]
    fn the_heading_names_a_fee_payer_that_is_another_key() {
        let [market, admin, signer, payer] = std::array::from_fn(|_| Pubkey::new_unique());
        let (cluster, source) = ("devnet".to_string(), "from key.json, named by --keypair".to_string());
        let heading =
            Heading { cluster, market, admin, signer, source, cosigners: Vec::new(), payer: signer };
        let text = format!(
            "cluster devnet, market {market} (admin {admin}), signer {signer} (from key.json, named by --keypair)"
        );
        assert_eq!(heading.to_string(), text);
        let other = Heading { payer, ..heading };
        assert_eq!(other.to_string(), format!("{text}, fee payer {payer}"));
    }
}
