//! The accounts of instructions: flat, documented, with the seeds and addresses that the source gives them.

use {
    crate::{
        error::IdlError,
        listed::{Account, Accounts},
        seeds,
        source::{Source, docs, inner_type, type_name},
        text,
    },
    anchor_lang_idl::types::{Idl, IdlInstructionAccount, IdlInstructionAccountItem, IdlPda},
    proc_macro2::{Delimiter, TokenStream, TokenTree},
    solana_pubkey::Pubkey,
    std::collections::BTreeSet,
    syn::{Expr, parse::Parser, punctuated::Punctuated},
};

/// The accounts that `#[event_cpi]` adds, with their docs.
const EVENT_ACCOUNTS: [(&str, &str); 2] = [
    ("event_authority", "Signs the program's events."),
    ("program", "The program itself, which records its events."),
];

/// Makes the accounts of every instruction flat, and gives each its docs, its seeds and its fixed address. Errors: accounts
/// that the source and Anchor's generator have differently, an account without docs, a seed that cannot be read.
pub(crate) fn mend(idl: &mut Idl, source: &Source) -> Result<(), IdlError> {
    let program: Pubkey =
        idl.address.parse().map_err(|_| IdlError::Missing(format!("program address: {}", idl.address)))?;
    let authority = Pubkey::find_program_address(&[b"__event_authority"], &program).0;
    for instruction in &mut idl.instructions {
        let name = &instruction.name;
        let accounts = of_instruction(name, source)?;
        let mut flat = Vec::new();
        flatten(std::mem::take(&mut instruction.accounts), &mut flat);
        compare(name, &accounts, &flat)?;
        for (account, written) in accounts.list.iter().zip(&mut flat) {
            written.docs = text::account_docs(&account.docs);
            if written.docs.is_empty() {
                return Err(IdlError::AccountDocs(account.owner.clone(), account.name.clone()));
            }
            if let (Some(expressions), Some(pda)) = (&account.seeds, &mut written.pda) {
                replace_seeds(pda, expressions, &accounts, source)?;
            }
            match account.name.as_str() {
                "event_authority" => written.address = Some(authority.to_string()),
                "program" => written.address = Some(program.to_string()),
                _ => {}
            }
        }
        instruction.accounts = flat.into_iter().map(IdlInstructionAccountItem::Single).collect();
    }
    Ok(())
}

/// The name of the struct with an instruction's accounts. Errors: no such instruction.
pub(crate) fn struct_of(instruction: &str, source: &Source) -> Result<String, IdlError> {
    let missing = || IdlError::Missing(format!("instruction {instruction}"));
    let function = source.instructions.get(instruction).ok_or_else(missing)?;
    let Some(syn::FnArg::Typed(context)) = function.sig.inputs.first() else { return Err(missing()) };
    Ok(type_name(inner_type(&context.ty).ok_or_else(missing)?))
}

fn of_instruction(instruction: &str, source: &Source) -> Result<Accounts, IdlError> {
    let mut accounts = Accounts::default();
    let owner = struct_of(instruction, source)?;
    accounts.add_struct(&owner, source)?;
    if let Some(events) = source.structs.get(&owner)
        && events.attrs.iter().any(|attribute| attribute.path().is_ident("event_cpi"))
    {
        for (name, text) in EVENT_ACCOUNTS {
            let (name, docs) = (name.to_string(), vec![text.to_string()]);
            accounts.list.push(Account {
                owner: owner.clone(),
                name,
                docs,
                data: String::new(),
                seeds: None,
            });
        }
    }
    Ok(accounts)
}

impl Accounts {
    fn add_struct(&mut self, owner: &str, source: &Source) -> Result<(), IdlError> {
        let fields = source.structs.get(owner).ok_or_else(|| IdlError::Missing(format!("struct {owner}")))?;
        for field in &fields.fields {
            let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let group = type_name(&field.ty);
            if source.structs.contains_key(&group) {
                self.groups.insert(name);
                self.add_struct(&group, source)?;
                continue;
            }
            let data = if group == "AccountLoader" { inner_type(&field.ty).map(type_name) } else { None };
            self.list.push(Account {
                owner: owner.to_string(),
                name,
                docs: docs(&field.attrs),
                data: data.unwrap_or_default(),
                seeds: seeds_of(field),
            });
        }
        Ok(())
    }
}

/// The expressions of `seeds = [...]` in a field's attributes.
fn seeds_of(field: &syn::Field) -> Option<Vec<Expr>> {
    let lists = field.attrs.iter().filter_map(|attribute| attribute.meta.require_list().ok());
    let tokens: Vec<TokenTree> = lists.flat_map(|list| list.tokens.clone()).collect();
    let inside = tokens.windows(3).find_map(|window| match window {
        [TokenTree::Ident(name), TokenTree::Punct(equals), TokenTree::Group(group)]
            if name == "seeds" && equals.as_char() == '=' && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group.stream())
        }
        _ => None,
    })?;
    parse_list(inside)
}

fn parse_list(tokens: TokenStream) -> Option<Vec<Expr>> {
    let list = Punctuated::<Expr, syn::Token![,]>::parse_terminated.parse2(tokens).ok()?;
    Some(list.into_iter().collect())
}

/// Puts the seeds that are read from accounts and arguments right; those that are constants are as the generator has them.
fn replace_seeds(
    pda: &mut IdlPda,
    expressions: &[Expr],
    accounts: &Accounts,
    source: &Source,
) -> Result<(), IdlError> {
    for (seed, expression) in pda.seeds.iter_mut().zip(expressions) {
        if !matches!(expression, Expr::Path(_)) {
            *seed = seeds::read(expression, accounts, source)?;
        }
    }
    Ok(())
}

fn flatten(items: Vec<IdlInstructionAccountItem>, flat: &mut Vec<IdlInstructionAccount>) {
    for item in items {
        match item {
            IdlInstructionAccountItem::Single(account) => flat.push(account),
            IdlInstructionAccountItem::Composite(group) => flatten(group.accounts, flat),
        }
    }
}

/// Requires that source and generator have the same accounts, with a name each.
fn compare(instruction: &str, accounts: &Accounts, flat: &[IdlInstructionAccount]) -> Result<(), IdlError> {
    let ours: Vec<&str> = accounts.list.iter().map(|account| account.name.as_str()).collect();
    let written: Vec<&str> = flat.iter().map(|account| account.name.as_str()).collect();
    if ours != written {
        return Err(IdlError::Accounts(instruction.to_string(), written.join(", "), ours.join(", ")));
    }
    let mut names = BTreeSet::new();
    match ours.into_iter().find(|name| !names.insert(*name)) {
        Some(name) => Err(IdlError::SameName(instruction.to_string(), name.to_string())),
        None => Ok(()),
    }
}
