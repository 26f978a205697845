-- Les établissements actifs à moins de dix kilomètres d'un point, les plus proches d'abord
WITH proches AS (
  SELECT siret, nom, latitude, longitude,
         6371 * acos(least(1,
           sin(radians(48.85)) * sin(radians(latitude)) +
           cos(radians(48.85)) * cos(radians(latitude)) * cos(radians(longitude - 2.35)))) AS kilometres
  FROM etablissements_actifs
  WHERE latitude BETWEEN 48.76 AND 48.94 AND longitude BETWEEN 2.21 AND 2.49
)
SELECT siret, nom, latitude, longitude, round(kilometres, 2) AS kilometres
FROM proches
WHERE kilometres <= 10
ORDER BY kilometres, siret
LIMIT 1000
