//! `blockable credit`.

mod accept;
mod agreement;
mod assign;
mod borrower_key;
mod cancel_locked;
mod close;
mod collect;
mod filter;
mod freeze;
mod freeze_amount;
mod freeze_change;
mod freeze_loans;
mod freeze_rest;
mod gates;
mod list;
mod mark;
mod not_frozen;
mod notice;
mod offer;
mod repay;
mod reserve;
mod restructure;
mod schedule;
mod seize;
mod served_by;
mod show;
mod take_over;
mod thaw;
mod waive;
mod watch;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum CreditCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Schedule(schedule::ScheduleArgs),
    Offer(Box<offer::OfferArgs>),
    Accept(accept::AcceptArgs),
    Cancel(accept::CancelArgs),
    Repay(repay::RepayArgs),
    Collect(collect::CollectArgs),
    Freeze(freeze::FreezeArgs),
    Thaw(thaw::ThawArgs),
    Mark(mark::MarkArgs),
    Notice(notice::NoticeArgs),
    Seize(seize::SeizeArgs),
    TakeOver(take_over::TakeOverArgs),
    CancelLocked(cancel_locked::CancelLockedArgs),
    Waive(waive::WaiveArgs),
    Restructure(Box<restructure::RestructureArgs>),
    Reserve(reserve::ReserveArgs),
    WriteOff(waive::WriteOffArgs),
    Assign(assign::AssignArgs),
    AcceptAssignment(assign::AcceptAssignmentArgs),
    FreezeAuthority(assign::FreezeAuthorityArgs),
    BorrowerKey(borrower_key::BorrowerKeyArgs),
    Close(close::CloseArgs),
}

impl CreditCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            CreditCommand::List(args) => list::run(global, args).await,
            CreditCommand::Show(args) => show::run(global, args).await,
            CreditCommand::Schedule(args) => schedule::run(global, args).await,
            CreditCommand::Offer(args) => offer::run(global, args).await,
            CreditCommand::Accept(args) => accept::accept(global, args).await,
            CreditCommand::Cancel(args) => accept::cancel(global, args).await,
            CreditCommand::Collect(args) => collect::run(global, args).await,
            CreditCommand::Repay(args) => repay::run(global, args).await,
            CreditCommand::Thaw(args) => thaw::run(global, args).await,
            CreditCommand::Mark(args) => mark::run(global, args).await,
            CreditCommand::Notice(args) => notice::run(global, args).await,
            CreditCommand::Seize(args) => seize::run(global, args).await,
            CreditCommand::TakeOver(args) => take_over::run(global, args).await,
            CreditCommand::CancelLocked(args) => cancel_locked::run(global, args).await,
            CreditCommand::Waive(args) => waive::waive(global, args).await,
            CreditCommand::WriteOff(args) => waive::write_off(global, args).await,
            CreditCommand::Assign(args) => assign::assign(global, args).await,
            CreditCommand::AcceptAssignment(args) => assign::accept(global, args).await,
            CreditCommand::FreezeAuthority(args) => assign::freeze_authority(global, args).await,
            CreditCommand::Restructure(args) => restructure::run(global, args).await,
            CreditCommand::Reserve(args) => reserve::run(global, args).await,
            CreditCommand::BorrowerKey(args) => borrower_key::run(global, args).await,
            CreditCommand::Close(args) => close::run(global, args).await,
            CreditCommand::Freeze(args) => freeze::run(global, args).await,
        }
    }
}
