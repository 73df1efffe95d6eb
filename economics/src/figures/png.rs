//! Pixels as a PNG file. The format is short, and the compression is a crate that the workspace has already.

use {
    flate2::{Compression, Crc, write::ZlibEncoder},
    std::io::{self, Write},
};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
/// Eight bits a channel, red, green and blue, the one compression and filter method, not interlaced.
const FORMAT: [u8; 5] = [8, 2, 0, 0, 0];
const BYTES_A_PIXEL: usize = 3;
/// The row filter that states each byte as its difference to the one above: most rows of a figure are that above.
const FILTER_UP: u8 = 2;

/// The PNG file of rows of pixels, three bytes each. Errors: none but those of memory.
pub(super) fn encode(pixels: &[u8], width: u32, height: u32) -> io::Result<Vec<u8>> {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    let row_bytes = width as usize * BYTES_A_PIXEL;
    let mut above = vec![0; row_bytes];
    for row in pixels.chunks_exact(row_bytes) {
        rows.write_all(&[FILTER_UP])?;
        let differences: Vec<u8> =
            row.iter().zip(&above).map(|(byte, above)| byte.wrapping_sub(*above)).collect();
        rows.write_all(&differences)?;
        above.copy_from_slice(row);
    }
    let mut file = SIGNATURE.to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &FORMAT].concat();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &rows.finish()?);
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

/// Appends a chunk: its length, its name, its bytes, and the checksum of both.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], bytes: &[u8]) {
    let mut checksum = Crc::new();
    checksum.update(name);
    checksum.update(bytes);
    file.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    file.extend_from_slice(name);
    file.extend_from_slice(bytes);
    file.extend_from_slice(&checksum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use {super::*, flate2::read::ZlibDecoder, std::io::Read};

    /// The rows that a file holds, with their filters undone.
    fn decode(file: &[u8], row_bytes: usize) -> Vec<u8> {
        let at = file.windows(4).position(|name| name == b"IDAT").unwrap();
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
        let mut filtered = Vec::new();
        ZlibDecoder::new(&file[at + 4..at + 4 + length]).read_to_end(&mut filtered).unwrap();
        let mut rows: Vec<Vec<u8>> = vec![vec![0; row_bytes]];
        for row in filtered.chunks_exact(row_bytes + 1) {
            assert_eq!(row[0], FILTER_UP);
            rows.push(
                row[1..]
                    .iter()
                    .zip(rows.last().unwrap())
                    .map(|(byte, above)| byte.wrapping_add(*above))
                    .collect(),
            );
        }
        rows[1..].concat()
    }

    #[test]
    fn a_file_holds_the_pixels_it_was_made_of() {
        let pixels: Vec<u8> = (0..4 * 5 * 3).map(|byte: u32| (byte * byte % 251) as u8).collect();
        let file = encode(&pixels, 4, 5).unwrap();
        assert_eq!(&file[..8], &SIGNATURE);
        assert_eq!(&file[16..24], &[0, 0, 0, 4, 0, 0, 0, 5]);
        assert_eq!(decode(&file, 12), pixels);
    }

    #[test]
    fn checksums_are_those_of_the_format() {
        let file = encode(&[0, 0, 0], 1, 1).unwrap();
        // The last chunk is the same in every file.
        assert_eq!(&file[file.len() - 12..], &[0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]);
    }
}
