use super::*;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

fn store() -> (TempDir, Arc<Store>) {
    let folder = TempDir::new().unwrap();
    let store = Store::at(folder.path().join("signup/demandes.sqlite"));
    (folder, store)
}

fn request(name: &str) -> Nouvelle {
    Nouvelle {
        numero: format!("D-{name}"),
        empreinte: name.as_bytes().to_vec(),
        nature: Nature::AccesApi,
        api: Some("autre".to_owned()),
        verification: Some("trouve".to_owned()),
        contenu: "{\"contact_technique\":{\"email\":\"specimen@exemple.example\"}}".to_owned(),
        a_envoyer: true,
    }
}

/// Everything on disk, journals included.
fn bytes(folder: &TempDir) -> Vec<u8> {
    let entries = std::fs::read_dir(folder.path().join("signup")).unwrap();
    let files = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.flatten().collect()
}

fn holds(folder: &TempDir, words: &[u8]) -> bool {
    bytes(folder)
        .windows(words.len())
        .any(|found| found == words)
}

#[tokio::test]
async fn nothing_is_made_before_a_request_is_kept_and_then_for_us_alone() {
    let (folder, store) = store();
    assert_eq!(store.demande("D-1".to_owned()).await.unwrap(), None);
    assert!(!store.exists());
    store.garder(request("1")).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("signup")), 0o700);
    assert_eq!(mode(&folder.path().join("signup/demandes.sqlite")), 0o600);
}

#[tokio::test]
async fn a_form_sent_twice_is_kept_once() {
    let (_folder, store) = store();
    assert_eq!(store.garder(request("1")).await.unwrap(), "D-1");
    let again = Nouvelle {
        numero: "D-2".to_owned(),
        ..request("1")
    };
    assert_eq!(store.garder(again).await.unwrap(), "D-1");
    assert_eq!(store.page(None, 10).await.unwrap().1, 1);
    assert!(
        store
            .prendre(Duration::from_secs(9))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .prendre(Duration::from_secs(9))
            .await
            .unwrap()
            .is_none(),
        "sent once"
    );
}

#[tokio::test]
async fn what_is_held_is_not_taken_by_another_and_is_found_again_after_a_crash() {
    let (folder, store) = store();
    store.garder(request("1")).await.unwrap();
    let taken = store
        .prendre(Duration::from_mins(1))
        .await
        .unwrap()
        .unwrap();
    // Another process on the same file.
    let other = Store::at(folder.path().join("signup/demandes.sqlite"));
    assert!(
        other
            .prendre(Duration::from_mins(1))
            .await
            .unwrap()
            .is_none()
    );
    assert!(other.prochain_envoi().await.unwrap().unwrap() > Utc::now().timestamp() + 50);
    store
        .with(|connection| connection.execute("UPDATE envoi SET bail = 0", []))
        .await
        .unwrap();
    let again = other
        .prendre(Duration::from_mins(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.idempotence, taken.idempotence);
}

#[tokio::test]
async fn what_is_deleted_leaves_no_byte_behind() {
    let (folder, store) = store();
    for name in ["1", "2"] {
        store.garder(request(name)).await.unwrap();
    }
    assert!(holds(&folder, b"specimen@exemple"));
    assert!(store.supprimer("D-1".to_owned()).await.unwrap());
    assert!(holds(&folder, b"specimen@exemple"), "the other one");
    assert!(store.supprimer("D-2".to_owned()).await.unwrap());
    assert!(!holds(&folder, b"specimen@exemple"));
    assert!(!store.supprimer("D-2".to_owned()).await.unwrap());
    assert_eq!(
        store.prochain_envoi().await.unwrap(),
        None,
        "nor is it sent"
    );
}

#[tokio::test]
async fn what_is_too_old_is_deleted_and_the_rest_stays() {
    let (folder, store) = store();
    for name in ["1", "2"] {
        store.garder(request(name)).await.unwrap();
    }
    let old = instant(Utc::now() - TimeDelta::days(31));
    store
        .with(move |connection| {
            connection.execute(
                "UPDATE demande SET deposee_le = ?1 WHERE numero = 'D-1'",
                [old],
            )
        })
        .await
        .unwrap();
    assert_eq!(store.purger(30).await.unwrap(), 1);
    assert_eq!(store.purger(30).await.unwrap(), 0);
    assert!(store.demande("D-2".to_owned()).await.unwrap().is_some());
    assert!(holds(&folder, b"specimen@exemple"));
}

#[tokio::test]
async fn pages_follow_each_other_the_newest_first() {
    let (_folder, store) = store();
    for name in ["1", "2", "3"] {
        store.garder(request(name)).await.unwrap();
    }
    let numbers = |rows: &[(i64, Demande)]| -> Vec<String> {
        rows.iter().map(|(_, kept)| kept.numero.clone()).collect()
    };
    let (first, total) = store.page(None, 2).await.unwrap();
    assert_eq!(
        (numbers(&first), total),
        (vec!["D-3".to_owned(), "D-2".to_owned()], 3)
    );
    let (second, _) = store.page(Some(first[1].0), 2).await.unwrap();
    assert_eq!(numbers(&second), ["D-1"]);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_or_is_newer_says_what_to_do() {
    let (folder, store) = store();
    store.garder(request("1")).await.unwrap();
    store
        .with(|connection| connection.pragma_update(None, "user_version", 99))
        .await
        .unwrap();
    let newer = Store::at(folder.path().join("signup/demandes.sqlite"));
    let error = newer.garder(request("2")).await.unwrap_err().to_string();
    assert!(error.contains("version 99"), "{error}");
    let path = folder.path().join("texte");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), &[b'x'; 4096]).unwrap();
    let error = Store::at(path).garder(request("1")).await.unwrap_err();
    assert!(error.advice().contains("backup"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_is_no_longer_one_once_there_is_room() {
    let (_folder, store) = store();
    store.garder(request("1")).await.unwrap();
    // SQLite refuses to grow as it does when the disk is full.
    store
        .with(|connection| {
            connection.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(()))
        })
        .await
        .unwrap();
    let large = Nouvelle {
        contenu: format!("{{\"x\":\"{}\"}}", "x".repeat(200_000)),
        ..request("2")
    };
    let error = store.garder(large.clone()).await.unwrap_err();
    assert!(error.advice().contains("space"), "{error}");
    assert!(store.garder(large).await.is_ok(), "opened again");
}
