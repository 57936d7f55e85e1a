//! How a database looks on the map. What nobody collects, such as how full a volume is, isn't to be seen here.

use super::super::view::{Cell, Health, Part};
use super::{RATE_OVER, change};
use crate::incident::stage::Stage;
use crate::sim::component::database::{Database, Fetching, Server};
use crate::sim::sql::Sql;

pub(super) fn of_database(stage: &Stage, database: &Database) -> Part {
    let name = database.settings.name.clone();
    let commits = change(stage, &format!("{name}.commits"), RATE_OVER) / RATE_OVER;
    let mut part = Part { name, kind: "MySQL".into(), ..Part::default() };
    for (number, server) in database.servers.iter().enumerate() {
        let (health, state) = state_of(database, number, server);
        part.cells.push(Cell { name: server.name.to_string(), health, state: state.into() });
        part.health = part.health.max(health);
    }
    let primary = &database.servers[database.writes_to].name;
    part.line = format!("{commits} commits/s on {primary}");
    if commits == 0 {
        part.health = Health::Failing;
    }
    part
}

fn state_of(database: &Database, number: usize, server: &Server) -> (Health, &'static str) {
    match &server.replica {
        _ if !server.is_up() => (Health::Failing, "recovering"),
        _ if number == database.writes_to => (Health::Good, "primary"),
        None => (Health::Idle, "alone"),
        Some(replica) if replica.io == Fetching::Yes && replica.sql == Ok(true) => (Health::Good, "replica"),
        Some(replica) if matches!(replica.io, Fetching::Failed(..)) => (Health::Failing, "replication failed"),
        Some(_) => (Health::Strained, "replication stopped"),
    }
}

/// What a statement did, in a few words.
pub(super) fn words(server: &str, sql: &Sql) -> String {
    match sql {
        Sql::Kill(id) => format!("{server}: session {id} killed"),
        Sql::ReadOnly(on) => format!("{server}: read_only {}", if *on { "on" } else { "off" }),
        Sql::MaxAllowedPacket(_) => format!("{server}: max_allowed_packet"),
        Sql::MaxConnections(_) => format!("{server}: max_connections"),
        Sql::Purge(_) => format!("{server}: logs purged"),
        Sql::FlushLogs => format!("{server}: logs flushed"),
        Sql::ResetMaster => format!("{server}: logs begun anew"),
        Sql::StopSlave => format!("{server}: replication stopped"),
        Sql::StartSlave => format!("{server}: replication started"),
        Sql::ResetSlave => format!("{server}: replication forgotten"),
        Sql::ChangeMaster { host: Some(host), .. } => format!("{server} follows {host}"),
        Sql::ChangeMaster { .. } => format!("{server}: place in the log changed"),
    }
}
