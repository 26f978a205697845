// Numbers, durations and sizes, as one says them in French.

const whole = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("fr-FR", { maximumSignificantDigits: 3 });

export const entier = (number) => whole.format(number);
export const court = (number) => fine.format(number);
const tenths = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 2 });
export const duree = (ms) => `${(ms < 1000 ? hundredths : tenths).format(Math.max(ms, 10) / 1000)} s`;
export const deux = (number) => hundredths.format(number);
export const date = (iso) => new Date(`${iso}T00:00:00Z`).toLocaleDateString("fr-FR", { dateStyle: "long", timeZone: "UTC" }).replace(/^1 /, "1er ");
export const lignes = (count) => `${entier(count)} ${count > 1 ? "lignes" : "ligne"}`;

export function taille(bytes) {
  if (bytes < 1000) return `${bytes} octets`;
  const [unit, name] = bytes < 1e6 ? [1e3, "ko"] : [1e6, "Mo"];
  return `${tenths.format(bytes / unit)} ${name}`;
}
