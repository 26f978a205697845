-- Combien d'unités légales actives dans chaque catégorie d'entreprise
SELECT coalesce(categorieEntreprise, 'non classée') AS categorie,
       count(*) AS unites_legales
FROM unite_legale
WHERE etatAdministratifUniteLegale = 'A'
GROUP BY ALL
ORDER BY unites_legales DESC
