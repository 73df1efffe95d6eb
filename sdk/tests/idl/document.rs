//! The IDL as a client reads it: names, and the lengths of what is encoded.

use {blockable_sdk::Pubkey, serde_json::Value, std::path::PathBuf};

/// The IDL.
pub(crate) struct Document(Value);

/// The items of a list; none where there is no such list.
pub(crate) fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of[field].as_array().map_or(&[], Vec::as_slice)
}

/// The name of an item.
pub(crate) fn name(of: &Value) -> String {
    of["name"].as_str().expect("everything in an IDL has a name").to_string()
}

/// A list of bytes.
pub(crate) fn bytes(of: &Value) -> Vec<u8> {
    serde_json::from_value(of.clone()).expect("a list of bytes")
}

impl Document {
    /// Reads the committed IDL, or the file that `BLOCKABLE_IDL` names.
    pub(crate) fn read() -> Document {
        let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../app-idl/blockable_credits.json");
        let path = std::env::var_os("BLOCKABLE_IDL").map_or_else(|| PathBuf::from(committed), PathBuf::from);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; name an absolute path", path.display()));
        Document(serde_json::from_str(&text).expect("the IDL is JSON"))
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    /// The program's address.
    pub(crate) fn address(&self) -> Pubkey {
        self.0["address"].as_str().and_then(|address| address.parse().ok()).expect("the program's address")
    }

    /// A list at the top.
    pub(crate) fn list(&self, field: &str) -> &[Value] {
        list(&self.0, field)
    }

    fn item(&self, field: &str, named: &str) -> &Value {
        let found = self.list(field).iter().find(|item| name(item) == named);
        found.unwrap_or_else(|| panic!("the IDL has no {named} in {field}"))
    }

    /// An instruction.
    pub(crate) fn instruction(&self, name: &str) -> &Value {
        self.item("instructions", name)
    }

    /// A type.
    pub(crate) fn ty(&self, name: &str) -> &Value {
        self.item("types", name)
    }

    /// The first bytes of an account or event.
    pub(crate) fn discriminator(&self, field: &str, name: &str) -> Vec<u8> {
        bytes(&self.item(field, name)["discriminator"])
    }

    /// The accounts of an instruction, groups resolved.
    pub(crate) fn accounts(&self, instruction: &str) -> Vec<Value> {
        fn resolve(account: &Value) -> Vec<Value> {
            match account.get("accounts") {
                Some(_) => list(account, "accounts").iter().flat_map(resolve).collect(),
                None => vec![account.clone()],
            }
        }
        list(self.instruction(instruction), "accounts").iter().flat_map(resolve).collect()
    }

    /// The bytes that a value of a type takes at the beginning of `data`; `None` where they do not encode one.
    pub(crate) fn length(&self, ty: &Value, data: &[u8]) -> Option<usize> {
        let length = match ty.as_str() {
            Some("bool" | "u8" | "i8") => 1,
            Some("u16" | "i16") => 2,
            Some("u32" | "i32") => 4,
            Some("u64" | "i64") => 8,
            Some("u128" | "i128") => 16,
            Some("pubkey") => 32,
            Some(_) => return None,
            None => match ty.as_object()?.iter().next()? {
                (kind, item) if kind == "vec" => {
                    let count = u32::from_le_bytes(data.get(..4)?.try_into().ok()?);
                    self.lengths((0..count).map(|_| item), 4, data)?
                }
                (kind, parts) if kind == "array" => {
                    let item = parts.get(0)?;
                    self.lengths((0..parts.get(1)?.as_u64()?).map(|_| item), 0, data)?
                }
                (kind, named) if kind == "defined" => {
                    let ty = &self.ty(named["name"].as_str()?)["type"];
                    match ty["kind"].as_str()? {
                        "struct" => self.fields_length(&ty["fields"], data)?,
                        "enum" => {
                            let variant = list(ty, "variants").get(usize::from(*data.first()?))?;
                            1 + self.fields_length(&variant["fields"], data.get(1..)?)?
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            },
        };
        (length <= data.len()).then_some(length)
    }

    fn lengths<'a>(
        &self,
        types: impl Iterator<Item = &'a Value>,
        start: usize,
        data: &[u8],
    ) -> Option<usize> {
        types.into_iter().try_fold(start, |at, ty| Some(at + self.length(ty, data.get(at..)?)?))
    }

    /// The bytes that fields take, named or not, one behind the other.
    pub(crate) fn fields_length(&self, fields: &Value, data: &[u8]) -> Option<usize> {
        let types = fields.as_array().into_iter().flatten();
        self.lengths(types.map(|field| field.get("type").unwrap_or(field)), 0, data)
    }

    /// The bytes of the field at a path with dots.
    pub(crate) fn field<'a>(&self, fields: &Value, path: &str, data: &'a [u8]) -> Option<&'a [u8]> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let mut data = data;
        for field in fields.as_array()? {
            let length = self.length(&field["type"], data)?;
            if name(field) == first {
                let found = data.get(..length)?;
                return match rest {
                    None => Some(found),
                    Some(rest) => {
                        let ty = self.ty(field["type"]["defined"]["name"].as_str()?);
                        self.field(&ty["type"]["fields"], rest, found)
                    }
                };
            }
            data = data.get(length..)?;
        }
        None
    }
}
