-- Les associations qui ont un SIREN, et quel registre le dit
SELECT id, titre, siren, provenance, date_creation
FROM associations_siren
WHERE siren IS NOT NULL
ORDER BY date_creation DESC NULLS LAST, id
LIMIT 1000
