duckdb -c "
  SELECT activitePrincipaleEtablissement AS naf, count(*) AS etablissements
  FROM 'https://registre.example/parquet/etablissement.parquet'
  WHERE codeCommuneEtablissement = '92023' AND etatAdministratifEtablissement = 'A'
  GROUP BY naf ORDER BY etablissements DESC LIMIT 10"
