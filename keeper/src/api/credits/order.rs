//! The order of credits, and the place in it at which a page begins. Pure.

use {
    crate::{api::credit_health::CreditHealth, watch::Measure},
    blockable_sdk::Pubkey,
    serde::{Deserialize, Deserializer, de::Error},
    std::{
        cmp::Ordering,
        fmt::{self, Display},
        str::FromStr,
    },
    utoipa::ToSchema,
};

/// The rank of credits without the value that the order goes by: after all that have one.
const LAST: u128 = 1 << 64;

/// The value that an order goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// The address.
    #[default]
    Address,
    /// Everything owed.
    Debt,
    /// The date of the next payment.
    Due,
    /// The collateral against the debt.
    Coverage,
    /// The health: green, amber, red.
    Health,
    /// Units left.
    Remaining,
    /// The annual interest rate.
    Apr,
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// The least first.
    #[default]
    Asc,
    /// The greatest first.
    Desc,
}

/// An order of credits: by the rank of a value, and by the address among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    sort: Sort,
    direction: Direction,
}

/// The last credit of a page. Its text is the rank in hexadecimal and the address; the address alone where the order is by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    rank: Option<u128>,
    credit: Pubkey,
}

impl Order {
    pub(super) fn new(sort: Sort, direction: Direction) -> Order {
        Order { sort, direction }
    }

    /// The rank of a credit: it grows along the order. Credits without the value come last in both directions.
    pub(super) fn rank(self, measure: &Measure) -> u128 {
        let value = match self.sort {
            Sort::Address => return 0,
            Sort::Debt => Some(measure.debt.get()),
            Sort::Due => measure.next_payment.map(|payment| unsigned(payment.due_at.get())),
            Sort::Coverage => measure.coverage_bps.map(|share| share.get()),
            Sort::Health => Some(CreditHealth::colour(measure) as u64),
            Sort::Remaining => Some(measure.remaining.get()),
            Sort::Apr => Some(measure.apr_bps.get()),
        };
        value.map_or(LAST, |value| match self.direction {
            Direction::Asc => u128::from(value),
            Direction::Desc => u128::from(u64::MAX - value),
        })
    }

    /// Compares two credits by their ranks, and by their addresses among equals.
    pub(super) fn compare(self, a: (u128, &Pubkey), b: (u128, &Pubkey)) -> Ordering {
        let by_address = match (self.sort, self.direction) {
            (Sort::Address, Direction::Desc) => b.1.cmp(a.1),
            _ => a.1.cmp(b.1),
        };
        a.0.cmp(&b.0).then(by_address)
    }

    /// Returns whether a credit comes after the last one of a page. A cursor of another order is taken at its address.
    pub(super) fn is_after(self, rank: u128, credit: &Pubkey, cursor: &Cursor) -> bool {
        let last = cursor.rank.filter(|_| self.sort != Sort::Address).unwrap_or(0);
        self.compare((rank, credit), (last, &cursor.credit)) == Ordering::Greater
    }

    /// The cursor of a page that ends with a credit.
    pub(super) fn cursor(self, rank: u128, credit: Pubkey) -> Cursor {
        Cursor { rank: (self.sort != Sort::Address).then_some(rank), credit }
    }
}

/// Keeps the order of times, which may lie before 1970.
fn unsigned(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}

impl Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rank {
            Some(rank) => write!(f, "{rank:x}-{}", self.credit),
            None => write!(f, "{}", self.credit),
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Cursor, ()> {
        let (rank, credit) = match text.split_once('-') {
            Some((rank, credit)) => (Some(u128::from_str_radix(rank, 16).map_err(drop)?), credit),
            None => (None, text),
        };
        Ok(Cursor { rank, credit: credit.parse().map_err(drop)? })
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cursor, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("it is no place; use `next` of the page before"))
    }
}
