# Reprend là où un téléchargement coupé s'est arrêté, puis vérifie.
curl -C - -O https://registre.example/parquet/unite_legale.parquet
curl -s https://registre.example/parquet/SHA256SUMS | sha256sum --check --ignore-missing

# Rien n'est renvoyé si le fichier n'a pas changé depuis la dernière fois.
curl -s --etag-save unite_legale.etag --etag-compare unite_legale.etag \
  -o unite_legale.parquet https://registre.example/parquet/unite_legale.parquet
