use {
    crate::{
        actions::{MarketArgs, NewMarket},
        errors::BlockableError,
        events::{MarketCreated, emit},
        state::{Market, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::{
        token_2022::spl_token_2022::{
            extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions},
            state::Mint as MintState,
        },
        token_interface::{Mint, TokenAccount, TokenInterface},
    },
};

/// CAN create a market: anyone, with the admin's signature. The mint must not be able to take fees from, hook into,
/// freeze, pause or empty the vaults.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: MarketArgs)]
pub struct MarketCreate<'info> {
    /// Pays the rent; a market's account is never removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    /// Will be able to change the market; signs, which proves that the key is held.
    pub admin: Signer<'info>,
    /// The market, which is created.
    #[account(
        init,
        payer = rent_payer,
        space = Market::SPACE,
        seeds = [seeds::MARKET, &args.id.to_le_bytes()],
        bump,
    )]
    pub market: AccountLoader<'info, Market>,
    /// The payment token.
    #[account(constraint = mint.to_account_info().owner == token_program.key @ BlockableError::TokenProgramMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    /// The token account that fees are paid to.
    #[account(constraint = treasury.mint == mint.key() @ BlockableError::TokenAccountMint)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The payment token's program: SPL Token or Token-2022.
    pub token_program: Interface<'info, TokenInterface>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl MarketCreate<'_> {
    /// Creates the market.
    pub fn handle(ctx: Context<MarketCreate>, args: MarketArgs) -> Result<()> {
        let accounts = ctx.accounts;
        let new = NewMarket {
            bump: ctx.bumps.market,
            admin: accounts.admin.key(),
            payment_mint: accounts.mint.key(),
            token_program: accounts.token_program.key(),
            decimals: accounts.mint.decimals,
            treasury: accounts.treasury.key(),
        };
        accounts.market.load_init()?.create(new, &args)?;
        check_mint(&accounts.mint.to_account_info())?;
        let event = MarketCreated {
            market: accounts.market.key(),
            admin: new.admin,
            payment_mint: new.payment_mint,
            is_test: u8::from(args.is_test),
        };
        emit(&accounts.event_authority, event)
    }
}

/// Refuses a mint whose extensions could take from vaults or block repayment; metadata and groups can do neither.
fn check_mint(mint: &AccountInfo) -> Result<()> {
    if *mint.owner == anchor_spl::token::ID {
        return Ok(());
    }
    let data = mint.try_borrow_data()?;
    let state = StateWithExtensions::<MintState>::unpack(&data)?;
    for extension in state.get_extension_types()? {
        match extension {
            ExtensionType::TransferFeeConfig => return Err(BlockableError::MintHasTransferFee.into()),
            ExtensionType::TransferHook => return Err(BlockableError::MintHasTransferHook.into()),
            ExtensionType::PermanentDelegate => return Err(BlockableError::MintHasPermanentDelegate.into()),
            ExtensionType::DefaultAccountState => return Err(BlockableError::MintDefaultFrozen.into()),
            ExtensionType::Pausable => return Err(BlockableError::MintPausable.into()),
            ExtensionType::MetadataPointer
            | ExtensionType::TokenMetadata
            | ExtensionType::GroupPointer
            | ExtensionType::TokenGroup
            | ExtensionType::GroupMemberPointer
            | ExtensionType::TokenGroupMember => {}
            _ => return Err(BlockableError::MintUnsupportedExtension.into()),
        }
    }
    Ok(())
}
