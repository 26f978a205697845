-- Les établissements actifs de chaque département
SELECT coalesce(departement, 'inconnu') AS departement,
       count(*) AS etablissements,
       count(*) FILTER (WHERE siege) AS sieges
FROM etablissements_actifs
GROUP BY ALL
ORDER BY etablissements DESC, departement
