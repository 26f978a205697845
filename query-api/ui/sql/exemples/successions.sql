-- Les transferts de siège, année par année
SELECT year(dateLienSuccession) AS annee,
       count(*) FILTER (WHERE transfertSiege) AS transferts_de_siege,
       count(*) AS successions
FROM lien_succession
WHERE dateLienSuccession >= DATE '1990-01-01'
GROUP BY ALL
ORDER BY annee
