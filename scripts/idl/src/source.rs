//! The program's source: the parts of it that the IDL is put right from.

use {
    crate::error::IdlError,
    std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    },
    syn::{Attribute, Expr, ExprLit, Item, Lit, Meta},
};

/// A constant of a module or of a type.
pub(crate) struct Constant {
    /// The type whose constant it is, or the module where its names need one to tell them apart; else empty.
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) ty: syn::Type,
    pub(crate) value: Expr,
}

/// The items of the program outside its tests, by name.
///
/// Names are unique among structs, among enums and among the methods of one type; the compiler does not require that of
/// different modules, so reading fails where it is not so.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) structs: BTreeMap<String, syn::ItemStruct>,
    pub(crate) enums: BTreeMap<String, syn::ItemEnum>,
    /// By `Type::method`.
    pub(crate) methods: BTreeMap<String, syn::ImplItemFn>,
    /// The functions of the module with `#[program]`.
    pub(crate) instructions: BTreeMap<String, syn::ItemFn>,
    /// In the order of the files.
    pub(crate) constants: Vec<Constant>,
}

impl Source {
    /// Reads all files below a folder but those of tests. Errors: a file that cannot be read or parsed.
    pub(crate) fn read(folder: &Path) -> Result<Source, IdlError> {
        let mut source = Source::default();
        for path in files(folder)? {
            let text = fs::read_to_string(&path).map_err(|error| IdlError::Read(path.clone(), error))?;
            let file = syn::parse_file(&text).map_err(|error| IdlError::Parse(path.clone(), error))?;
            let module = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            for item in file.items {
                source.add(item, module);
            }
        }
        Ok(source)
    }

    fn add(&mut self, item: Item, module: &str) {
        match item {
            Item::Struct(item) => drop(self.structs.insert(item.ident.to_string(), item)),
            Item::Enum(item) => drop(self.enums.insert(item.ident.to_string(), item)),
            Item::Impl(item) if item.trait_.is_none() => self.add_impl(item),
            Item::Const(item) if is_public(&item.vis) => self.constants.push(Constant {
                owner: if module == "seeds" { "seed".to_string() } else { String::new() },
                name: item.ident.to_string(),
                docs: docs(&item.attrs),
                ty: *item.ty,
                value: *item.expr,
            }),
            Item::Mod(item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("program")) => {
                for item in item.content.into_iter().flat_map(|(_, items)| items) {
                    if let Item::Fn(item) = item {
                        self.instructions.insert(item.sig.ident.to_string(), item);
                    }
                }
            }
            _ => {}
        }
    }

    fn add_impl(&mut self, item: syn::ItemImpl) {
        let owner = type_name(&item.self_ty);
        for item in item.items {
            match item {
                syn::ImplItem::Fn(method) => {
                    self.methods.insert(format!("{owner}::{}", method.sig.ident), method);
                }
                syn::ImplItem::Const(item) if is_public(&item.vis) => self.constants.push(Constant {
                    owner: owner.clone(),
                    name: item.ident.to_string(),
                    docs: docs(&item.attrs),
                    ty: item.ty,
                    value: item.expr,
                }),
                _ => {}
            }
        }
    }
}

/// The Rust files below a folder, in order; none of tests.
fn files(folder: &Path) -> Result<Vec<PathBuf>, IdlError> {
    let failed = |error| IdlError::Read(folder.to_path_buf(), error);
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(failed)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(failed)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// The lines of a doc comment.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_string()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect()
}

/// The last name in a type's path: `AccountLoader` of `AccountLoader<'info, Credit>`.
pub(crate) fn type_name(ty: &syn::Type) -> String {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
    .unwrap_or_default()
}

/// The type in angle brackets: `Credit` of `AccountLoader<'info, Credit>`.
pub(crate) fn inner_type(ty: &syn::Type) -> Option<&syn::Type> {
    let syn::Type::Path(path) = ty else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
