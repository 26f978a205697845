// The queries that this browser has run, kept in it and nowhere else.

const KEY = "registre.sql.historique";
const MOST = 30;

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.q === "string") : [];
  } catch {
    // Not allowed here, or not ours: as if there were none.
    return [];
  }
}

function write(list) {
  try {
    if (list.length > 0) localStorage.setItem(KEY, JSON.stringify(list));
    else localStorage.removeItem(KEY);
  } catch {
    // Full or refused: the page works without it.
  }
}

/** Lists them in `place`, which `choose` is called from. */
export function historique({ place, vide, effacer, choose }) {
  function draw() {
    const list = read();
    vide.hidden = list.length > 0;
    effacer.hidden = list.length === 0;
    place.replaceChildren(
      ...list.map(({ q, le }) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.className = "lien";
        const text = q.replaceAll(/\s+/g, " ").trim();
        button.textContent = text.length > 90 ? `${text.slice(0, 90)}…` : text;
        button.addEventListener("click", () => choose(q));
        const time = document.createElement("time");
        time.dateTime = le;
        time.textContent = new Date(le).toLocaleString("fr-FR", { dateStyle: "short", timeStyle: "short" });
        item.append(button, time);
        return item;
      }),
    );
  }
  effacer.addEventListener("click", () => {
    write([]);
    draw();
    vide.tabIndex = -1;
    vide.focus();
  });
  draw();
  return {
    ajouter(q) {
      write([{ q, le: new Date().toISOString() }, ...read().filter((one) => one.q !== q)].slice(0, MOST));
      draw();
    },
  };
}
