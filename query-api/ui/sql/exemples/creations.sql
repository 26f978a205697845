-- Les unités légales créées chaque année ; une date de 1900 veut dire « inconnue »
SELECT year(dateCreationUniteLegale) AS annee,
       count(*) AS creations
FROM unite_legale
WHERE dateCreationUniteLegale BETWEEN DATE '1960-01-01' AND current_date
GROUP BY ALL
ORDER BY annee
