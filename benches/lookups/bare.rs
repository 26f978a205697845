//! What ours is compared with: axum as it comes, on the runtime `registre` has, answering a fixed
//! body, or the body that PostgreSQL keeps for that SIRET.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segment, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::{Client, NoTls, Statement};

use crate::Result;
use crate::process::SERVING;

/// First argument of this very program when it is started again to be the fixed body.
pub const FIXED: &str = "--fixed";
/// Or PostgreSQL's.
pub const POSTGRESQL: &str = "--postgresql";

/// Connections to PostgreSQL, each with its statement prepared and several questions in flight.
const CONNECTIONS: usize = 16;

const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

/// Answers the bytes of a file.
pub fn fixed(body: &Path) -> Result<()> {
    let body = Bytes::from(std::fs::read(body)?);
    let route = get(move |Segment(_siret): Segment<String>| {
        let body = body.clone();
        async move { ([JSON], body) }
    });
    let app = Router::new().route("/v1/etablissements/{siret}", route);
    tokio::runtime::Runtime::new()?.block_on(serve(app))
}

/// Answers what a table holds under a primary key.
pub fn postgresql(socket: &Path) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let pool = Arc::new(Pool::connected(socket).await?);
        let app = Router::new()
            .route("/v1/etablissements/{siret}", get(stored))
            .with_state(pool);
        serve(app).await
    })
}

async fn serve(app: Router) -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{SERVING}{}/", listener.local_addr()?);
    Ok(axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _slower = stream.set_nodelay(true);
        }),
        app,
    )
    .await?)
}

/// Connections taken in turn: each may have several questions in flight, so none waits for another.
struct Pool {
    clients: Vec<(Client, Statement)>,
    next: AtomicUsize,
}

impl Pool {
    async fn connected(socket: &Path) -> Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let settings = format!("host={} user=nobody dbname=postgres", socket.display());
            let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
            tokio::spawn(connection);
            let statement = client
                .prepare("SELECT corps FROM reponse WHERE siret = $1")
                .await?;
            clients.push((client, statement));
        }
        let next = AtomicUsize::new(0);
        Ok(Self { clients, next })
    }
}

async fn stored(State(pool): State<Arc<Pool>>, Segment(siret): Segment<String>) -> Response {
    let turn = pool.next.fetch_add(1, Ordering::Relaxed) % pool.clients.len();
    let (client, statement) = &pool.clients[turn];
    match client.query_opt(statement, &[&siret]).await {
        Ok(Some(row)) => ([JSON], row.get::<_, String>(0)).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
