use {
    blockable_sdk::program::transitions::{Action, Status, next},
    serde::{Deserialize, Serialize},
};

/// The role of an account in an instruction, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Signs.
    Signer,
    /// Signs and pays rent.
    Rent,
    /// The second signature that an instruction asks for.
    Second,
    /// The signature of the provider's authority, where an instruction can take it.
    Authority,
    /// Another credit.
    Other,
    /// The market.
    Market,
    /// The provider.
    Provider,
    /// The credit.
    Credit,
    /// The payment mint.
    Mint,
    /// The credit's vault.
    Vault,
    /// The token program.
    Tokens,
    /// The party's token account that money comes from or goes to.
    Wallet,
    /// The lot.
    Lot,
    /// The unrestricted credit that units go to.
    Grant,
    /// The account that gets rent back.
    Receiver,
    /// A borrower that does not sign.
    Party,
    /// The market's treasury.
    Treasury,
    /// The sysvar with the hashes of slots.
    Slots,
    /// The system program.
    System,
}

use Role::*;

const CONTROL: &[Role] = &[Signer, Market, Credit];
const MARK: &[Role] = &[Market, Credit];
const MARKET: &[Role] = &[Signer, Market];
const PROVIDER: &[Role] = &[Signer, Market, Provider];
const PAY: &[Role] = &[Signer, Market, Credit, Mint, Vault, Tokens, Wallet];

macro_rules! ops {
    ($($name:ident $roles:expr;)*) => {
        /// Every instruction of the program.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum Op { $($name),* }

        impl Op {
            /// Every instruction, in the order of the program.
            pub const ALL: &'static [Op] = &[$(Op::$name),*];

            /// The roles of the named accounts, in their order.
            pub fn roles(self) -> &'static [Role] {
                match self { $(Op::$name => $roles),* }
            }
        }
    };
}

ops! {
    MarketCreate &[Signer, Second, Market, Mint, Treasury, Tokens, System];
    MarketProposeChange &[Signer, Market, Treasury];
    MarketApplyChange MARKET;
    MarketCancelChange MARKET;
    MarketOfferAdmin MARKET;
    MarketAcceptAdmin MARKET;
    MarketPause MARKET;
    MarketHalt MARKET;
    MarketLiftHalt MARKET;
    MarketUnpause MARKET;
    ProviderRegister &[Signer, Rent, Market, Provider, Wallet, Slots, System];
    ProviderProposeChange &[Signer, Market, Provider, Wallet];
    ProviderApplyChange PROVIDER;
    ProviderCancelChange PROVIDER;
    ProviderSetCapacity PROVIDER;
    ProviderOfferAuthority PROVIDER;
    ProviderAcceptAuthority PROVIDER;
    ProviderSuspend PROVIDER;
    ProviderResume PROVIDER;
    CreditOffer &[Signer, Rent, Party, Market, Provider, Credit, Mint, Vault, Wallet, Tokens, System];
    CreditAccept CONTROL;
    CreditIssue &[Signer, Market, Credit, Mint, Vault, Tokens, Provider, Wallet];
    CreditCancelOffer &[Signer, Receiver, Market, Credit, Mint, Vault, Tokens, Wallet];
    CreditRepay PAY;
    ReserveFund PAY;
    ReserveDraw MARK;
    CovenantApply MARK;
    CreditRestructure &[Signer, Second, Market, Credit, Provider, Authority];
    CreditWaiveFee CONTROL;
    CreditOfferLender CONTROL;
    CreditAcceptLender CONTROL;
    CreditOfferBorrower &[Signer, Second, Market, Credit];
    CreditWithdrawBorrower CONTROL;
    CreditAcceptBorrower CONTROL;
    CreditSetFreezeAuthority CONTROL;
    VaultCollect &[Signer, Market, Credit, Mint, Vault, Tokens, Wallet, Provider];
    CreditMarkDelinquent &[Market, Credit, Vault];
    CreditMarkDefaulted &[Market, Credit, Vault];
    CreditGiveNotice &[Signer, Market, Credit, Vault];
    CreditWithdrawNotice CONTROL;
    CreditFreeze &[Signer, Market, Credit, Other];
    CreditThaw CONTROL;
    CreditThawCross &[Market, Credit, Other];
    CreditAutoFreeze MARK;
    UsageMeter &[Market, Provider];
    CreditSeizeToPool &[Signer, Rent, Market, Credit, Vault, Lot, System];
    LotBuy &[Signer, Rent, Market, Credit, Mint, Vault, Tokens, Provider, Lot, Grant, Wallet, System];
    CreditSeizeToLender &[Signer, Rent, Market, Credit, Vault, Provider, Grant, System];
    CreditCancelLocked &[Signer, Second, Market, Credit, Vault, Provider];
    CreditWriteOff &[Signer, Market, Credit, Provider];
    LotClose &[Signer, Receiver, Market, Credit, Lot];
    CreditExpireUnits MARK;
    VaultClose &[Market, Credit, Mint, Vault, Tokens, Receiver, Treasury];
    CreditClose &[Signer, Receiver, Market, Credit, Provider];
}

impl Op {
    /// The instructions that act on one credit, or on a chunk of them.
    pub fn on_credits() -> impl Iterator<Item = Op> {
        Op::ALL.iter().copied().filter(|op| op.is_on_credit())
    }

    /// True where the instruction acts on credits.
    pub fn is_on_credit(self) -> bool {
        self >= Op::CreditOffer
    }

    /// Its place in [`Op::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// True where anyone may send it once the chain's own state allows it.
    pub fn is_permissionless(self) -> bool {
        use Op::*;
        matches!(
            self,
            ReserveDraw
                | CovenantApply
                | CreditMarkDelinquent
                | CreditMarkDefaulted
                | CreditAutoFreeze
                | CreditThawCross
                | UsageMeter
                | CreditExpireUnits
                | VaultClose
                | VaultCollect
                | LotClose
                | CreditClose
        )
    }

    /// True where it may succeed while the market is paused.
    pub fn is_open_in_pause(self) -> bool {
        use Op::*;
        matches!(
            self,
            CreditRepay
                | CreditFreeze
                | CreditThaw
                | CreditThawCross
                | CreditAutoFreeze
                | MarketPause
                | MarketUnpause
                | MarketHalt
                | MarketCreate
        )
    }

    /// The edges of the table that the instruction takes.
    pub fn actions(self) -> &'static [Action] {
        use Action as A;
        match self {
            Op::CreditAccept => &[A::Accept],
            Op::CreditIssue => &[A::Issue],
            Op::CreditCancelOffer => &[A::Cancel, A::CancelFunded],
            Op::CreditRepay => &[A::Pay, A::Cure, A::PayOff],
            Op::ReserveFund => &[A::FundReserve],
            Op::ReserveDraw => &[A::DrawReserve, A::Pay, A::Cure, A::PayOff],
            Op::CovenantApply => &[A::ApplyCovenant],
            Op::CreditRestructure => &[A::Restructure],
            Op::CreditWaiveFee => &[A::WaiveFee, A::PayOff],
            Op::CreditOfferLender | Op::CreditAcceptLender => &[A::Assign],
            Op::CreditOfferBorrower | Op::CreditWithdrawBorrower | Op::CreditAcceptBorrower => &[A::HandOver],
            Op::CreditSetFreezeAuthority => &[A::SetFreezeAuthority],
            Op::CreditMarkDelinquent => &[A::MarkDelinquent],
            Op::CreditMarkDefaulted => &[A::MarkDefaulted],
            Op::CreditGiveNotice => &[A::GiveNotice],
            Op::CreditWithdrawNotice => &[A::WithdrawNotice],
            Op::CreditFreeze => &[A::Freeze],
            Op::CreditThaw | Op::CreditThawCross => &[A::Thaw],
            Op::CreditAutoFreeze => &[A::AutoFreeze],
            Op::UsageMeter => &[A::Meter],
            Op::CreditSeizeToPool => &[A::Seize],
            Op::LotBuy => &[A::Buy, A::PayOff],
            Op::CreditSeizeToLender => &[A::TakeOver, A::PayOff],
            Op::CreditCancelLocked => &[A::CancelLocked, A::PayOff],
            Op::CreditWriteOff => &[A::WriteOff],
            Op::LotClose => &[A::CloseLot],
            Op::CreditExpireUnits => &[A::Expire, A::PayOff],
            Op::VaultClose => &[A::CloseVault],
            Op::CreditClose => &[A::Close],
            _ => &[],
        }
    }

    /// True where the table allows it in a status; [`Status::Closed`] stands for an account that does not exist.
    pub fn is_allowed_in(self, status: Status) -> bool {
        match self {
            Op::CreditOffer => status == Status::Closed,
            Op::VaultCollect => !matches!(status, Status::Offered | Status::Accepted | Status::Closed),
            _ => self.actions().first().is_some_and(|action| next(*action, status).is_some()),
        }
    }

    /// True where it may take a credit from one status to another.
    pub fn may_lead(self, from: Status, to: Status) -> bool {
        let step = |action: &Action, from| next(*action, from);
        let mut direct = self.actions().iter().filter_map(|action| step(action, from));
        // What pays the debt off besides a payment takes two edges: its own, and that of the payment.
        let pays = matches!(
            self,
            Op::LotBuy
                | Op::CreditSeizeToLender
                | Op::CreditCancelLocked
                | Op::CreditExpireUnits
                | Op::CreditWaiveFee
        );
        let through = self.actions().first().and_then(|action| step(action, from));
        let second = through.and_then(|middle| next(Action::PayOff, middle));
        direct.any(|found| found == to)
            || pays && second == Some(to)
            || matches!(self, Op::VaultCollect) && from == to
    }
}
