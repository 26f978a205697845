-- Les établissements actifs à moins de trois kilomètres d'un point, les plus proches d'abord
WITH proches AS (
  SELECT siret, y_latitude AS latitude, x_longitude AS longitude,
         coalesce(enseigne1Etablissement, denominationUsuelleEtablissement) AS enseigne,
         6371 * acos(least(1,
           sin(radians(48.85)) * sin(radians(y_latitude)) +
           cos(radians(48.85)) * cos(radians(y_latitude)) * cos(radians(x_longitude - 2.35)))) AS kilometres
  FROM etablissement
  WHERE etatAdministratifEtablissement = 'A'
    AND y_latitude BETWEEN 48.823 AND 48.877
    AND x_longitude BETWEEN 2.309 AND 2.391
)
SELECT siret, enseigne, latitude, longitude, round(kilometres, 2) AS kilometres
FROM proches
WHERE kilometres <= 3
ORDER BY kilometres, siret
LIMIT 1000
