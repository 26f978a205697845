import json
from urllib.error import HTTPError
from urllib.request import urlopen

try:
    reponse = urlopen("https://registre.example/v1/organisations/{{numero}}", timeout=10)
except HTTPError as erreur:
    # 400 et 404 sont aussi des réponses : leur corps dit pourquoi.
    reponse = erreur
with reponse:
    trouve = json.load(reponse)
print(trouve["resultat"], ":", trouve["message"])
