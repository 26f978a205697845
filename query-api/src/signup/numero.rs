//! Receipt numbers, and the secrets that open what they name.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::text::hexadecimal;

pub(super) use crate::jeton::{NoRandom, is_jeton, jeton};

/// Crockford's base 32: no letter that is taken for a digit, none that makes words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a number: 50 bits, which nobody counts through.
const LENGTH: usize = 10;

/// A new number, as `D-7K3QF-9XW2M`.
pub(super) fn numero() -> Result<String, NoRandom> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(NoRandom)?;
    let text: String = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    Ok(written(&text))
}

fn written(text: &str) -> String {
    format!("D-{}-{}", &text[..LENGTH / 2], &text[LENGTH / 2..])
}

/// A number as someone copied it from paper: case, separators, `O` for `0`, `I` and `L` for `1`.
pub(super) fn relu(text: &str) -> Option<String> {
    const SEPARATORS: [char; 3] = ['-', ' ', '\u{a0}'];
    let text = text.trim().to_ascii_uppercase();
    // `D` may be a character of the number too: it is our prefix when a separator follows.
    let text = match text.strip_prefix('D') {
        Some(rest) if rest.starts_with(SEPARATORS) => rest,
        _ => &text,
    };
    let kept: String = text
        .chars()
        .filter(|c| !SEPARATORS.contains(c))
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let right = kept.len() == LENGTH && kept.bytes().all(|byte| ALPHABET.contains(&byte));
    right.then(|| written(&kept))
}

/// The secret of a receipt, made of the token of its form and of what was answered: a submission
/// sent twice leads to one receipt, one that was changed in between to another. The store has its
/// digest only.
pub(super) fn secret(jeton: &str, answers: &str) -> String {
    hexadecimal(&hmac(jeton.as_bytes(), &[b"recu\0", answers.as_bytes()])[..16])
}

/// The digest of a secret.
pub(super) fn empreinte(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Whether a secret has that digest, in a time that does not tell how nearly.
pub(super) fn ouvre(secret: &str, digest: &[u8]) -> bool {
    empreinte(secret).ct_eq(digest).into()
}

/// HMAC with SHA-256 of parts put end to end.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_as_people_copy_it() {
        for _ in 0..1000 {
            let number = numero().unwrap();
            assert_eq!(relu(&number).as_deref(), Some(number.as_str()));
            let copied = number.to_lowercase().replace('0', "o").replace('-', " ");
            assert_eq!(relu(&copied[2..]).as_ref(), Some(&number));
            assert_eq!(relu(&copied), Some(number));
        }
        for text in [
            "",
            "D-",
            "D-12345-6789",
            "D-12345-6789U",
            "D-12345-67890-1",
            "' OR 1=1",
        ] {
            assert_eq!(relu(text), None, "{text}");
        }
    }

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2.
        let mac = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hexadecimal(&mac), expected);
    }

    #[test]
    fn a_secret_is_that_of_one_form_and_its_answers() {
        let jeton = jeton().unwrap();
        assert!(
            is_jeton(&jeton)
                && !is_jeton("x")
                && !is_jeton(&jeton.to_uppercase().replace('0', "A"))
        );
        assert_eq!(secret(&jeton, "a"), secret(&jeton, "a"));
        assert_ne!(secret(&jeton, "a"), secret(&jeton, "b"));
        let secret = secret(&jeton, "a");
        assert!(ouvre(&secret, &empreinte(&secret)));
        assert!(!ouvre(&jeton, &empreinte(&secret)) && !ouvre(&secret, b""));
    }
}
