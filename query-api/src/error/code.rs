//! The stable codes: few, and each with its status, its title and what to do.

use axum::http::StatusCode;

/// What a client may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// Not shaped like the identifier expected.
    FormatInvalide,
    /// The check digit disagrees.
    CleInvalide,
    /// Well formed, in no table.
    Inconnu,
    /// Replaced by another SIREN.
    Doublon,
    /// A parameter out of its bounds.
    ParametreInvalide,
    /// No such route.
    RouteInconnue,
    /// Not with that method.
    MethodeNonPermise,
    /// Body too large.
    RequeteTropVolumineuse,
    /// Too many identifiers.
    TropDIdentifiants,
    /// Address too long.
    AdresseTropLongue,
    /// More requests than the limit.
    TropDeRequetes,
    /// A key nobody was given.
    CleApiInconnue,
    /// SQL that is not understood.
    SqlInvalide,
    /// SQL that does more than read.
    SqlRefusee,
    /// SQL of too many bytes.
    SqlTropLongue,
    /// SQL that has more rows than the limit.
    SqlLignes,
    /// SQL that needs more memory than the limit.
    SqlMemoire,
    /// SQL that computes for longer than the limit.
    SqlTemps,
    /// SQL whose answer is read too slowly.
    SqlLecture,
    /// As many queries as the limit are running.
    SqlOccupe,
    /// No such job.
    TravailInconnu,
    /// Not where the job is.
    TravailConflit,
    /// As many jobs as allowed.
    TropDeTravaux,
    /// No room on the disk.
    EspaceInsuffisant,
    /// The snapshot has no profile.
    ProfilAbsent,
    /// The snapshot has no index of names.
    SansIndex,
    /// No such file of the mirror.
    FichierInconnu,
    /// Bytes a file does not have.
    PlageInvalide,
    /// Another file than the one expected.
    PreconditionEchouee,
    /// Nothing published yet.
    AucuneDonnee,
    /// Too many requests.
    Surcharge,
    /// Too long.
    DelaiDepasse,
    /// A fault of ours.
    ErreurInterne,
}

impl Code {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::FormatInvalide,
        Self::CleInvalide,
        Self::Inconnu,
        Self::Doublon,
        Self::ParametreInvalide,
        Self::RouteInconnue,
        Self::MethodeNonPermise,
        Self::RequeteTropVolumineuse,
        Self::TropDIdentifiants,
        Self::AdresseTropLongue,
        Self::TropDeRequetes,
        Self::CleApiInconnue,
        Self::SqlInvalide,
        Self::SqlRefusee,
        Self::SqlTropLongue,
        Self::SqlLignes,
        Self::SqlMemoire,
        Self::SqlTemps,
        Self::SqlLecture,
        Self::SqlOccupe,
        Self::TravailInconnu,
        Self::TravailConflit,
        Self::TropDeTravaux,
        Self::EspaceInsuffisant,
        Self::ProfilAbsent,
        Self::SansIndex,
        Self::FichierInconnu,
        Self::PlageInvalide,
        Self::PreconditionEchouee,
        Self::AucuneDonnee,
        Self::Surcharge,
        Self::DelaiDepasse,
        Self::ErreurInterne,
    ];

    /// The one table of codes: text, status, title, advice.
    #[expect(clippy::too_many_lines, reason = "a list of sheets, one per code")]
    fn sheet(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::FormatInvalide => (
                "format_invalide",
                StatusCode::BAD_REQUEST,
                "Numéro mal formé",
                "Vérifiez le nombre de chiffres : 9 pour un SIREN, 14 pour un SIRET ; W et 9 caractères pour un numéro RNA.",
            ),
            Self::CleInvalide => (
                "cle_invalide",
                StatusCode::BAD_REQUEST,
                "Clé de contrôle fausse",
                "Recopiez le numéro depuis un document officiel (avis de situation SIRENE, extrait Kbis).",
            ),
            Self::Inconnu => (
                "inconnu",
                StatusCode::NOT_FOUND,
                "Numéro inconnu",
                "Vérifiez le numéro. Une immatriculation récente peut ne pas figurer encore dans ces données : demandez un avis de situation SIRENE ou un récépissé de déclaration.",
            ),
            Self::Doublon => (
                "doublon",
                StatusCode::NOT_FOUND,
                "SIREN remplacé par un autre",
                "Utilisez le SIREN qui fait référence.",
            ),
            Self::ParametreInvalide => (
                "parametre_invalide",
                StatusCode::BAD_REQUEST,
                "Paramètre invalide",
                "Corrigez la requête d'après la documentation (/docs).",
            ),
            Self::RouteInconnue => (
                "route_inconnue",
                StatusCode::NOT_FOUND,
                "Adresse inconnue",
                "Consultez la liste des adresses dans la documentation (/docs).",
            ),
            Self::MethodeNonPermise => (
                "methode_non_permise",
                StatusCode::METHOD_NOT_ALLOWED,
                "Méthode non permise",
                "Utilisez la méthode GET, ou l'une de celles de l'en-tête Allow. La documentation (/docs) donne celles de chaque adresse.",
            ),
            Self::RequeteTropVolumineuse => (
                "requete_trop_volumineuse",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Requête trop volumineuse",
                "Retirez le corps de la requête, ou demandez moins d'identifiants à la fois.",
            ),
            Self::TropDIdentifiants => (
                "trop_d_identifiants",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Trop d'identifiants",
                "Répartissez les identifiants en plusieurs requêtes.",
            ),
            Self::AdresseTropLongue => (
                "adresse_trop_longue",
                StatusCode::URI_TOO_LONG,
                "Adresse trop longue",
                "Raccourcissez l'adresse : 8 192 octets au plus, paramètres compris.",
            ),
            Self::TropDeRequetes => (
                "trop_de_requetes",
                StatusCode::TOO_MANY_REQUESTS,
                "Trop de requêtes",
                "Attendez le nombre de secondes de l'en-tête Retry-After ; RateLimit-Policy donne la limite, RateLimit ce qu'il en reste.",
            ),
            Self::CleApiInconnue => (
                "cle_api_inconnue",
                StatusCode::UNAUTHORIZED,
                "Clé d'accès inconnue",
                "Vérifiez la clé (en-tête Authorization: Bearer, ou X-Api-Key), ou n'en envoyez pas : sans clé, la limite est celle de votre adresse.",
            ),
            Self::SqlInvalide => (
                "sql_invalide",
                StatusCode::BAD_REQUEST,
                "Requête SQL invalide",
                "Corrigez la requête à l'endroit indiqué ; /v1/sql/schema donne les tables, leurs colonnes et les fonctions.",
            ),
            Self::SqlRefusee => (
                "sql_refusee",
                StatusCode::FORBIDDEN,
                "Requête SQL non admise",
                "Envoyez une seule requête SELECT, sur les tables et avec les fonctions que donne /v1/sql/schema.",
            ),
            Self::SqlTropLongue => (
                "sql_trop_longue",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Requête SQL trop longue",
                "Raccourcissez la requête ; passez les longues listes de valeurs par « parametres », par exemple un texte découpé par string_split.",
            ),
            Self::SqlLignes => (
                "sql_lignes",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Trop de lignes",
                "Ajoutez LIMIT ou un filtre, agrégez, ou parcourez le résultat par tranches (WHERE siret > …). Les tables entières se prennent à /parquet, ou avec « registre sql » sur votre machine.",
            ),
            Self::SqlMemoire => (
                "sql_memoire",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Trop de mémoire",
                "Filtrez avant de joindre, de trier ou d'agréger, prenez moins de colonnes, ou lancez la requête avec « registre sql » sur votre machine.",
            ),
            Self::SqlTemps => (
                "sql_temps",
                StatusCode::GATEWAY_TIMEOUT,
                "Requête SQL trop longue à calculer",
                "Filtrez sur siren ou siret, les clés des tables, prenez moins de colonnes, ou lancez la requête avec « registre sql » sur votre machine.",
            ),
            Self::SqlLecture => (
                "sql_lecture",
                StatusCode::REQUEST_TIMEOUT,
                "Résultat lu trop lentement",
                "Demandez moins de lignes à la fois, ou un format plus court : parquet, ou une réponse compressée (Accept-Encoding).",
            ),
            Self::SqlOccupe => (
                "sql_occupe",
                StatusCode::SERVICE_UNAVAILABLE,
                "Serveur SQL occupé",
                "Réessayez après le nombre de secondes de l'en-tête Retry-After.",
            ),
            Self::TravailInconnu => (
                "travail_inconnu",
                StatusCode::NOT_FOUND,
                "Travail inconnu",
                "Vérifiez l'adresse donnée à la création. Un travail est supprimé quelques heures après la dernière fois que l'on s'en est servi : créez-en un autre.",
            ),
            Self::TravailConflit => (
                "travail_conflit",
                StatusCode::CONFLICT,
                "Le travail n'en est pas là",
                "Demandez l'état du travail (GET, ou HEAD) : l'en-tête Upload-Offset dit combien d'octets sont arrivés, le champ etat où en est le résultat.",
            ),
            Self::TropDeTravaux => (
                "trop_de_travaux",
                StatusCode::SERVICE_UNAVAILABLE,
                "Trop de travaux",
                "Attendez le nombre de secondes de l'en-tête Retry-After, ou supprimez (DELETE) les travaux dont vous n'avez plus besoin.",
            ),
            Self::EspaceInsuffisant => (
                "espace_insuffisant",
                StatusCode::INSUFFICIENT_STORAGE,
                "Plus assez de place",
                "Réessayez plus tard, là où l'envoi s'est arrêté : l'en-tête Upload-Offset du travail le dit. Si l'erreur se répète, prévenez l'exploitant du service.",
            ),
            Self::ProfilAbsent => (
                "profil_absent",
                StatusCode::NOT_FOUND,
                "Profil non disponible",
                "Attendez la prochaine actualisation des données : chaque nouveau jeu de données vient avec son profil. La page /donnees décrit celui-ci sans lui.",
            ),
            Self::FichierInconnu => (
                "fichier_inconnu",
                StatusCode::NOT_FOUND,
                "Fichier inconnu",
                "Choisissez un fichier de /parquet/manifest.json. Un jeu de données remplacé n'est gardé que quelque temps.",
            ),
            Self::PlageInvalide => (
                "plage_invalide",
                StatusCode::RANGE_NOT_SATISFIABLE,
                "Octets non disponibles",
                "Demandez des octets du fichier, par exemple Range: bytes=0-1023, et 128 plages au plus ; Content-Range donne sa taille.",
            ),
            Self::PreconditionEchouee => (
                "precondition_echouee",
                StatusCode::PRECONDITION_FAILED,
                "Fichier remplacé entre-temps",
                "Recommencez la lecture depuis le début, à l'adresse qui nomme le jeu de données (en-tête Content-Location) pour qu'il ne change plus.",
            ),
            Self::SansIndex => (
                "sans_index",
                StatusCode::SERVICE_UNAVAILABLE,
                "Recherche par nom indisponible",
                "Cherchez par numéro (SIREN, SIRET, RNA, TVA) : ils répondent. L'exploitant rétablit la recherche en relançant `registre ingest`.",
            ),
            Self::AucuneDonnee => (
                "aucune_donnee",
                StatusCode::SERVICE_UNAVAILABLE,
                "Données pas encore chargées",
                "Réessayez dans quelques minutes : le chargement des registres est peut-être en cours.",
            ),
            Self::Surcharge => (
                "surcharge",
                StatusCode::SERVICE_UNAVAILABLE,
                "Serveur surchargé",
                "Réessayez dans quelques secondes.",
            ),
            Self::DelaiDepasse => (
                "delai_depasse",
                StatusCode::GATEWAY_TIMEOUT,
                "Délai dépassé",
                "Réessayez ; si l'erreur se répète, demandez moins de résultats à la fois.",
            ),
            Self::ErreurInterne => (
                "erreur_interne",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Erreur interne",
                "Réessayez ; si l'erreur se répète, signalez-la avec l'identifiant de requête (en-tête x-request-id).",
            ),
        }
    }

    /// The code as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.sheet().0
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.sheet().1
    }

    /// Its title, in French.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.sheet().2
    }

    /// What to do, in French.
    #[must_use]
    pub fn que_faire(self) -> &'static str {
        self.sheet().3
    }

    /// Seconds after which to try again, when trying again may help.
    pub(crate) fn retry_after(self) -> Option<u32> {
        match self {
            Self::AucuneDonnee => Some(30),
            Self::Surcharge => Some(2),
            Self::SqlOccupe => Some(5),
            Self::TropDeTravaux => Some(60),
            _ => None,
        }
    }
}
