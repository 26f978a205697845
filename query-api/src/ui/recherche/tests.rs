use super::criteres::{Criteres, NATURES, PAGES, PER_PAGE};
use super::*;
use crate::recherche::{Cle, Comptes, Filtre, Page, Tri, Trouve};
use crate::testing::{Fixture, get};

const ID: &str = "20261101T000000Z";

fn criteres(query: &str) -> Criteres {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    Criteres::of(&pairs.collect::<Vec<_>>())
}

fn found(siren: &str) -> Trouve {
    Trouve {
        cle: Cle::Siren(siren.parse().unwrap()),
        score: 1.0,
        etablissements: vec!["35600000009075".parse().unwrap()],
        distance: None,
    }
}

#[test]
fn an_address_says_a_search_and_a_search_its_address() {
    let asked = criteres(
        "q=%C3%A9cole+%26+co&etat=A&nature=ess&section=P&effectif=12&departement=2A&code_postal=20000&tri=taille&page=3",
    );
    let requete = asked.requete();
    assert_eq!(requete.texte.as_deref(), Some("école & co"));
    assert_eq!(
        (requete.debut, requete.nombre, requete.tri),
        (2 * PER_PAGE, PER_PAGE, Tri::Taille)
    );
    assert_eq!(
        requete.filtres,
        [
            Filtre::Actif(true),
            Filtre::Ess(true),
            Filtre::Section(vec!["P".to_owned()]),
            Filtre::TrancheEffectifs(vec!["12".to_owned()]),
            Filtre::Departement(vec!["2A".to_owned()]),
            Filtre::CodePostal(vec!["20000".to_owned()]),
        ]
    );
    let address = asked.address(3);
    assert_eq!(criteres(address.split_once('?').unwrap().1), asked);
}

#[test]
fn the_api_finds_what_a_page_finds_with_the_parameters_it_gives() {
    let all = "q=%C3%A9cole+%26+co&etat=C&section=P&effectif=12&departement=2A&code_postal=20000&tri=creation&page=3";
    let natures = NATURES.map(|(nature, _)| format!("{all}&nature={nature}"));
    for address in natures.iter().map(String::as_str).chain(["q=x", "etat=A"]) {
        let asked = criteres(address);
        let parameters = asked.parameters();
        let pairs = form_urlencoded::parse(parameters.as_bytes()).into_owned();
        let read = recherche::http::requete(&pairs.collect::<Vec<_>>()).unwrap();
        let of_page = asked.requete();
        assert_eq!((read.texte, read.tri), (of_page.texte, of_page.tri));
        assert_eq!(read.filtres, of_page.filtres, "{parameters}");
        assert_eq!((read.debut, read.nombre), (0, PER_PAGE));
    }
}

#[test]
fn what_is_not_offered_is_no_filter_and_nothing_is_unbounded() {
    let odd =
        criteres("q=x&etat=Z&nature=%3Cb%3E&section=AA&departement=00&code_postal=7500&page=-1");
    assert!(odd.requete().filtres.is_empty());
    assert_eq!(odd.page, 1);
    assert_eq!(criteres("q=x&page=99999999999").page, PAGES);
    let long = criteres(&format!("q={}", "é".repeat(10_000)));
    assert!(long.coupe && long.texte.chars().count() == 200);
    assert!(criteres("").is_empty() && !criteres("section=O").is_empty());
}

#[tokio::test]
async fn a_page_of_results_links_to_each_and_to_the_next_page() {
    let fixture = Fixture::published(ID);
    let catalog = Catalog::new(&fixture.config());
    catalog.refresh().unwrap();
    let snapshot = catalog.current().unwrap();
    let asked = criteres("q=la+%3Cposte%3E&page=2");
    let keys = vec![
        Identifier::Siren("356000000".parse().unwrap()),
        Identifier::Siren("381194299".parse().unwrap()),
    ];
    let dossiers = snapshot.dossiers(keys).await.unwrap();
    let mut page = Page {
        total: 10_000,
        total_exact: false,
        trouves: vec![found("356000000"), found("381194299")],
        comptes: Comptes::default(),
    };
    let html = resultats::html(&asked, &page, &dossiers);
    for said in [
        "Plus de 10\u{202f}000 résultats pour « la &lt;poste&gt; », page 2",
        "<ol class=\"resultats\" start=\"21\"",
        "<a href=\"/entreprise/356000000\">LA POSTE &lt;SA&gt;</a>",
        "<a href=\"/etablissement/35600000009075\">",
        "Cessée",
        "href=\"/recherche?q=la+%3Cposte%3E\">Page précédente",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains("Page suivante"), "the page is not full");
    page.trouves = vec![found("356000000"); PER_PAGE];
    let html = resultats::html(&asked, &page, &dossiers);
    assert!(html.contains("page=3\">Page suivante"), "{html}");
    page.total_exact = true;
    page.total = 40;
    assert!(!resultats::html(&asked, &page, &dossiers).contains("Page suivante"));
    let none = resultats::html(
        &criteres("q=zzz"),
        &Page {
            total_exact: true,
            ..Page::default()
        },
        &[],
    );
    assert!(none.contains("Aucun résultat pour « zzz »"), "{none}");
}

#[tokio::test]
async fn a_number_goes_to_its_page_and_a_mistyped_one_is_explained() {
    let fixture = Fixture::published(ID);
    let app = fixture.app().await;
    for (typed, leads) in [
        ("130+025+265", "/entreprise/130025265"),
        ("13002526500013", "/etablissement/13002526500013"),
        ("w751004076", "/association/W751004076"),
        ("FR39356000000", "/entreprise/356000000"),
    ] {
        let answer = get(&app, &format!("/recherche?q={typed}")).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, leads),
            "{typed}"
        );
    }
    let wrong = get(&app, "/recherche?q=13002526500014").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("Que faire"));
}

#[tokio::test]
async fn the_form_is_whole_without_a_script_and_any_text_is_answered() {
    let fixture = Fixture::published(ID);
    let app = fixture.app().await;
    let page = get(&app, "/recherche?q=%3Cb%3E&departement=92").await;
    assert_eq!(page.status, 200);
    for said in [
        "value=\"&lt;b&gt;\"",
        "<option value=\"92\" selected>92 Hauts-de-Seine</option>",
        "Filtrer et trier (1 filtre)",
        "Retirer les filtres",
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert_eq!(
        page.header("cache-control"),
        "private, max-age=0, must-revalidate"
    );
    for typed in [
        "",
        "a",
        "%22%22",
        "...",
        "%F0%9F%98%80",
        "%D7%A9%D7%9C%D7%95%D7%9D",
        "AND+OR+%28%2A",
    ] {
        assert_eq!(
            get(&app, &format!("/recherche?q={typed}")).await.status,
            200,
            "{typed}"
        );
    }
    let empty = get(&Fixture::empty().app().await, "/recherche?q=poste").await;
    assert_eq!(empty.status, 503);
    let script = get(&app, "/recherche/suggestions.js").await;
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert_eq!(get(&app, "/recherche/autre.js").await.status, 404);
}
