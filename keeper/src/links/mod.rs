//! Wallet links: a page of somebody else, a QR code or a message lets a wallet freeze, thaw, repay, buy or accept, by the rules of
//! Solana Actions and of Solana Pay's transaction requests.
//!
//! A wallet reads a link (GET) and shows it; then it tells its address (POST) and gets one transaction to sign, which it sends
//! itself. So a provider's gate hears of such a freeze by the chain, and not at once as from the lender's page.
//!
//! A link says what it has shown: amounts, the offer and the hash of its terms stand in its query, and the transaction is bound by
//! them. What others do meanwhile makes the program refuse it, and nothing else. Every transaction has one signer, who pays as
//! well, no lookup table, and has been simulated before it is handed out. No key is here: a link asks nobody for anything.
//!
//! | module | contents |
//! |---|---|
//! | [`act`], [`asked`] | the acts, and what a link has shown |
//! | [`view`] | the accounts that a link is about |
//! | [`decide`] | the program's decision on an act, and the instruction; pure |
//! | [`show`] | what a wallet shows; pure |
//! | [`chain`] | reading, simulating |
//! | [`routes`], [`protocol`] | the routes; headers and shapes of the two specifications |
//! | [`error`], [`words`] | refusals, in people's words |
//! | [`qr`] | QR codes |

mod act;
mod asked;
mod chain;
mod decide;
mod error;
mod protocol;
mod qr;
pub(crate) mod routes;
mod show;
mod view;
mod words;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use routes::PATHS;
pub(crate) use routes::{LinkState, router};
