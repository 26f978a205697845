//! `StockEtablissementLiensSuccession` and `StockDoublons`.

use crate::generate::ecriture::{Horodatage, Jour, Tampon, ascii, chiffres};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::modele::Modele;
use crate::generate::sirene::REPRISE;
use crate::generate::unites::{Etat, Unite};

/// How far after the predecessor, in ranks, a successor is looked for.
const VOISINAGE: u32 = 900;

/// A closed établissement and the one that took over.
struct Lien {
    predecesseur: (u32, u32),
    successeur: (u32, u32),
    date: Jour,
    transfert_siege: bool,
    continuite: bool,
}

/// Writes the links that start from a unit's établissements, in their order. Links go forward, so
/// the only circle is the one made on purpose.
pub fn ecrire_liens(unite: &Unite, modele: &Modele, tampon: &mut Tampon) {
    if unite.etat == Etat::Purgee {
        return;
    }
    for rang in 0..unite.etablissements {
        let etablissement = unite.etablissement(rang, modele);
        if etablissement.actif {
            continue;
        }
        let mut hasard = unite.sequence(modele.graine, Domaine::Lien, rang);
        let predecesseur = (unite.siren, unite.nic(rang));
        let lien = if !etablissement.siege && rang + 1 < unite.etablissements {
            hasard.chance(6200).then(|| Lien {
                predecesseur,
                successeur: (unite.siren, unite.nic(rang + 1)),
                date: etablissement.fin,
                transfert_siege: rang + 1 == unite.siege,
                continuite: hasard.chance(9000),
            })
        } else if etablissement.siege {
            repreneur(unite, modele, &mut hasard).map(|reprise| Lien {
                predecesseur,
                successeur: (reprise.siren, reprise.nic(reprise.siege)),
                date: etablissement.fin,
                transfert_siege: false,
                continuite: hasard.chance(7000),
            })
        } else {
            None
        };
        if let Some(lien) = lien {
            lien.ecrire(&mut hasard, tampon);
        }
    }
}

/// Who took over a ceased unit: the next of the circle, or one time in six some later unit, which
/// may have ceased as well, and then has its own successor.
fn repreneur(unite: &Unite, modele: &Modele, hasard: &mut Hasard) -> Option<Unite> {
    if let Some(cycle) = modele.cycle
        && let Some(place) = cycle.iter().position(|rang| *rang == unite.rang)
    {
        return Some(modele.unite(cycle[(place + 1) % 3]));
    }
    if unite.etat != Etat::Cessee || !hasard.chance(1700) {
        return None;
    }
    let rang = unite.rang + 1 + u64::from(hasard.sous(VOISINAGE));
    let repreneur = (rang < modele.unites).then(|| modele.unite(rang))?;
    (repreneur.etat != Etat::Purgee).then_some(repreneur)
}

impl Lien {
    fn ecrire(&self, hasard: &mut Hasard, tampon: &mut Tampon) {
        for (siren, nic) in [self.predecesseur, self.successeur] {
            tampon.octets.extend_from_slice(&chiffres::<9>(siren));
            tampon.code(ascii(&chiffres::<5>(nic)));
        }
        tampon.jour(self.date);
        tampon.code(if self.transfert_siege {
            "true"
        } else {
            "false"
        });
        tampon.code(if self.continuite { "true" } else { "false" });
        tampon.horodatage(Horodatage::tire(REPRISE.max(self.date), hasard), b'T');
        tampon.finir();
    }
}

/// Writes every doublon, in order of the SIREN of reference.
pub fn ecrire_doublons(modele: &Modele, tampon: &mut Tampon) {
    let mut paires: Vec<(u32, u32)> = modele
        .doublons
        .iter()
        .map(|(double, reference)| (modele.unite(*reference).siren, modele.unite(*double).siren))
        .collect();
    paires.sort_unstable();
    for (siren, double) in paires {
        let mut hasard = Hasard::new(modele.graine, Domaine::Lien, u64::from(double));
        tampon.code(ascii(&chiffres::<9>(siren)));
        tampon.code(ascii(&chiffres::<9>(double)));
        tampon.horodatage(Horodatage::tire(REPRISE, &mut hasard), b'T');
        tampon.finir();
    }
}
