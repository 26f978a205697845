import polars as pl

etablissements = pl.scan_parquet("https://registre.example/parquet/etablissement.parquet")
print(
    etablissements.filter(
        pl.col("codeCommuneEtablissement") == "92023",
        pl.col("etatAdministratifEtablissement") == "A",
    )
    .group_by("activitePrincipaleEtablissement")
    .len()
    .sort("len", descending=True)
    .head(10)
    .collect()
)
