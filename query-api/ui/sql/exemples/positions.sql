-- Avec quelle précision les établissements actifs sont placés sur la carte
SELECT CASE qualite_xy
         WHEN '11' THEN 'voie et numéro sûrs'
         WHEN '12' THEN 'voie sûre'
         WHEN '21' THEN 'voie probable, numéro sûr'
         WHEN '22' THEN 'voie probable'
         WHEN '33' THEN 'au hasard dans la commune'
         ELSE 'sans position'
       END AS qualite,
       count(*) AS etablissements,
       round(100 * count(*) / sum(count(*)) OVER (), 1) AS pour_cent
FROM etablissement
WHERE etatAdministratifEtablissement = 'A'
GROUP BY ALL
ORDER BY etablissements DESC
