# install.packages("duckdb")
library(duckdb)

connexion <- dbConnect(duckdb())
dbGetQuery(connexion, "
  SELECT left(codeCommuneEtablissement, 2) AS departement, count(*) AS etablissements
  FROM 'https://registre.example/parquet/etablissement.parquet'
  WHERE etatAdministratifEtablissement = 'A'
  GROUP BY departement ORDER BY departement")
dbDisconnect(connexion, shutdown = TRUE)
