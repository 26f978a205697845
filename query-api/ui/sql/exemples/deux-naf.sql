-- Comment les codes de la NAF rév. 2 deviennent ceux de la NAF 2025, d'après les établissements actifs
SELECT activite AS naf_rev2,
       activite_naf25 AS naf_2025,
       activite_naf25_libelle AS libelle_2025,
       count(*) AS etablissements,
       round(100 * count(*) / sum(count(*)) OVER (PARTITION BY activite), 1) AS pour_cent
FROM etablissements_actifs
WHERE activite IS NOT NULL AND activite_naf25 IS NOT NULL
GROUP BY activite, activite_naf25, activite_naf25_libelle
ORDER BY naf_rev2, etablissements DESC
LIMIT 2000
