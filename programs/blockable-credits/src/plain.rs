//! Borsh for plain structs of accounts. Their fields lie without gaps, little-endian and in order, so their bytes in memory
//! are their Borsh. Copying these bytes takes a quarter of the code, and of the compute units, of writing field by field.

use {
    anchor_lang::prelude::borsh::io::{Read, Result, Write},
    bytemuck::Pod,
};

#[cfg(target_endian = "big")]
compile_error!("accounts and their Borsh are little-endian");

/// Writes the bytes of a plain struct. Errors: the writer's own.
pub fn write<T: Pod, W: Write>(value: &T, writer: &mut W) -> Result<()> {
    writer.write_all(bytemuck::bytes_of(value))
}

/// Reads a plain struct from its bytes. Errors: fewer bytes are left.
pub fn read<T: Pod, R: Read>(reader: &mut R) -> Result<T> {
    let mut value = T::zeroed();
    reader.read_exact(bytemuck::bytes_of_mut(&mut value))?;
    Ok(value)
}

/// Implements Borsh for plain structs. For the IDL Anchor derives the same, field by field.
macro_rules! plain {
    ($($type:ident),*) => {$(
        #[cfg(not(feature = "idl-build"))]
        impl anchor_lang::AnchorSerialize for $type {
            fn serialize<W: anchor_lang::prelude::borsh::io::Write>(
                &self,
                writer: &mut W,
            ) -> anchor_lang::prelude::borsh::io::Result<()> {
                crate::plain::write(self, writer)
            }
        }

        #[cfg(not(feature = "idl-build"))]
        impl anchor_lang::AnchorDeserialize for $type {
            fn deserialize_reader<R: anchor_lang::prelude::borsh::io::Read>(
                reader: &mut R,
            ) -> anchor_lang::prelude::borsh::io::Result<$type> {
                crate::plain::read(reader)
            }
        }
    )*};
}

pub(crate) use plain;
