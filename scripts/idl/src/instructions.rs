//! Docs of instructions and their arguments, from the handlers that they call.
//!
//! The program's module has one line per instruction. The keys that may call it, and its effect, stand at the handler, and at
//! the accounts where these are its own. A handler describes its arguments in a list at the end of its doc comment:
//! "- `amount`: the most to pay, in micro-USDC." An argument with a type of the program needs no such line: it has the
//! first sentence of the type's docs.

use {
    crate::{
        accounts,
        error::IdlError,
        source::{Source, docs},
        text,
    },
    anchor_lang_idl::types::{Idl, IdlInstruction, IdlType},
    std::collections::BTreeMap,
    syn::{Expr, Stmt},
};

/// Writes the docs of every instruction and argument. Errors: an argument without docs, docs of an argument that there is
/// not.
pub(crate) fn mend(idl: &mut Idl, source: &Source) -> Result<(), IdlError> {
    let types: BTreeMap<String, String> =
        idl.types.iter().map(|ty| (ty.name.clone(), text::first_sentence(&ty.docs))).collect();
    for instruction in &mut idl.instructions {
        mend_instruction(instruction, source, &types)?;
    }
    Ok(())
}

fn mend_instruction(
    instruction: &mut IdlInstruction,
    source: &Source,
    types: &BTreeMap<String, String>,
) -> Result<(), IdlError> {
    let name = instruction.name.clone();
    let owner = accounts::struct_of(&name, source)?;
    let method = handler_of(&name, source).ok_or_else(|| IdlError::Missing(format!("handler of {name}")))?;
    let path = format!("{owner}::{method}");
    let handler = source.methods.get(&path).ok_or_else(|| IdlError::Missing(format!("method {path}")))?;
    let mut described = text::split_arguments(docs(&handler.attrs));
    let mut paragraphs = vec![text::without_reference(&instruction.docs)];
    if method == "handle" {
        paragraphs.push(source.structs.get(&owner).map(|accounts| docs(&accounts.attrs)).unwrap_or_default());
    }
    paragraphs.push(described.text);
    instruction.docs =
        paragraphs.into_iter().filter(|lines| !lines.is_empty()).collect::<Vec<_>>().join(&String::new());
    for argument in &mut instruction.args {
        let of_type = match &argument.ty {
            IdlType::Defined { name, .. } => types.get(name).cloned(),
            _ => None,
        };
        let text = described.arguments.remove(&argument.name).or(of_type).filter(|text| !text.is_empty());
        let missing = || IdlError::ArgumentDocs(name.clone(), argument.name.clone(), path.clone());
        argument.docs = vec![text.ok_or_else(missing)?];
    }
    match described.arguments.into_keys().next() {
        Some(argument) => Err(IdlError::NoArgument(path, argument)),
        None => Ok(()),
    }
}

/// The method that an instruction's function calls: `handle` of `CreditRepay::handle(ctx, amount)`.
fn handler_of(instruction: &str, source: &Source) -> Option<String> {
    let [Stmt::Expr(Expr::Call(call), None)] = source.instructions.get(instruction)?.block.stmts.as_slice()
    else {
        return None;
    };
    let Expr::Path(path) = &*call.func else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}
