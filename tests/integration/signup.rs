//! The forms, as an applicant, an operator and a receiver meet them.

use registre_schemas::unite_legale::DOUBLON;
use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

use crate::harness::{Server, install_crypto, run, sample, wait_until, write_file};
use crate::oracle::parquet_rows;

mod receiver;

use receiver::Receiver;

const CLAMART: &str = "21920023500014";
const KEY: &str = "cle-d-essai-de-l-exploitant";
const EMAIL: &str = "technique.specimen@exemple.example";

/// A server with forms of its own over the sample, and the folder of its requests.
struct Forms {
    server: Server,
    folder: TempDir,
}

impl Forms {
    fn start(more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self::server(&folder, sample(), more);
        Self { server, folder }
    }

    fn server(folder: &TempDir, data: &Path, more: &[&str]) -> Server {
        let db = folder.path().join("signup/demandes.sqlite");
        let key = folder.path().join("cle");
        write_file(&key, format!("{KEY}\n").as_bytes());
        let mut arguments = vec!["serve", "--signup-db", db.to_str().unwrap()];
        arguments.extend(["--signup-key-file", key.to_str().unwrap()]);
        arguments.extend(more);
        Server::start_with(&arguments, data)
    }

    /// Every byte of the requests on disk.
    fn bytes(&self) -> Vec<u8> {
        let entries = std::fs::read_dir(self.folder.path().join("signup")).unwrap();
        let files = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.flatten().collect()
    }

    fn holds(&self, words: &str) -> bool {
        let bytes = self.bytes();
        bytes
            .windows(words.len())
            .any(|found| found == words.as_bytes())
    }
}

/// What was answered, redirects included.
struct Said {
    status: u16,
    location: String,
    cache: String,
    text: String,
}

impl Said {
    fn of(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        Self {
            status: response.status().as_u16(),
            location: header("location"),
            cache: header("cache-control"),
            text: response.text().unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        install_crypto();
        Client::builder().redirect(Policy::none()).build().unwrap()
    })
}

fn get(server: &Server, path: &str) -> Said {
    Said::of(
        client()
            .get(format!("{}{path}", server.base))
            .send()
            .unwrap(),
    )
}

fn as_operator(server: &Server, path: &str) -> Said {
    let request = client().get(format!("{}{path}", server.base));
    Said::of(request.bearer_auth(KEY).send().unwrap())
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let _written = write!(encoded, "%{byte:02X}");
    }
    encoded
}

fn post_with(
    server: &Server,
    path: &str,
    pairs: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Said {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let mut request = client()
        .post(format!("{}{path}", server.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(pairs.collect::<Vec<_>>().join("&"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Said::of(request.send().unwrap())
}

fn post(server: &Server, path: &str, pairs: &[(&str, &str)]) -> Said {
    post_with(server, path, pairs, &[])
}

/// The token of a form.
fn jeton(server: &Server, path: &str) -> String {
    let page = get(server, path);
    assert_eq!((page.status, page.cache.as_str()), (200, "no-store"));
    let (_, rest) = page.text.split_once("name=\"jeton\" value=\"").unwrap();
    rest[..32].to_owned()
}

/// Every answer but the organisation's and the token.
const ANSWERS: [(&str, &str); 17] = [
    ("action", "deposer"),
    ("service.titre", "Tarifs de la cantine <b>&"),
    (
        "service.usage",
        "Calculer le tarif de chaque famille.\r\nSans justificatif.",
    ),
    ("delegue_protection_donnees.nom", "Camille FICTIF"),
    (
        "delegue_protection_donnees.email",
        "dpd.fictif@exemple.example",
    ),
    ("responsable_traitement.nom", "Dominique EXEMPLE"),
    (
        "responsable_traitement.email",
        "responsable.exemple@exemple.example",
    ),
    ("contact_technique.nom", "Claude SPECIMEN"),
    ("contact_technique.email", EMAIL),
    ("contact_technique.telephone", "01 99 00 12 34"),
    (
        "fondement_juridique.reference",
        "Délibération n° 12 du 1er mars",
    ),
    (
        "fondement_juridique.document",
        "Délibération signée, à demander en mairie.",
    ),
    ("donnees.perimetres", "cnaf_quotient_familial"),
    ("donnees.perimetres", "cnaf_enfants"),
    ("conservation.mois", "12"),
    ("conservation.destinataires", "Le service des écoles."),
    ("engagement.conditions", "oui"),
];

fn answers<'a>(siret: &'a str, jeton: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut pairs = ANSWERS.to_vec();
    pairs.extend([("siret", siret), ("jeton", jeton)]);
    pairs
}

/// Sends a whole request; the address of its receipt.
fn sent(server: &Server) -> String {
    let jeton = jeton(server, "/signup/api-particulier");
    let said = post(server, "/signup/api-particulier", &answers(CLAMART, &jeton));
    assert_eq!(said.status, 303, "{}", said.text);
    said.location
}

/// The number in the address of a receipt.
fn numero(address: &str) -> &str {
    let (_, rest) = address.split_once("/signup/demandes/").unwrap();
    rest.split_once('?').unwrap().0
}

#[test]
fn a_commune_asks_for_an_api_by_its_siret_alone_and_reads_its_receipt() {
    let forms = Forms::start(&[]);
    let server = &forms.server;
    assert!(
        get(server, "/signup")
            .text
            .contains("href=\"/signup/api-particulier\"")
    );
    let jeton = jeton(server, "/signup/api-particulier");
    // Without JavaScript: the button shows the organisation and keeps what was typed.
    let mut pairs = answers(" 219 200 235 00014 ", &jeton);
    pairs[0].1 = "verifier";
    let verified = post(server, "/signup/api-particulier", &pairs);
    assert_eq!(verified.status, 200);
    for shown in [
        "CLAMART",
        "92140",
        "Tarifs de la cantine &lt;b&gt;&amp;",
        "value=\"cnaf_enfants\" checked",
    ] {
        assert!(verified.text.contains(shown), "{shown}");
    }
    assert!(
        !forms.folder.path().join("signup").exists(),
        "nothing is kept yet"
    );

    let said = post(server, "/signup/api-particulier", &answers(CLAMART, &jeton));
    assert_eq!(said.status, 303, "{}", said.text);
    let again = post(server, "/signup/api-particulier", &answers(CLAMART, &jeton));
    assert_eq!(again.location, said.location, "sent twice, kept once");
    let receipt = get(server, &said.location);
    assert_eq!((receipt.status, receipt.cache.as_str()), (200, "no-store"));
    for shown in [
        numero(&said.location),
        "CLAMART",
        "Quotient familial",
        "0199001234",
        "&lt;b&gt;&amp;",
    ] {
        assert!(receipt.text.contains(shown), "{shown}");
    }
    assert!(!receipt.text.contains("<b>&"));
    let request = get(server, &said.location.replace('?', ".json?")).json();
    assert_eq!(request["type"], "acces_api");
    assert_eq!(request["verification"], "trouve");
    assert_eq!(
        request["api"],
        json!({ "id": "api-particulier", "nom": "API Particulier" })
    );
    assert_eq!(request["organisation"]["siret"], CLAMART);
    assert_eq!(
        request["organisation"]["adresse"]
            .as_array()
            .unwrap()
            .last()
            .unwrap(),
        "92140 CLAMART"
    );
    assert_eq!(
        request["service"]["usage"],
        "Calculer le tarif de chaque famille.\nSans justificatif."
    );
    assert_eq!(request["conservation"]["mois"], 12);
    assert_eq!(
        request["donnees"]["perimetres"].as_array().unwrap().len(),
        2
    );
    // A number without its secret, or with another, opens nothing.
    let address = said.location.split_once('?').unwrap().0;
    for guess in ["", "?jeton=", "?jeton=00000000000000000000000000000000"] {
        assert_eq!(get(server, &format!("{address}{guess}")).status, 404);
        assert_eq!(get(server, &format!("{address}.json{guess}")).status, 404);
    }
    assert_eq!(server.said(EMAIL), Vec::<String>::new());
    assert_eq!(server.said("FICTIF"), Vec::<String>::new());
}

#[test]
fn each_organisation_that_may_not_ask_is_refused_in_its_own_words() {
    let forms = Forms::start(&[]);
    let server = &forms.server;
    let table = registre_schemas::table("etablissement").unwrap();
    let siret = table.index_of("siret").unwrap();
    let mut rows = parquet_rows(sample(), table);
    let mut candidates: Vec<String> = rows.iter_mut().map(|row| row.swap_remove(siret)).collect();
    let doublon = DOUBLON.index_of("sirenDoublon").unwrap();
    let doublons = parquet_rows(sample(), &DOUBLON);
    candidates.extend(doublons.into_iter().map(|mut row| row.swap_remove(doublon)));
    let mut found: Vec<Value> = Vec::new();
    for thousand in candidates.chunks(1000) {
        let said = server
            .post("/v1/organisations", json!(thousand).to_string())
            .json();
        for answer in said["reponses"].as_array().unwrap() {
            let known = |other: &Value| {
                other["code"] == answer["code"]
                    && other["organisation"]["succession"].is_null()
                        == answer["organisation"]["succession"].is_null()
            };
            if !found.iter().any(known) {
                found.push(answer.clone());
            }
        }
    }
    for number in [
        "12345678900005",
        "21920023500015",
        "bonjour",
        "2192002350001",
        "W999999999",
        "21920023599999",
    ] {
        found.push(server.get(&format!("/v1/organisations/{number}")).json());
    }
    let mut seen = Vec::new();
    for answer in &found {
        let number = answer["demande"].as_str().unwrap();
        let resultat = answer["resultat"].as_str().unwrap();
        seen.push(resultat);
        let jeton = jeton(server, "/signup/api-particulier");
        let said = post(server, "/signup/api-particulier", &answers(number, &jeton));
        if ["trouve", "diffusion_partielle"].contains(&resultat) {
            assert_eq!(said.status, 303, "{answer}");
            let request = get(server, &said.location.replace('?', ".json?")).json();
            assert_eq!(request["verification"], resultat);
            assert_eq!(
                request["organisation"]["nom"],
                answer["organisation"]["nom"]
            );
            continue;
        }
        assert_eq!(said.status, 422, "{answer}");
        let message = answer["message"].as_str().unwrap().replace('\'', "&#39;");
        assert!(said.text.contains(&message), "{message}");
        assert!(said.text.contains("<a href=\"#siret\">"));
        if let Some(successor) = answer["organisation"]["succession"]["siret_actuel"].as_str() {
            assert!(
                said.text
                    .contains(&format!("name=\"remplacer\" value=\"{successor}\""))
            );
            let mut pairs = answers(number, &jeton);
            pairs.push(("remplacer", successor));
            let replaced = post(server, "/signup/api-particulier", &pairs);
            assert!(
                replaced.text.contains(&format!("value=\"{successor}\"")),
                "{}",
                replaced.status
            );
        }
    }
    for resultat in [
        "trouve",
        "ferme",
        "doublon",
        "diffusion_partielle",
        "inconnu",
        "invalide",
    ] {
        assert!(seen.contains(&resultat), "{resultat} of {seen:?}");
    }
}

#[test]
fn an_answer_that_will_not_do_is_told_beside_it_and_the_rest_is_kept() {
    let forms = Forms::start(&[]);
    let server = &forms.server;
    let jeton = jeton(server, "/signup/api-particulier");
    let mut pairs = answers(CLAMART, &jeton);
    pairs[8].1 = "technique\"><script>";
    pairs[14].1 = "100";
    let said = post(server, "/signup/api-particulier", &pairs);
    assert_eq!(said.status, 422);
    for shown in [
        "<a href=\"#contact_technique.email\">",
        "id=\"contact_technique.email-faute\"",
        "aria-invalid=\"true\"",
        "value=\"technique&quot;&gt;&lt;script&gt;\"",
        "<a href=\"#conservation.motif\">",
        "value=\"Claude SPECIMEN\"",
    ] {
        assert!(said.text.contains(shown), "{shown}");
    }
    assert!(!said.text.contains("<script>"));
    // What a person does not see stays empty; what comes from another site is not ours.
    pairs = answers(CLAMART, &jeton);
    pairs.push(("site_web_bis", "http://x.example"));
    assert_eq!(post(server, "/signup/api-particulier", &pairs).status, 422);
    pairs.pop();
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://ailleurs.example"),
    ] {
        let said = post_with(server, "/signup/api-particulier", &pairs, &[header]);
        assert_eq!(said.status, 403, "{header:?}");
    }
    let long = "x".repeat(300_000);
    assert_eq!(
        post(server, "/signup/autre", &[("service.usage", &long)]).status,
        413
    );
    assert_eq!(server.post("/signup/autre", "{}").status, 400);
    assert_eq!(get(server, "/signup/inconnue").status, 404);
    assert!(!forms.folder.path().join("signup").exists());
}

#[test]
fn missing_data_is_asked_for_with_or_without_an_organisation() {
    let forms = Forms::start(&[]);
    let server = &forms.server;
    let jeton = jeton(server, "/demander-une-donnee");
    let mut pairs = vec![
        ("jeton", jeton.as_str()),
        ("donnee.description", "Les horaires des piscines"),
        ("donnee.usage", "Une carte"),
        ("contact.nom", "Claude SPECIMEN"),
        ("contact.email", EMAIL),
        ("engagement.conditions", "oui"),
    ];
    let said = post(server, "/demander-une-donnee", &pairs);
    assert_eq!(said.status, 303, "{}", said.text);
    let request = get(server, &said.location.replace('?', ".json?")).json();
    assert_eq!(request["type"], "donnee_manquante");
    assert_eq!(
        (&request["verification"], &request["organisation"]),
        (&Value::Null, &Value::Null)
    );
    pairs.push(("siret", CLAMART));
    let with = post(server, "/demander-une-donnee", &pairs);
    assert_ne!(
        with.location, said.location,
        "changed in between: another request"
    );
    let request = get(server, &with.location.replace('?', ".json?")).json();
    assert_eq!(request["organisation"]["siret"], CLAMART);
    pairs.push(("donnee.detenteur", "x"));
    pairs[4].1 = "";
    assert_eq!(post(server, "/demander-une-donnee", &pairs).status, 422);
}

#[test]
fn the_operator_lists_exports_and_deletes_and_nobody_else() {
    let forms = Forms::start(&[]);
    let server = &forms.server;
    let receipt = sent(server);
    let numero = numero(&receipt);
    let one = format!("/signup/operateur/demandes/{numero}");
    for path in [
        "/signup/operateur",
        &one,
        "/signup/operateur/export.csv",
        "/signup/operateur/export.json",
    ] {
        let refused = get(server, path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(!refused.text.contains(numero) || path.contains(numero));
        let basic = client()
            .get(format!("{}{path}", server.base))
            .basic_auth("moi", Some(KEY));
        let opened = Said::of(basic.send().unwrap());
        assert_eq!(
            (opened.status, opened.cache.as_str()),
            (200, "no-store"),
            "{path}"
        );
        assert!(opened.text.contains(numero), "{path}");
    }
    let wrong = client()
        .get(format!("{}/signup/operateur", server.base))
        .bearer_auth("autre");
    assert_eq!(wrong.send().unwrap().status().as_u16(), 401);
    let found = as_operator(
        server,
        &format!("/signup/operateur?numero={}", numero.to_lowercase()),
    );
    assert_eq!((found.status, found.location.as_str()), (303, one.as_str()));
    let json = as_operator(server, "/signup/operateur/export.json").json();
    assert_eq!(json[0]["contact_technique"]["email"], EMAIL);
    assert_eq!(json.as_array().unwrap().len(), 1);
    let csv = as_operator(server, "/signup/operateur/export.csv").text;
    assert!(csv.lines().count() >= 2 && csv.contains(EMAIL), "{csv}");

    let bearer = format!("Bearer {KEY}");
    let foreign = [
        ("authorization", bearer.as_str()),
        ("origin", "https://ailleurs.example"),
    ];
    let delete = format!("{one}/supprimer");
    assert_eq!(post_with(server, &delete, &[], &foreign).status, 403);
    assert_eq!(post_with(server, &delete, &[], &[]).status, 401);
    assert_eq!(post_with(server, &delete, &[], &foreign[..1]).status, 303);
    assert_eq!(as_operator(server, &one).status, 404);
    assert_eq!(get(server, &receipt).status, 404);
    assert!(!forms.holds(EMAIL));
}

#[test]
fn an_applicant_deletes_the_request_and_no_byte_of_it_is_left() {
    let forms = Forms::start(&[]);
    let receipt = sent(&forms.server);
    assert!(forms.holds(EMAIL));
    let (address, secret) = receipt.split_once("?jeton=").unwrap();
    let delete = format!("{address}/supprimer");
    assert_eq!(post(&forms.server, &delete, &[("jeton", "0")]).status, 404);
    assert!(forms.holds(EMAIL));
    assert_eq!(
        post(&forms.server, &delete, &[("jeton", secret)]).status,
        200
    );
    assert!(!forms.holds(EMAIL));
    assert_eq!(get(&forms.server, &receipt).status, 404);
}

#[test]
fn a_request_outlives_a_kill_and_is_sent_signed_once_the_receiver_is_back() {
    let receiver = Receiver::start(2);
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    write_file(&secret, b"0123456789abcdef0123456789abcdef\n");
    let more = [
        "--signup-webhook",
        &receiver.url,
        "--signup-webhook-secret-file",
        secret.to_str().unwrap(),
    ];
    let server = Forms::server(&folder, sample(), &more);
    let receipt = sent(&server);
    wait_until("never sent", || receiver.count() == 1);
    wait_until("never told", || !server.said("HTTP 503; try 2").is_empty());
    assert_eq!(server.said(EMAIL), Vec::<String>::new());
    // SIGKILL.
    drop(server);
    let server = Forms::server(&folder, sample(), &more);
    assert_eq!(get(&server, &receipt).status, 200);
    wait_until("never sent again", || receiver.count() == 3);
    let one = format!("/signup/operateur/demandes/{}.json", numero(&receipt));
    wait_until("never written as sent", || {
        as_operator(&server, &one).json()["envoi"]["etat"] == "envoyee"
    });
    let requests = receiver.requests();
    for request in &requests {
        assert!(
            request.signed_with(b"0123456789abcdef0123456789abcdef"),
            "{request:?}"
        );
        assert!(!request.signed_with(b"un autre secret"));
        assert_eq!(request.body, requests[0].body, "the same bytes at each try");
        assert_eq!(
            request.header("idempotency-key"),
            requests[0].header("idempotency-key")
        );
    }
    let event: Value = serde_json::from_str(&requests[2].body).unwrap();
    assert_eq!(event["type"], "acces_api");
    assert_eq!(event["demande"]["numero"], numero(&receipt));
    assert_eq!(event["demande"]["contact_technique"]["email"], EMAIL);
    assert_eq!(event["id"], requests[0].header("idempotency-key"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(receiver.count(), 3, "sent once it was received, no more");
    assert_eq!(server.said(EMAIL), Vec::<String>::new());
}

#[test]
fn without_data_a_request_is_kept_as_not_verified() {
    let data = TempDir::new().unwrap();
    let folder = TempDir::new().unwrap();
    let server = Forms::server(&folder, data.path(), &[]);
    let receipt = sent(&server);
    let request = get(&server, &receipt.replace('?', ".json?")).json();
    assert_eq!(request["verification"], "non_verifie");
    assert_eq!(request["organisation"]["identifiant"]["valeur"], CLAMART);
    let jeton = jeton(&server, "/signup/api-particulier");
    let wrong = post(
        &server,
        "/signup/api-particulier",
        &answers("21920023500015", &jeton),
    );
    assert_eq!(wrong.status, 422, "a key is wrong with or without data");
}

#[test]
fn a_store_that_cannot_be_written_is_told_and_lookups_go_on() {
    let folder = TempDir::new().unwrap();
    // A file where the folder should be: not even root writes below it.
    write_file(&folder.path().join("signup"), b"");
    let server = Forms::server(&folder, sample(), &[]);
    let jeton = jeton(&server, "/signup/api-particulier");
    let said = post(
        &server,
        "/signup/api-particulier",
        &answers(CLAMART, &jeton),
    );
    assert_eq!(said.status, 503);
    assert!(said.text.contains("réessayez dans quelques minutes"));
    assert!(
        said.text.contains("value=\"Claude SPECIMEN\""),
        "nothing typed is lost"
    );
    // The log is read beside the answer.
    wait_until("the operator is not told what to do", || {
        !server.said("--signup-db").is_empty()
    });
    assert_eq!(server.said(EMAIL), Vec::<String>::new());
    assert_eq!(
        server.get(&format!("/v1/organisations/{CLAMART}")).status,
        200
    );
    // Mended: the same form is kept.
    std::fs::remove_file(folder.path().join("signup")).unwrap();
    assert_eq!(
        post(
            &server,
            "/signup/api-particulier",
            &answers(CLAMART, &jeton)
        )
        .status,
        303
    );
}

#[test]
fn the_forms_are_there_unless_refused_and_their_settings_are_checked_at_the_start() {
    let server = Server::start_with(&["serve", "--no-signup"], sample());
    for path in [
        "/signup",
        "/signup/autre",
        "/demander-une-donnee",
        "/signup/operateur",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    drop(server);
    let server = Server::start(sample());
    assert_eq!(server.get("/signup").status, 200);
    assert_eq!(
        server.get("/signup/operateur").status,
        404,
        "no key, no page"
    );
    drop(server);
    let folder = TempDir::new().unwrap();
    let short: PathBuf = folder.path().join("court");
    write_file(&short, b"court");
    let short = short.to_str().unwrap();
    for (arguments, words) in [
        (vec!["--signup-key-file", short], "16 at least"),
        (
            vec![
                "--signup-webhook",
                "http://a.example/",
                "--signup-webhook-secret-file",
                short,
            ],
            "32 at least",
        ),
        (
            vec!["--signup-webhook", "http://a.example/"],
            "--signup-webhook-secret-file",
        ),
        (vec!["--signup-apis", short], "kinds of API"),
        (vec!["--signup-retention-days", "0"], "1..=3650"),
    ] {
        let mut all = vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            sample().to_str().unwrap(),
        ];
        all.extend(arguments);
        let ran = run(&all);
        assert_eq!(ran.code, Some(2), "{all:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
