//! How to speak to a store, from the variables that everyone uses. Nothing of them is written anywhere.

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::{BackoffConfig, ClientConfigKey as Client, RetryConfig};
use std::env;
use std::time::Duration;

use super::remote::causes;
use super::{StoreError, StoreUrl};

/// Hosts that are this machine: without TLS there is nobody on the way to listen.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What says who asks. Without any of it the crate would ask an address of the provider's network,
/// which answers on some machines and hangs on others.
const WHO: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
];

/// How long to insist.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    /// For a question that is asked again soon.
    Little,
    /// For what would be a pity to start again.
    Much,
}

impl Patience {
    /// Of one request, its body included; then of all its tries.
    fn limits(self) -> (&'static str, usize, Duration) {
        match self {
            Self::Little => ("15 seconds", 1, Duration::from_secs(10)),
            Self::Much => ("5 minutes", 8, Duration::from_mins(3)),
        }
    }
}

/// A client of the store, which has spoken to nobody yet.
pub fn client(url: &StoreUrl, patience: Patience) -> Result<AmazonS3, StoreError> {
    let settings = |detail: String| StoreError::Settings {
        store: url.to_string(),
        detail,
    };
    if !WHO.iter().any(|name| env::var_os(name).is_some()) {
        return Err(settings("no key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true to read a public bucket".to_owned()));
    }
    // The only failure is that a provider is already installed, which is as good.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let (timeout, max_retries, retry_timeout) = patience.limits();
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&url.bucket)
        .with_config(Key::Client(Client::Timeout), timeout)
        .with_config(Key::Client(Client::ReadTimeout), "30 seconds")
        .with_config(Key::Client(Client::ConnectTimeout), "5 seconds")
        .with_config(
            Key::Client(Client::UserAgent),
            concat!("registre/", env!("CARGO_PKG_VERSION")),
        )
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(200),
                max_backoff: Duration::from_secs(20),
                base: 2.0,
            },
            max_retries,
            retry_timeout,
        })
        // `DeleteObjects` is not everywhere.
        .with_disable_bulk_delete(true);
    let endpoint = endpoint(&builder);
    if endpoint
        .as_deref()
        .is_some_and(|at| LOOPBACK.contains(&host_of(at)))
    {
        builder = builder.with_allow_http(true);
    }
    if endpoint.is_some_and(|at| at.starts_with("http://"))
        && builder.get_config_value(&Key::Client(Client::AllowHttp)) == Some("false".to_owned())
    {
        return Err(settings("AWS_ENDPOINT_URL is http://, where anyone on the way could read and change what is sent: use https://, or set AWS_ALLOW_HTTP=true on a network of your own".to_owned()));
    }
    builder.build().map_err(|error| settings(causes(&error)))
}

/// Where the store is, when it is not Amazon's.
fn endpoint(builder: &AmazonS3Builder) -> Option<String> {
    let own = builder.get_config_value(&Key::S3Endpoint);
    own.or_else(|| builder.get_config_value(&Key::Endpoint))
}

/// The host and the port of an address, without what is around them.
fn authority_of(address: &str) -> &str {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// The host of an address.
fn host_of(address: &str) -> &str {
    let authority = authority_of(address);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Where the environment says the store is, as the name of a folder: two stores may have buckets of
/// the same name.
pub fn place() -> String {
    let endpoint = endpoint(&AmazonS3Builder::from_env());
    let authority = endpoint.as_deref().map_or("amazonaws.com", authority_of);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let named = authority.chars().map(|c| if plain(c) { c } else { '_' });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_a_host_named_after_it() {
        for (address, host) in [
            ("http://127.0.0.1:9000", "127.0.0.1"),
            ("http://[::1]:9000/", "[::1]"),
            ("https://s3.exemple.fr/", "s3.exemple.fr"),
            ("http://127.0.0.1.exemple.fr:9000", "127.0.0.1.exemple.fr"),
            ("http://127.0.0.1@exemple.fr", "exemple.fr"),
        ] {
            assert_eq!(host_of(address), host);
        }
    }
}
