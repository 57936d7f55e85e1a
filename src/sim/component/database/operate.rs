//! What somebody with a root shell can do to a database: statements, volumes, starting mysqld again, and where the
//! application writes to.

use super::Database;
use super::server::{Doing, Fetching, Replica};
use crate::sim::core::{Core, Timer};
use crate::sim::operation::{Applied, Refusal};
use crate::sim::quantity::{Bytes, Time};
use crate::sim::sql::{Grow, Sql};

fn error(code: u16, state: &str, words: impl std::fmt::Display) -> Refusal {
    Refusal::new(format!("ERROR {code} ({state}): {words}"))
}

impl Database {
    /// Does a statement on a server.
    pub(super) fn sql(&mut self, server: &str, sql: &Sql, core: &mut Core) -> Result<Applied, Refusal> {
        let number = self.reachable(server)?;
        core.mark(self.id, 74, number as u64, 0);
        match sql {
            Sql::Kill(id) => return self.kill(number, *id, core),
            Sql::ReadOnly(on) => self.servers[number].is_read_only = *on,
            Sql::MaxAllowedPacket(bytes) => self.servers[number].max_allowed_packet = Bytes(*bytes),
            Sql::MaxConnections(most) => self.servers[number].max_connections = (*most).max(1),
            Sql::Purge(to) => return self.purge(number, *to),
            Sql::FlushLogs => self.rotate(number, core),
            Sql::ResetMaster => self.reset_master(number, core.now),
            Sql::StopSlave | Sql::StartSlave | Sql::ResetSlave | Sql::ChangeMaster { .. } => {
                return self.slave(number, sql);
            }
        }
        Ok(Applied::Done)
    }

    fn reachable(&self, server: &str) -> Result<usize, Refusal> {
        let Some(number) = self.number_of(server) else {
            return Err(error(2005, "HY000", format!("Unknown MySQL server host '{server}' (1)")));
        };
        if !self.servers[number].is_up() {
            return Err(error(2003, "HY000", format!("Can't connect to MySQL server on '{server}' (111)")));
        }
        Ok(number)
    }

    fn kill(&mut self, number: usize, id: u32, core: &mut Core) -> Result<Applied, Refusal> {
        let Some(session) = self.servers[number].session(id) else {
            return Err(error(1094, "HY000", format!("Unknown thread id: {id}")));
        };
        session.is_killed = true;
        match session.doing {
            // These look at their flag at once; the others when they next get the chance.
            Doing::Idle => self.break_off(number, id),
            Doing::InLine => self.give_up(number, id, core),
            Doing::Working | Doing::WaitsForLog | Doing::Writes | Doing::WaitsForSpace => {}
        }
        Ok(Applied::Done)
    }

    fn purge(&mut self, number: usize, to: u32) -> Result<Applied, Refusal> {
        if !self.servers[number].log.files.iter().any(|file| file.number == to) {
            return Err(error(1373, "HY000", "Target log not found in binlog index"));
        }
        // What a replica is reading stays.
        let reads = |replica: &Replica| (replica.of == number && replica.io == Fetching::Yes).then_some(replica.read);
        let needed = self.servers.iter().filter_map(|server| server.replica.as_ref().and_then(reads)).min();
        let on = &mut self.servers[number];
        let open = on.log.files.last().map_or(0, |file| file.number);
        let goes = |file: &super::server::File| {
            file.number < to && file.number != open && needed.is_none_or(|needed| file.start + file.size <= needed)
        };
        let freed: u64 = on.log.files.iter().filter(|file| goes(file)).map(|file| file.size).sum();
        on.log.files.retain(|file| !goes(file));
        let volume = &mut on.volumes[on.log_volume];
        volume.used = volume.used.saturating_sub(freed);
        Ok(Applied::Count(freed))
    }

    fn reset_master(&mut self, number: usize, now: Time) {
        let tables = self.settings.tables.len();
        let on = &mut self.servers[number];
        let end = on.log.end();
        let size: u64 = on.log.files.iter().map(|file| file.size).sum();
        let volume = &mut on.volumes[on.log_volume];
        volume.used = volume.used.saturating_sub(size);
        on.log.files =
            vec![super::server::File { number: 1, start: end, size: 0, begun: Some(now), by_table: vec![0; tables] }];
    }

    fn slave(&mut self, number: usize, sql: &Sql) -> Result<Applied, Refusal> {
        let found = match sql {
            Sql::ChangeMaster { host: Some(host), .. } => Some(self.number_of(host)),
            _ => None,
        };
        let of = match found {
            Some(None) => return Err(error(1210, "HY000", "Incorrect arguments to MASTER_HOST: no such server")),
            Some(Some(of)) if of == number => {
                return Err(error(1210, "HY000", "Incorrect arguments to MASTER_HOST: a server can't follow itself"));
            }
            Some(Some(of)) => Some(of),
            None => self.servers[number].replica.as_ref().map(|replica| replica.of),
        };
        let place = self.place_of(of, sql)?;
        let on = &mut self.servers[number];
        let runs = on
            .replica
            .as_ref()
            .is_some_and(|r| matches!(r.io, Fetching::Yes | Fetching::Connecting) || r.sql == Ok(true));
        match (sql, &mut on.replica) {
            (Sql::StopSlave, Some(replica)) => {
                replica.io = Fetching::No;
                replica.sql = Ok(false);
            }
            (Sql::StartSlave, Some(replica)) => {
                replica.io = Fetching::Yes;
                replica.sql = Ok(true);
            }
            (Sql::StopSlave, None) => return Ok(Applied::Unchanged),
            (Sql::StartSlave, None) => {
                let words = "The server is not configured as slave; fix in config file or with CHANGE MASTER TO";
                return Err(error(1200, "HY000", words));
            }
            (Sql::ResetSlave | Sql::ChangeMaster { .. }, Some(_)) if runs => {
                let words = "This operation cannot be performed with a running slave; run STOP SLAVE first";
                return Err(error(1198, "HY000", words));
            }
            (Sql::ResetSlave, replica) => *replica = None,
            (Sql::ChangeMaster { .. }, replica) => {
                let Some(of) = of else { return Err(error(1210, "HY000", "Incorrect arguments to CHANGE MASTER")) };
                let stopped = replica.take().filter(|replica| replica.of == of);
                let (read, is_connected) = match (place, &stopped) {
                    (Some(place), _) => (place, false),
                    (None, Some(replica)) => (replica.exec, true),
                    (None, None) => (u64::MAX, false),
                };
                let exec_at = stopped.map_or(Time::ZERO, |replica| replica.exec_at);
                *replica = Some(Replica {
                    of,
                    io: Fetching::No,
                    sql: Ok(false),
                    read,
                    exec: read,
                    exec_at,
                    credit: 0,
                    is_connected,
                    was_placed: place.is_some(),
                });
            }
            _ => {}
        }
        Ok(Applied::Done)
    }

    /// The place in another server's log that a `CHANGE MASTER` means; the beginning of what that has where it says none.
    fn place_of(&self, of: Option<usize>, sql: &Sql) -> Result<Option<u64>, Refusal> {
        let (Sql::ChangeMaster { host, file, position }, Some(of)) = (sql, of) else { return Ok(None) };
        let log = &self.servers[of].log;
        let Some(number) = file else {
            return Ok(host.is_some().then(|| log.files.first().map_or(0, |first| first.start)));
        };
        let Some(file) = log.files.iter().find(|file| file.number == *number) else {
            return Err(error(1236, "HY000", "Could not find first log file name in binary log index file"));
        };
        Ok(Some(file.start + position.unwrap_or(4).saturating_sub(106).min(file.size)))
    }

    /// Somebody changes a volume.
    pub(super) fn grow(&mut self, server: &str, volume: &str, how: &Grow) -> Result<Applied, Refusal> {
        let Some(number) = self.number_of(server) else { return Err(Refusal::new(format!("no server {server}"))) };
        let on = &mut self.servers[number];
        let free = on.group_free;
        let Some(volume) = on.volumes.iter_mut().find(|known| known.name == volume) else {
            return Err(Refusal::new(format!("One or more specified logical volume(s) not found: {volume}")));
        };
        let wanted = match how {
            Grow::By(bytes) => bytes.0,
            Grow::To(bytes) => bytes.0.saturating_sub(volume.device_size),
            Grow::FileSystem if volume.size == volume.device_size => return Ok(Applied::Unchanged),
            Grow::FileSystem => {
                volume.size = volume.device_size;
                return Ok(Applied::Done);
            }
        };
        if wanted == 0 {
            return Err(Refusal::new("New size matches existing size; run without changing anything"));
        }
        if wanted > free {
            let extents = |bytes: u64| bytes >> 22;
            return Err(Refusal::new(format!(
                "Insufficient free space: {} extents needed, but only {} available",
                extents(wanted),
                extents(free)
            )));
        }
        volume.device_size += wanted;
        on.group_free -= wanted;
        Ok(Applied::Done)
    }

    /// Starts mysqld again: whatever was under way is gone, and recovery takes its time.
    pub(super) fn restart(&mut self, server: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let Some(number) = self.number_of(server) else { return Err(Refusal::new(format!("no server {server}"))) };
        let ids: Vec<u32> = self.servers[number].sessions.iter().map(|session| session.id).collect();
        let on = &mut self.servers[number];
        let written = on.holder.take().map_or(0, |holder| holder.written);
        let torn = on.log.torn.take();
        if torn.is_some() {
            on.log.cut_at = Some(on.log.end());
        }
        let volume = &mut on.volumes[on.log_volume];
        volume.used = volume.used.saturating_sub(torn.unwrap_or(written));
        on.working = 0;
        on.recovers_until = Some(core.now + self.settings.recovery);
        on.say(core.now, "[Note] /usr/sbin/mysqld: Normal shutdown".into());
        for id in ids {
            let is_idle = self.servers[number].session(id).is_some_and(|session| session.doing == Doing::Idle);
            if is_idle {
                self.break_off(number, id);
            } else {
                self.give_up(number, id, core);
            }
        }
        self.rotate(number, core);
        core.set_timer(self.id, Timer::Life, number as u32, core.now + self.settings.recovery);
        core.mark(self.id, 75, number as u64, 0);
        Ok(Applied::Done)
    }

    /// The application writes to another server from now on; what had been promised and isn't there is lost.
    pub(super) fn write_to(&mut self, server: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let Some(number) = self.number_of(server) else { return Err(Refusal::new(format!("no server {server}"))) };
        if number == self.writes_to {
            return Ok(Applied::Unchanged);
        }
        let lost = self.servers[self.writes_to].transactions.saturating_sub(self.servers[number].transactions);
        core.telemetry.add(self.metrics.committed_lost, lost as i64);
        self.servers[number].cold_since = Some(core.now);
        self.writes_to = number;
        core.mark(self.id, 76, number as u64, lost);
        Ok(Applied::Done)
    }
}
