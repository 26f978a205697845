# Les registres depuis R, par un service registre : une requête SQL, un fichier enrichi.
#
#   Rscript docs/script.R http://127.0.0.1:8080
#
# R et deux paquets suffisent : jsonlite et curl (Debian : r-cran-jsonlite, r-cran-curl).

library(curl)
library(jsonlite)

arguments <- commandArgs(trailingOnly = TRUE)
service <- if (length(arguments) > 0) arguments[[1]] else "http://127.0.0.1:8080"

# Le corps de la réponse, ou l'erreur telle que le service la dit.
demander <- function(chemin, corps, type) {
  demande <- new_handle()
  # Un corps est envoyé par POST ; sans lui, la demande est un GET.
  handle_setopt(demande, copypostfields = corps)
  handle_setheaders(demande, "Content-Type" = type)
  reponse <- curl_fetch_memory(paste0(service, chemin), handle = demande)
  texte <- rawToChar(reponse$content)
  Encoding(texte) <- "UTF-8"
  if (reponse$status_code >= 400) {
    erreur <- fromJSON(texte)
    stop(erreur$code, " : ", erreur$detail, call. = FALSE)
  }
  texte
}

# Une requête SQL, ses paramètres liés ($1, $2…) : un data.frame dont chaque colonne a son type. Les
# identifiants et les codes restent des textes : un zéro en tête ne se perd pas.
sql <- function(requete, ...) {
  demande <- list(q = unbox(requete), parametres = lapply(list(...), unbox), format = unbox("json"))
  reponse <- fromJSON(
    demander("/v1/sql", toJSON(demande, digits = NA), "application/json"),
    simplifyVector = FALSE
  )
  colonnes <- lapply(seq_along(reponse$colonnes), function(rang) {
    valeurs <- lapply(reponse$lignes, `[[`, rang)
    valeurs[vapply(valeurs, is.null, logical(1))] <- NA
    valeurs <- unlist(valeurs)
    switch(reponse$colonnes[[rang]]$type,
      DATE = as.Date(as.character(valeurs)),
      TIMESTAMP = as.POSIXct(as.character(valeurs), format = "%Y-%m-%dT%H:%M:%OS", tz = "UTC"),
      valeurs
    )
  })
  names(colonnes) <- vapply(reponse$colonnes, `[[`, character(1), "nom")
  as.data.frame(colonnes, stringsAsFactors = FALSE, check.names = FALSE)
}

# Un data.frame enrichi : ses colonnes, puis celles du registre.
enrichir <- function(tableau, colonnes = NULL) {
  fichier <- textConnection("lignes", "w", local = TRUE)
  write.csv(tableau, fichier, row.names = FALSE)
  close(fichier)
  chemin <- "/v1/enrichir"
  if (!is.null(colonnes)) {
    chemin <- paste0(chemin, "?colonnes=", curl_escape(paste(colonnes, collapse = ",")))
  }
  reponse <- demander(chemin, paste0(paste(lignes, collapse = "\n"), "\n"), "text/csv")
  read.csv(text = reponse, colClasses = "character", na.strings = "", check.names = FALSE)
}

# Les communes qui ont le plus d'établissements ouverts.
cat("\nÉtablissements ouverts, par commune\n")
print(sql("
  SELECT codeCommuneEtablissement AS commune, any_value(libelleCommuneEtablissement) AS nom,
         count(*) AS ouverts
  FROM etablissement
  WHERE etatAdministratifEtablissement = 'A'
  GROUP BY commune ORDER BY ouverts DESC, commune LIMIT 5"))

# Une valeur est liée, jamais collée dans la requête.
cat("\nLes établissements de la commune de Clamart\n")
print(sql("
  SELECT siret, dateCreationEtablissement AS cree, etablissementSiege AS siege
  FROM etablissement WHERE siren = $1 ORDER BY siret LIMIT 5", "219200235"))

# Trois lignes d'un fichier : un numéro juste, un autre mal copié, un qui n'existe pas.
cat("\nUn fichier enrichi\n")
print(enrichir(
  data.frame(
    ligne = 1:3,
    siret = c("130 025 265 00013", "13002526500014", "21920023500014")
  )
))
