"""The notebook and the R script of docs/, and the examples of the pages, run against the sample as a reader
would run them.

What they print is compared with what the lookup routes answer, which no SQL and no Parquet reader is
behind. The R script is left out, and said so, where R is not installed.
"""

import html
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

import duckdb
import duckdb_extension_httpfs
import nbformat
from nbclient import NotebookClient

RACINE = Path(__file__).resolve().parents[2]
CIBLE = Path(os.environ.get("CARGO_TARGET_DIR", RACINE / "target"))
BINAIRE = os.environ.get("REGISTRE_BIN", str(CIBLE / "debug/registre"))
DINUM = "13002526500013"
CLAMART = "219200235"

# The examples of the pages that are run, and with what; those in R need packages that Debian has not.
EXECUTES = {
    "curl": ["sh", "-ec"],
    "DuckDB": ["sh", "-ec"],
    "Python": [sys.executable, "-c"],
    "Python, DuckDB": [sys.executable, "-c"],
    "Python, polars": [sys.executable, "-c"],
    "Python, pandas": [sys.executable, "-c"],
}
PAGES = {
    "/entreprise/356000000": "356000000",
    f"/etablissement/{DINUM}": DINUM,
    "/association/W759000011": "W759000011",
    "/donnees": "etablissement",
    "/parquet": "",
}


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

    def test_the_examples_of_the_pages(self):
        """DuckDB reads over HTTP with its extension httpfs, here that of a package, which it finds at home."""
        with tempfile.TemporaryDirectory(prefix="registre-extraits-") as maison:
            [(plateforme,)] = duckdb.sql("PRAGMA platform").fetchall()
            fichiers = Path(duckdb_extension_httpfs.__file__).parent.glob("extensions/*/httpfs.duckdb_extension")
            for extension in fichiers:
                place = Path(maison, ".duckdb/extensions", extension.parent.name, plateforme)
                place.mkdir(parents=True)
                shutil.copy(extension, place)
            # The programs beside this Python come first.
            chemin = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            environnement = {"HOME": maison, "PATH": chemin, "LANG": "C.UTF-8"}
            lances = 0
            for page, sujet in PAGES.items():
                for titre, exemple in self.exemples(page):
                    if titre not in EXECUTES:
                        continue
                    with self.subTest(page=page, titre=titre):
                        fini = subprocess.run(
                            [*EXECUTES[titre], exemple],
                            capture_output=True,
                            text=True,
                            cwd=maison,
                            env=environnement,
                            timeout=120,
                        )
                        self.assertEqual(fini.returncode, 0, fini.stderr)
                        self.assertTrue(fini.stdout.strip(), exemple)
                        if titre == "curl":
                            self.assertIn(sujet, fini.stdout)
                        lances += 1
            self.assertEqual(lances, 17)

    def exemples(self, page):
        """The titles and the texts of the examples of a page, as they are copied."""
        with urllib.request.urlopen(self.service.adresse + page) as reponse:
            texte = reponse.read().decode()
        trouves = re.findall(r'<h3 id="[^"]*">([^<]*)</h3><pre[^>]*><code>(.*?)</code>', texte, re.S)
        return [(html.unescape(titre), html.unescape(exemple)) for titre, exemple in trouves]

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
