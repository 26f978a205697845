//! Every question of the forms, in tables: what the page shows, what the server checks, what the
//! JSON holds.

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Genre {
    /// One line.
    Ligne,
    /// Several lines.
    Texte,
    Courriel,
    Telephone,
    /// Of a page.
    Adresse,
    /// A number of months.
    Mois,
    /// A number of the registers.
    Organisation,
    /// Some of the scopes of the API.
    Perimetres,
    /// A box that must be ticked.
    Case,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Champ {
    /// Its name in the group, in the JSON too.
    pub(super) nom: &'static str,
    pub(super) libelle: &'static str,
    pub(super) aide: &'static str,
    pub(super) genre: Genre,
    /// Characters of an answer.
    pub(super) max: usize,
    /// Whether a group that must be answered, or that was begun, needs it.
    pub(super) exige: bool,
    /// What a browser may fill in by itself: a token of HTML's `autocomplete`.
    pub(super) autocomplete: &'static str,
}

/// Questions that go together.
#[derive(Debug)]
pub(super) struct Groupe {
    /// Its name in the JSON, and in the file of kinds of API.
    pub(super) nom: &'static str,
    pub(super) titre: &'static str,
    pub(super) aide: &'static str,
    /// Asked whatever the API.
    pub(super) toujours: bool,
    pub(super) champs: &'static [Champ],
}

impl Groupe {
    /// The name of an answer in the form.
    pub(super) fn entree(&self, champ: &Champ) -> String {
        // The component that fills the organisation in, and whoever fills the form by a program,
        // know this one.
        if champ.genre == Genre::Organisation {
            return champ.nom.to_owned();
        }
        format!("{}.{}", self.nom, champ.nom)
    }
}

/// Months above which keeping must be justified: what DINSIC's form asks.
pub(super) const MOIS_SANS_MOTIF: u32 = 36;

/// Months above which it is a mistake.
pub(super) const MOIS_MAX: u32 = 1200;

const fn champ(
    nom: &'static str,
    libelle: &'static str,
    aide: &'static str,
    genre: Genre,
    max: usize,
    exige: bool,
) -> Champ {
    Champ {
        nom,
        libelle,
        aide,
        genre,
        max,
        exige,
        autocomplete: "off",
    }
}

const fn rempli(champ: Champ, autocomplete: &'static str) -> Champ {
    Champ {
        autocomplete,
        ..champ
    }
}

/// Longest address of electronic mail (RFC 5321, 4.5.3.1.3, without its brackets).
const COURRIEL: usize = 254;
/// Longest address of a page.
const ADRESSE: usize = 2000;
/// Longest text of several lines.
const TEXTE: usize = 5000;

const CONTACT: [Champ; 4] = [
    champ("nom", "Prénom et nom", "", Genre::Ligne, 150, true),
    champ("fonction", "Fonction", "", Genre::Ligne, 150, false),
    champ(
        "email",
        "Adresse électronique",
        "Par exemple : nom@commune.example",
        Genre::Courriel,
        COURRIEL,
        true,
    ),
    champ(
        "telephone",
        "Téléphone",
        "Dix chiffres, ou l'indicatif d'un pays : +33 1 23 45 67 89",
        Genre::Telephone,
        30,
        false,
    ),
];

const CONDITIONS: Champ = champ(
    "conditions",
    "J'accepte les conditions d'utilisation, et je certifie que ces renseignements sont exacts",
    "",
    Genre::Case,
    3,
    true,
);

const SIRET: Champ = champ(
    "siret",
    "Numéro SIRET de l'organisation",
    "14 chiffres ; les espaces sont ignorés. Un numéro SIREN, RNA ou de TVA convient aussi. C'est tout ce qui est demandé de l'organisation : le reste est lu dans les registres.",
    Genre::Organisation,
    60,
    true,
);

/// Questions of a request for an API, in the order of the page.
#[rustfmt::skip]
pub(super) const ACCES_API: [Groupe; 9] = [
    Groupe {
        nom: "service",
        titre: "Le service",
        aide: "Le service, ou la démarche, pour lequel les données sont demandées.",
        toujours: true,
        champs: &[
            champ("titre", "Titre", "Par exemple : calcul des tarifs de la cantine", Genre::Ligne, 150, true),
            champ("usage", "Usage des données", "À quoi serviront les données, pour qui, à quel moment de la démarche.", Genre::Texte, TEXTE, true),
            champ("adresse", "Adresse du service en ligne", "Si elle existe déjà, avec https://", Genre::Adresse, ADRESSE, false),
        ],
    },
    Groupe {
        nom: "organisation",
        titre: "L'organisation",
        aide: "",
        toujours: true,
        champs: &[SIRET],
    },
    Groupe {
        nom: "delegue_protection_donnees",
        titre: "Le délégué à la protection des données",
        aide: "La personne que l'organisation a désignée à la Cnil.",
        toujours: false,
        champs: &CONTACT,
    },
    Groupe {
        nom: "responsable_traitement",
        titre: "Le responsable de traitement",
        aide: "La personne qui décide pourquoi et comment les données sont traitées, ou qui la représente.",
        toujours: false,
        champs: &CONTACT,
    },
    Groupe {
        nom: "contact_technique",
        titre: "Le contact technique",
        aide: "La personne qui mettra l'API en œuvre, chez vous ou chez votre prestataire.",
        toujours: false,
        champs: &CONTACT,
    },
    Groupe {
        nom: "fondement_juridique",
        titre: "Le fondement juridique",
        aide: "Le texte qui permet à l'organisation de traiter ces données. Donnez l'adresse du texte, ou décrivez le document.",
        toujours: false,
        champs: &[
            champ("reference", "Référence du texte", "Par exemple : article L. 114-8 du code des relations entre le public et l'administration, ou une délibération et sa date", Genre::Texte, 1000, true),
            champ("adresse", "Adresse du texte", "Avec https://", Genre::Adresse, ADRESSE, false),
            champ("document", "Description du document", "S'il n'est pas en ligne : sa nature, sa date, qui l'a signé, où le demander.", Genre::Texte, TEXTE, false),
        ],
    },
    Groupe {
        nom: "donnees",
        titre: "Les données",
        aide: "Ne demandez que ce dont le service a besoin.",
        toujours: false,
        champs: &[
            champ("perimetres", "Données demandées", "", Genre::Perimetres, 80, true),
            champ("precisions", "Précisions sur les données", "", Genre::Texte, TEXTE, false),
        ],
    },
    Groupe {
        nom: "conservation",
        titre: "La conservation et les destinataires",
        aide: "",
        toujours: false,
        champs: &[
            champ("mois", "Durée de conservation, en mois", "Un nombre entier. Au-delà de 36 mois, elle doit être motivée.", Genre::Mois, 4, true),
            champ("motif", "Motif d'une durée de plus de 36 mois", "", Genre::Texte, TEXTE, false),
            champ("destinataires", "Destinataires des données", "Les personnes ou les services qui y auront accès.", Genre::Texte, TEXTE, true),
        ],
    },
    ENGAGEMENT,
];

const ENGAGEMENT: Groupe = Groupe {
    nom: "engagement",
    titre: "Les conditions",
    aide: "",
    toujours: true,
    champs: &[CONDITIONS],
};

/// Questions about data that nobody publishes yet, each group with whether it must be answered.
#[rustfmt::skip]
pub(super) const DONNEE_MANQUANTE: [(Groupe, bool); 4] = [
    (
        Groupe {
            nom: "donnee",
            titre: "La donnée",
            aide: "",
            toujours: true,
            champs: &[
                champ("description", "Donnée cherchée", "Ce qu'elle décrit, sur quel territoire, à quelle date ou fréquence.", Genre::Texte, TEXTE, true),
                champ("usage", "Usage prévu", "À quoi elle servira, et pour qui.", Genre::Texte, TEXTE, true),
                champ("detenteur", "Qui la détient", "Si vous le savez : l'administration ou l'organisme.", Genre::Ligne, 300, false),
                champ("adresse", "Adresse d'une page qui en parle", "Avec https://", Genre::Adresse, ADRESSE, false),
            ],
        },
        true,
    ),
    (
        Groupe {
            nom: "contact",
            titre: "Vous",
            aide: "Pour vous répondre.",
            toujours: true,
            champs: &[
                rempli(champ("nom", "Prénom et nom", "", Genre::Ligne, 150, true), "name"),
                rempli(champ("email", "Adresse électronique", "Par exemple : nom@commune.example", Genre::Courriel, COURRIEL, true), "email"),
                rempli(champ("telephone", "Téléphone", "Dix chiffres, ou l'indicatif d'un pays : +33 1 23 45 67 89", Genre::Telephone, 30, false), "tel"),
            ],
        },
        true,
    ),
    (
        Groupe {
            nom: "organisation",
            titre: "Votre organisation",
            aide: "Si vous demandez cette donnée pour une organisation.",
            toujours: true,
            champs: &[SIRET],
        },
        false,
    ),
    (
        Groupe {
            nom: "engagement",
            titre: "L'usage de vos réponses",
            aide: "",
            toujours: true,
            champs: &[champ(
                "conditions",
                "J'accepte que ces réponses soient conservées et transmises à qui traite les demandes",
                "",
                Genre::Case,
                3,
                true,
            )],
        },
        true,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_answers_of_a_form_have_one_name() {
        let mut names: Vec<_> = ACCES_API
            .iter()
            .flat_map(|groupe| groupe.champs.iter().map(|champ| groupe.entree(champ)))
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
