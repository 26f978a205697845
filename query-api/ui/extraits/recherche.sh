# Cent organisations de cette recherche : « suivant » dit où commencent les suivantes, et se donne en « apres ».
curl -s 'https://registre.example/v1/recherche?{{requete}}&limite=100'
