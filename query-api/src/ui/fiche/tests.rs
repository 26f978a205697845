use crate::testing::{Answer, Fixture, get};

const ID: &str = "20261101T000000Z";

async fn answer(path: &str) -> Answer {
    let fixture = Fixture::published(ID);
    get(&fixture.app().await, path).await
}

/// The JSON-LD of a page.
fn metadata(page: &Answer) -> serde_json::Value {
    let (_, rest) = page
        .text()
        .split_once("<script type=\"application/ld+json\">")
        .unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[tokio::test]
async fn each_kind_has_its_page_at_its_own_address() {
    for (path, name, canonical) in [
        (
            "/entreprise/130025265",
            "DIRECTION INTERMINISTERIELLE DU NUMERIQUE",
            "/entreprise/130025265",
        ),
        (
            "/etablissement/13002526500013",
            "20 AV DE SEGUR",
            "/etablissement/13002526500013",
        ),
        (
            "/association/W751004076",
            "ASSOCIATION D&#39;ESSAI",
            "/association/W751004076",
        ),
    ] {
        let page = answer(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        let text = page.text();
        assert!(text.contains(name), "{path}");
        assert!(
            text.contains(&format!("<link rel=\"canonical\" href=\"{canonical}\">")),
            "{path}"
        );
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(!text.contains("{{"), "{path}: a hole was left");
        assert!(
            page.header("content-security-policy")
                .contains("script-src 'self';")
        );
        assert_eq!(
            page.header("cache-control"),
            "private, max-age=0, must-revalidate"
        );
    }
}

#[tokio::test]
async fn a_number_written_otherwise_or_of_another_kind_leads_to_its_own_address() {
    for (path, status, leads) in [
        ("/entreprise/130%20025%20265", 308, "/entreprise/130025265"),
        ("/entreprise/FR39356000000", 308, "/entreprise/356000000"),
        (
            "/entreprise/13002526500013",
            308,
            "/etablissement/13002526500013",
        ),
        (
            "/etablissement/130025265?apres=13002526500013",
            308,
            "/entreprise/130025265?apres=13002526500013",
        ),
        ("/entreprise/W751004076", 308, "/association/W751004076"),
        ("/association/w751004076", 308, "/association/W751004076"),
        // The association that is linked today: it may be another tomorrow.
        ("/association/356000000", 303, "/association/W751004076"),
        (
            "/association/35600000000048",
            303,
            "/association/W751004076",
        ),
        ("/association/381194299", 308, "/entreprise/381194299"),
        // Who asked to be hidden is not put beside the association that names it.
        ("/association/900000019", 308, "/entreprise/900000019"),
    ] {
        let redirected = answer(path).await;
        assert_eq!(
            (redirected.status, redirected.header("location")),
            (status, leads),
            "{path}"
        );
        assert_eq!(redirected.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn what_has_no_page_is_told_so_with_what_to_do() {
    for (path, status, said, leads) in [
        ("/entreprise/130025266", 400, "clé", ""),
        (
            "/entreprise/bonjour",
            400,
            "Que faire",
            "/recherche?q=bonjour",
        ),
        ("/entreprise/%FF%FE", 400, "Que faire", ""),
        (
            "/etablissement/13002526500O13",
            400,
            "vouliez sans doute saisir",
            "/etablissement/13002526500013",
        ),
        ("/entreprise/732829320", 404, "732829320", ""),
        ("/association/W123456789", 404, "W123456789", ""),
        // Its unit is known: it leads there, and to its siège.
        (
            "/etablissement/13002526500021",
            404,
            "mais son SIREN",
            "/entreprise/130025265",
        ),
        (
            "/entreprise/100000009",
            404,
            "est un doublon",
            "/entreprise/130025265",
        ),
    ] {
        let page = answer(path).await;
        let text = page.text();
        assert_eq!(page.status, status, "{path}: {text}");
        assert!(
            text.contains(said) && text.contains("Que faire"),
            "{path}: {text}"
        );
        assert!(
            leads.is_empty() || text.contains(&format!("href=\"{leads}\"")),
            "{path}: {text}"
        );
        assert!(
            text.contains("noindex") && !text.contains("ld+json"),
            "{path}"
        );
    }
    let nothing = Fixture::empty();
    let page = get(&nothing.app().await, "/entreprise/130025265").await;
    assert_eq!(page.status, 503);
}

#[tokio::test]
async fn each_state_has_its_own_words_and_leads_where_it_should() {
    for (path, said) in [
        (
            "/entreprise/130025265",
            "L&#39;unité légale 130025265 est active.",
        ),
        (
            "/etablissement/35600000009075",
            "est fermé depuis le 1er mars 2015",
        ),
        (
            "/etablissement/35600000009075",
            "Ce qui en a pris la suite : ",
        ),
        (
            "/etablissement/35600000009075",
            "href=\"/etablissement/35600000000048\"",
        ),
        ("/entreprise/381194299", "est cessée"),
        (
            "/entreprise/900000019",
            "est masquée, à la demande de la personne",
        ),
        ("/association/W921000001", "est dissoute"),
        ("/entreprise/130025265", "SIREN remplacés"),
    ] {
        let page = answer(path).await;
        assert_eq!(page.status, 200);
        assert!(
            page.text().contains(said),
            "{path}: {said}: {}",
            page.text()
        );
    }
    let taken_up = answer("/association/751P00085568").await;
    let text = taken_up.text();
    assert!(
        text.contains("reprise au RNA sous le numéro W751004076"),
        "{text}"
    );
    assert!(text.contains("href=\"/association/W751004076\""), "{text}");
}

#[tokio::test]
async fn a_page_has_the_history_the_successions_and_the_links_of_both_registers() {
    let unit = answer("/entreprise/356000000").await;
    for said in [
        "Historique : 2 périodes",
        "Depuis le 1er mars 2010",
        "Du 1er janvier 1991 au 28 février 2010",
        "Prédécesseur : <a href=\"/etablissement/35600000009075\">",
        "L&#39;activité continue",
        "<a href=\"/association/W751004076\">",
        "D&#39;après SIRENE seul",
        "Établissements : 2, dont 1 en activité",
        "<circle class=\"siege\"",
        "href=\"/v1/unites-legales/356000000\"",
        "data-copie=\"FR39356000000\"",
        "<dt>denominationUniteLegale</dt>",
    ] {
        assert!(unit.text().contains(said), "{said}: {}", unit.text());
    }
    let association = answer("/association/W751004076").await;
    assert!(
        association
            .text()
            .contains("<a href=\"/entreprise/356000000\">")
    );
}

#[tokio::test]
async fn the_metadata_names_the_organisation_and_ends_no_element() {
    let page = answer("/entreprise/356000000").await;
    let said = metadata(&page);
    assert_eq!(said["@type"], "NGO", "linked by SIRENE to an association");
    assert_eq!(said["name"], "LA POSTE <SA>");
    assert_eq!(said["identifier"][0]["value"], "356000000");
    assert_eq!(said["vatID"], "FR39356000000");
    assert!(said["foundingDate"].is_null(), "1900-01-01 is unknown");
    let place = metadata(&answer("/etablissement/35600000000048").await);
    assert_eq!(
        (&place["@type"], &place["geo"]["latitude"]),
        (&"LocalBusiness".into(), &48.85.into())
    );
    let association = metadata(&answer("/association/W751004076").await);
    assert_eq!(
        (&association["@type"], &association["url"]),
        (&"NGO".into(), &"/association/W751004076".into())
    );
}

#[tokio::test]
async fn who_asked_to_be_hidden_is_hidden_in_every_part_of_the_page() {
    for path in [
        "/entreprise/900000001",
        "/etablissement/90000000100017",
        "/entreprise/900000019",
    ] {
        let page = answer(path).await;
        let text = page.text();
        assert_eq!(page.status, 200);
        assert!(
            text.contains("Identité masquée (diffusion partielle)"),
            "{path}"
        );
        assert!(text.contains("noindex"), "{path}");
        for hidden in ["[ND]", "CAMILLE", "SPECIMEN", "<svg"] {
            assert!(!text.contains(hidden), "{path}: {hidden}: {text}");
        }
    }
}

#[tokio::test]
async fn an_identifier_given_to_the_front_page_has_the_same_page() {
    let own = answer("/entreprise/130025265").await;
    let front = answer("/?id=130+025+265").await;
    let article = |page: &Answer| {
        let text = page.text();
        let (_, rest) = text.split_once("<article").unwrap();
        rest.split_once("</article>").unwrap().0.to_owned()
    };
    assert_eq!(article(&own), article(&front));
    assert!(
        front
            .text()
            .contains("<link rel=\"canonical\" href=\"/entreprise/130025265\">")
    );
}
