//! Audits a credit over RPC: lists its transactions, fetches them, and verifies what they recorded.

mod fetch;
mod history;
mod list;
mod offer;
mod pauses;
mod verify;

pub(crate) use list::list_back;
pub use {
    history::{History, HistoryError, ListedTransaction, RpcHistory, ShownAccount},
    verify::{AuditError, Audited},
};

use {
    super::Found,
    crate::{addresses, client::Client, rpc::CommitmentConfig},
    blockable_credits::{ID, state::Credit},
    solana_pubkey::Pubkey,
    std::sync::Arc,
};

/// Requests that run at once.
const AT_ONCE: usize = 32;

/// Audits credits against one or more nodes.
///
/// Every node lists a credit's transactions, and a transaction that any of them lists is fetched from the first that serves it. Where the
/// log does not prove complete, the next node is asked first, until one audit succeeds or each node has had its turn. It holds no
/// key, keeps no state and changes nothing. Memory grows by about 100 bytes per transaction listed; records are verified and let go
/// in the order of the chain, unless they are asked for.
pub struct Auditor<H> {
    nodes: Vec<Arc<H>>,
}

impl Auditor<RpcHistory> {
    /// Audits over the nodes of clients at a commitment: `finalized` for a log that never goes back.
    pub fn over<'a>(
        clients: impl IntoIterator<Item = &'a Client>,
        commitment: CommitmentConfig,
    ) -> Auditor<RpcHistory> {
        Auditor::new(clients.into_iter().map(|client| RpcHistory::from_client(client, commitment)))
    }
}

impl<H: History> Auditor<H> {
    /// Audits over nodes.
    pub fn new(nodes: impl IntoIterator<Item = H>) -> Auditor<H> {
        Auditor { nodes: nodes.into_iter().map(Arc::new).collect() }
    }

    /// Audits a credit: proves its log complete, rebuilds its state from the events alone, compares that with the account. Of a credit
    /// that is closed there is no account: its log ends with the event that removed it. Errors: [`AuditError`].
    pub async fn audit(&self, credit: &Pubkey) -> Result<Audited, AuditError> {
        self.in_turn(credit, |_| {}).await
    }

    /// As [`Auditor::audit`], with the records, the log of an earlier credit at the address left out.
    pub async fn audit_with_records(&self, credit: &Pubkey) -> Result<(Audited, Vec<Found>), AuditError> {
        let mut records = Vec::new();
        let audited = self
            .in_turn(credit, |found| {
                if found.record.seq == 0 {
                    records.clear();
                }
                records.push(found.clone());
            })
            .await?;
        Ok((audited, records))
    }

    /// Audits with each node asked first in turn. Every attempt hands over the records from number 0 on.
    async fn in_turn(
        &self,
        credit: &Pubkey,
        mut visit: impl FnMut(&Found) + Send,
    ) -> Result<Audited, AuditError> {
        let mut first_error = None;
        for turn in 0..self.nodes.len() {
            match self.attempt(credit, turn, &mut visit).await {
                Ok(audited) => return Ok(audited),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or_else(|| HistoryError::Failed("no node was named".to_string()).into()))
    }

    /// The nodes, beginning with the one whose turn it is.
    fn nodes_of_turn(&self, turn: usize) -> impl Iterator<Item = &Arc<H>> {
        self.nodes.iter().cycle().skip(turn).take(self.nodes.len())
    }

    /// A credit's account as the node that is furthest shows it.
    async fn target(&self, credit: &Pubkey, turn: usize) -> Result<Target, HistoryError> {
        let (mut best, mut failure) = (None, None);
        for node in self.nodes_of_turn(turn) {
            match node.accounts(vec![*credit, addresses::CLOCK]).await {
                Ok((slot, accounts)) => {
                    if best.as_ref().is_none_or(|(other, _): &(u64, _)| slot > *other) {
                        best = Some((slot, accounts));
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        let missing = || failure.unwrap_or_else(|| HistoryError::Failed("no node was named".to_string()));
        let (slot, accounts) = best.ok_or_else(missing)?;
        let mut accounts = accounts.into_iter();
        let account = accounts.next().flatten().filter(|account| account.owner == ID);
        let account = account.and_then(|account| Credit::decode_account(&account.data));
        let clock =
            accounts.next().flatten().and_then(|account| crate::accounts::decode_clock(&account.data));
        let now = clock.map(|clock| clock.unix_timestamp).unwrap_or(i64::MAX);
        Ok(Target { slot, account, now })
    }
}

/// The state that a log must lead to.
struct Target {
    /// The slot as of which it was read.
    slot: u64,
    /// The account; `None` for a credit that is gone.
    account: Option<Credit>,
    /// The chain's Unix time.
    now: i64,
}

/// Reads an account of the program from its data; `None` for other bytes.
trait DecodeAccount: Sized {
    fn decode_account(data: &[u8]) -> Option<Self>;
}

impl<T: crate::accounts::BlockableAccount> DecodeAccount for T {
    fn decode_account(data: &[u8]) -> Option<T> {
        T::decode(data).ok()
    }
}
