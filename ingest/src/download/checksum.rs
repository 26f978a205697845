//! The checksums of a file, all computed in one reading: our own sha256, and the one the publisher
//! announced when its algorithm is known here.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use crate::error::IngestError;
use crate::progress::{Context, Silent, Task};

const BUFFER: usize = 1 << 18;

/// What a publisher announces: algorithm, value.
pub type Announced = (String, String);

/// The algorithms that can be verified. data.gouv.fr has a few more names, see [`known`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
}

/// Which algorithm an announcement is of; `None` when it cannot be verified: another algorithm, or
/// a value that cannot be one of its sums (an empty one, an `ETag` taken for one).
fn known((algorithm, value): &Announced) -> Option<Algorithm> {
    let name = algorithm.to_ascii_lowercase().replace('-', "");
    let value = value.trim();
    if !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match (name.as_str(), value.len()) {
        ("md5", 32) => Some(Algorithm::Md5),
        ("sha1", 40) => Some(Algorithm::Sha1),
        // data.gouv.fr's list has both names.
        ("sha256" | "sha2", 64) => Some(Algorithm::Sha256),
        _ => None,
    }
}

/// Sums under way.
pub struct Digests {
    sha256: Sha256,
    other: Option<Other>,
}

enum Other {
    Md5(Md5),
    Sha1(Sha1),
}

/// Sums of a whole file, in lower-case hexadecimal.
#[derive(Debug, Clone)]
pub struct Sums {
    /// Ours.
    pub sha256: String,
    other: Option<String>,
}

impl Digests {
    /// Those needed to verify what was announced.
    pub fn to_verify(announced: Option<&Announced>) -> Self {
        let other = match announced.and_then(known) {
            Some(Algorithm::Md5) => Some(Other::Md5(Md5::new())),
            Some(Algorithm::Sha1) => Some(Other::Sha1(Sha1::new())),
            Some(Algorithm::Sha256) | None => None,
        };
        Self {
            sha256: Sha256::new(),
            other,
        }
    }

    /// The next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        match &mut self.other {
            Some(Other::Md5(md5)) => md5.update(bytes),
            Some(Other::Sha1(sha1)) => sha1.update(bytes),
            None => {}
        }
    }

    /// Reads `from` to its end.
    pub fn read(
        &mut self,
        from: &mut impl Read,
        path: &Path,
        context: &Context,
        task: &dyn Task,
    ) -> Result<(), IngestError> {
        let mut buffer = vec![0; BUFFER];
        loop {
            context.cancel.check()?;
            let length = from
                .read(&mut buffer)
                .map_err(IngestError::io("read", path))?;
            if length == 0 {
                return Ok(());
            }
            self.update(&buffer[..length]);
            task.advance(length as u64);
        }
    }

    /// The sums of what was given.
    pub fn finish(self) -> Sums {
        Sums {
            sha256: hex(&self.sha256.finalize()),
            other: self.other.map(|other| match other {
                Other::Md5(md5) => hex(&md5.finalize()),
                Other::Sha1(sha1) => hex(&sha1.finalize()),
            }),
        }
    }
}

impl Sums {
    /// What is wrong with a file of these sums, if it is not the one announced. An announcement
    /// that cannot be verified is said and let through.
    pub fn contradict(&self, announced: Option<&Announced>, source: &str) -> Option<String> {
        let announced = announced?;
        let (name, value) = (&announced.0, announced.1.trim());
        let ours = match known(announced) {
            Some(Algorithm::Sha256) => Some(&self.sha256),
            Some(Algorithm::Md5 | Algorithm::Sha1) => self.other.as_ref(),
            None => None,
        };
        let Some(ours) = ours else {
            tracing::warn!(source.name = %source, "{source}: the checksum announced by the publisher, {name} {value:?}, cannot be verified");
            return None;
        };
        (!ours.eq_ignore_ascii_case(value)).then(|| {
            format!("{name} {ours}, {value} announced by the publisher: corrupt; run again")
        })
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// The sha256 of a file, in hexadecimal.
pub fn sha256_of(path: &Path, context: &Context) -> Result<String, IngestError> {
    sums_of(path, None, context, &Silent).map(|sums| sums.sha256)
}

/// The sums of a file.
pub fn sums_of(
    path: &Path,
    announced: Option<&Announced>,
    context: &Context,
    task: &dyn Task,
) -> Result<Sums, IngestError> {
    let mut file = File::open(path).map_err(IngestError::io("open", path))?;
    let mut digests = Digests::to_verify(announced);
    digests.read(&mut file, path, context, task)?;
    Ok(digests.finish())
}

/// Writes `bytes` to `file`, then counts them in.
pub fn write(
    digests: &mut Digests,
    file: &mut File,
    bytes: &[u8],
    path: &Path,
) -> Result<(), IngestError> {
    file.write_all(bytes)
        .map_err(IngestError::io("write", path))?;
    digests.update(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contradict(algorithm: &str, value: &str) -> Option<String> {
        let announced = (algorithm.to_owned(), value.to_owned());
        let mut digests = Digests::to_verify(Some(&announced));
        digests.update(b"a");
        digests.update(b"bc");
        digests.finish().contradict(Some(&announced), "test")
    }

    #[test]
    fn each_algorithm_of_the_site_is_verified_or_said_not_to_be() {
        let good = [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d "),
            (
                "sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "SHA-256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "sha2",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ];
        for (algorithm, value) in good {
            assert_eq!(contradict(algorithm, value), None);
            let wrong = format!("{}0", &value.trim()[1..]);
            let said = contradict(algorithm, &wrong).unwrap();
            assert!(said.contains("announced by the publisher"), "{said}");
            assert!(said.starts_with(algorithm), "{said}");
        }
        for (algorithm, value) in [("crc", "12345678"), ("sha1", ""), ("md5", "6a1b-12")] {
            assert_eq!(contradict(algorithm, value), None, "not verifiable");
        }
    }
}
