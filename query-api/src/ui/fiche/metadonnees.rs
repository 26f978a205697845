//! What a page says of itself to machines: schema.org, as JSON-LD in a block of data, which no policy
//! of scripts concerns.

use serde_json::{Map, Value, json};

use crate::dossier::Dossier;
use crate::organisation::{Organisation, adresse::Adresse};
use crate::text::is_unknown;

/// What the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    Unite,
    Etablissement,
    Association,
}

/// The block of an organisation whose page is at `path`. Nothing that is masked is in it: `Organisation`
/// has it not.
pub(super) fn of(dossier: &Dossier, nature: Nature, path: &str) -> Option<String> {
    let organisation = Organisation::of(dossier)?;
    let json = Value::Object(thing(&organisation, nature, path));
    // A text must not end the element it is in.
    let text = json.to_string().replace('<', "\\u003c");
    Some(format!(
        "<script type=\"application/ld+json\">{text}</script>"
    ))
}

fn thing(organisation: &Organisation<'_>, nature: Nature, path: &str) -> Map<String, Value> {
    let kind = match nature {
        Nature::Etablissement => "LocalBusiness",
        Nature::Association => "NGO",
        Nature::Unite if organisation.est_association => "NGO",
        Nature::Unite => "Organization",
    };
    let mut thing = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            thing.insert(name.to_owned(), value);
        }
    };
    put("@context", Some(json!("https://schema.org")));
    put("@type", Some(json!(kind)));
    put("@id", Some(json!(path)));
    put("url", Some(json!(path)));
    put("name", organisation.nom.as_deref().map(|nom| json!(nom)));
    put("identifier", Some(identifiers(organisation, nature)));
    put(
        "vatID",
        organisation.tva.as_ref().map(|tva| json!(tva.to_string())),
    );
    put("address", organisation.adresse.as_ref().map(address));
    if nature == Nature::Etablissement {
        put(
            "geo",
            organisation.coordonnees.as_ref().map(|place| {
                json!({
                    "@type": "GeoCoordinates",
                    "latitude": place.latitude,
                    "longitude": place.longitude,
                })
            }),
        );
        put(
            "parentOrganization",
            organisation
                .siren
                .map(|siren| json!({"@type": "Organization", "@id": super::card::href(siren)})),
        );
    }
    let (start, end) = dates(organisation, nature);
    put("foundingDate", start);
    put("dissolutionDate", end);
    thing
}

/// The numbers of the organisation, those that are its own.
fn identifiers(organisation: &Organisation<'_>, nature: Nature) -> Value {
    let siret = organisation
        .siret
        .filter(|_| nature != Nature::Association || organisation.rna.is_none());
    let numbers = [
        ("SIREN", organisation.siren),
        ("SIRET", siret),
        ("RNA", organisation.rna),
    ];
    let known = numbers
        .into_iter()
        .filter_map(|(name, number)| number.map(|number| (name, number)));
    known
        .map(
            |(name, number)| json!({"@type": "PropertyValue", "propertyID": name, "value": number}),
        )
        .collect()
}

fn address(address: &Adresse<'_>) -> Value {
    let street = [
        address.numero_voie,
        address.indice_repetition,
        address.type_voie,
        address.libelle_voie,
    ];
    let street = street.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut value = json!({"@type": "PostalAddress"});
    let town = address.libelle_commune.or(address.libelle_commune_etranger);
    let country = address.libelle_pays_etranger.unwrap_or("FR");
    let parts = [
        (
            "streetAddress",
            Some(street.as_str()).filter(|text| !text.is_empty()),
        ),
        ("postalCode", address.code_postal),
        ("addressLocality", town),
        ("addressCountry", Some(country)),
    ];
    for (name, part) in parts {
        if let Some(part) = part {
            value[name] = json!(part);
        }
    }
    value
}

fn dates(organisation: &Organisation<'_>, nature: Nature) -> (Option<Value>, Option<Value>) {
    let (start, end) = match nature {
        Nature::Etablissement => organisation
            .etablissement
            .as_ref()
            .map_or((None, None), |place| {
                (place.date_creation, place.date_fermeture)
            }),
        Nature::Unite => organisation
            .unite_legale
            .as_ref()
            .map_or((None, None), |unite| {
                (unite.date_creation, unite.date_cessation)
            }),
        Nature::Association => organisation
            .associations
            .first()
            .map_or((None, None), |one| {
                (one.date_creation, one.date_dissolution)
            }),
    };
    let said = |date: Option<chrono::NaiveDate>| {
        date.filter(|date| !is_unknown(*date))
            .map(|date| json!(crate::view::iso_date(date)))
    };
    (said(start), said(end))
}
