//! A floor in memory, of a few documents, as the ingest makes them.

use registre_schemas::recherche::champ;
use tantivy::directory::RamDirectory;
use tantivy::schema::{IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Directory as _, Index, TantivyDocument};

use super::etage::Etage;
use super::paquet::Paquet;

/// What is said of a document: fields of [`champ::TEXTES`] and of [`champ::NOMBRES`], others being empty.
#[derive(Default)]
pub(super) struct Dit<'a> {
    pub(super) textes: &'a [(&'a str, String)],
    pub(super) nombres: &'a [(&'a str, u64)],
}

/// A floor of these documents, in that order.
pub(super) fn etage<'a>(documents: impl IntoIterator<Item = Dit<'a>>) -> Etage {
    let mut schema = Schema::builder();
    for nom in champ::TEXTES {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_index_option(IndexRecordOption::Basic);
        schema.add_text_field(nom, TextOptions::default().set_indexing_options(indexing));
    }
    for nom in champ::NOMBRES {
        schema.add_u64_field(nom, NumericOptions::default().set_fast());
    }
    let schema = schema.build();
    let directory = RamDirectory::create();
    let mut writer = Index::builder()
        .schema(schema.clone())
        .single_segment_index_writer(directory.clone(), 50_000_000)
        .unwrap();
    for dit in documents {
        let mut document = TantivyDocument::new();
        for (nom, texte) in dit.textes {
            document.add_text(schema.get_field(nom).unwrap(), texte);
        }
        for nom in champ::NOMBRES {
            let said = dit.nombres.iter().find(|(of, _)| *of == nom);
            let nombre = said.map_or(0, |(_, nombre)| *nombre);
            document.add_u64(schema.get_field(nom).unwrap(), nombre);
        }
        writer.add_document(document).unwrap();
    }
    let index = writer.finalize().unwrap();
    let names = index.directory().list_managed_files();
    let files = names.into_iter().filter_map(|name| {
        let file = directory.open_read(&name).ok()?;
        Some((name, file))
    });
    let meta = directory
        .open_read(std::path::Path::new("meta.json"))
        .unwrap();
    let files = files.chain([("meta.json".into(), meta)]);
    Etage::open(Paquet::of(files.collect())).unwrap().unwrap()
}
