//! The only calls to the store. Whoever asks here gets what is there, nothing, or an error in words.

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::path::Path as ObjectPath;
use object_store::{
    Attribute, AttributeValue, Attributes, BackoffConfig, ClientConfigKey as Client, Error,
    GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, RetryConfig, UpdateVersion,
};
use std::borrow::Cow;
use std::env;
use std::ops::Range;
use std::time::Duration;

use super::{CURRENT, Expected, LARGEST_JSON, SNAPSHOTS, StoreError, StoreUrl};

/// Name of our checksum among an object's metadata.
const SHA256: &str = "sha256";

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

/// A store.
#[derive(Debug, Clone)]
pub struct Remote {
    store: AmazonS3,
    url: StoreUrl,
    root: ObjectPath,
}

/// An object that is there.
#[derive(Debug, Clone)]
pub struct Held {
    pub meta: ObjectMeta,
    /// Our checksum of it, recorded when it was sent.
    pub sha256: Option<String>,
}

impl Held {
    /// Whether it is that file, as far as can be told without reading it.
    pub fn is(&self, expected: Expected<'_>) -> bool {
        self.meta.size == expected.bytes && self.sha256.as_deref() == Some(expected.sha256)
    }
}

/// What a small object holds.
#[derive(Debug, Clone)]
pub struct Small {
    pub bytes: Vec<u8>,
    pub held: Held,
}

/// What became of a put under a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Done,
    /// What is there is no longer what it was.
    Changed,
    /// The store has no such condition.
    Unconditional,
}

impl Remote {
    /// Speaks to nobody yet.
    pub fn open(url: &StoreUrl, patience: Patience) -> Result<Self, StoreError> {
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
        let store = builder.build().map_err(|error| settings(causes(&error)))?;
        let root = url
            .prefix
            .iter()
            .fold(ObjectPath::default(), |root, part| root.join(part.as_str()));
        Ok(Self {
            store,
            url: url.clone(),
            root,
        })
    }

    /// Where, for messages.
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// The pointer to the snapshot in service.
    pub fn current(&self) -> ObjectPath {
        self.root.clone().join(CURRENT)
    }

    /// The folder of snapshots.
    pub fn snapshots(&self) -> ObjectPath {
        self.root.clone().join(SNAPSHOTS)
    }

    /// A file of a snapshot.
    pub fn file(&self, id: &str, file: &str) -> ObjectPath {
        self.snapshots().join(id).join(file)
    }

    /// What is known of an object without reading it; `None` when there is none.
    pub async fn head(&self, path: &ObjectPath) -> Result<Option<Held>, StoreError> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        match self.store.get_opts(path, options).await {
            Ok(found) => Ok(Some(held(found.meta, &found.attributes))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.away("look at", path, &error)),
        }
    }

    /// A small object; `None` when there is none, or none other than that of `known`.
    pub async fn small(
        &self,
        path: &ObjectPath,
        known: Option<&str>,
    ) -> Result<Option<Small>, StoreError> {
        let options = GetOptions {
            if_none_match: known.map(str::to_owned),
            ..GetOptions::default()
        };
        let found = match self.store.get_opts(path, options).await {
            Ok(found) => found,
            Err(Error::NotFound { .. } | Error::NotModified { .. }) => return Ok(None),
            Err(error) => return Err(self.away("read", path, &error)),
        };
        let held = held(found.meta.clone(), &found.attributes);
        if held.meta.size > LARGEST_JSON {
            return Err(self.refused(path, format!("{} bytes, not JSON of ours", held.meta.size)));
        }
        let bytes = found.bytes().await;
        let bytes = bytes.map_err(|error| self.away("read", path, &error))?;
        Ok(Some(Small {
            bytes: bytes.to_vec(),
            held,
        }))
    }

    /// Some bytes of the object that has that `ETag`.
    pub async fn range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
        etag: Option<String>,
    ) -> Result<Vec<u8>, StoreError> {
        let length = range.end - range.start;
        let options = GetOptions {
            if_match: etag,
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let read = async { self.store.get_opts(path, options).await?.bytes().await };
        match read.await {
            Ok(bytes) if bytes.len() as u64 == length => Ok(bytes.to_vec()),
            Ok(bytes) => {
                let detail = format!("{} bytes received of {length} asked", bytes.len());
                Err(self.refused(path, detail))
            }
            Err(Error::NotFound { .. }) => Err(self.refused(path, "not there".to_owned())),
            Err(Error::Precondition { .. }) => {
                Err(self.refused(path, "replaced while it was read".to_owned()))
            }
            Err(error) => Err(self.away("read", path, &error)),
        }
    }

    /// Puts a small object, whatever is there.
    pub async fn put(
        &self,
        path: &ObjectPath,
        bytes: Vec<u8>,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let options = PutOptions {
            attributes: recorded(path, sha256),
            ..PutOptions::default()
        };
        let put = self.store.put_opts(path, bytes.into(), options).await;
        put.map_err(|error| self.away("write", path, &error))?;
        Ok(())
    }

    /// Puts a small object in the place of the one seen, or where there was none.
    pub async fn put_in_place_of(
        &self,
        path: &ObjectPath,
        bytes: Vec<u8>,
        seen: Option<&Held>,
    ) -> Result<Put, StoreError> {
        let mode = match seen {
            None => PutMode::Create,
            Some(held) => PutMode::Update(UpdateVersion {
                e_tag: held.meta.e_tag.clone(),
                version: held.meta.version.clone(),
            }),
        };
        let options = PutOptions {
            mode,
            attributes: described(path),
            ..PutOptions::default()
        };
        match self.store.put_opts(path, bytes.into(), options).await {
            Ok(_) => Ok(Put::Done),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => Ok(Put::Changed),
            Err(error) if has_no_conditions(&error) => Ok(Put::Unconditional),
            Err(error) => Err(self.away("write", path, &error)),
        }
    }

    /// Starts sending a large object.
    pub async fn multipart(
        &self,
        path: &ObjectPath,
        sha256: &str,
    ) -> Result<Box<dyn MultipartUpload>, StoreError> {
        let options = PutMultipartOptions {
            attributes: recorded(path, sha256),
            ..PutMultipartOptions::default()
        };
        let started = self.store.put_multipart_opts(path, options).await;
        started.map_err(|error| self.away("start writing", path, &error))
    }

    /// Copies an object inside the store.
    pub async fn copy(&self, from: &ObjectPath, to: &ObjectPath) -> Result<(), StoreError> {
        let copied = self.store.copy(from, to).await;
        copied.map_err(|error| self.away("copy", from, &error))
    }

    /// Removes an object; one that is not there is as good as removed.
    pub async fn delete(&self, path: &ObjectPath) -> Result<(), StoreError> {
        match self.store.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.away("remove", path, &error)),
        }
    }

    /// The ids of the snapshots that have at least one file there.
    pub async fn ids(&self) -> Result<Vec<String>, StoreError> {
        let path = self.snapshots();
        let listed = self.store.list_with_delimiter(Some(&path)).await;
        let listed = listed.map_err(|error| self.away("list", &path, &error))?;
        let names = listed
            .common_prefixes
            .iter()
            .filter_map(ObjectPath::filename);
        Ok(names.map(str::to_owned).collect())
    }

    /// Every object of a snapshot.
    pub async fn objects(&self, id: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        let mut objects = Vec::new();
        let mut folders = vec![self.snapshots().join(id)];
        while let Some(folder) = folders.pop() {
            let listed = self.store.list_with_delimiter(Some(&folder)).await;
            let listed = listed.map_err(|error| self.away("list", &folder, &error))?;
            folders.extend(listed.common_prefixes);
            objects.extend(listed.objects);
        }
        Ok(objects)
    }

    /// The store does not answer, or refuses.
    pub fn away(&self, action: &str, path: &ObjectPath, error: &Error) -> StoreError {
        let detail = match error {
            // The store's own words hold what was signed: its code is enough.
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                let said = causes(error);
                let code = between(&said, "<Code>", "</Code>").unwrap_or("no code");
                format!(
                    "refused ({code}): are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY those of this store, may that key do this there, and is this machine's clock right?"
                )
            }
            Error::NotFound { .. } => {
                "not found: does the bucket exist, and is AWS_ENDPOINT_URL that of its region?"
                    .to_owned()
            }
            error => causes(error),
        };
        StoreError::Away {
            store: self.url.to_string(),
            action: format!("{action} {path}"),
            detail,
        }
    }

    /// What is there is not what it should be.
    pub fn refused(&self, path: &ObjectPath, detail: String) -> StoreError {
        StoreError::Refused {
            store: self.url.to_string(),
            object: path.to_string(),
            detail,
        }
    }
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

fn held(meta: ObjectMeta, attributes: &Attributes) -> Held {
    let sha256 = attributes.get(&Attribute::Metadata(Cow::Borrowed(SHA256)));
    Held {
        meta,
        sha256: sha256.map(|value| value.to_string()),
    }
}

/// What is said of an object when it is sent.
fn described(path: &ObjectPath) -> Attributes {
    let kind = match path.extension() {
        Some("json") => "application/json",
        Some("parquet") => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    };
    Attributes::from_iter([(Attribute::ContentType, AttributeValue::from(kind))])
}

fn recorded(path: &ObjectPath, sha256: &str) -> Attributes {
    let mut attributes = described(path);
    attributes.insert(
        Attribute::Metadata(Cow::Borrowed(SHA256)),
        AttributeValue::from(sha256.to_owned()),
    );
    attributes
}

/// Whether the store says that it has no put under a condition.
fn has_no_conditions(error: &Error) -> bool {
    let said = || causes(error);
    matches!(
        error,
        Error::NotImplemented { .. } | Error::NotSupported { .. }
    ) || ["501 Not Implemented", "NotImplemented"]
        .iter()
        .any(|code| said().contains(code))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// An error and what caused it, on one line; the crate's own texts repeat their causes.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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

    #[test]
    fn what_a_store_says_is_told_once() {
        let error = Error::Generic {
            store: "S3",
            source: "no  such\nhost".into(),
        };
        assert_eq!(causes(&error), "Generic S3 error: no such host");
        assert_eq!(between("<a><Code>X</Code>", "<Code>", "</Code>"), Some("X"));
    }
}
