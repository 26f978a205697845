//! Rows of the RNA's two files, drawn from the same made-up associations, and those of the real ones.

use crate::generate::adresses::{Commune, Ligne};
use crate::generate::ecriture::{Horodatage, Jour, Tampon, ajouter_nombre, ascii, chiffres};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::modele::Modele;
use crate::generate::noms;
use crate::generate::objets;
use crate::generate::organismes::AssociationReelle;
use crate::generate::unites::{Etat, Unite};

/// A made-up association, drawn once for both files.
struct Association {
    id: String,
    titre: String,
    objet: String,
    themes: [&'static str; 2],
    creation: Jour,
    ligne: Ligne,
    unite: Option<Unite>,
    hasard: Hasard,
}

impl Association {
    fn tirer(rang: u64, modele: &Modele) -> Self {
        let mut hasard = Hasard::new(modele.graine, Domaine::Association, rang + (1 << 40));
        let unite = modele
            .associations
            .unite(rang)
            .map(|unite| modele.unite(unite));
        let mut titre = String::new();
        noms::titre(
            &mut titre,
            &mut Hasard::new(modele.graine, Domaine::Nom, rang),
        );
        let mut objet = String::new();
        let themes = objets::rediger(&mut objet, &mut hasard);
        // One declaration typed on two lines, where a reader by lines goes wrong.
        if rang == modele.associations.total() / 2 {
            objet.push_str(" ;\nseconde ligne de l'objet, dite \"annexe\"");
        }
        let creation = match &unite {
            Some(unite) => unite.creation,
            None if hasard.chance(300) => Jour::INCONNU_RNA,
            None => Jour::dans(hasard.entre(1960, modele.edition.annee() - 1), &mut hasard),
        };
        let ligne = match &unite {
            Some(unite) => {
                Ligne::tirer(&mut unite.sequence(modele.graine, Domaine::Adresse, unite.siege))
            }
            None => Ligne::tirer(&mut hasard),
        };
        let id = modele
            .associations
            .id(rang, modele.graine, |id| modele.reels.porte_l_id(id));
        Self {
            id,
            titre,
            objet,
            themes,
            creation,
            ligne,
            unite,
            hasard,
        }
    }

    /// Active, dissoute or supprimée, as its unit says when it has one.
    fn position(&mut self) -> &'static str {
        match &self.unite {
            Some(unite) if unite.etat == Etat::Active => "A",
            Some(_) => "D",
            None => match self.hasard.sous(100) {
                0..=61 => "A",
                62..=95 => "D",
                _ => "S",
            },
        }
    }
}

/// `W632007046` to `632P`: the préfecture, or a sous-préfecture.
fn gestion(id: &str) -> String {
    let site = &id[1..4];
    format!("{site}{}", if site.ends_with('1') { 'P' } else { 'S' })
}

/// A title cut as the register cuts it.
fn titre_court(titre: &str) -> String {
    if titre.chars().count() <= 38 {
        titre.to_owned()
    } else {
        titre.chars().take(34).chain("...".chars()).collect()
    }
}

fn maj(annees: (u32, u32), hasard: &mut Hasard) -> Horodatage {
    let jour = Jour::dans(hasard.entre(annees.0, annees.1), hasard);
    Horodatage {
        jour,
        millis: hasard.entre(6 * 3600, 20 * 3600) * 1000,
    }
}

/// A made-up association.
pub fn ecrire_waldec(rang: u64, modele: &Modele, tampon: &mut Tampon) {
    let mut association = Association::tirer(rang, modele);
    let position = association.position();
    let Association {
        id,
        titre,
        objet,
        themes,
        creation,
        ligne,
        unite,
        mut hasard,
    } = association;
    let annee = modele.edition.annee();
    let commune = modele.adresses.commune(modele.associations.commune(
        rang,
        modele.graine,
        &modele.adresses,
    ));
    let connue = creation != Jour::INCONNU_RNA;
    let suivante = |hasard: &mut Hasard| {
        Jour::dans(
            hasard.entre(creation.annee().clamp(1960, annee - 1), annee - 1),
            hasard,
        )
        .max(creation)
    };

    tampon.code(&id);
    if hasard.chance(4500) {
        tampon.octets.extend_from_slice(b"0");
        tampon.octets.extend_from_slice(&id.as_bytes()[1..3]);
        tampon.code(ascii(&chiffres::<7>(hasard.sous(9_999_999))));
    } else {
        tampon.vides(1);
    }
    match unite {
        Some(unite) if hasard.chance(7500) => {
            tampon.octets.extend_from_slice(&chiffres::<9>(unite.siren));
            tampon.code(ascii(&chiffres::<5>(unite.nic(unite.siege))));
        }
        _ => tampon.vides(1),
    }
    tampon.nombre(if hasard.chance(30) {
        hasard.entre(10_000_000, 99_999_999)
    } else {
        0
    });
    tampon.code(&gestion(&id));
    tampon.jour(creation);
    tampon.jour(if connue {
        suivante(&mut hasard)
    } else {
        Jour::INCONNU_RNA
    });
    tampon.jour(if connue && hasard.chance(7500) {
        creation
    } else {
        Jour::INCONNU_RNA
    });
    tampon.jour(if position == "D" {
        suivante(&mut hasard)
    } else {
        Jour::INCONNU_RNA
    });
    tampon.code("D");
    tampon.code(match hasard.sous(60) {
        0 => "U",
        1 => "F",
        _ => "S",
    });
    tampon.texte(&titre);
    tampon.texte(&titre_court(&titre));
    tampon.texte(&objet);
    tampon.code(themes[0]);
    tampon.code(themes[1]);
    ecrire_adresse_du_siege(&ligne, commune, &mut hasard, tampon);
    ecrire_adresse_de_gestion(&ligne, commune, tampon);
    tampon.code(if hasard.chance(9000) { "PM" } else { "PF" });
    let mut site = String::new();
    if hasard.chance(700) {
        site.push_str("https://association-");
        ajouter_nombre(&mut site, u32::try_from(rang).unwrap_or(0));
        site.push_str(".example");
    }
    tampon.code(&site);
    tampon.code(if site.is_empty() { "0" } else { "1" });
    tampon.code(if hasard.chance(900) {
        "Reprise  =>  date ag=0000-00-00"
    } else {
        ""
    });
    tampon.code(position);
    tampon.horodatage(maj((2008, annee - 1), &mut hasard), b' ');
    tampon.finir();
}

/// A real association: what is not in `data/sample/associations.csv` is left empty or unknown.
pub fn ecrire_reelle(reelle: &AssociationReelle, modele: &Modele, tampon: &mut Tampon) {
    let creation = if reelle.date_creation.is_empty() {
        Jour::INCONNU_RNA
    } else {
        Jour::lu(&reelle.date_creation)
    };
    let theme = if reelle.objet_social1.is_empty() {
        "000000"
    } else {
        &reelle.objet_social1
    };
    let mut hasard = Hasard::new(
        modele.graine,
        Domaine::Organisme,
        reelle.id.bytes().map(u64::from).sum(),
    );
    tampon.code(&reelle.id);
    tampon.vides(1);
    tampon.code(&reelle.siret);
    tampon.vides(1);
    tampon.code(&gestion(&reelle.id));
    tampon.jour(creation);
    (0..3).for_each(|_| tampon.jour(Jour::INCONNU_RNA));
    tampon.code("D");
    tampon.code("S");
    tampon.texte(&reelle.titre);
    tampon.texte(
        if reelle.titre_court.is_empty() {
            titre_court(&reelle.titre)
        } else {
            reelle.titre_court.clone()
        }
        .as_str(),
    );
    tampon.texte(&reelle.objet);
    tampon.code(theme);
    tampon.code("000000");
    tampon.vides(1);
    tampon.code(&reelle.numero_voie);
    tampon.vides(1);
    tampon.code(&reelle.type_voie);
    tampon.texte(&reelle.libelle_voie);
    tampon.code("_");
    tampon.code(&reelle.code_commune);
    tampon.code(&reelle.code_postal);
    tampon.texte(&reelle.libelle_commune);
    tampon.vides(7);
    tampon.code("FRANCE");
    tampon.code("PM");
    tampon.texte(&reelle.siteweb);
    tampon.code(if reelle.siteweb.is_empty() { "0" } else { "1" });
    tampon.vides(1);
    tampon.code("A");
    tampon.horodatage(maj((2015, modele.edition.annee() - 1), &mut hasard), b' ');
    tampon.finir();
}

/// A file of before 2009: its own number, or with `double` the very number of a waldec row.
pub fn ecrire_import(rang: u64, double: bool, modele: &Modele, tampon: &mut Tampon) {
    let Association {
        id,
        titre,
        objet,
        themes,
        creation,
        ligne,
        mut hasard,
        ..
    } = Association::tirer(rang, modele);
    let commune = modele.adresses.commune(modele.associations.commune(
        rang,
        modele.graine,
        &modele.adresses,
    ));
    // The numbers grow with the rank: the file is in order of its key.
    let numero = chiffres::<8>(u32::try_from(rang).unwrap_or(0) * 3 + hasard.sous(3));
    let gestion = format!("{}1P", &id[1..3]);
    if double {
        tampon.code(&id);
    } else {
        tampon.octets.extend_from_slice(gestion.as_bytes());
        tampon.code(ascii(&numero));
    }
    tampon.code(ascii(&numero));
    tampon.vides(1);
    tampon.code(&gestion);
    tampon.jour(if hasard.chance(4000) {
        Jour::INCONNU_RNA
    } else {
        creation
    });
    tampon.jour(Jour::INCONNU_RNA);
    tampon.code("D");
    tampon.code("S");
    tampon.texte(&titre);
    tampon.texte(&objet);
    tampon.code(themes[0]);
    tampon.code("000000");
    tampon.vides(1);
    let mut voie = String::new();
    if ligne.numero > 0 {
        ajouter_nombre(&mut voie, ligne.numero);
    }
    // A fixed-width number, as these files have it.
    voie.extend(std::iter::repeat_n(' ', 10 - voie.len().min(9)));
    voie.push_str(ligne.type_voie.0);
    voie.push_str("  ");
    voie.push_str(ligne.voie.1);
    tampon.texte(&voie);
    tampon.vides(1);
    tampon.code(&commune.code_postal);
    tampon.code(&commune.libelle_poste);
    tampon.code("PM");
    tampon.vides(1);
    let reprise = !double && hasard.chance(9000);
    tampon.code(if reprise { &id } else { "" });
    tampon.code(match reprise {
        true => "R",
        false if double => "A",
        false => "D",
    });
    tampon.vides(1);
    tampon.horodatage(maj((2006, 2014), &mut hasard), b' ');
    tampon.finir();
}

/// The nine columns `adrs_`, with the underscore that stands for nothing.
fn ecrire_adresse_du_siege(
    ligne: &Ligne,
    commune: &Commune,
    hasard: &mut Hasard,
    tampon: &mut Tampon,
) {
    match ligne.complement {
        Some((mot, nombre)) => {
            let mut texte = mot.to_owned();
            ajouter_nombre(&mut texte, nombre);
            tampon.texte(&texte);
        }
        None => tampon.vides(1),
    }
    tampon.nombre(ligne.numero);
    tampon.code(ligne.indice);
    tampon.code(if ligne.type_voie.0.len() > 5 {
        "RUE"
    } else {
        ligne.type_voie.0
    });
    tampon.texte(ligne.voie.1);
    match hasard.sous(30) {
        0 => tampon.code("B.P. 1328_"),
        1 => tampon.code("_Quartier de l'Exemple"),
        _ => tampon.code("_"),
    }
    tampon.code(if hasard.chance(40) {
        "0"
    } else {
        &commune.code
    });
    tampon.code(if hasard.chance(20) {
        "00000"
    } else {
        &commune.code_postal
    });
    tampon.texte(&commune.libelle);
}

/// The eight columns `adrg_`, as an envelope is written.
fn ecrire_adresse_de_gestion(ligne: &Ligne, commune: &Commune, tampon: &mut Tampon) {
    tampon.vides(3);
    let mut voie = String::new();
    if ligne.numero > 0 {
        ajouter_nombre(&mut voie, ligne.numero);
        voie.push_str("  ");
    }
    voie.push_str(ligne.type_voie.0);
    voie.push(' ');
    voie.push_str(ligne.voie.0);
    tampon.texte(&voie);
    tampon.vides(1);
    tampon.code(&commune.code_postal);
    tampon.texte(&commune.libelle_poste);
    tampon.code("FRANCE");
}
