//! Databases in a world of two writers. Knows no level, no console.

use super::*;
use crate::sim::component::{Component, Settings as Of};
use crate::sim::quantity::Bytes;
use crate::sim::random::Seed;
use crate::sim::sql::{Grow, Sql};
use crate::sim::{Simulation, System};

/// Two writers: one writes a little twenty times a second, the other ten megabytes in a transaction every ten seconds.
const SYSTEM: &str = r#"[
    {"Database": {
        "name": "db", "primary": "db1", "replicas": ["db2", "db3"], "recovery": "2m",
        "tables": [{"name": "small"}, {"name": "big"}],
        "volumes": [{"name": "binlog", "at": "/var/log/mysql", "size": "300MB", "used": "100MB", "writes": "100MB/s"}],
        "binlog": {"number": 40, "size": "20MB"}, "volume_group": {"free": "200MB"}
    }},
    {"Job": {"name": "small", "by": "app", "at": "-10s", "steps": [{"Repeat": {"times": 60000, "do": [
        {"Write": {"on": "db", "table": "small", "op": "Insert", "row": "1KB", "work": "1ms", "goes_on": true}},
        {"Work": "50ms"}
    ]}}]}},
    {"Job": {"name": "big", "by": "Ana", "at": "10s", "steps": [{"Repeat": {"times": 1000, "do": [
        {"Transaction": [{"Write": {"on": "db", "table": "big", "op": "Update", "row": "100KB", "rows": 50, "work": "1s"}}]},
        {"Work": "9s"}
    ]}}]}}
]"#;

fn world() -> Simulation {
    let components: Vec<Of> = serde_json::from_str(SYSTEM).unwrap();
    let system = System { components, warm_up: Span::from_seconds(10), ..System::default() };
    Simulation::new(&system, Seed(1)).unwrap()
}

fn of(world: &Simulation) -> &Database {
    match &world.components()[0] {
        Component::Database(database) => database,
        other => panic!("{other:?}"),
    }
}

fn value(world: &Simulation, name: &str) -> i64 {
    let telemetry = world.telemetry();
    telemetry.value(telemetry.catalogue().scalar(name).unwrap())
}

fn at(world: &mut Simulation, second: i64) {
    world.run_until(Time::from_seconds(second));
}

fn sql(world: &mut Simulation, server: &str, sql: Sql) -> Result<Applied, Refusal> {
    world.apply("db", &Operation::Sql { server: server.into(), sql })
}

fn grow(world: &mut Simulation, how: Grow) {
    let operation = Operation::Volume { server: "db1".into(), volume: "binlog".into(), how };
    world.apply("db", &operation).unwrap();
}

/// Until a writer waits for space; returns the second.
fn full(world: &mut Simulation) -> i64 {
    for second in 1..2000 {
        at(world, second);
        if of(world).servers[0].is_stalled() {
            return second;
        }
    }
    panic!("the volume never fills");
}

fn waiting_for_space(world: &Simulation) -> u32 {
    let waits = |session: &&Session| session.doing == Doing::WaitsForSpace;
    of(world).servers[0].sessions.iter().find(waits).unwrap().id
}

#[test]
fn the_log_holds_rows_before_and_after_and_its_volume_fills() {
    let mut world = world();
    at(&mut world, 105);
    // Ten transactions of fifty rows of 100 KB, twice each.
    assert_eq!(value(&world, "db.log_bytes.big"), 10 * 2 * 50 * 100_000);
    let used = value(&world, "db.db1.binlog.used") - 100_000_000;
    assert!(used == value(&world, "db.log_bytes"), "{used} {}", value(&world, "db.log_bytes"));
    assert!(of(&world).servers[0].log.files.len() > 8);
    assert_eq!(value(&world, "db.replicas.running"), 2);
    assert!(of(&world).servers[1].transactions > 1900);
}

#[test]
fn space_without_a_kill_lets_everybody_go_on_within_a_minute() {
    let mut world = world();
    let second = full(&mut world);
    at(&mut world, second + 30);
    let commits = value(&world, "db.commits");
    grow(&mut world, Grow::By(Bytes(100 << 20)));
    at(&mut world, second + 90);
    assert_eq!(value(&world, "db.commits"), commits, "a volume that has grown is no file system that has");
    grow(&mut world, Grow::FileSystem);
    at(&mut world, second + 152);
    assert!(value(&world, "db.commits") > commits);
    assert_eq!(value(&world, "db.replicas.running"), 2);
    assert_eq!(value(&world, "db.db1.torn"), 0);
}

#[test]
fn killing_the_writer_that_waits_for_space_tears_the_log_for_good() {
    let mut world = world();
    let second = full(&mut world);
    at(&mut world, second + 5);
    let id = waiting_for_space(&world);
    sql(&mut world, "db1", Sql::Kill(id)).unwrap();
    grow(&mut world, Grow::By(Bytes(100 << 20)));
    grow(&mut world, Grow::FileSystem);
    at(&mut world, second + 70);
    let commits = value(&world, "db.commits");
    assert_eq!((value(&world, "db.db1.torn"), value(&world, "db.replicas.running")), (1, 0));
    assert_eq!(value(&world, "db.replicas.positions"), 1, "all stop at the same place");
    sql(&mut world, "db2", Sql::MaxAllowedPacket(1 << 30)).unwrap();
    sql(&mut world, "db2", Sql::StopSlave).unwrap();
    sql(&mut world, "db2", Sql::StartSlave).unwrap();
    at(&mut world, second + 200);
    assert_eq!((value(&world, "db.commits"), value(&world, "db.replicas.running")), (commits, 0));
    world.apply("db", &Operation::RestartServer { server: "db1".into() }).unwrap();
    at(&mut world, second + 200 + 150);
    assert!(value(&world, "db.commits") > commits);
    assert_eq!(value(&world, "db.replicas.running"), 0, "they have to be told where to go on");
}

#[test]
fn killing_who_waits_for_the_lock_changes_nothing() {
    let mut world = world();
    let second = full(&mut world);
    at(&mut world, second + 5);
    let waits = |session: &&Session| session.doing == Doing::WaitsForLog;
    let id = of(&world).servers[0].sessions.iter().find(waits).unwrap().id;
    sql(&mut world, "db1", Sql::Kill(id)).unwrap();
    at(&mut world, second + 20);
    assert_eq!(value(&world, "db.db1.sessions.killed"), 1, "it finds out when it gets the lock");
    grow(&mut world, Grow::By(Bytes(100 << 20)));
    grow(&mut world, Grow::FileSystem);
    at(&mut world, second + 90);
    assert_eq!((value(&world, "db.db1.torn"), value(&world, "db.replicas.running")), (0, 2));
    assert_eq!(value(&world, "db.db1.sessions.killed"), 0);
}

#[test]
fn purging_keeps_what_a_replica_reads_and_frees_the_rest() {
    let mut world = world();
    at(&mut world, 100);
    let before = value(&world, "db.db1.binlog.used");
    let number = of(&world).servers[0].log.files.last().unwrap().number;
    sql(&mut world, "db1", Sql::Purge(number)).unwrap();
    at(&mut world, 101);
    assert!(value(&world, "db.db1.binlog.used") < before - (150 << 20));
    at(&mut world, 130);
    assert_eq!(value(&world, "db.replicas.running"), 2);
}

#[test]
fn a_replica_is_promoted_and_the_other_follows_it_without_a_gap() {
    let mut world = world();
    let second = full(&mut world);
    let id = waiting_for_space(&world);
    sql(&mut world, "db1", Sql::Kill(id)).unwrap();
    at(&mut world, second + 70);
    assert!(sql(&mut world, "db2", Sql::ResetSlave).is_err() || of(&world).servers[1].replica.is_none());
    for step in [Sql::StopSlave, Sql::ResetSlave, Sql::ReadOnly(false)] {
        sql(&mut world, "db2", step).unwrap();
    }
    let change = Sql::ChangeMaster { host: Some("db2".into()), file: None, position: None };
    for step in [Sql::StopSlave, change, Sql::StartSlave] {
        sql(&mut world, "db3", step).unwrap();
    }
    world.apply("db", &Operation::WriteTo { server: "db2".into() }).unwrap();
    // The small writer hangs at the old primary, as a client without a timeout does.
    world.apply("db", &Operation::RestartServer { server: "db1".into() }).unwrap();
    at(&mut world, second + 100);
    assert!(of(&world).servers[1].log.end() > 0);
    assert_eq!((value(&world, "db.committed_lost"), value(&world, "db.replicas.diverged")), (0, 0));
    assert_eq!(of(&world).servers[2].transactions, of(&world).servers[1].transactions);
}
