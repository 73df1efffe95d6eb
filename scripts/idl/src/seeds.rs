//! Seeds as the source writes them. Anchor's generator drops what follows a method call: of
//! `credit.load()?.lots_opened.to_le_bytes()` it keeps `credit`.

use {
    crate::{error::IdlError, listed::Accounts, source::Source},
    anchor_lang_idl::types::{IdlSeed, IdlSeedAccount, IdlSeedArg},
    quote::ToTokens,
    std::collections::BTreeSet,
    syn::{Expr, Member, visit::Visit},
};

/// One step from the name that a seed begins with.
enum Step {
    Field(String),
    Call(String),
}

/// Reads a seed. Errors: anything but the key of an account, a field of one, or an argument.
pub(crate) fn read(seed: &Expr, accounts: &Accounts, source: &Source) -> Result<IdlSeed, IdlError> {
    let failed = || IdlError::Seed("seeds".to_string(), seed.to_token_stream().to_string());
    let mut steps = Vec::new();
    let mut base = unwind(seed, &mut steps).ok_or_else(failed)?;
    let mut steps = steps.into_iter().rev().peekable();
    if accounts.groups.contains(&base) {
        let Some(Step::Field(member)) = steps.next() else { return Err(failed()) };
        base = member;
    }
    let Some(account) = accounts.list.iter().find(|account| account.name == base) else {
        // An argument: its fields, up to the call that makes bytes of it.
        let mut path = base;
        for step in steps {
            match step {
                Step::Field(field) => path = format!("{path}.{field}"),
                Step::Call(call) if makes_bytes(&call) => {}
                Step::Call(_) => return Err(failed()),
            }
        }
        return Ok(IdlSeed::Arg(IdlSeedArg { path }));
    };
    match steps.next() {
        Some(Step::Call(call)) if call == "key" => {
            Ok(IdlSeed::Account(IdlSeedAccount { path: base, account: None }))
        }
        Some(Step::Call(call)) if call == "load" && !account.data.is_empty() => {
            let field = match steps.next() {
                Some(Step::Field(field)) => field,
                Some(Step::Call(method)) => {
                    field_behind(&account.data, &method, source).ok_or_else(failed)?
                }
                None => return Err(failed()),
            };
            if !steps.all(|step| matches!(step, Step::Call(call) if makes_bytes(&call))) {
                return Err(failed());
            }
            let account = Some(account.data.clone());
            Ok(IdlSeed::Account(IdlSeedAccount { path: format!("{base}.{field}"), account }))
        }
        _ => Err(failed()),
    }
}

fn makes_bytes(call: &str) -> bool {
    matches!(call, "to_le_bytes" | "as_ref")
}

/// The name that an expression begins with; the steps from it are added from the last to the first.
fn unwind(expression: &Expr, steps: &mut Vec<Step>) -> Option<String> {
    match expression {
        Expr::Reference(inner) => unwind(&inner.expr, steps),
        Expr::Try(inner) => unwind(&inner.expr, steps),
        Expr::MethodCall(call) => {
            steps.push(Step::Call(call.method.to_string()));
            unwind(&call.receiver, steps)
        }
        Expr::Field(access) => {
            let Member::Named(field) = &access.member else { return None };
            steps.push(Step::Field(field.to_string()));
            unwind(&access.base, steps)
        }
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// The only field that a method of an account reads, whose bytes the seed is then taken to be. The test of the IDL compares
/// the address with the program's.
fn field_behind(account: &str, method: &str, source: &Source) -> Option<String> {
    let method = source.methods.get(&format!("{account}::{method}"))?;
    let mut fields = Fields::default();
    fields.visit_block(&method.block);
    let mut names = fields.0.into_iter();
    names.next().filter(|_| names.next().is_none())
}

/// The fields of `self` that an expression names.
#[derive(Default)]
struct Fields(BTreeSet<String>);

impl Visit<'_> for Fields {
    fn visit_expr_field(&mut self, access: &syn::ExprField) {
        if let (Expr::Path(base), Member::Named(field)) = (&*access.base, &access.member)
            && base.path.is_ident("self")
        {
            self.0.insert(field.to_string());
        }
        syn::visit::visit_expr_field(self, access);
    }
}
