"""The notebook and the R script of docs/, run against the sample as a reader would run them.

What they print is compared with what the lookup routes answer, which no SQL and no Parquet reader is
behind. The R script is left out, and said so, where R is not installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import nbformat
from nbclient import NotebookClient

RACINE = Path(__file__).resolve().parents[2]
CIBLE = Path(os.environ.get("CARGO_TARGET_DIR", RACINE / "target"))
BINAIRE = os.environ.get("REGISTRE_BIN", str(CIBLE / "debug/registre"))
DINUM = "13002526500013"
CLAMART = "219200235"


class Service:
    """The binary on the sample, on a free port."""

    def __init__(self):
        self.dossier = tempfile.TemporaryDirectory(prefix="registre-documents-")
        self.processus = subprocess.Popen(
            [BINAIRE, "up", "--source", "sample", "--listen", "127.0.0.1:0", "--data", self.dossier.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        dit = []
        for ligne in self.processus.stdout:
            dit.append(ligne)
            if trouve := re.search(r"serving (http://[^/\s]+)", ligne):
                self.adresse = trouve[1]
                break
        else:
            raise RuntimeError(f"{BINAIRE} ended:\n{''.join(dit)}")
        # Nobody reads what it says next, and a full pipe would stop it.
        subprocess.Popen(["cat"], stdin=self.processus.stdout, stdout=subprocess.DEVNULL)
        fin = time.monotonic() + 120
        while True:
            try:
                return self.lire("/health") and None
            except OSError:
                if time.monotonic() > fin:
                    raise
                time.sleep(0.1)

    def lire(self, chemin):
        with urllib.request.urlopen(self.adresse + chemin) as reponse:
            return json.load(reponse)

    def arreter(self):
        self.processus.terminate()
        self.processus.wait()
        self.dossier.cleanup()


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.arreter)
        attendus = cls.service.lire(f"/v1/unites-legales/{CLAMART}/etablissements?limite=5")
        cls.clamart = [etablissement["siret"] for etablissement in attendus["etablissements"]]
        cls.dinum = cls.service.lire(f"/v1/etablissements/{DINUM}")["etablissement"]

    def test_the_notebook(self):
        carnet = nbformat.read(RACINE / "docs/carnet.ipynb", as_version=4)
        self.assertFalse(any(cellule.get("outputs") for cellule in carnet.cells), "kept without its outputs")
        os.environ["REGISTRE"] = self.service.adresse
        NotebookClient(carnet, timeout=120, kernel_name="python3").execute()
        montre = [self.texte(cellule) for cellule in carnet.cells if cellule.cell_type == "code"]
        montre = [texte for texte in montre if texte]
        self.assertEqual(len(montre), 6, montre)
        communes, clamart, communes_csv, polars, dictionnaire, enrichi = montre
        self.assertRegex(communes, r"ouverts")
        for siret in self.clamart:
            self.assertIn(siret, clamart)
        self.assertIn(CLAMART, communes_csv)
        self.assertIn(DINUM, polars)
        self.assertIn(self.dinum["activite_principale"]["code"], polars)
        self.assertIn("siren", dictionnaire)
        self.enrichi(enrichi)

    def test_the_r_script(self):
        if not shutil.which("Rscript"):
            self.skipTest("R is not installed")
        fini = subprocess.run(
            ["Rscript", RACINE / "docs/script.R", self.service.adresse], capture_output=True, text=True
        )
        self.assertEqual(fini.returncode, 0, fini.stderr)
        for siret in self.clamart:
            self.assertIn(siret, fini.stdout)
        self.enrichi(fini.stdout)

    def enrichi(self, texte):
        """The first row was found, the second is wrong by its key, the third is in the file."""
        self.assertIn("130 025 265 00013", texte)
        for resultat in ("trouve", "cle_invalide"):
            self.assertIn(resultat, texte)

    @staticmethod
    def texte(cellule):
        return "\n".join(sortie.data["text/plain"] for sortie in cellule.outputs if "data" in sortie)


if __name__ == "__main__":
    sys.exit(unittest.main())
