//! `blockable credit schedule`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::credit,
        output::Answer,
        session::Session,
        table::{Column, table},
        views::time_json,
    },
    blockable_sdk::{Pubkey, amounts::MicroUsd, terms::instalments},
    blockable_service::{command::values::address, text},
    clap::Args,
    serde_json::{Value, json},
};

/// Shows the instalments of a loan: due dates, principal, what of each is unpaid
#[derive(Args, Debug)]
pub(crate) struct ScheduleArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
}

/// Shows the schedule. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ScheduleArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (credit, market) = credit(&session, &args.credit).await?;
    let (mut rows, mut data, mut paid) = (Vec::new(), Vec::new(), credit.account.debt.schedule_paid);
    for (place, instalment) in instalments(&credit.account).iter().enumerate() {
        let due_at =
            credit.account.schedule().due_date(place).map_err(|_| CliError::OutOfRange(credit.address))?;
        // Before the issue due dates are not fixed yet.
        let due_at = due_at.filter(|_| credit.account.issued_at != 0).map(|at| market.chain_time_of(at));
        let covered = paid.min(instalment.principal);
        paid = paid.saturating_sub(covered);
        let unpaid = instalment.principal.saturating_sub(covered);
        let number = place.saturating_add(1);
        let due = due_at.map_or_else(
            || format!("{} after issue", text::exact_span(instalment.due_after.into())),
            text::time,
        );
        let usd = |amount: u64| text::usd_owed(MicroUsd(amount));
        rows.push(vec![number.to_string(), due, usd(instalment.principal), usd(unpaid)]);
        data.push(json!({
            "number": number,
            "due_after_seconds": instalment.due_after,
            "due_at": due_at.map_or(Value::Null, time_json),
            "principal": instalment.principal,
            "unpaid": unpaid,
        }));
    }
    let columns =
        [Column::Figure("NO."), Column::Text("DUE"), Column::Figure("PRINCIPAL"), Column::Figure("UNPAID")];
    let note = "UNPAID is of that instalment's principal; interest and late fees come on top; `blockable credit show` has the next payment";
    Ok(Answer { text: table(&columns, &rows) + note, data: Value::Array(data) })
}
