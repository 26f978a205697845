-- Comment les codes de la NAF rév. 2 deviennent ceux de la NAF 2025, d'après les établissements actifs
WITH paires AS (
  SELECT activitePrincipaleEtablissement AS naf_rev2,
         activitePrincipaleNAF25Etablissement AS naf_2025,
         count(*) AS etablissements
  FROM etablissement
  WHERE etatAdministratifEtablissement = 'A'
    AND nomenclatureActivitePrincipaleEtablissement = 'NAFRev2'
    AND activitePrincipaleNAF25Etablissement IS NOT NULL
  GROUP BY ALL
)
SELECT naf_rev2, naf_2025, libelle AS libelle_2025, etablissements,
       round(100 * etablissements / sum(etablissements) OVER (PARTITION BY naf_rev2), 1) AS pour_cent
FROM paires
LEFT JOIN nomenclature ON nomenclature = 'naf_2025' AND code = naf_2025
ORDER BY naf_rev2, etablissements DESC, naf_2025
