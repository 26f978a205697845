//! What data.gouv.fr's API says of a dataset: its resources, in either of the API's two shapes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::origin::dates::instant;

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDocument {
    pub id: String,
    pub title: String,
    pub url: String,
    pub format: Option<String>,
    pub checksum: Option<(String, String)>,
    pub filesize: Option<u64>,
    pub last_modified: Option<DateTime<Utc>>,
}

/// The resources of a v1 dataset document, which has them inside. `None`: another shape.
pub fn v1(document: &Value) -> Option<Vec<ResourceDocument>> {
    list(document.get("resources")?)
}

/// A page of a v2 list of resources, and whether another follows. `None`: another shape.
pub fn v2_page(document: &Value) -> Option<(Vec<ResourceDocument>, bool)> {
    let resources = list(document.get("data")?)?;
    let more = document.get("next_page").is_some_and(Value::is_string);
    Some((resources, more))
}

/// A v2 resource document. `None`: another shape.
pub fn v2_resource(document: &Value) -> Option<ResourceDocument> {
    resource(document.get("resource")?)
}

/// One odd resource among many must not hide the others: it is left out.
fn list(value: &Value) -> Option<Vec<ResourceDocument>> {
    Some(value.as_array()?.iter().filter_map(resource).collect())
}

fn resource(value: &Value) -> Option<ResourceDocument> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let checksum = value.get("checksum").and_then(|checksum| {
        let part = |name: &str| checksum.get(name)?.as_str().map(str::to_owned);
        // The site's own default, when it does not say.
        Some((part("type").unwrap_or("sha1".to_owned()), part("value")?))
    });
    Some(ResourceDocument {
        id: text("id")?,
        title: text("title").unwrap_or_default(),
        url: text("url")?,
        format: text("format"),
        checksum,
        filesize: value.get("filesize").and_then(Value::as_u64),
        // Older documents have the second name.
        last_modified: text("last_modified")
            .or_else(|| text("modified"))
            .as_deref()
            .and_then(instant),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({"id": "1", "title": "t", "url": "/a.zip", "format": "zip", "filesize": 3,
            "checksum": {"type": "sha1", "value": "ab"}, "last_modified": "2026-11-01T00:00:00"})
    }

    #[test]
    fn both_shapes_give_the_same_resource() {
        let v1 = v1(&json!({"resources": [sample()]})).unwrap();
        let page = json!({"data": [sample()], "next_page": null, "total": 1});
        assert_eq!(v2_page(&page), Some((v1.clone(), false)));
        let alone = json!({"resource": sample(), "dataset_id": "d"});
        assert_eq!(v2_resource(&alone), Some(v1[0].clone()));
        assert_eq!(v1[0].filesize, Some(3));
        assert!(v1[0].last_modified.is_some());
        let next = json!({"data": [], "next_page": "http://localhost/?page=2"});
        assert_eq!(v2_page(&next), Some((vec![], true)));
    }

    #[test]
    fn a_v2_dataset_is_not_a_v1_one() {
        let document = json!({"resources": {"rel": "subsection", "href": "/x", "total": 18}});
        assert_eq!(v1(&document), None);
        assert_eq!(v1(&json!("Bad gateway")), None);
    }

    #[test]
    fn nulls_and_odd_resources_do_not_hide_the_others() {
        let list = json!({"resources": [
            {"id": "1", "title": "t", "url": null},
            {"id": "2", "title": null, "url": "/b", "checksum": null, "filesize": null},
            {"id": "3", "title": "t", "url": "/c", "checksum": {"type": null, "value": "ab"}},
        ]});
        let found = v1(&list).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].checksum, None);
        assert_eq!(found[1].checksum, Some(("sha1".into(), "ab".into())));
    }
}
