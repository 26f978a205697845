use super::*;
use crate::middleware::around;
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn config() -> Config {
    Config {
        header_timeout: Duration::from_millis(300),
        drain_timeout: Duration::from_millis(300),
        ..Config::default()
    }
}

async fn start(config: Config) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/", get(|| async { "answered" }));
    let app = around(routes, &config, None);
    let server = tokio::spawn(async move {
        run(listener, app, &config, std::future::pending())
            .await
            .unwrap();
    });
    (address, server)
}

/// What the server sends until it closes, within a time.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    // A connection that is reset ends it as well.
    let _reset = tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn headers_sent_a_byte_at_a_time_do_not_hold_the_connection() {
    let (address, server) = start(config()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    for byte in REQUEST {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!rest(&mut stream).await.contains("answered"));
    assert!(started.elapsed() < Duration::from_secs(4));
    server.abort();
}

#[tokio::test]
async fn idle_clients_leave_their_places_to_those_who_ask() {
    let (address, server) = start(Config {
        max_clients: FEWEST,
        ..config()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..FEWEST * 2 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    assert!(rest(&mut stream).await.contains("answered"));
    server.abort();
}

#[tokio::test]
async fn a_busy_connection_ends_at_its_age_after_a_whole_answer() {
    let (address, server) = start(Config {
        max_age: Duration::from_millis(300),
        ..config()
    })
    .await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    let mut answers = 0;
    let mut buffer = [0; 4096];
    while stream.write_all(REQUEST).await.is_ok() {
        match stream.read(&mut buffer).await {
            Ok(1..) => answers += 1,
            _ => break,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert!(answers > 2, "{answers}");
    server.abort();
}

#[tokio::test]
async fn headers_too_large_are_refused() {
    let (address, server) = start(config()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let cookie = "x".repeat(Config::default().max_header + 1);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.abort();
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_end_and_closes_idle_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let slow = get(|| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "answered"
    });
    let config = Config::default();
    let app = around(Router::new().route("/", slow), &config, None);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async {
            let _told = stopped.await;
        };
        run(listener, app, &config, stopped).await.unwrap();
    });
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(REQUEST).await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    let answer = rest(&mut busy).await;
    assert!(answer.ends_with("\r\n\r\nanswered"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "no longer listening"
    );
    server.await.unwrap();
}

/// Both ends of each are in this process: as many as half its files.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_connections_are_held_and_each_is_answered() {
    let number = (open_files().unwrap_or(1024).saturating_sub(1024) / 2).min(10_000);
    let config = Config {
        header_timeout: Duration::from_mins(1),
        ..Config::default()
    };
    let (address, server) = start(config).await;
    let mut streams = Vec::new();
    for _ in 0..number {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    let mut buffer = vec![0; 4096];
    for _turn in 0..2 {
        for stream in &mut streams {
            stream.write_all(REQUEST).await.unwrap();
        }
        for (at, stream) in streams.iter_mut().enumerate() {
            let read = stream.read(&mut buffer).await.unwrap();
            let answer = String::from_utf8_lossy(&buffer[..read]);
            assert!(answer.ends_with("answered"), "{at} of {number}: {answer}");
        }
    }
    server.abort();
}

#[tokio::test]
async fn requests_sent_together_are_answered_in_order() {
    let (address, server) = start(config()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let named =
        |id: &str| format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {id}\r\n\r\n");
    let together: String = (0..20)
        .map(|number| named(&format!("n-{number}")))
        .collect();
    stream.write_all(together.as_bytes()).await.unwrap();
    let text = rest(&mut stream).await;
    let ids: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: n-"))
        .map(|id| id.trim().parse::<u32>().unwrap())
        .collect();
    assert_eq!(ids, (0..20).collect::<Vec<u32>>());
    assert_eq!(text.matches("\r\n\r\nanswered").count(), 20);
    server.abort();
}

#[test]
fn places_stay_under_the_limit_on_open_files() {
    assert_eq!(places(10_000, Some(1024)), 1024 - RESERVE);
    assert_eq!(places(500, Some(1_048_576)), 500);
    assert_eq!(places(10_000, None), 10_000);
    assert_eq!(places(10_000, Some(64)), FEWEST);
}

/// An answer without end, a server whose connections age fast.
async fn endless() -> (SocketAddr, JoinHandle<()>) {
    struct Zeros;
    impl hyper::body::Body for Zeros {
        type Data = axum::body::Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Infallible>>> {
            let zeros = axum::body::Bytes::from_static(&[0; 16 * 1024]);
            std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(zeros))))
        }
    }
    let config = Config {
        max_age: Duration::from_millis(500),
        ..config()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/", get(|| async { Body::new(Zeros) }));
    let app = around(routes, &config, None);
    let server = tokio::spawn(async move {
        run(listener, app, &config, std::future::pending())
            .await
            .unwrap();
    });
    (address, server)
}

#[tokio::test]
async fn an_answer_that_is_taken_outlasts_its_connection() {
    let (address, server) = endless().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let started = Instant::now();
    let mut buffer = vec![0; 1 << 20];
    while started.elapsed() < Duration::from_millis(2500) {
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await;
        assert!(
            read.unwrap().unwrap() > 0,
            "cut after {:?}",
            started.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    server.abort();
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_at_the_age_of_its_connection() {
    let (address, server) = endless().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    // What the system had in its buffers, then the end.
    let mut buffer = vec![0; 1 << 20];
    let ended = async {
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(_some) => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap();
    server.abort();
}
