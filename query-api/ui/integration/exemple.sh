# Un numéro : 200 (trouve, ferme, doublon, diffusion_partielle), 404 (inconnu), 400 (invalide).
curl -s --max-time 5 https://registre.example/v1/organisations/13002526500013

# Jusqu'à mille à la fois, un par ligne.
printf '13002526500013\nW759000011\n' |
  curl -s --data-binary @- -H 'content-type: text/plain' https://registre.example/v1/organisations
