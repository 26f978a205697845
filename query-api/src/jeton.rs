//! Names that nobody guesses.

use crate::text::hexadecimal;

/// Random bytes could not be had.
#[derive(Debug, thiserror::Error)]
#[error("ask the system for random bytes: {0}")]
pub(crate) struct NoRandom(pub(crate) getrandom::Error);

/// 128 random bits in hexadecimal.
pub(crate) fn jeton() -> Result<String, NoRandom> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(NoRandom)?;
    Ok(hexadecimal(&bytes))
}

/// Whether a text is such a name.
pub(crate) fn is_jeton(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
