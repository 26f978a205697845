import { useEffect, useRef, useState } from "react";

const REGISTRE = "https://registre.example";

export function Organisation({ onReponse }) {
  const champ = useRef(null);

  useEffect(() => {
    // Le navigateur ne charge le module qu'une fois.
    import(/* webpackIgnore: true */ /* @vite-ignore */ `${REGISTRE}/widget/registre-organisation.js`).catch(() => {
      // Service injoignable : le champ reste un champ ordinaire, à vérifier à la réception.
    });
    const element = champ.current;
    const lire = (event) => onReponse(event.detail);
    const effacer = () => onReponse(null);
    element.addEventListener("registre:resultat", lire);
    element.addEventListener("registre:efface", effacer);
    return () => {
      element.removeEventListener("registre:resultat", lire);
      element.removeEventListener("registre:efface", effacer);
    };
  }, [onReponse]);

  return <registre-organisation ref={champ} name="organisation" label="SIRET de votre organisation" required />;
}

export function Demande() {
  const [reponse, setReponse] = useState(null);
  return (
    <form method="post" action="/demandes">
      <Organisation onReponse={setReponse} />
      <p>{reponse?.organisation?.nom}</p>
      <label>
        Code postal <input name="code_postal" data-registre="adresse.code_postal" />
      </label>
      <button>Envoyer</button>
    </form>
  );
}
