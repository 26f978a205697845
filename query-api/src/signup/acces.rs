//! Who may do what: the operator by a key, a form by coming from this server.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq as _;

/// Bytes of a key: fewer would be tried through.
const LEAST: usize = 16;

/// Why a secret kept in a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("read {what}, {path}: {source}", path = .path.display())]
    Read {
        /// Which secret.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Guessed too easily.
    #[error("{what}, {path}, has {found} bytes: {least} at least are needed; make it with `openssl rand -hex 32`", path = .path.display())]
    Short {
        /// Which secret.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// How many bytes it has.
        found: usize,
        /// How many it needs.
        least: usize,
    },
}

/// Reads a secret of at least so many bytes, without the line end that editors add.
pub(super) fn secret(
    what: &'static str,
    path: &Path,
    least: usize,
) -> Result<Vec<u8>, SecretError> {
    let bytes = std::fs::read(path).map_err(|source| SecretError::Read {
        what,
        path: path.to_owned(),
        source,
    })?;
    let bytes = bytes.trim_ascii();
    if bytes.len() < least {
        return Err(SecretError::Short {
            what,
            path: path.to_owned(),
            found: bytes.len(),
            least,
        });
    }
    Ok(bytes.to_vec())
}

/// The operator's key, by its digest.
pub(super) struct Cle([u8; 32]);

impl Cle {
    /// Reads it.
    pub(super) fn read(path: &Path) -> Result<Self, SecretError> {
        let key = secret("the operator's key", path, LEAST)?;
        Ok(Self(Sha256::digest(key).into()))
    }

    /// Whether a request has it: as `Authorization: Bearer`, or as the password of HTTP Basic, whose
    /// name is ignored, because that is what a browser can send.
    pub(super) fn ouvre(&self, headers: &HeaderMap) -> bool {
        given(headers).is_some_and(|key| {
            // Digests first: neither the length nor a beginning that is right shows in the time.
            let digest: [u8; 32] = Sha256::digest(&key).into();
            digest.ct_eq(&self.0).into()
        })
    }
}

fn given(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = (&value[..space], value[space..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(rest.to_vec());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(rest).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

/// Whether a form may have been sent by a page of this server, or by no browser at all: there is no
/// cookie here, but a browser sends the operator's password by itself, and a form of another site
/// could send requests in the name of its visitors.
pub(super) fn meme_origine(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let origin = origin.as_bytes();
    let after = |scheme: &[u8]| origin.strip_prefix(scheme);
    let origin = after(b"https://").or_else(|| after(b"http://"));
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn the_key_opens_as_bearer_or_as_a_password_and_nothing_else_does() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"cle-de-l-exploitant\n").unwrap();
        let key = Cle::read(file.path()).unwrap();
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (value, opens) in [
            ("Bearer cle-de-l-exploitant".to_owned(), true),
            ("bearer  cle-de-l-exploitant".to_owned(), true),
            (basic("quiconque:cle-de-l-exploitant"), true),
            (basic(":cle-de-l-exploitant"), true),
            (basic("cle-de-l-exploitant:"), false),
            ("Bearer cle-de-l-exploitan".to_owned(), false),
            ("Bearer ".to_owned(), false),
            ("Basic ???".to_owned(), false),
            ("cle-de-l-exploitant".to_owned(), false),
        ] {
            assert_eq!(
                key.ouvre(&headers(&[("authorization", &value)])),
                opens,
                "{value}"
            );
        }
        assert!(!key.ouvre(&HeaderMap::new()));
    }

    #[test]
    fn a_key_that_could_be_guessed_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(
            Cle::read(file.path()),
            Err(SecretError::Short { found: 0, .. })
        ));
        assert!(matches!(
            Cle::read(Path::new("/nowhere")),
            Err(SecretError::Read { .. })
        ));
    }

    #[test]
    fn a_form_of_another_site_is_told() {
        for (pairs, ours) in [
            (vec![], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "cross-site")], false),
            (
                vec![
                    ("sec-fetch-site", "same-site"),
                    ("origin", "https://a.example"),
                    ("host", "a.example"),
                ],
                false,
            ),
            (
                vec![("origin", "https://a.example"), ("host", "a.example")],
                true,
            ),
            (
                vec![
                    ("origin", "http://a.example:8080"),
                    ("host", "a.example:8080"),
                ],
                true,
            ),
            (
                vec![("origin", "https://b.example"), ("host", "a.example")],
                false,
            ),
            (vec![("origin", "null"), ("host", "a.example")], false),
        ] {
            assert_eq!(meme_origine(&headers(&pairs)), ours, "{pairs:?}");
        }
    }
}
