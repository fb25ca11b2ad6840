//! The listening end: a small runtime, HTTP/1.1 with limits on headers and time, and an orderly end that answers what
//! was begun. `axum::serve` is not used because it sets no timer, so that its header timeout never strikes.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot, watch};
use usher_core::Directory;

use crate::anchors::Anchors;
use crate::fault::Fault;
use crate::log::{self, Log, LogFormat};
use crate::metrics::Open;
use crate::pace::{Pace, TokenPace};
use crate::pages::Later;
use crate::peer::Connected;
use crate::people::{ActorNames, PoolNames};
use crate::platform::{SIGN_INS_AT_ONCE, SignInDesk};
use crate::ready::Ready;
use crate::refused::{self, Refused};
use crate::request_id::Ids;
use crate::route::{self, App};
use crate::tls::{Begun, Tls};
use crate::totals::Totals;
use crate::walks::Walks;
use crate::wire::{self, Wire};

/// How long a request's head may take unless said otherwise.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a client may take until both sides agree on keys.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Most connections at once; further ones wait.
const MOST_CONNECTIONS: usize = 512;
/// How long requests that were begun may take to end when the server stops.
const END_TIME: Duration = Duration::from_secs(10);
/// Threads that answer.
const WORKERS: usize = 2;
/// Threads that take a worker's place while it reads a page; more would only wait for a reader, and each costs memory.
const PAGERS: usize = 4;

/// Where the server listens and what it is called from outside.
#[derive(Debug)]
pub struct Config {
    /// Bound already, so that its caller knows the port and hears of a taken one.
    pub listener: TcpListener,
    /// The base of every address that the server hands out, such as `https://usher.example`; SCIM is under `/scim/v2`.
    pub public_url: String,
    /// Proxies in front of the server, whose `X-Forwarded-For` is believed; from anybody else it is not looked at.
    pub trusted_proxies: Vec<IpAddr>,
    /// How requests are logged.
    pub log: LogFormat,
    /// Who may read `/metrics`.
    pub metrics: MetricsTo,
    /// How long a client may take to send a request's head, and a connection may be idle.
    pub head_time: Duration,
    /// The certificate to show; none for plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// How fast a token may go.
    pub pace: TokenPace,
}

impl Config {
    /// Without proxies and a log of requests; its metrics for this machine.
    pub fn new(listener: TcpListener, public_url: String) -> Self {
        Self {
            listener,
            public_url,
            trusted_proxies: Vec::new(),
            log: LogFormat::default(),
            metrics: MetricsTo::default(),
            head_time: HEAD_TIME,
            tls: None,
            pace: TokenPace::default(),
        }
    }
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsTo {
    /// Processes of this machine that ask for themselves.
    #[default]
    Loopback,
    /// Everybody who reaches the server.
    Everybody,
    /// Nobody.
    Nobody,
}

/// Serves until the process is told to stop (interrupt or terminate) or `shutdown` resolves; then answers what was
/// begun and returns.
///
/// # Errors
/// When the runtime cannot be made or the listener cannot be used.
pub fn serve(
    directory: Directory,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let told = told_to_stop()?;
        let stop = async {
            tokio::select! {
                () = told => {}
                () = shutdown => {}
            }
        };
        run(directory, config, stop).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// A server on a thread of its own, which takes no notice of signals. Stops when dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Starts a server in the background.
///
/// # Errors
/// When the runtime cannot be made or the listener cannot be used.
pub fn spawn(directory: Directory, config: Config) -> io::Result<Running> {
    let address = config.listener.local_addr()?;
    let runtime = runtime()?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("scim-server".to_owned())
        .spawn(move || {
            let stop = async {
                // Dropping the handle means stop as well.
                let _ = stopped.await;
            };
            let served = runtime.block_on(run(directory, config, stop));
            runtime.shutdown_timeout(Duration::from_secs(1));
            served
        })?;
    Ok(Running {
        address,
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits until what was begun is answered.
    ///
    /// # Errors
    /// When the server had failed.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(served)) => served,
            Some(Err(_)) => Err(io::Error::other("the server's thread panicked")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever wants to hear of a failure calls `stop`.
        let _ = self.end();
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(PAGERS + SIGN_INS_AT_ONCE)
        .thread_name("scim")
        .enable_all()
        .build()
}

/// Resolves when the process is interrupted or told to terminate.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}

async fn run(
    directory: Directory,
    config: Config,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    config.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(config.listener)?;
    let base = config.public_url.trim_end_matches('/').to_owned();
    let later = Later::start(directory.clone())?;
    let app = Arc::new(App {
        directory,
        base,
        pools: PoolNames::default(),
        anchors: Anchors::default(),
        totals: Totals::default(),
        walks: Walks::default(),
        ready: Ready::default(),
        sign_in: SignInDesk::default(),
        later,
        trusted_proxies: config.trusted_proxies,
        metrics: Arc::default(),
        metrics_to: config.metrics,
        head_time: config.head_time,
        tls: config.tls.clone(),
        log: Log::start(config.log)?,
        pace: Pace::new(config.pace),
        refused: Refused::default(),
        request_ids: Ids::default(),
        actors: ActorNames::default(),
    });
    let graceful = GracefulShutdown::new();
    let (ending, _) = watch::channel(());
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let accept = async {
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let stream = accepted(&listener).await;
            let app = Arc::clone(&app);
            let (watcher, ending) = (graceful.watcher(), ending.subscribe());
            tokio::spawn(async move {
                let _open = (Open::new(&app.metrics), permit);
                serve_connection(stream, app, watcher, ending).await;
            });
        }
    };
    let follow = async {
        match config.tls {
            Some(tls) => tls.follow().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept => {}
        () = follow => {}
        () = refused::follow(&app) => {}
        () = stop => {}
    }
    // Whoever was still agreeing on keys has asked for nothing.
    drop(ending);
    drop(listener);
    // Whoever has not sent a whole request by then is cut off.
    let _ = tokio::time::timeout(END_TIME, graceful.shutdown()).await;
    refused::keep(&app, true).await;
    app.log.end();
    Ok(())
}

/// The next connection; a failure to accept one (too many open files) is waited out.
async fn accepted(listener: &tokio::net::TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it the kernel waits for more to send, which costs a small answer 40 ms.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                log::not_accepted(&error);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves a connection until it ends, with TLS where there is a certificate.
async fn serve_connection(
    stream: TcpStream,
    app: Arc<App>,
    watcher: Watcher,
    mut ending: watch::Receiver<()>,
) {
    let connected = stream.peer_addr().ok().map(|it| Connected(it.ip()));
    let Some(tls) = &app.tls else {
        return serve_wire(stream, connected, app, watcher).await;
    };
    let begun = tokio::select! {
        begun = tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)) => begun,
        _ = ending.changed() => return,
    };
    match begun {
        Ok(Begun::Agreed(stream)) => serve_wire(stream, connected, app, watcher).await,
        Ok(Begun::Plain(stream)) => {
            wire::refuse(&app, stream, &Fault::without_tls()).await;
        }
        Ok(Begun::Gone) | Err(_) => {}
    }
}

async fn serve_wire<S>(stream: S, connected: Option<Connected>, app: Arc<App>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (wire, rest) = Wire::new(stream, Arc::clone(&app));
    let answer = service_fn(|mut request: Request<Incoming>| {
        let app = Arc::clone(&app);
        if let Some(connected) = connected {
            request.extensions_mut().insert(connected);
        }
        async move { Ok::<_, Infallible>(route::answer(&app, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.head_time)
        .serve_connection(wire, answer);
    // An error here is the client's: it went away or broke the protocol.
    if let Err(error) = watcher.watch(connection).await {
        wire::last_word(&app, &error, rest).await;
    }
}
