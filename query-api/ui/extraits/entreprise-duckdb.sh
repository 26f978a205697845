# Du fichier, seul est lu ce qui concerne ce numéro.
duckdb -c "
  SELECT siret, etatAdministratifEtablissement AS etat, libelleCommuneEtablissement AS commune
  FROM 'https://registre.example/parquet/etablissement.parquet'
  WHERE siren = '{{numero}}' ORDER BY siret"
