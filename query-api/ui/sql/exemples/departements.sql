-- Les établissements actifs de chaque département ; [ND] veut dire que la commune n'est pas publiée
WITH actifs AS (
  SELECT nullif(codeCommuneEtablissement, '[ND]') AS commune, etablissementSiege AS siege
  FROM etablissement
  WHERE etatAdministratifEtablissement = 'A'
), comptes AS (
  SELECT CASE WHEN left(commune, 2) IN ('97', '98') THEN left(commune, 3) ELSE left(commune, 2) END AS code,
         count(*) AS etablissements,
         count(*) FILTER (WHERE siege) AS sieges
  FROM actifs
  GROUP BY ALL
)
SELECT coalesce(libelle, 'inconnu') AS departement, comptes.code, etablissements, sieges
FROM comptes
LEFT JOIN nomenclature ON nomenclature = 'departement' AND nomenclature.code = comptes.code
ORDER BY etablissements DESC, comptes.code
