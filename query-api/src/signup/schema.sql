-- Requests, and what became of sending them on.

CREATE TABLE demande (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    numero       TEXT NOT NULL UNIQUE,
    -- SHA-256 of the secret of the receipt.
    empreinte    BLOB NOT NULL UNIQUE,
    nature       TEXT NOT NULL CHECK (nature IN ('acces_api', 'donnee_manquante')),
    api          TEXT,
    -- RFC 3339, UTC, to the second: sorted as text.
    deposee_le   TEXT NOT NULL,
    verification TEXT CHECK (verification IN ('trouve', 'diffusion_partielle', 'non_verifie')),
    contenu      TEXT NOT NULL CHECK (json_valid(contenu))
) STRICT;

CREATE INDEX demande_deposee_le ON demande (deposee_le);

-- What is sent is made from the request each time, the same bytes: a request that is deleted leaves
-- nothing here.
CREATE TABLE envoi (
    demande     INTEGER PRIMARY KEY REFERENCES demande (id) ON DELETE CASCADE,
    idempotence TEXT NOT NULL,
    etat        TEXT NOT NULL CHECK (etat IN ('en_attente', 'envoyee', 'abandonnee')),
    essais      INTEGER NOT NULL,
    -- How the last one ended, in words without anything of the request.
    dernier     TEXT,
    -- Seconds since 1970-01-01: since when it is tried, when next, and until when someone holds it.
    depuis      INTEGER NOT NULL,
    prochain    INTEGER NOT NULL,
    bail        INTEGER NOT NULL
) STRICT;

CREATE INDEX envoi_prochain ON envoi (etat, prochain);
