//! Texts of a form, for the description.

use {
    std::borrow::Cow,
    utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            RefOr,
            schema::{ObjectBuilder, Schema, Type},
        },
    },
};

/// Describes a type that is a text of a form.
macro_rules! words {
    ($($name:ident, $description:literal, $pattern:literal;)*) => {$(
        #[doc = $description]
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                text.description(Some($description)).pattern(Some($pattern)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

words! {
    Address, "An account's address, in base58.", "^[1-9A-HJ-NP-Za-km-z]{32,44}$";
    SignatureText, "A signature, in base58.", "^[1-9A-HJ-NP-Za-km-z]{64,88}$";
    HashText, "A hash of 32 bytes, in hexadecimal digits.", "^[0-9a-f]{64}$";
    AmountText, "A whole number as text, because JavaScript rounds numbers above 2^53.", "^(0|[1-9][0-9]{0,19})$";
    KeyName, "A sub-key's name.", "^[a-z][a-z0-9_]{0,31}$";
    LeaseId, "A lease's name.", "^[0-9a-f]{16}$";
    Moment, "A time such as 2027-01-16T08:00:00Z, or a day such as 2027-01-16 from its beginning in UTC.", "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]))?$";
    Cursor, "The `next` of an earlier answer.", "^[0-9]{1,18}$";
    Base64, "Bytes in base64.", "^[A-Za-z0-9+/]*={0,2}$";
}
