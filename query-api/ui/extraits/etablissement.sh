# L'organisation, et ce qu'il faut en savoir : active, fermée, remplacée.
curl -s https://registre.example/v1/organisations/{{numero}}

# Ce que le répertoire a de l'établissement et de son unité légale.
curl -s https://registre.example/v1/etablissements/{{numero}}
