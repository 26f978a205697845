//! Documents of a floor, a bit each: what many lists hold together, in order and once.

use tantivy::DocId;

/// Some documents of a floor.
pub(super) struct Ensemble {
    bits: Vec<u64>,
    /// Which of these are not 0: most are, of a few documents.
    occupes: Vec<u64>,
    nombre: usize,
}

impl Ensemble {
    /// None of so many documents.
    pub(super) fn vide(documents: DocId) -> Self {
        let bits = documents as usize / 64 + 1;
        Self {
            bits: vec![0; bits],
            occupes: vec![0; bits / 64 + 1],
            nombre: 0,
        }
    }

    /// Whether it was not there yet.
    pub(super) fn ajoute(&mut self, document: DocId) -> bool {
        let (place, bit) = (document as usize / 64, 1 << (document % 64));
        let Some(bits) = self.bits.get_mut(place) else {
            return false;
        };
        let nouveau = *bits & bit == 0;
        *bits |= bit;
        self.occupes[place / 64] |= 1 << (place % 64);
        self.nombre += usize::from(nouveau);
        nouveau
    }

    /// All of them, in order.
    pub(super) fn documents(&self) -> Vec<DocId> {
        let mut documents = Vec::with_capacity(self.nombre);
        for (rang, occupes) in self.occupes.iter().enumerate() {
            for bit in uns(*occupes) {
                let place = rang * 64 + bit as usize;
                // No floor has more documents than their numbers can say.
                let debut = DocId::try_from(place * 64).unwrap_or(DocId::MAX);
                documents.extend(uns(self.bits[place]).map(|bit| debut + bit));
            }
        }
        documents
    }
}

/// The places of the bits that are 1.
fn uns(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let place = bits.trailing_zeros();
            bits &= bits - 1;
            place
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_in_order_and_once() {
        let mut ensemble = Ensemble::vide(200);
        for document in [130, 5, 64, 199, 5, 63, 0] {
            ensemble.ajoute(document);
        }
        assert!(!ensemble.ajoute(64));
        assert!(ensemble.ajoute(65));
        assert!(!ensemble.ajoute(10_000));
        assert_eq!(ensemble.documents(), [0, 5, 63, 64, 65, 130, 199]);
    }
}
