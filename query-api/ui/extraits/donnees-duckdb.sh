duckdb -c "
  SELECT colonne.name, colonne.type, colonne.description
  FROM (
    SELECT unnest(fields) AS colonne
    FROM read_json('https://registre.example/donnees/etablissement.schema.json'))"
