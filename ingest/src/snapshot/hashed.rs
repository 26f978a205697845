//! A file whose sum is computed while it is written: of what was meant to be there, whatever the disk
//! does.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};

use crate::download::hex;

/// A file being written.
pub(crate) struct Hashed {
    file: File,
    sha256: Sha256,
    bytes: u64,
}

impl Hashed {
    /// An empty file.
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            sha256: Sha256::new(),
            bytes: 0,
        }
    }

    /// The file, its bytes, and their sum in hexadecimal.
    pub(crate) fn finish(self) -> (File, u64, String) {
        (self.file, self.bytes, hex(&self.sha256.finalize()))
    }
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.sha256.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
