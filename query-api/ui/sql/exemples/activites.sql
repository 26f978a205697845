-- Les activités qui ont le plus d'établissements actifs, avec leur libellé
SELECT activite, activite_libelle,
       count(*) AS etablissements
FROM etablissements_actifs
WHERE activite IS NOT NULL
GROUP BY ALL
ORDER BY etablissements DESC, activite
LIMIT 20
