import json
from urllib.request import urlopen

with urlopen("https://registre.example/parquet/manifest.json", timeout=10) as reponse:
    jeu = json.load(reponse)
print("Jeu de données", jeu["snapshot"], "du", jeu["donnees_du"])
for table in jeu["tables"]:
    print(f"{table['table']} : {table['lignes']} lignes, {len(table['colonnes'])} colonnes")
