duckdb -c "
  SELECT trouve.siren, trouve.rna, trouve.nom, trouve.code_postal, trouve.commune, trouve.actif
  FROM (
    SELECT unnest(resultats) AS trouve
    FROM read_json('https://registre.example/v1/recherche?{{requete}}&limite=100'))"
