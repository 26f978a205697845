# arrow ne lit pas par morceaux en HTTP : le fichier est téléchargé, puis lu par colonnes.
library(arrow)
library(dplyr)

fichier <- "association.parquet"
download.file("https://registre.example/parquet/association.parquet", fichier, mode = "wb")
open_dataset(fichier) |>
  filter(adrs_codeinsee == "92023", position == "A") |>
  select(id, titre, objet) |>
  collect()
