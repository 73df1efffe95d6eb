//! Types that no account, event or argument has a field of: enums that accounts store as a byte, which only docs name.

use {
    crate::{
        error::IdlError,
        source::{Source, docs},
    },
    anchor_lang_idl::types::{Idl, IdlEnumVariant, IdlTypeDef, IdlTypeDefTy},
    std::collections::BTreeSet,
    syn::{Attribute, Fields},
};

/// Adds the enums without fields that docs link to and that Anchor's generator has not met. Errors: a struct that is
/// serialised, or an enum with fields that docs link to, and that it has not met.
pub(crate) fn mend(idl: &mut Idl, source: &Source) -> Result<(), IdlError> {
    let text = serde_json::to_string(idl)?;
    let known: BTreeSet<String> = idl.types.iter().map(|ty| ty.name.clone()).collect();
    for (name, item) in &source.structs {
        if is_serialised(&item.attrs) && !known.contains(name) {
            return Err(IdlError::Type(name.clone()));
        }
    }
    for (name, item) in &source.enums {
        if !is_serialised(&item.attrs) || known.contains(name) || !text.contains(&format!("[`{name}`]")) {
            continue;
        }
        if item.variants.iter().any(|variant| !matches!(variant.fields, Fields::Unit)) {
            return Err(IdlError::Type(name.clone()));
        }
        let variant =
            |variant: &syn::Variant| IdlEnumVariant { name: variant.ident.to_string(), fields: None };
        idl.types.push(IdlTypeDef {
            name: name.clone(),
            docs: docs(&item.attrs),
            serialization: Default::default(),
            repr: None,
            generics: Vec::new(),
            ty: IdlTypeDefTy::Enum { variants: item.variants.iter().map(variant).collect() },
        });
    }
    idl.types.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

/// True for a type with `#[derive(AnchorSerialize)]`.
fn is_serialised(attributes: &[Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let visited = attribute.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|last| last.ident == "AnchorSerialize");
            Ok(())
        });
        found &= visited.is_ok();
    }
    found
}
