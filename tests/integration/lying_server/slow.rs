//! Lies that take their time: lines that are cut, servers that go silent.

use std::time::{Duration, Instant};

use super::scene::{FILE, Scene, editions, file};
use super::site::Reply;
use crate::harness::{Ran, sigterm};

/// Those that take long, all at the same time.
#[test]
fn slow_servers() {
    let scenes: [fn(); 6] = [
        cut_at_every_tenth,
        cut_for_ever,
        failing_for_ever,
        longer_than_what_comes,
        stalled_once,
        stopped_then_killed_while_stalled,
    ];
    editions();
    let running: Vec<_> = scenes.into_iter().map(std::thread::spawn).collect();
    let ended: Vec<_> = running
        .into_iter()
        .map(std::thread::JoinHandle::join)
        .collect();
    for scene in ended {
        scene.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// A line cut at every tenth of the file brings it all the same, each byte once.
fn cut_at_every_tenth() {
    let scene = Scene::new();
    let tenth = file().len() / 10 + 1;
    scene.lie(move |_, honest| honest.cut(tenth));
    scene.seen_through();
    let resumed = scene
        .asked()
        .iter()
        .filter(|asked| asked.range().is_some())
        .count();
    assert_eq!(resumed, 9);
    assert_eq!(scene.site.sent(FILE), file().len());
}

/// A cut is the network's: an unreachable source, not a disk error.
fn cut_for_ever() {
    let scene = Scene::new();
    scene.lie(|_, honest| honest.cut(0));
    scene.refused(3, &["StockEtablissement", FILE, "the connection was cut"]);
}

fn failing_for_ever() {
    let scene = Scene::new();
    scene.lie(|_, _| Reply::new(500, "oops"));
    scene.refused(
        3,
        &[
            "StockEtablissement",
            FILE,
            "500",
            "5 times in a row",
            "run again later",
        ],
    );
}

fn longer_than_what_comes() {
    let scene = Scene::new();
    scene.lie_unannounced(|_, mut honest| {
        honest.length = Some(honest.body.len() + 1000);
        honest
    });
    scene.refused(3, &["StockEtablissement", FILE]);
}

/// A server that goes silent is left after 30 s, and the rest is asked again.
fn stalled_once() {
    let scene = Scene::new();
    let half = file().len() / 2;
    scene.lie(move |request, honest| match request.nth {
        0 => honest.stalling(half),
        _ => honest,
    });
    let ran = scene.seen_through();
    assert!(
        ran.stderr.contains("nothing received for 30 s"),
        "{}",
        ran.stderr
    );
    assert_eq!(scene.asked()[1].range(), Some(half));
}

/// SIGTERM is obeyed at once while the server says nothing; so is a kill; the next run resumes.
fn stopped_then_killed_while_stalled() {
    let scene = Scene::new();
    let (third, total) = (file().len() / 3, file().len());
    scene.lie(move |_, honest| honest.stalling(third));
    let child = scene.command().spawn().unwrap();
    scene.wait_for_part(third);
    let stopped = Instant::now();
    sigterm(&child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(
        stopped.elapsed() < Duration::from_secs(3),
        "{:?}",
        stopped.elapsed()
    );
    scene.assert_refused(&ran, 130, &["nothing was published"]);

    scene.killed_with(2 * third);
    assert_eq!(scene.asked()[1].range(), Some(third));

    scene.site.tell_the_truth();
    scene.published(&scene.ingest());
    assert_eq!(scene.asked()[0].range(), Some(2 * third));
    assert_eq!(scene.site.sent(FILE), total - 2 * third);
}
