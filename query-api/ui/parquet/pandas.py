# pip install pandas pyarrow fsspec aiohttp
import fsspec
import pandas as pd

# Les colonnes demandées seules sont lues, et des lignes seulement celles qui peuvent convenir.
with fsspec.open("https://registre.example/parquet/unite_legale.parquet", block_size=2**20) as fichier:
    print(
        pd.read_parquet(
            fichier,
            columns=["siren", "denominationUniteLegale", "etatAdministratifUniteLegale"],
            filters=[("siren", ">=", "219200235"), ("siren", "<=", "219200235")],
        )
    )
