// The same query from elsewhere, ready to be copied.

/** A command of a shell that reads the query: nothing in it has to be escaped. */
function given(command, q) {
  let end = "SQL";
  while (q.split("\n").includes(end)) end += "_";
  return `${command} <<'${end}'\n${q}\n${end}`;
}
const post = (url, format) =>
  `curl --fail --data-binary @- -H 'Content-Type: application/sql' \\\n  -o resultat.${format} '${url}/v1/sql?format=${format}'`;

const python = (text) => `"""\n${text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"')}\n"""`;
/** A raw text of R, closed by a sign that the query does not hold. */
function raw(text) {
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(${text})${dashes}"`;
}

/** Name, language and text of each, for a query and the address of this server. */
export const EXTRAITS = [
  {
    nom: "curl",
    texte: (q, { url }) => given(post(url, "csv"), q),
  },
  {
    nom: "Python",
    texte: (q, { url }) => `import io, json, urllib.request
import pandas as pd  # pip install pandas pyarrow

requete = ${python(q)}
demande = urllib.request.Request(
    "${url}/v1/sql?format=parquet",
    data=json.dumps({"q": requete}).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(demande) as reponse:
    df = pd.read_parquet(io.BytesIO(reponse.read()))
print(df)`,
  },
  {
    nom: "R",
    texte: (q, { url }) => `library(httr2)  # install.packages(c("httr2", "arrow"))
library(arrow)

requete <- ${raw(q)}
reponse <- request("${url}/v1/sql?format=parquet") |>
  req_body_json(list(q = requete)) |>
  req_perform()
df <- read_parquet(resp_body_raw(reponse))
print(df)`,
  },
  {
    nom: "DuckDB",
    texte: (q, { url, tables, propres, publiees }) => {
      const files = tables.filter((table) => publiees.has(table));
      // A view of the service, or a list of codes, is in no file.
      if (files.length === 0 || tables.some((table) => !publiees.has(table) && !propres.includes(table))) {
        return `${given(post(url, "parquet"), q)}\n\nduckdb -c "FROM 'resultat.parquet'"`;
      }
      const views = files.map((table) => `CREATE VIEW ${table} AS FROM '${url}/parquet/${table}.parquet';`);
      return `-- Dans duckdb : les fichiers sont lus à distance, et seulement ce qu'il en faut.\n${views.join("\n")}\n\n${q};`;
    },
  },
  {
    nom: "registre",
    texte: (q) => given("registre sql --format csv -o resultat.csv", q),
  },
];
