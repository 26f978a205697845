# Du fichier, seul est lu ce qui concerne ce numéro.
duckdb -c "
  SELECT id, titre, position, date_creat
  FROM 'https://registre.example/parquet/association.parquet'
  WHERE id = '{{numero}}'"
