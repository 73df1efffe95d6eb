//! `blockable credit show --watch`: a credit on the screen, until it is left.

use {
    crate::{
        error::CliError,
        lookup::credit,
        output::{Answer, note},
        session::Session,
        table::lines,
        views::{credit_json, credit_lines},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    console::Term,
    std::{io::Write, time::Duration},
    tokio::time::sleep,
};

/// Shows a credit again whenever it has changed, in place of the one before on a terminal and below it elsewhere, until nobody reads
/// it any more. A node that fails meanwhile is tried again. Errors: [`CliError`] of the first reading; later ones are notices.
pub(super) async fn watch(mut session: Session, address: &Pubkey, every: u32) -> Result<Answer, CliError> {
    let terminal = Term::stdout();
    let mut shown = read(&session, address).await?;
    show(&terminal, &shown.text);
    loop {
        sleep(Duration::from_secs(every.into())).await;
        let again = async {
            session.now = ChainTime(session.client.chain_time().await?);
            read(&session, address).await
        };
        match again.await {
            Ok(answer) if answer.text == shown.text => {}
            Ok(answer) => {
                if !show(&terminal, &answer.text) {
                    return Ok(answer);
                }
                shown = answer;
            }
            Err(error @ CliError::NotFound(_)) => {
                // The accounts of a loan that has ended are removed.
                note(&error.to_string());
                return Ok(shown);
            }
            Err(error) => note(&format!("{error}; it is tried again")),
        }
    }
}

/// Reads the credit once. Errors: [`CliError`].
pub(super) async fn read(session: &Session, address: &Pubkey) -> Result<Answer, CliError> {
    let (credit, market) = credit(session, address).await?;
    let mut data = credit_json(&credit, &market);
    data["cluster"] = session.cluster_json();
    Ok(Answer { text: lines(&credit_lines(&credit, &market)), data })
}

/// Puts the lines on the screen. Returns false where nobody reads it any more.
fn show(terminal: &Term, text: &str) -> bool {
    if terminal.is_term() {
        return terminal.clear_screen().and_then(|()| terminal.write_line(text)).is_ok();
    }
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_ok()
}
