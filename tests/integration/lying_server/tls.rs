//! Servers that are not who they say, or not in private.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use std::time::Instant;

use super::scene::{Scene, editions};
use super::site::Site;
use crate::harness::{Ran, install_crypto, write_file};

/// An authority made for the test.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            pem: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A server with a certificate of that authority, for that name, until that year.
    fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(
            config
                .with_single_cert(vec![certificate.into()], key)
                .unwrap(),
        )
    }
}

#[test]
fn a_server_that_cannot_be_trusted_is_not_believed() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let (trusted, unknown) = (Authority::new("FICTIF"), Authority::new("SPECIMEN"));
    let authority = folder.path().join("authority.pem");
    write_file(&authority, trusted.pem.as_bytes());
    let honest = || trusted.server("127.0.0.1", 2150);
    let site = Site::start_with(&editions().0, Some(honest()));
    let mut scene = Scene::on(site, vec![("SSL_CERT_FILE", authority)]);

    let faults = [
        (
            Some(unknown.server("127.0.0.1", 2150)),
            ["cannot be trusted (UnknownIssuer)", "SSL_CERT_FILE"],
        ),
        (
            Some(trusted.server("127.0.0.1", 2020)),
            ["expired on 2020-01-01", "clock"],
        ),
        (
            Some(trusted.server("registre.exemple", 2150)),
            ["is for registre.exemple, not for 127.0.0.1", "address"],
        ),
        (None, ["does not speak TLS", "http://"]),
    ];
    for (fault, words) in faults {
        scene.site.secure(fault);
        let started = Instant::now();
        let ran = scene.ingest();
        let words = [words[0], words[1], "GET https://127.0.0.1:", "source "];
        scene.assert_refused(&ran, 3, &words);
        assert!(started.elapsed().as_secs() < 5, "not tried again");
        assert_eq!(scene.site.paths(), Vec::<String>::new());
        scene.site.secure(Some(honest()));
        scene.recovers();
        scene.next_edition();
    }

    // Half of the file came before the certificate expired.
    let half = scene.truth().len() / 2;
    scene.lie(move |_, honest| honest.stalling(half));
    scene.killed_with(half);
    scene.site.secure(Some(trusted.server("127.0.0.1", 2020)));
    let ran = scene.ingest();
    scene.assert_refused(&ran, 3, &["expired on"]);
    scene.site.secure(Some(honest()));
    scene.recovers();
    assert_eq!(scene.asked()[0].range(), Some(half));

    let none = folder.path().join("none.pem");
    write_file(&none, b"");
    scene.next_edition();
    let mut command = scene.command();
    command
        .env("SSL_CERT_FILE", &none)
        .env_remove("SSL_CERT_DIR");
    let ran = Ran::from(command.output().unwrap());
    scene.assert_refused(
        &ran,
        3,
        &["knows no certificate authority", "ca-certificates"],
    );
}
