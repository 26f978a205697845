import duckdb

print(duckdb.sql("""
    SELECT siret, enseigne1Etablissement, libelleVoieEtablissement
    FROM 'https://registre.example/parquet/etablissement.parquet'
    WHERE siret BETWEEN '21920023500000' AND '21920023599999'
"""))
