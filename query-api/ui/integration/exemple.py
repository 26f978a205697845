# forms.py : le formulaire vérifie à la réception ; ce que dit le navigateur n'est pas cru.
from urllib.parse import quote

import requests
from django import forms

REGISTRE = "https://registre.example"


class DemandeForm(forms.Form):
    organisation = forms.CharField(label="SIRET de votre organisation", max_length=200)
    nom = forms.CharField(required=False)
    code_postal = forms.CharField(required=False)

    def clean_organisation(self):
        saisi = self.cleaned_data["organisation"]
        try:
            # 400 et 404 sont aussi des réponses : leur corps dit pourquoi.
            reponse = requests.get(f"{REGISTRE}/v1/organisations/{quote(saisi, safe='')}", timeout=5).json()
            resultat = reponse["resultat"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            # Injoignable : la demande est reçue, et revérifiée plus tard.
            self.organisation = None
            self.resultat = "non_verifie"
            return saisi
        if resultat not in ("trouve", "diffusion_partielle"):
            raise forms.ValidationError(reponse["message"])
        self.organisation = reponse["organisation"]
        self.resultat = resultat
        return reponse["identifiant"]["valeur"]
