use {
    crate::{
        errors::{BlockableError, ensure},
        events::{MarketCreated, emit},
        state::{MAX_REDISTRIBUTION_FEE_BPS, Market, TermBounds, seeds},
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

/// What a new market is made of.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketArgs {
    /// The number in the market's address.
    pub id: u64,
    /// Whether bounds looser than [`TermBounds::PRODUCTION`] are allowed. Cannot be changed later.
    pub is_test: bool,
    /// May only pause.
    pub guardian: Pubkey,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

/// CAN create a market: anyone, with the admin's signature. The mint must not be able to take fees from, hook into,
/// freeze, pause or empty the vaults.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: MarketArgs)]
pub struct MarketCreate<'info> {
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Will be able to change the market; signs, so that it is a key someone holds.
    pub admin: Signer<'info>,
    #[account(
        init,
        payer = payer,
        space = Market::SPACE,
        seeds = [seeds::MARKET, &args.id.to_le_bytes()],
        bump,
    )]
    pub market: AccountLoader<'info, Market>,
    #[account(constraint = mint.to_account_info().owner == token_program.key @ BlockableError::TokenProgramMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(constraint = treasury.mint == mint.key() @ BlockableError::TokenAccountMint)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl MarketCreate<'_> {
    fn validate(&self, args: &MarketArgs) -> Result<()> {
        ensure(args.redistribution_fee_bps <= MAX_REDISTRIBUTION_FEE_BPS, BlockableError::FeeTooHigh)?;
        ensure(args.bounds.is_consistent(), BlockableError::BoundsInconsistent)?;
        ensure(
            args.is_test || args.bounds.is_within(&TermBounds::PRODUCTION),
            BlockableError::BoundsTooLoose,
        )?;
        check_mint(&self.mint.to_account_info())
    }

    /// Creates the market.
    pub fn handle(ctx: Context<MarketCreate>, args: MarketArgs) -> Result<()> {
        ctx.accounts.validate(&args)?;
        let accounts = ctx.accounts;
        {
            let mut market = accounts.market.load_init()?;
            market.version = Market::VERSION;
            market.bump = ctx.bumps.market;
            market.is_test = u8::from(args.is_test);
            market.decimals = accounts.mint.decimals;
            market.redistribution_fee_bps = args.redistribution_fee_bps;
            market.id = args.id;
            market.admin = accounts.admin.key();
            market.guardian = args.guardian;
            market.payment_mint = accounts.mint.key();
            market.token_program = accounts.token_program.key();
            market.treasury = accounts.treasury.key();
            market.bounds = args.bounds;
        }
        emit(
            &accounts.event_authority,
            MarketCreated {
                market: accounts.market.key(),
                admin: accounts.admin.key(),
                payment_mint: accounts.mint.key(),
                is_test: u8::from(args.is_test),
            },
        )
    }
}

/// Refuses a mint whose extensions could take from vaults or block repayment; metadata and groups are harmless.
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
