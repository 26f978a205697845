//! Why a server could not be spoken to in private, in words, with what to do about it.

use chrono::{DateTime, Utc};
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, InvalidMessage};
use std::error::Error;
use std::io;

/// What rustls says when it finds no authority on this machine. It has no kind of its own.
const NO_AUTHORITY: &str = "No CA certificates were loaded";

/// What is wrong, when it is with TLS.
pub fn explain(error: &reqwest::Error) -> Option<String> {
    match cause(error)? {
        rustls::Error::InvalidCertificate(wrong) => Some(certificate(wrong)),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(
            "the server does not speak TLS: is its address http:// rather than https://?"
                .to_owned(),
        ),
        rustls::Error::General(detail) if detail.starts_with(NO_AUTHORITY) => Some(
            "this machine knows no certificate authority: install ca-certificates, or name a file of them in SSL_CERT_FILE"
                .to_owned(),
        ),
        _ => None,
    }
}

/// The error of rustls under those of the layers above it. An [`io::Error`] holds its cause without
/// naming it as its source.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn certificate(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "its certificate expired on {}: wait for the site to renew it, if this machine's clock is right",
            day(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "its certificate is only valid from {}: is this machine's clock right?",
            day(*not_before)
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "its certificate is for {}, not for {}: is the address right, or does something between here and there answer in its place?",
            names(presented),
            expected.to_str()
        ),
        other => format!(
            "its certificate cannot be trusted ({other}): if it is a site or a proxy of your own, name the file of its authority in SSL_CERT_FILE",
        ),
    }
}

/// rustls gives them as `DnsName("www.data.gouv.fr")`.
fn names(presented: &[String]) -> String {
    let names = presented
        .iter()
        .map(|name| name.split('"').nth(1).unwrap_or(name));
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        "no name at all".to_owned()
    } else {
        names.join(", ")
    }
}

fn day(at: UnixTime) -> String {
    i64::try_from(at.as_secs())
        .ok()
        .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0))
        .map_or_else(
            || format!("second {}", at.as_secs()),
            |at| at.date_naive().to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_under_what_wraps_it() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls.clone()));
        assert_eq!(cause(&wrapped), Some(&tls));
        assert_eq!(cause(&io::Error::other("cut")), None);
    }

    #[test]
    fn each_fault_of_a_certificate_says_what_to_do() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let expired = CertificateError::ExpiredContext {
            time: at(2_000_000_000),
            not_after: at(1_000_000_000),
        };
        assert!(certificate(&expired).contains("expired on 2001-09-09"));
        let early = CertificateError::NotValidYetContext {
            time: at(0),
            not_before: at(1_000_000_000),
        };
        assert!(certificate(&early).contains("clock"));
        let names = names(&["DnsName(\"a.fr\")".to_owned(), "IpAddress(::1)".to_owned()]);
        assert_eq!(names, "a.fr, IpAddress(::1)");
        assert!(certificate(&CertificateError::UnknownIssuer).contains("SSL_CERT_FILE"));
    }
}
