use super::*;
use crate::testing::memory::Memory;
use crate::testing::record;

/// SIRET of the DINUM, in order: valid, and nobody's but the first.
fn sirets() -> Vec<String> {
    let all = (0..100_000).map(|nic| format!("130025265{nic:05}"));
    all.filter(|siret| siret.parse::<Siret>().is_ok()).collect()
}

fn link(from: &str, to: &str, date: &str, goes_on: &str) -> Record {
    record(
        "lien_succession",
        &[
            ("siretEtablissementPredecesseur", from),
            ("siretEtablissementSuccesseur", to),
            ("dateLienSuccession", date),
            ("continuiteEconomique", goes_on),
        ],
    )
}

fn place(siret: &str, etat: &str) -> Record {
    record(
        "etablissement",
        &[("siret", siret), ("etatAdministratifEtablissement", etat)],
    )
}

fn chain(rows: Vec<Record>, from: &str) -> Chaine {
    follow(&Memory(rows), from.parse().unwrap()).unwrap()
}

fn met(chain: &Chaine) -> Vec<&str> {
    chain
        .maillons
        .iter()
        .map(|maillon| maillon.siret.as_str())
        .collect()
}

#[test]
fn a_chain_ends_at_the_first_open_etablissement() {
    let s = sirets();
    let chain = chain(
        vec![
            link(&s[0], &s[1], "2010-01-01", "true"),
            link(&s[1], &s[2], "2015-01-01", "true"),
            link(&s[2], &s[3], "2016-01-01", "true"),
            place(&s[1], "F"),
            place(&s[2], "A"),
        ],
        &s[0],
    );
    assert_eq!(met(&chain), [&s[1], &s[2]]);
    assert!(chain.complete && !chain.cycle);
    assert_eq!(chain.open_end().unwrap().siret.as_str(), s[2]);
}

#[test]
fn a_chain_that_comes_back_is_stopped_and_said() {
    let s = sirets();
    let closed = [place(&s[0], "F"), place(&s[1], "F"), place(&s[2], "F")];
    let mut rows = vec![
        link(&s[0], &s[1], "2010-01-01", "true"),
        link(&s[1], &s[2], "2011-01-01", "true"),
        link(&s[2], &s[0], "2012-01-01", "true"),
    ];
    rows.extend(closed);
    let round = chain(rows.clone(), &s[0]);
    assert_eq!(met(&round), [&s[1], &s[2]]);
    assert!(round.cycle && !round.complete && round.open_end().is_none());
    rows.extend([link(&s[2], &s[3], "2011-06-01", "true"), place(&s[3], "A")]);
    let out = chain(rows, &s[0]);
    assert_eq!(met(&out), [&s[1], &s[2], &s[3]], "another way out is taken");
    assert!(out.complete && !out.cycle);
    let alone = chain(vec![link(&s[0], &s[0], "2010-01-01", "true")], &s[0]);
    assert!(alone.cycle && alone.maillons.is_empty());
}

#[test]
fn among_several_the_latest_that_goes_on_is_followed_and_the_others_named() {
    let s = sirets();
    let chain = chain(
        vec![
            link(&s[0], &s[4], "2009-01-01", "true"),
            link(&s[0], &s[3], "2010-01-01", "true"),
            link(&s[0], &s[2], "2010-01-01", "false"),
            place(&s[3], "A"),
        ],
        &s[0],
    );
    assert_eq!(met(&chain), [&s[3]]);
    let others: Vec<&str> = chain.maillons[0].autres.iter().map(Siret::as_str).collect();
    assert_eq!(others, [&s[2], &s[4]]);
}

#[test]
fn a_chain_without_end_is_cut() {
    let s = sirets();
    let mut rows = Vec::new();
    for pair in s.windows(2).take(HOPS + 10) {
        rows.push(link(&pair[0], &pair[1], "2010-01-01", "true"));
        rows.push(place(&pair[1], "F"));
    }
    let chain = chain(rows, &s[0]);
    assert_eq!(chain.maillons.len(), HOPS);
    assert!(!chain.complete && !chain.cycle);
}

#[test]
fn a_successor_that_the_register_no_longer_has_ends_the_chain() {
    let s = sirets();
    let chain = chain(vec![link(&s[0], &s[1], "2010-01-01", "true")], &s[0]);
    assert!(chain.complete && chain.open_end().is_none());
    assert!(chain.maillons[0].etablissement.is_none());
}
