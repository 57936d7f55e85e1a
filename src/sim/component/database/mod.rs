//! A database: a primary that takes the writes, and replicas that follow its log and answer reads.
//!
//! Statements are calls of handlers' steps (`Statement`); each is a session of a server while it lasts, a transaction for
//! longer. A server works on so many statements at a time, first come, first served; commits go through the lock of the
//! log (`commit`), replicas follow it (`follow`), and somebody with a root shell changes all of it (`operate`). It knows
//! no console and nobody's words but the server's own errors.

mod commit;
mod follow;
mod operate;
pub mod server;
pub mod settings;

pub use server::{About, Doing, Fetching, Server, Session};
pub use settings::Settings;

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{FrameId, NONE, Status};
use crate::sim::id::ComponentId;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Duration, Span, Time};
use crate::sim::sql::{Role, RowOp, Statement};
use crate::sim::telemetry::{HistogramId, Measure, MetricId};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
struct OfServer {
    up: MetricId,
    stalled: MetricId,
    torn: MetricId,
    sessions: MetricId,
    killed: MetricId,
    /// Used and free of each volume.
    volumes: Vec<(MetricId, MetricId)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Metrics {
    requests: MetricId,
    failed: MetricId,
    refused: MetricId,
    commits: MetricId,
    log_bytes: MetricId,
    by_table: Vec<MetricId>,
    file: Vec<MetricId>,
    committed_lost: MetricId,
    latency: HistogramId,
    write_latency: HistogramId,
    waiting: MetricId,
    readers_busy: MetricId,
    readers_waiting: MetricId,
    running: MetricId,
    positions: MetricId,
    lag: MetricId,
    diverged: MetricId,
    servers: Vec<OfServer>,
}

/// A database at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    /// The servers, the first primary first.
    pub servers: Vec<Server>,
    /// The server that the application writes to.
    pub writes_to: usize,
    /// Handlers whose open transaction was ended from outside.
    broken: Vec<(FrameId, u32)>,
    metrics: Metrics,
}

impl Database {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, core: &mut Core) -> Self {
        let servers: Vec<Server> =
            settings.servers().enumerate().map(|(n, name)| Server::new(name, n, settings, core.now)).collect();
        let metrics = define_metrics(id, settings, &servers, core);
        let mut database =
            Self { id, settings: Arc::new(settings.clone()), servers, writes_to: 0, broken: vec![], metrics };
        let end = database.servers[0].log.end();
        for server in &mut database.servers {
            if let Some(replica) = &mut server.replica {
                (replica.read, replica.exec) = (end, end);
            }
        }
        database
    }

    /// The number of the server of this name.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<usize> {
        self.servers.iter().position(|server| &*server.name == name)
    }

    /// The name of a file of the log: `mysql-bin.000123`.
    #[must_use]
    pub fn file_name(&self, number: u32) -> String {
        format!("{}.{number:06}", self.settings.binlog.files)
    }

    /// The servers that answer the application's reads.
    fn readers(&self) -> impl Iterator<Item = usize> + Clone {
        let (count, writes_to) = (self.servers.len(), self.writes_to);
        (1..count).filter(move |number| *number != writes_to)
    }

    /// The server that a statement goes to.
    fn server_for(&self, request: FrameId, statement: &Statement, core: &mut Core) -> usize {
        let frame = &core.frames[request];
        let owner = (frame.parent, frame.parent_serial);
        let open =
            |server: &Server| server.sessions.iter().any(|session| session.is_transaction && session.owner == owner);
        match statement {
            Statement::Query { from: Role::Replica, .. } => {
                let count = self.readers().count() as u32;
                if count == 0 {
                    return self.writes_to;
                }
                let which = core.draw_route(self.id, request, count) as usize;
                self.readers().nth(which).unwrap_or(self.writes_to)
            }
            Statement::Query { .. } => self.writes_to,
            Statement::Write { .. } | Statement::Commit => self.servers.iter().position(open).unwrap_or(self.writes_to),
        }
    }

    fn refuse(&mut self, request: FrameId, status: Status, core: &mut Core) {
        let weight = i64::from(core.frames[request].weight);
        core.telemetry.add(self.metrics.refused, weight);
        core.telemetry.add(self.metrics.failed, weight);
        core.finish(request, status);
    }

    /// Lets a session have its next statement; `None` where the server takes no more.
    fn session_for(&mut self, number: usize, request: FrameId, statement: &Statement, core: &Core) -> Option<u32> {
        let frame = &core.frames[request];
        let owner = (frame.parent, frame.parent_serial);
        let is_transaction = match statement {
            Statement::Write { in_transaction, .. } => *in_transaction,
            Statement::Commit => true,
            Statement::Query { .. } => false,
        };
        let about = match statement {
            Statement::Query { .. } => About::Query,
            Statement::Write { table, op, .. } => {
                let place = self.settings.tables.iter().position(|known| known.name == *table);
                About::Write(place.unwrap_or(0) as u16, *op)
            }
            Statement::Commit => About::Commit,
        };
        let server = &mut self.servers[number];
        if let Some(open) = server
            .sessions
            .iter_mut()
            .find(|session| is_transaction && session.is_transaction && session.owner == owner)
        {
            (open.frame, open.serial, open.about, open.since) = (request, frame.serial, about, core.now);
            return Some(open.id);
        }
        if server.sessions.len() as u32 >= server.max_connections {
            return None;
        }
        let client = if frame.parent == NONE || !core.frames.is(frame.parent, frame.parent_serial) {
            (ComponentId(u8::MAX), NONE)
        } else {
            (core.frames[frame.parent].component, core.frames[frame.parent].instance)
        };
        server.next_session += 3;
        let id = server.next_session;
        server.sessions.push(Session {
            id,
            client,
            doing: Doing::Idle,
            about,
            since: core.now,
            is_killed: false,
            frame: request,
            serial: frame.serial,
            owner,
            is_transaction,
            bytes: vec![],
            weight: frame.weight,
        });
        Some(id)
    }

    /// A thread takes up a session's statement, if one is free.
    fn take_up(&mut self, number: usize, id: u32, core: &mut Core) {
        let threads = self.settings.threads;
        let factor = self.slowness(number, core.now);
        let server = &mut self.servers[number];
        if server.working >= threads {
            if let Some(session) = server.session(id) {
                session.doing = Doing::InLine;
            }
            server.line.push_back(id);
            return;
        }
        let Some(session) = server.session(id) else { return };
        session.doing = Doing::Working;
        let frame = session.frame;
        server.working += 1;
        let work = match &core.statement_of(frame).statement {
            Statement::Query { work, .. } | Statement::Write { work, .. } => *work,
            Statement::Commit => Duration::default(),
        };
        let span = core.draw_work(frame, work);
        core.wake_after(frame, Span::from_micros(span.micros() * factor / 1000));
    }

    /// How much slower than usual a server is, in thousandths: one that was promoted has the wrong pages in memory.
    fn slowness(&self, number: usize, now: Time) -> i64 {
        let Some(since) = self.servers[number].cold_since else { return 1000 };
        let (age, warm) = (now.since(since).micros(), self.settings.warms_in.micros().max(1));
        if age >= warm { 1000 } else { 1000 + 2000 * (warm - age) / warm }
    }

    fn next_in_line(&mut self, number: usize, core: &mut Core) {
        while self.servers[number].working < self.settings.threads {
            let Some(id) = self.servers[number].line.pop_front() else { return };
            self.take_up(number, id, core);
        }
    }

    /// A statement has been worked on.
    fn worked(&mut self, number: usize, id: u32, core: &mut Core) {
        let server = &mut self.servers[number];
        server.working = server.working.saturating_sub(1);
        let Some(session) = server.session(id) else { return self.next_in_line(number, core) };
        if session.is_killed {
            self.give_up(number, id, core);
            return self.next_in_line(number, core);
        }
        let frame = session.frame;
        match core.statement_of(frame).statement.clone() {
            Statement::Write { op, row, rows, in_transaction, .. } => {
                let images = if op == RowOp::Update { 2 } else { 1 };
                let bytes = row.0 * images * u64::from(rows) * u64::from(session.weight);
                if let About::Write(table, _) = session.about {
                    match session.bytes.iter_mut().find(|(known, _)| *known == table) {
                        Some((_, sum)) => *sum += bytes,
                        None => session.bytes.push((table, bytes)),
                    }
                }
                if in_transaction {
                    session.doing = Doing::Idle;
                    session.since = core.now;
                    let answered = session.clone();
                    session.frame = NONE;
                    self.answer(&answered, Status::OK, core);
                } else {
                    self.commit(number, id, core);
                }
            }
            _ => {
                if let Some(session) = self.servers[number].remove(id) {
                    self.answer(&session, Status::OK, core);
                }
            }
        }
        self.next_in_line(number, core);
    }

    /// Transactions whose client has gone are rolled back.
    fn forget_the_gone(&mut self, core: &Core) {
        for server in &mut self.servers {
            let gone =
                |session: &Session| session.doing == Doing::Idle && !core.frames.is(session.owner.0, session.owner.1);
            server.sessions.retain(|session| !gone(session));
        }
        self.broken.retain(|(frame, serial)| core.frames.is(*frame, *serial));
    }

    fn tell(&self, core: &mut Core) {
        let threads = |number: usize| i64::from(self.servers[number].working);
        let waiting = |number: usize| self.servers[number].line.len() as i64;
        core.telemetry.set(self.metrics.readers_busy, self.readers().map(threads).sum());
        core.telemetry.set(self.metrics.readers_waiting, self.readers().map(waiting).sum());
        core.telemetry.set(self.metrics.waiting, self.servers[self.writes_to].waits_for_log.len() as i64);
        let replicas = || self.servers.iter().filter_map(|server| server.replica.as_ref());
        let runs = replicas().filter(|replica| replica.io == Fetching::Yes && replica.sql == Ok(true)).count();
        core.telemetry.set(self.metrics.running, runs as i64);
        let mut places: Vec<(usize, u64)> = replicas().map(|replica| (replica.of, replica.exec)).collect();
        places.sort_unstable();
        places.dedup();
        core.telemetry.set(self.metrics.positions, places.len() as i64);
        let lags = (0..self.servers.len()).filter_map(|number| self.lag(number, core.now));
        core.telemetry.set(self.metrics.lag, lags.max().unwrap_or(Span::ZERO).micros());
        core.telemetry.set(self.metrics.diverged, self.servers.iter().map(|server| server.diverged as i64).sum());
        for (server, metrics) in self.servers.iter().zip(&self.metrics.servers) {
            core.telemetry.set(metrics.up, i64::from(server.is_up()));
            core.telemetry.set(metrics.stalled, i64::from(server.is_stalled()));
            core.telemetry.set(metrics.torn, i64::from(server.log.torn.is_some()));
            core.telemetry.set(metrics.sessions, server.sessions.len() as i64);
            let killed = server.sessions.iter().filter(|session| session.is_killed).count();
            core.telemetry.set(metrics.killed, killed as i64);
            for (volume, (used, free)) in server.volumes.iter().zip(&metrics.volumes) {
                core.telemetry.set(*used, volume.used as i64);
                core.telemetry.set(*free, volume.free() as i64);
            }
        }
    }
}

fn define_metrics(id: ComponentId, settings: &Settings, servers: &[Server], core: &mut Core) -> Metrics {
    let name = &settings.name;
    let telemetry = &mut core.telemetry;
    let tables = || settings.tables.iter().map(|table| table.name.clone());
    let mut of_servers = vec![];
    for server in servers {
        let prefix = format!("{name}.{}", server.name);
        let mut flag =
            |what: &str, about: &'static str, measure| telemetry.gauge(id, format!("{prefix}.{what}"), about, measure);
        of_servers.push(OfServer {
            up: flag("up", "whether it takes connections", Measure::Flag),
            stalled: flag("stalled", "whether no commit gets through the log", Measure::Flag),
            torn: flag("torn", "whether its log ends inside an event", Measure::Flag),
            sessions: flag("sessions", "connections in use", Measure::Count),
            killed: flag("sessions.killed", "sessions that are killed and still there", Measure::Count),
            volumes: server
                .volumes
                .iter()
                .map(|volume| {
                    let used = flag(&format!("{}.used", volume.name), "used of its volume", Measure::Bytes);
                    (used, flag(&format!("{}.free", volume.name), "free of its volume", Measure::Bytes))
                })
                .collect(),
        });
    }
    Metrics {
        requests: telemetry.counter(id, format!("{name}.requests"), "statements"),
        failed: telemetry.counter(id, format!("{name}.failed"), "statements without a good answer"),
        refused: telemetry.counter(id, format!("{name}.refused"), "connections that were not taken"),
        commits: telemetry.counter(id, format!("{name}.commits"), "transactions committed"),
        log_bytes: telemetry.counter(id, format!("{name}.log_bytes"), "bytes written to the binary log"),
        by_table: tables()
            .map(|table| telemetry.counter(id, format!("{name}.log_bytes.{table}"), "bytes logged of the table"))
            .collect(),
        file: tables()
            .map(|table| {
                let about = "what the last closed file of the log holds of the table";
                telemetry.gauge(id, format!("{name}.file.{table}"), about, Measure::Bytes)
            })
            .collect(),
        committed_lost: telemetry.counter(id, format!("{name}.committed_lost"), "transactions promised and then lost"),
        latency: telemetry.latency(id, format!("{name}.latency"), "from asking to the answer, of reads"),
        write_latency: telemetry.latency(id, format!("{name}.write_latency"), "from asking to the commit"),
        waiting: telemetry.gauge(id, format!("{name}.waiting"), "commits that wait for the log", Measure::Count),
        readers_busy: telemetry.gauge(id, format!("{name}.readers.busy"), "threads at work on reads", Measure::Count),
        readers_waiting: telemetry.gauge(id, format!("{name}.readers.waiting"), "reads in line", Measure::Count),
        running: telemetry.gauge(id, format!("{name}.replicas.running"), "replicas that follow", Measure::Count),
        positions: telemetry.gauge(
            id,
            format!("{name}.replicas.positions"),
            "different places to which replicas have applied",
            Measure::Count,
        ),
        lag: telemetry.gauge(
            id,
            format!("{name}.replicas.lag"),
            "the largest lag that a replica states",
            Measure::Time,
        ),
        diverged: telemetry.gauge(
            id,
            format!("{name}.replicas.diverged"),
            "transactions that replicas lack or have twice",
            Measure::Count,
        ),
        servers: of_servers,
    }
}

impl Behavior for Database {
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        let statement = core.statement_of(request).statement.clone();
        core.telemetry.add(self.metrics.requests, i64::from(core.frames[request].weight));
        let owner = (core.frames[request].parent, core.frames[request].parent_serial);
        if let Some(at) = self.broken.iter().position(|known| *known == owner) {
            self.broken.swap_remove(at);
            return self.refuse(request, Status::RESET, core);
        }
        let number = self.server_for(request, &statement, core);
        if !self.servers[number].is_up() {
            return self.refuse(request, Status::REFUSED, core);
        }
        let writes = !matches!(statement, Statement::Query { .. });
        if writes && self.servers[number].is_read_only {
            return self.refuse(request, Status(500), core);
        }
        let Some(id) = self.session_for(number, request, &statement, core) else {
            return self.refuse(request, Status::OVERLOADED, core);
        };
        core.frames[request].instance = number as u32;
        if statement == Statement::Commit {
            self.commit(number, id, core);
        } else {
            self.take_up(number, id, core);
        }
    }

    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        let number = core.frames[frame].instance as usize;
        if let Some(id) = self.servers.get(number).and_then(|server| server.of_frame(frame)) {
            self.worked(number, id, core);
        }
    }

    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        let number = index as usize;
        match timer {
            Timer::Tick if self.servers[number].holder.is_some_and(|holder| holder.ticket == ticket) => {
                self.on_written(number, core);
            }
            Timer::Life if self.servers[number].recovers_until.is_some_and(|until| until <= core.now) => {
                self.servers[number].recovers_until = None;
                self.servers[number].say(core.now, "[Note] /usr/sbin/mysqld: ready for connections.".into());
            }
            _ => {}
        }
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        self.forget_the_gone(core);
        self.mark_logs(core);
        self.follow(core);
        self.tell(core);
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Sql { server, sql } => self.sql(server, sql, core),
            Operation::Volume { server, volume, how } => self.grow(server, volume, how),
            Operation::RestartServer { server } => self.restart(server, core),
            Operation::WriteTo { server } => self.write_to(server, core),
            _ => Err(Refusal::new("that can't be done to a database")),
        }
    }
}

#[cfg(test)]
mod tests;
