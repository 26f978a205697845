# L'organisation, et ce qu'il faut en savoir : active, fermée, remplacée.
curl -s https://registre.example/v1/organisations/{{numero}}

# Ses établissements, en CSV.
curl -s 'https://registre.example/v1/unites-legales/{{numero}}/etablissements?format=csv'
