import json
from urllib.request import urlopen

# Page après page, cent organisations à la fois, jusqu'à trois cents.
adresse = "https://registre.example/v1/recherche?{{requete}}&limite=100"
suivant = 0
while suivant is not None and suivant < 300:
    with urlopen(f"{adresse}&apres={suivant}", timeout=10) as reponse:
        page = json.load(reponse)
    for trouve in page["resultats"]:
        print(trouve["siren"] or trouve["rna"], trouve["nom"])
    suivant = page["suivant"]
