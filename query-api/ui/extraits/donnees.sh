# Dates, tables, fichiers et sommes de contrôle du jeu de données en service.
curl -s https://registre.example/parquet/manifest.json

# Les colonnes d'une table, leur sens et leur type, en Table Schema.
curl -s https://registre.example/donnees/etablissement.schema.json
