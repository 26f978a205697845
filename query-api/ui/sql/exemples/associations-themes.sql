-- De quoi s'occupent les associations actives
SELECT coalesce(objet_social_libelle, 'sans thème') AS theme,
       count(*) AS associations
FROM associations_siren
WHERE position = 'A'
GROUP BY ALL
ORDER BY associations DESC, theme
LIMIT 20
