//! Makes sure that a market exists as its file describes it.

use {
    crate::{Difference, MarketConfig, MarketKind, MigrationError, Outcome, bounds},
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey, Signer, addresses, client::Client, errors::ClientError,
        instructions, program::state::Market, rpc::Account, tokens,
    },
};

/// The step that is missing for a market.
#[derive(Clone, Debug)]
pub enum MarketStep {
    /// None: it exists, as in the file or with other settings.
    Exists(Outcome),
    /// Its creation, one transaction that `payer` and the admin sign.
    Create([Instruction; 2]),
}

/// Finds the step that is missing for the market of a file: its creation, with the treasury's token account where that is missing.
/// `payer` pays the rent. Errors: [`MigrationError`].
pub async fn market_step(
    client: &Client,
    config: &MarketConfig,
    payer: &Pubkey,
) -> Result<MarketStep, MigrationError> {
    if let Some(outcome) = existing(client, config).await? {
        return Ok(MarketStep::Exists(outcome));
    }
    let (token_program, mint) = (check_accounts(client, config).await?, config.payment_mint);
    let treasury = addresses::associated_token(&config.treasury_owner, &mint, &token_program);
    let args = config.market_args();
    Ok(MarketStep::Create([
        tokens::create_associated(payer, &config.treasury_owner, &mint, &token_program),
        instructions::market_create(payer, &config.admin, &mint, &token_program, &treasury, args),
    ]))
}

/// Creates the market of a file where it does not exist; otherwise compares it and changes nothing.
///
/// It happens as a whole or not at all, and two runs at once create one market. `payer` pays fee and rent; `admin` signs the
/// creation alone. Errors: [`MigrationError`].
pub async fn ensure_market(
    client: &Client,
    config: &MarketConfig,
    payer: &dyn Signer,
    admin: &dyn Signer,
) -> Result<Outcome, MigrationError> {
    let creation = match market_step(client, config, &payer.pubkey()).await? {
        MarketStep::Exists(outcome) => return Ok(outcome),
        MarketStep::Create(creation) => creation,
    };
    if admin.pubkey() != config.admin {
        return Err(MigrationError::NotTheAdmin { expected: config.admin, found: admin.pubkey() });
    }
    match client.send(&creation, payer, &[admin]).await {
        Ok(landed) => Ok(Outcome::Created(landed)),
        // Another run may have been faster, or the transaction landed and its answer was lost: the account shows it.
        Err(error) => existing(client, config).await.ok().flatten().ok_or(MigrationError::Client(error)),
    }
}

/// Compares the market on the chain with the file; `None` where there is no market.
async fn existing(client: &Client, config: &MarketConfig) -> Result<Option<Outcome>, ClientError> {
    match client.market(&addresses::market(config.id)).await {
        Ok(market) => {
            let differences = differences(config, &market);
            let same = differences.is_empty();
            Ok(Some(if same { Outcome::Unchanged } else { Outcome::Differs(differences) }))
        }
        Err(ClientError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Checks the accounts on chain that the creation needs. Returns the token program of the payment mint.
async fn check_accounts(client: &Client, config: &MarketConfig) -> Result<Pubkey, MigrationError> {
    let addresses = [PROGRAM_ID, config.payment_mint, config.treasury_owner];
    let accounts = client.rpc().get_multiple_accounts(&addresses).await.map_err(ClientError::from)?;
    let [program, mint, treasury_owner] = accounts.as_slice() else {
        return Err(MigrationError::NoProgram(PROGRAM_ID));
    };
    if !program.as_ref().is_some_and(|account| account.executable) {
        return Err(MigrationError::NoProgram(PROGRAM_ID));
    }
    if treasury_owner.as_ref().is_some_and(is_of_token_program) {
        return Err(MigrationError::TreasuryIsTokenAccount(config.treasury_owner));
    }
    let mint = mint.as_ref().filter(|account| is_of_token_program(account) && is_mint(account));
    mint.map(|account| account.owner).ok_or(MigrationError::NotAMint(config.payment_mint))
}

fn is_of_token_program(account: &Account) -> bool {
    account.owner == tokens::TOKEN_PROGRAM || account.owner == tokens::TOKEN_2022_PROGRAM
}

/// True for a mint, false for a token account.
fn is_mint(account: &Account) -> bool {
    tokens::balance(&account.data).is_none()
}

/// Lists the settings that differ, by their keys in the file.
fn differences(config: &MarketConfig, market: &Market) -> Vec<Difference> {
    let kind = if market.is_test == 1 { MarketKind::Test } else { MarketKind::Production };
    let treasury =
        addresses::associated_token(&config.treasury_owner, &config.payment_mint, &market.token_program);
    let mut all = vec![
        compare("kind", &config.kind, &kind),
        compare("admin", &config.admin, &market.admin),
        compare("guardian", &config.guardian, &market.guardian),
        compare("payment_mint", &config.payment_mint, &market.payment_mint),
        compare(
            "treasury_owner",
            &format!("token account {treasury}"),
            &format!("token account {}", market.treasury),
        ),
        compare(
            "redistribution_fee_bps",
            &config.redistribution_fee_bps.get(),
            &u64::from(market.redistribution_fee_bps),
        ),
    ];
    all.push(compare("change_delay", &config.change_delay, &market.change_delay));
    all.push(compare("provider_delay", &config.provider_delay, &market.provider_delay));
    all.push(compare("min_suspension", &config.min_suspension, &market.min_suspension));
    let pairs = bounds::named(&config.bounds).into_iter().zip(bounds::named(&market.bounds));
    all.extend(pairs.map(|((name, file), (_, chain))| compare(name, &file, &chain)));
    all.into_iter().flatten().collect()
}

fn compare<T: ToString + PartialEq>(field: &'static str, file: &T, chain: &T) -> Option<Difference> {
    (file != chain).then(|| Difference { field, file: file.to_string(), chain: chain.to_string() })
}
