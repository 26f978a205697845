-- Questions analysts ask of the tables: the benches time them, and tests/spark asks them of Spark and
-- of DuckDB, which must answer the same. They are in the SQL that both speak.
--
-- A value is picked in the data, by DuckDB, and stands for its name between braces in what follows, so
-- that each question has an answer at any scale. It is neither the greatest nor the rarest; ties are
-- broken, so that the same data gives the same values.

-- list: the rows of the table "liste", joined in as someone's own file would be
SELECT siret FROM etablissement ORDER BY hash(siret) LIMIT 1000;

-- value: siret
SELECT siret FROM etablissement ORDER BY hash(siret) LIMIT 1;

-- value: siren
SELECT siren FROM unite_legale ORDER BY abs(nombrePeriodesUniteLegale - 5), hash(siren) LIMIT 1;

-- value: prefixe
SELECT substr(siren, 1, 5) FROM unite_legale ORDER BY hash(siren) LIMIT 1;

-- value: predecesseur
SELECT siretEtablissementPredecesseur FROM lien_succession
ORDER BY hash(siretEtablissementPredecesseur) LIMIT 1;

-- value: successeur
SELECT siretEtablissementSuccesseur FROM lien_succession
ORDER BY hash(siretEtablissementSuccesseur) LIMIT 1;

-- value: commune
SELECT codeCommuneEtablissement FROM etablissement WHERE codeCommuneEtablissement IS NOT NULL
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 20;

-- value: naf
SELECT activitePrincipaleEtablissement FROM etablissement
WHERE codeCommuneEtablissement = '{commune}' AND etatAdministratifEtablissement = 'A'
AND activitePrincipaleEtablissement IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1;

-- value: departement
SELECT substr(codeCommuneEtablissement, 1, 2) FROM etablissement
WHERE codeCommuneEtablissement IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 10;

-- value: annee
SELECT CAST(max(year(dateCreationEtablissement)) - 3 AS VARCHAR) FROM etablissement
WHERE dateCreationEtablissement <= current_date;

-- value: jour
SELECT CAST(CAST(max(dateDernierTraitementEtablissement) - INTERVAL 7 DAY AS DATE) AS VARCHAR)
FROM etablissement;

-- value: categorie
SELECT categorieJuridiqueUniteLegale FROM unite_legale WHERE denominationUniteLegale IS NOT NULL
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 3;

-- value: theme
SELECT objet_social1 FROM association WHERE position = 'A' AND objet_social1 IS NOT NULL GROUP BY 1
ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 2;

-- value: mot
SELECT split_part(denominationUniteLegale, ' ', 1) FROM unite_legale
WHERE length(split_part(denominationUniteLegale, ' ', 1)) > 6 GROUP BY 1
ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 5;

-- value: latitude
SELECT CAST(round(y_latitude, 2) AS VARCHAR) FROM etablissement
WHERE codeCommuneEtablissement = '{commune}' AND y_latitude IS NOT NULL ORDER BY hash(siret) LIMIT 1;

-- value: longitude
SELECT CAST(round(x_longitude, 2) AS VARCHAR) FROM etablissement
WHERE codeCommuneEtablissement = '{commune}' AND y_latitude IS NOT NULL ORDER BY hash(siret) LIMIT 1;

-- The questions, by what they can avoid reading: nearly everything, part of it, nothing.

-- question: one SIRET, every column
SELECT * FROM etablissement WHERE siret = '{siret}';

-- question: one SIREN, every column
SELECT * FROM unite_legale WHERE siren = '{siren}';

-- question: établissements of a SIREN
SELECT siret, etablissementSiege, etatAdministratifEtablissement, enseigne1Etablissement,
    codePostalEtablissement, libelleCommuneEtablissement FROM etablissement WHERE siren = '{siren}'
ORDER BY siret;

-- question: prefix of SIREN
SELECT siren, denominationUniteLegale, nomUniteLegale, etatAdministratifUniteLegale
FROM unite_legale WHERE siren LIKE '{prefixe}%' ORDER BY siren;

-- question: history of a SIREN
SELECT * FROM unite_legale_periode WHERE siren = '{siren}' ORDER BY dateDebut DESC;

-- question: history of the établissements of a SIREN
SELECT * FROM etablissement_periode WHERE siren = '{siren}' ORDER BY siret, dateDebut DESC;

-- question: successors of a SIRET
SELECT * FROM lien_succession WHERE siretEtablissementPredecesseur = '{predecesseur}';

-- question: predecessors of a SIRET
SELECT * FROM lien_succession WHERE siretEtablissementSuccesseur = '{successeur}';

-- question: the associations of a SIREN
SELECT a.id, a.titre, a.position, l.provenance FROM lien_siren_rna l
JOIN association a ON a.id = l.id
WHERE l.siren = ( SELECT siren FROM lien_siren_rna ORDER BY siren LIMIT 1 OFFSET 500);

-- question: a list of 1 000 SIRET joined in
SELECT l.siret, e.etatAdministratifEtablissement, e.enseigne1Etablissement,
    e.activitePrincipaleEtablissement, e.codePostalEtablissement, e.libelleCommuneEtablissement,
    e.trancheEffectifsEtablissement FROM liste l LEFT JOIN etablissement e ON e.siret = l.siret;

-- question: établissements by commune and NAF
SELECT siret, enseigne1Etablissement, numeroVoieEtablissement, typeVoieEtablissement,
    libelleVoieEtablissement, codePostalEtablissement FROM etablissement
WHERE codeCommuneEtablissement = '{commune}' AND activitePrincipaleEtablissement = '{naf}'
AND etatAdministratifEtablissement = 'A';

-- question: by département and year of creation
SELECT siret, dateCreationEtablissement, activitePrincipaleEtablissement, codeCommuneEtablissement
FROM etablissement WHERE codeCommuneEtablissement LIKE '{departement}%'
AND dateCreationEtablissement BETWEEN DATE '{annee}-01-01' AND DATE '{annee}-12-31';

-- question: located in a box of 2 by 2 km
SELECT siret, enseigne1Etablissement, y_latitude, x_longitude FROM etablissement
WHERE y_latitude BETWEEN {latitude} - 0.01 AND {latitude} + 0.01
AND x_longitude BETWEEN {longitude} - 0.015 AND {longitude} + 0.015
AND etatAdministratifEtablissement = 'A';

-- question: treated in the last seven days
SELECT siret, etatAdministratifEtablissement, dateDernierTraitementEtablissement FROM etablissement
WHERE dateDernierTraitementEtablissement >= TIMESTAMP '{jour}';

-- question: associations of a theme, their unité légale and siège
SELECT a.id, a.titre, u.siren, u.trancheEffectifsUniteLegale, e.siret, e.libelleCommuneEtablissement
FROM association a JOIN lien_siren_rna l ON l.id = a.id AND l.rang_unite_legale = 1
JOIN unite_legale u ON u.siren = l.siren JOIN etablissement e ON e.siren = u.siren
AND e.etablissementSiege WHERE a.position = 'A' AND a.objet_social1 = '{theme}'
AND u.etatAdministratifUniteLegale = 'A';

-- question: établissements, in a département, of a catégorie juridique
SELECT e.siret, u.denominationUniteLegale, e.codePostalEtablissement, e.libelleCommuneEtablissement
FROM etablissement e JOIN unite_legale u ON u.siren = e.siren
WHERE u.categorieJuridiqueUniteLegale = '{categorie}'
AND e.codeCommuneEtablissement LIKE '{departement}%' AND e.etatAdministratifEtablissement = 'A';

-- question: active associations by theme
SELECT objet_social1, count(*) AS nombre FROM association WHERE position = 'A' GROUP BY 1
ORDER BY nombre DESC, 1;

-- question: counts by catégorie juridique
SELECT categorieJuridiqueUniteLegale, count(*) AS nombre FROM unite_legale
WHERE etatAdministratifUniteLegale = 'A' GROUP BY 1 ORDER BY nombre DESC, 1;

-- question: a word in a dénomination
SELECT siren, denominationUniteLegale FROM unite_legale WHERE denominationUniteLegale LIKE '%{mot}%'
ORDER BY siren LIMIT 100;

-- question: the twenty most frequent NAF
SELECT activitePrincipaleEtablissement, count(*) AS nombre FROM etablissement
WHERE etatAdministratifEtablissement = 'A' GROUP BY 1 ORDER BY nombre DESC, 1 LIMIT 20;

-- question: bands of workforce by NAF division
SELECT substr(activitePrincipaleEtablissement, 1, 2) AS division, trancheEffectifsEtablissement,
    count(*) AS nombre FROM etablissement WHERE etatAdministratifEtablissement = 'A' GROUP BY 1, 2
ORDER BY 1, 2 NULLS LAST;

-- question: closures by year, from the history
SELECT year(dateDebut) AS annee, count(*) AS nombre FROM etablissement_periode
WHERE changementEtatAdministratifEtablissement AND etatAdministratifEtablissement = 'F' GROUP BY 1
ORDER BY 1;

-- question: units active on a past day, by NAF
SELECT activitePrincipaleUniteLegale, count(*) AS nombre FROM unite_legale_periode
WHERE etatAdministratifUniteLegale = 'A' AND dateDebut <= DATE '2015-01-01'
AND (dateFin IS NULL OR dateFin >= DATE '2015-01-01') GROUP BY 1 ORDER BY 1 NULLS LAST;
