//! A request that was kept, as JSON: for its applicant, for the operator, for the webhook.

use serde_json::{Map, Value, json};

use super::store::Demande;

/// Version of what the webhook sends.
const VERSION: u32 = 1;

/// The request, as everyone who may read it sees it.
pub(super) fn demande(kept: &Demande) -> Value {
    let mut whole = Map::new();
    whole.insert("numero".to_owned(), json!(kept.numero));
    whole.insert("type".to_owned(), json!(kept.nature));
    whole.insert("deposee_le".to_owned(), json!(kept.deposee_le));
    whole.insert("verification".to_owned(), json!(kept.verification));
    if let Ok(Value::Object(content)) = serde_json::from_str(&kept.contenu) {
        whole.extend(content);
    }
    Value::Object(whole)
}

/// The same, with what became of sending it on.
pub(super) fn pour_exploitant(kept: &Demande) -> Value {
    let mut whole = demande(kept);
    whole["envoi"] = kept.envoi.as_ref().map_or(
        Value::Null,
        |envoi| json!({ "etat": envoi.etat, "essais": envoi.essais, "dernier": envoi.dernier }),
    );
    whole
}

/// What the webhook sends: the same bytes at each try.
pub(super) fn evenement(kept: &Demande, idempotence: &str) -> Value {
    json!({
        "version": VERSION,
        "id": idempotence,
        "evenement": "demande_deposee",
        "type": kept.nature,
        "demande": demande(kept),
    })
}
