# L'organisation, et ce qu'il faut en savoir : active, dissoute, ses numéros.
curl -s https://registre.example/v1/organisations/{{numero}}

# Ce que le répertoire a de l'association.
curl -s https://registre.example/v1/associations/{{numero}}
