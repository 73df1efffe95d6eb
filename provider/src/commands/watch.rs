//! `blockable-provider issue --watch`.

use {
    super::{
        CommandError,
        chain::{ActError, Session, nothing},
        issue::{IssueArgs, issue, waiting},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        program::state::Credit,
    },
    blockable_service::{
        command::{
            Answer, CarryError, answered, document,
            values::{address, money, seconds_span, share_or_zero, units_or_zero},
        },
        shutdown::StopSignals,
        text,
    },
    clap::Args,
    serde_json::{Value, json},
    std::{collections::HashMap, pin::pin, time::Duration},
    tokio::time::sleep,
};

/// Units that a price is named for.
const PRICED_UNITS: u128 = 1_000_000;

/// Rules by which offers are issued without anybody who looks at them.
#[derive(Args, Debug, Default)]
pub(super) struct WatchArgs {
    /// Goes on until SIGINT or SIGTERM: issues each accepted offer that keeps the rules below, and says why another is left
    ///
    /// With --json it prints a document a line: one for each offer that is issued or left.
    #[arg(long, conflicts_with_all = ["credit", "terms_hash", "offer_slot"], requires = "least_price")]
    watch: bool,
    /// Least price of a million units, such as 4.50usdc: the principal, with what is held back
    #[arg(long, value_name = "AMOUNT", value_parser = money, requires = "watch")]
    least_price: Option<MicroUsd>,
    /// Most of the principal that is held back, such as 40% [default: 0%]
    #[arg(long, value_name = "SHARE", value_parser = share_or_zero, requires = "watch")]
    most_holdback: Option<Bps>,
    /// Most units of one offer
    #[arg(long, value_name = "UNITS", value_parser = units_or_zero, requires = "watch")]
    most_units: Option<Units>,
    /// Lender whose offers are issued; once for each [default: all]
    #[arg(long = "lender", value_name = "ADDRESS", value_parser = address, requires = "watch")]
    lenders: Vec<Pubkey>,
    /// Borrower whose loans are issued; once for each [default: all]
    #[arg(long = "borrower", value_name = "ADDRESS", value_parser = address, requires = "watch")]
    borrowers: Vec<Pubkey>,
    /// Time between two reads of the chain [default: 10s]
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, requires = "watch")]
    poll: Option<u32>,
}

impl WatchArgs {
    /// True where the command goes on until a signal.
    pub(super) fn is_watching(&self) -> bool {
        self.watch
    }

    /// The first rule that an offer breaks, in words.
    fn broken(&self, credit: &Credit) -> Option<String> {
        let terms = &credit.terms;
        if !self.lenders.is_empty() && !self.lenders.contains(&credit.lender) {
            return Some(format!("the lender {} is none of --lender", credit.lender));
        }
        if !self.borrowers.is_empty() && !self.borrowers.contains(&credit.borrower) {
            return Some(format!("the borrower {} is none of --borrower", credit.borrower));
        }
        if let Some(most) = self.most_units.filter(|most| Units(terms.units) > *most) {
            let [units, most] = [Units(terms.units), most].map(text::units);
            return Some(format!("it is for {units}, more than --most-units {most}"));
        }
        let paid = u128::from(terms.principal) * PRICED_UNITS;
        if let Some(least) =
            self.least_price.filter(|least| paid < u128::from(least.get()) * u128::from(terms.units))
        {
            // A price of no units is none.
            let price = paid.checked_div(terms.units.into()).and_then(|price| u64::try_from(price).ok());
            let price = text::usd_received(MicroUsd(price.unwrap_or(0)));
            let least = text::usd_owed(least);
            return Some(format!("it pays {price} for a million units, less than --least-price {least}"));
        }
        let most = self.most_holdback.unwrap_or(Bps(0));
        if u128::from(terms.holdback) * 10_000 > u128::from(terms.principal) * u128::from(most.get()) {
            let [held, principal] =
                [terms.holdback, terms.principal].map(|amount| text::usd_received(MicroUsd(amount)));
            let most = text::percent(most);
            return Some(format!("{held} of {principal} are held back, more than --most-holdback {most}"));
        }
        None
    }
}

/// Something that is said of an offer.
enum Said {
    /// It is issued, or in a dry run would be.
    Issued(Answer),
    /// It is left for a reason, which may end.
    Left(String),
    /// It failed; the next round tries again.
    Failed(ActError),
}

/// A run of the command: what it has said of each offer, which it says once. All of it is on the chain, so that a kill loses nothing.
struct Watch<'a> {
    args: &'a IssueArgs,
    said: HashMap<(Pubkey, u64), String>,
}

/// Issues offers until a signal comes. Errors: [`CommandError::Signal`]; [`CommandError::Act`] where the first round fails, or
/// where nobody can confirm.
pub(super) async fn run(args: &IssueArgs) -> Result<(), CommandError> {
    let mut stopped = pin!(StopSignals::listen()?.wait());
    let mut watch = Watch { args, said: HashMap::new() };
    let pause = Duration::from_secs(args.watch.poll.unwrap_or(10).into());
    // Settings that are wrong are no reason to go on.
    watch.round().await?;
    eprintln!(
        "watching for accepted offers; a read of the chain every {}",
        text::span(i64::try_from(pause.as_secs()).unwrap_or(i64::MAX))
    );
    loop {
        // A round goes on to its end, so that each transaction that was sent is followed.
        tokio::select! {
            biased;
            () = &mut stopped => return Ok(()),
            () = sleep(pause) => {}
        }
        match watch.round().await {
            Ok(()) => {}
            Err(error @ ActError::Carry(CarryError::Confirm(_))) => return Err(error.into()),
            Err(error) => eprintln!("the offers cannot be read: {error}; trying again"),
        }
    }
}

impl Watch<'_> {
    /// Reads the offers that wait, and issues or leaves each. Errors: [`ActError`], where no offer could be read or nobody can
    /// confirm.
    async fn round(&mut self) -> Result<(), ActError> {
        let session = Session::open(self.args.chain()).await?;
        let offers = waiting(&session).await?;
        if offers.is_empty() {
            session.provider().await?;
        }
        self.said.retain(|known, _| {
            offers.iter().any(|(address, credit)| *known == (*address, credit.offer_slot))
        });
        for (address, credit) in &offers {
            // Read anew for each: the one before takes capacity.
            let provider = session.provider().await?;
            let said = match self.args.watch.broken(credit) {
                Some(rule) => Said::Left(rule),
                None if self.is_done(address, credit) => continue,
                None => match issue(&session, &provider, address, credit).await {
                    Ok(answer) => Said::Issued(answer),
                    Err(error @ ActError::Carry(CarryError::Confirm(_))) => return Err(error),
                    Err(ActError::Refused(reason)) => Said::Left(reason),
                    Err(error) => Said::Failed(error),
                },
            };
            self.say(&session, address, credit, said);
            answered();
        }
        Ok(())
    }

    /// True for an offer that a dry run has shown.
    fn is_done(&self, address: &Pubkey, credit: &Credit) -> bool {
        self.said.get(&(*address, credit.offer_slot)).is_some_and(String::is_empty)
    }

    /// Prints what became of an offer, unless that was said before.
    fn say(&mut self, session: &Session, address: &Pubkey, credit: &Credit, said: Said) {
        let words = match &said {
            Said::Issued(_) => String::new(),
            Said::Left(reason) => reason.clone(),
            Said::Failed(error) => error.to_string(),
        };
        let before = self.said.insert((*address, credit.offer_slot), words.clone());
        if before.as_ref() == Some(&words) {
            return;
        }
        if !session.args.json {
            match said {
                Said::Issued(answer) => println!("{}", answer.text),
                Said::Left(reason) => println!("left {address}: {reason}"),
                Said::Failed(error) => println!("failed {address}: {error}"),
            }
            return;
        }
        let result: Result<Value, CommandError> = match said {
            Said::Issued(answer) => Ok(answer.data),
            Said::Left(reason) => {
                Ok(nothing(session, "", json!({"credit": address.to_string(), "left": reason})).data)
            }
            Said::Failed(error) => Err(error.into()),
        };
        println!("{}", document(&result));
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::program::state::Terms, bytemuck::Zeroable};

    fn address(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    /// An offer of 250 million units for $1,000, of which $300 are held back: $4 a million.
    fn offer() -> Credit {
        let terms =
            Terms { units: 250_000_000, principal: 1_000_000_000, holdback: 300_000_000, ..Terms::zeroed() };
        Credit { lender: address(1), borrower: address(2), terms, ..Credit::zeroed() }
    }

    #[test]
    fn each_rule_is_kept_to_the_unit() {
        let rules = |change: fn(&mut WatchArgs)| {
            let mut rules = WatchArgs { most_holdback: Some(Bps(3_000)), ..WatchArgs::default() };
            change(&mut rules);
            rules.broken(&offer())
        };
        assert_eq!(rules(|_| ()), None);
        assert_eq!(rules(|rules| rules.least_price = Some(MicroUsd(4_000_000))), None);
        let broken = rules(|rules| rules.least_price = Some(MicroUsd(4_000_001))).unwrap();
        assert_eq!(broken, "it pays $4.00 for a million units, less than --least-price $4.01");
        assert_eq!(rules(|rules| rules.most_units = Some(Units(250_000_000))), None);
        let broken = rules(|rules| rules.most_units = Some(Units(249_999_999))).unwrap();
        assert!(broken.contains("250,000,000 units, more than --most-units 249,999,999"), "{broken}");
        assert!(rules(|rules| rules.most_holdback = Some(Bps(2_999))).unwrap().contains("29.99 %"));
        let broken = rules(|rules| rules.most_holdback = None).unwrap();
        assert!(broken.contains("$300.00 of $1,000.00 are held back"), "{broken}");
        assert_eq!(rules(|rules| rules.lenders = vec![address(9), address(1)]), None);
        assert!(rules(|rules| rules.lenders = vec![address(9)]).unwrap().contains("--lender"));
        assert!(rules(|rules| rules.borrowers = vec![address(1)]).unwrap().contains("--borrower"));
    }

    #[test]
    fn the_largest_numbers_overflow_nothing() {
        let terms = Terms { units: u64::MAX, principal: u64::MAX, holdback: u64::MAX, ..Terms::zeroed() };
        let credit = Credit { terms, ..Credit::zeroed() };
        let least_price = Some(MicroUsd(u64::MAX));
        let rules = WatchArgs { least_price, most_holdback: Some(Bps(10_000)), ..WatchArgs::default() };
        assert!(rules.broken(&credit).unwrap().contains("--least-price"));
        let rules = WatchArgs { most_holdback: Some(Bps(10_000)), ..WatchArgs::default() };
        assert_eq!(rules.broken(&credit), None);
    }
}
