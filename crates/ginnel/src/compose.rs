//! Composition: the only place that picks concrete types for the rooms' seams.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use agent::sink::FlowSink;
use agent::{Agent, Observer};
use anyhow::{Context as _, Result, bail};
use control::{Config, Control, MakeRegion, Regions};
use dataplane::{Fake, Limits, Linux, Uplink};
use revlog::SqliteLog;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::up::Up;
use crate::cli::{attach, down};
use crate::place::{Credentials, Place};

/// Runs the daemon until it is asked to stop.
pub(crate) fn up(options: &Up, place: &Place) -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("GINNEL_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    if !options.no_dataplane {
        dataplane::preflight()?;
    }
    check_region(&options.region)?;
    if options.dev && !options.listen.ip().is_loopback() {
        bail!(
            "--dev --listen {}: with --dev anybody who reaches the API may do everything; give a loopback address such as 127.0.0.1:4566",
            options.listen
        );
    }
    place.prepare()?;
    let _pid = take_pid_file(place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(serve(options, place))
}

async fn serve(options: &Up, place: &Place) -> Result<()> {
    // The port first: when it is taken, nothing has been made yet.
    let listener = TcpListener::bind(options.listen).await.with_context(|| {
        format!(
            "listening on {}: is another Ginnel, or an emulator, running? Choose another address with --listen",
            options.listen
        )
    })?;
    let address = listener.local_addr().context("the listener's address")?;
    let stop = Stop::listen()?;
    let url = format!("http://{}", reachable(address));
    let (control, first) = Control::open(config(options, place, &options.region, &url)?)?;
    let agent = start_agent(options, place, &control)?;
    let known = match first {
        Some(key) => Credentials {
            endpoint_url: url.clone(),
            region: options.region.clone(),
            account: key.account,
            access_key_id: key.access_key_id,
            secret_access_key: key.secret_access_key,
        },
        None => Credentials {
            endpoint_url: url.clone(),
            region: options.region.clone(),
            ..place.credentials()?
        },
    };
    place.save_credentials(&known)?;
    let mut out = std::io::stdout();
    if options.dev {
        writeln!(
            out,
            "--dev: any access key is an administrator's, every region is a world of its own"
        )
        .context("printing")?;
    }
    if options.no_dataplane {
        writeln!(out, "no data plane: the API works, no packets flow").context("printing")?;
    }
    writeln!(
        out,
        "account {}, access key {}; `eval \"$(ginnel env --state {})\"` sets up a shell",
        known.account,
        known.access_key_id,
        place.state.display()
    )
    .and_then(|()| writeln!(out, "listening on {url}"))
    .and_then(|()| out.flush())
    .context("printing")?;
    let regions = Regions::new(
        control,
        options.dev.then(|| make_region(options, place, &url)),
    );
    let served = regions.serve(listener, stop.wait()).await;
    drop(regions);
    // The agent's thread ends here; what it made keeps forwarding.
    tokio::task::block_in_place(|| drop(agent));
    served?;
    tracing::info!("stopped; the data plane, if there is one, keeps forwarding");
    Ok(())
}

fn config(options: &Up, place: &Place, region: &str, url: &str) -> Result<Config> {
    let store = if region == options.region {
        place.store()
    } else {
        place.region_store(region)
    };
    Ok(Config {
        log: Arc::new(SqliteLog::open(store)?),
        key_file: place.key_file(),
        region: region.to_owned(),
        dev: options.dev,
        bounded: !options.no_dataplane && region == options.region,
        quotas: options.quota.clone(),
        allow_notify: options.allow_notify.clone(),
        url: match &options.public_url {
            Some(public) => public.trim_end_matches('/').to_owned(),
            None => url.to_owned(),
        },
        check_namespace: Box::new(|path| {
            dataplane::check_namespace(path).map_err(|error| error.to_string())
        }),
    })
}

/// Makes the other regions of `--dev`: they have an API and no packets.
fn make_region(options: &Up, place: &Place, url: &str) -> MakeRegion {
    let (mut options, place, url) = (options.clone(), place.clone(), url.to_owned());
    options.no_dataplane = true;
    let agents = Mutex::new(Vec::new());
    Box::new(move |region| {
        let made = config(&options, &place, region, &url)
            .and_then(|config| Ok(Control::open(config)?.0))
            .and_then(|control| Ok((start_agent(&options, &place, &control)?, control)));
        let (agent, control) = made.map_err(|error| format!("{error:#}"))?;
        let mut agents = agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.push(agent);
        Ok(control)
    })
}

fn start_agent(options: &Up, place: &Place, control: &Control) -> Result<agent::Handle> {
    let (reporter, teller) = (control.clone(), control.clone());
    let agent = Agent {
        documents: control.documents(),
        captures: control.captures(),
        report: Box::new(move |report| reporter.report(report)),
        observer: Observer {
            watched_until_ms: control.watched_until_ms(),
            told: Box::new(move |told| teller.told(&told)),
        },
        flow_logs: match options.no_dataplane {
            true => None,
            false => {
                let root = place.flow_logs();
                let sink = FlowSink::new(&root, &options.region);
                let sink = sink.with_context(|| format!("opening {}", root.display()))?;
                Some((sink, control.flow_logs()))
            }
        },
    };
    let handle = if options.no_dataplane {
        agent::spawn(|| Ok(Fake::default()), agent)
    } else {
        let dirs = place.dataplane();
        let limits = Limits {
            flows: options.flows,
            flows_per_eni: options.flows_per_eni,
        };
        let uplink = options.uplink.as_deref().map(|name| Uplink {
            namespace: attach::resolve(name),
            mtu: options.uplink_mtu,
            pool: vec![model::address::pool().into()],
        });
        agent::spawn(move || Linux::open(dirs, limits, uplink.as_ref()), agent)
    };
    handle.context("starting the data plane")
}

/// One daemon a run directory: its pid file stays locked as long as it lives.
fn take_pid_file(place: &Place) -> Result<std::fs::File> {
    let path = place.pid_file();
    let what = || format!("taking {}", path.display());
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .with_context(what)?;
    if file.try_lock().is_err() {
        let holder = down::running(place)?.map_or_else(|| "?".into(), |pid| pid.to_string());
        bail!(
            "Ginnel already runs for {} (pid {holder}); use another --run and --state, or `ginnel down`",
            place.run.display()
        );
    }
    file.set_len(0).with_context(what)?;
    writeln!(file, "{}", std::process::id()).with_context(what)?;
    Ok(file)
}

fn check_region(region: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || region.len() > 32 || !region.chars().all(fits) {
        bail!("--region {region}: give a region's name, such as us-east-1");
    }
    Ok(())
}

/// What a client dials to reach a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut to = address;
    if to.ip().is_unspecified() {
        to.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    to
}

/// The signals that ask for a clean end.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("listening for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
