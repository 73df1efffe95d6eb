//! The program's public constants: numbers, bytes, keys, and structs of numbers field by field.

use {
    crate::{
        error::IdlError,
        source::{Constant, Source, docs, type_name},
    },
    anchor_lang_idl::types::{Idl, IdlArrayLen, IdlConst, IdlDefinedFields, IdlType, IdlTypeDefTy},
    quote::ToTokens,
    syn::{BinOp, Expr, Lit, Member},
};

/// Adds every public constant that a client can use. Constants with lists of the program's own types are left out. Errors: a
/// value that cannot be computed.
pub(crate) fn mend(idl: &mut Idl, source: &Source) -> Result<(), IdlError> {
    let mut found = Vec::new();
    for constant in &source.constants {
        add(constant, idl, source, &mut found)?;
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    idl.constants = found;
    Ok(())
}

fn add(constant: &Constant, idl: &Idl, source: &Source, found: &mut Vec<IdlConst>) -> Result<(), IdlError> {
    let name = full_name(constant);
    let failed = |value: &Expr| IdlError::Constant(name.clone(), value.to_token_stream().to_string());
    if let Expr::Struct(fields) = &constant.value {
        let ty = type_name(&constant.ty);
        let ty = if ty == "Self" { constant.owner.clone() } else { ty };
        for field in &fields.fields {
            let Member::Named(member) = &field.member else { return Err(failed(&field.expr)) };
            let declared = source
                .structs
                .get(&ty)
                .and_then(|item| item.fields.iter().find(|declared| declared.ident.as_ref() == Some(member)));
            let declared = declared.ok_or_else(|| failed(&field.expr))?;
            let Some(ty) = number_type(&type_name(&declared.ty)) else { continue };
            let value = number(&field.expr, idl, source).ok_or_else(|| failed(&field.expr))?;
            let text = [docs(&declared.attrs), constant.docs.clone()].concat();
            let name = format!("{name}_{}", member.to_string().to_uppercase());
            found.push(IdlConst { name, docs: text, ty, value: value.to_string() });
        }
        return Ok(());
    }
    let declared = type_name(&constant.ty);
    let (ty, value) = if let Some(ty) = number_type(&declared) {
        (ty, number(&constant.value, idl, source).map(|value| value.to_string()))
    } else if declared == "Pubkey" {
        (IdlType::Pubkey, key(&constant.value))
    } else if constant.ty.to_token_stream().to_string() == "& [u8]" {
        (IdlType::Bytes, bytes(&constant.value))
    } else {
        return Ok(());
    };
    let value = value.ok_or_else(|| failed(&constant.value))?;
    found.push(IdlConst { name, docs: constant.docs.clone(), ty, value });
    Ok(())
}

/// `PROVIDER_SPACE` for `Provider::SPACE`.
fn full_name(constant: &Constant) -> String {
    if constant.owner.is_empty() { constant.name.clone() } else { named(&constant.owner, &constant.name) }
}

/// The name in the IDL of a constant of a type.
pub(crate) fn named(owner: &str, constant: &str) -> String {
    let mut name = String::new();
    for letter in owner.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    format!("{name}_{constant}")
}

/// The type in the IDL of a number; it has no `usize`.
fn number_type(name: &str) -> Option<IdlType> {
    Some(match name {
        "u8" => IdlType::U8,
        "u16" => IdlType::U16,
        "u32" => IdlType::U32,
        "u64" | "usize" => IdlType::U64,
        "i64" => IdlType::I64,
        _ => return None,
    })
}

/// The value of an expression of numbers, constants and sizes.
fn number(value: &Expr, idl: &Idl, source: &Source) -> Option<i128> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Paren(inner) => number(&inner.expr, idl, source),
        Expr::Binary(binary) => {
            let (left, right) = (number(&binary.left, idl, source)?, number(&binary.right, idl, source)?);
            match binary.op {
                BinOp::Add(_) => left.checked_add(right),
                BinOp::Sub(_) => left.checked_sub(right),
                BinOp::Mul(_) => left.checked_mul(right),
                BinOp::Div(_) => left.checked_div(right),
                _ => None,
            }
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.path.segments.last()?.ident == "size_of" => size_of(path, idl),
            _ => None,
        },
        Expr::Path(path) if path.to_token_stream().to_string() == "u64 :: MAX" => Some(u64::MAX.into()),
        Expr::Path(path) => {
            let name = path.path.get_ident()?.to_string();
            let mut named =
                source.constants.iter().filter(|other| other.owner.is_empty() && other.name == name);
            let constant = named.next()?;
            if named.next().is_some() { None } else { number(&constant.value, idl, source) }
        }
        _ => None,
    }
}

/// The bytes of the type in `size_of::<T>()`, none of which is padding that the type does not declare.
fn size_of(path: &syn::ExprPath, idl: &Idl) -> Option<i128> {
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    let syn::GenericArgument::Type(ty) = arguments.args.first()? else { return None };
    size(&IdlType::Defined { name: type_name(ty), generics: Vec::new() }, idl)
}

fn size(ty: &IdlType, idl: &Idl) -> Option<i128> {
    Some(match ty {
        IdlType::Bool | IdlType::U8 | IdlType::I8 => 1,
        IdlType::U16 | IdlType::I16 => 2,
        IdlType::U32 | IdlType::I32 => 4,
        IdlType::U64 | IdlType::I64 => 8,
        IdlType::U128 | IdlType::I128 => 16,
        IdlType::Pubkey => 32,
        IdlType::Array(item, IdlArrayLen::Value(count)) => {
            size(item, idl)?.checked_mul(i128::try_from(*count).ok()?)?
        }
        IdlType::Defined { name, .. } => {
            let IdlTypeDefTy::Struct { fields: Some(IdlDefinedFields::Named(fields)) } =
                &idl.types.iter().find(|ty| ty.name == *name)?.ty
            else {
                return None;
            };
            fields.iter().map(|field| size(&field.ty, idl)).sum::<Option<i128>>()?
        }
        _ => return None,
    })
}

/// The bytes of a literal, as Anchor writes them.
fn bytes(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::ByteStr(bytes) => Some(format!("{:?}", bytes.value())),
            _ => None,
        },
        _ => None,
    }
}

/// The key of `pubkey!("...")`.
fn key(value: &Expr) -> Option<String> {
    let Expr::Macro(call) = value else { return None };
    if !call.mac.path.is_ident("pubkey") {
        return None;
    }
    syn::parse2::<syn::LitStr>(call.mac.tokens.clone()).ok().map(|text| text.value())
}
