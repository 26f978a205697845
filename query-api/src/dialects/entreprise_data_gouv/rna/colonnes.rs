//! The columns of RNA v1, in its order: those of the two files, under names of its own.

use registre_schemas::association::ASSOCIATION;

use super::super::champs::{Champ, Source, champ};
use crate::record::position;

/// Of waldec's file or of import's: a row has one of them.
const LIBELLE_COMMUNE: [usize; 2] = [
    position(&ASSOCIATION, "adrs_libcommune"),
    position(&ASSOCIATION, "libcom"),
];

/// An association.
#[rustfmt::skip] // one line per column reads as a table
pub(crate) static ASSOCIATIONS: [Champ; 48] = [
    champ("id", Source::Base36(position(&ASSOCIATION, "id"))),
    champ("is_waldec", Source::Vaut(position(&ASSOCIATION, "source"), "waldec")),
    champ("id_association", Source::Colonne(position(&ASSOCIATION, "id"))),
    champ("id_ex_association", Source::Colonne(position(&ASSOCIATION, "id_ex"))),
    champ("siret", Source::Colonne(position(&ASSOCIATION, "siret"))),
    champ("numero_reconnaissance_utilite_publique", Source::Colonne(position(&ASSOCIATION, "rup_mi"))),
    champ("code_gestion", Source::Colonne(position(&ASSOCIATION, "gestion"))),
    champ("date_creation", Source::Colonne(position(&ASSOCIATION, "date_creat"))),
    champ("date_derniere_declaration", Source::Colonne(position(&ASSOCIATION, "date_decla"))),
    champ("date_publication_creation", Source::Colonne(position(&ASSOCIATION, "date_publi"))),
    champ("date_declaration_dissolution", Source::Colonne(position(&ASSOCIATION, "date_disso"))),
    champ("nature", Source::Colonne(position(&ASSOCIATION, "nature"))),
    champ("groupement", Source::Colonne(position(&ASSOCIATION, "groupement"))),
    champ("titre", Source::Colonne(position(&ASSOCIATION, "titre"))),
    champ("titre_court", Source::Colonne(position(&ASSOCIATION, "titre_court"))),
    champ("objet", Source::Colonne(position(&ASSOCIATION, "objet"))),
    champ("objet_social1", Source::Colonne(position(&ASSOCIATION, "objet_social1"))),
    champ("objet_social2", Source::Colonne(position(&ASSOCIATION, "objet_social2"))),
    champ("l1_adresse_import", Source::Colonne(position(&ASSOCIATION, "adr1"))),
    champ("l2_adresse_import", Source::Colonne(position(&ASSOCIATION, "adr2"))),
    champ("l3_adresse_import", Source::Colonne(position(&ASSOCIATION, "adr3"))),
    champ("adresse_siege", Source::Colonne(position(&ASSOCIATION, "adrs_complement"))),
    champ("adresse_numero_voie", Source::Colonne(position(&ASSOCIATION, "adrs_numvoie"))),
    champ("adresse_repetition", Source::Colonne(position(&ASSOCIATION, "adrs_repetition"))),
    champ("adresse_type_voie", Source::Colonne(position(&ASSOCIATION, "adrs_typevoie"))),
    champ("adresse_libelle_voie", Source::Colonne(position(&ASSOCIATION, "adrs_libvoie"))),
    champ("adresse_distribution", Source::Colonne(position(&ASSOCIATION, "adrs_distrib"))),
    champ("adresse_code_insee", Source::Colonne(position(&ASSOCIATION, "adrs_codeinsee"))),
    champ("adresse_code_postal", Source::Colonne(position(&ASSOCIATION, "adrs_codepostal"))),
    champ("adresse_libelle_commune", Source::Jointes(&LIBELLE_COMMUNE)),
    champ("adresse_gestion_nom", Source::Colonne(position(&ASSOCIATION, "adrg_declarant"))),
    champ("adresse_gestion_format_postal", Source::Colonne(position(&ASSOCIATION, "adrg_complemid"))),
    champ("adresse_gestion_geo", Source::Colonne(position(&ASSOCIATION, "adrg_complemgeo"))),
    champ("adresse_gestion_libelle_voie", Source::Colonne(position(&ASSOCIATION, "adrg_libvoie"))),
    champ("adresse_gestion_distribution", Source::Colonne(position(&ASSOCIATION, "adrg_distrib"))),
    champ("adresse_gestion_code_postal", Source::Colonne(position(&ASSOCIATION, "adrg_codepostal"))),
    champ("adresse_gestion_acheminement", Source::Colonne(position(&ASSOCIATION, "adrg_achemine"))),
    champ("adresse_gestion_pays", Source::Colonne(position(&ASSOCIATION, "adrg_pays"))),
    champ("dirigeant_civilite", Source::Colonne(position(&ASSOCIATION, "dir_civilite"))),
    champ("telephone", Source::Colonne(position(&ASSOCIATION, "telephone"))),
    champ("site_web", Source::Colonne(position(&ASSOCIATION, "siteweb"))),
    champ("email", Source::Colonne(position(&ASSOCIATION, "email"))),
    champ("autorisation_publication_web", Source::Colonne(position(&ASSOCIATION, "publiweb"))),
    champ("observation", Source::Colonne(position(&ASSOCIATION, "observation"))),
    champ("position_activite", Source::Colonne(position(&ASSOCIATION, "position"))),
    champ("derniere_maj", Source::Colonne(position(&ASSOCIATION, "maj_time"))),
    champ("created_at", Source::Moment),
    champ("updated_at", Source::Moment),
];
