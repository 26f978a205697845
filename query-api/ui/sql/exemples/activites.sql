-- Les activités qui ont le plus d'établissements actifs : compter d'abord, puis joindre les libellés
WITH comptes AS (
  SELECT activitePrincipaleEtablissement AS activite, count(*) AS etablissements
  FROM etablissement
  WHERE etatAdministratifEtablissement = 'A'
    AND nomenclatureActivitePrincipaleEtablissement = 'NAFRev2'
  GROUP BY ALL
)
SELECT activite, libelle, etablissements
FROM comptes
LEFT JOIN nomenclature ON nomenclature = 'naf_rev2' AND code = activite
ORDER BY etablissements DESC, activite
LIMIT 20
