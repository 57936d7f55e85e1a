//! The `MySQL` server's own tools, and those for the volumes below it.
//!
//! `client` reads statements, `show` answers those that only look, `volumes` and `files` print a server's disks and logs.
//! All of them look at the database's state and change it through operations only.

mod client;
mod files;
mod show;
mod volumes;

pub use files::{Written, file, written};
pub use volumes::mounted;

use super::world::databases;
use super::{Call, Command, Kit, Options, Place, Progress, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::component::database::{Database, Server};
use crate::sim::operation::Operation;
use crate::sim::quantity::Span;

const KIT: Kit =
    Kit { place: Place::Host, takes: Span::from_millis(300), exists: |world| databases(world).next().is_some() };

pub const COMMANDS: &[Command] = &[
    Command {
        place: Place::Anywhere,
        complete: complete_client,
        options: Options::Read(client::FLAGS),
        ..KIT.tool("mysql", "mysql [-h SERVER] [-NtBE] -e \"STATEMENT; …\"", "talks to a database server", CLIENT, client::run)
    },
    KIT.tool(
        "mysqlbinlog",
        "mysqlbinlog FILE",
        "what a file of the binary log holds, by table",
        "Prints the sum of each table's events, and where the file ends.\n\nmysqlbinlog mysql-bin.000123 | grep base64 | sort -rnk2 | head -3",
        files::mysqlbinlog,
    ),
    KIT.tool("lvs", "lvs", "the logical volumes", "", volumes::lvs),
    KIT.tool("vgs", "vgs", "the volume groups, and what they have left", "", volumes::vgs),
    Command {
        takes: Span::from_seconds(3),
        options: Options::Read(volumes::LVEXTEND),
        ..KIT.tool(
            "lvextend",
            "lvextend -L [+]SIZE DEVICE",
            "makes a logical volume larger",
            "The file system on it stays as large as it was: resize2fs DEVICE makes it fill its volume. `vgs` shows what there is to give.\n\nlvextend -L +20G /dev/vg0/NAME",
            volumes::lvextend,
        )
    },
    Command {
        takes: Span::from_seconds(12),
        ..KIT.tool(
            "resize2fs",
            "resize2fs DEVICE",
            "makes a file system as large as its volume, while it is in use",
            "",
            volumes::resize2fs,
        )
    },
    Command {
        takes: Span::from_seconds(2),
        ..KIT.tool(
            "service",
            "service mysql status|restart",
            "asks for mysqld, or starts it again",
            "A restart ends every session. What a commit had begun to write is cut off by crash recovery, which takes minutes.",
            service,
        )
    },
];

const CLIENT: &str = "Looks: SHOW [FULL] PROCESSLIST, SHOW MASTER STATUS, SHOW SLAVE STATUS\\G, SHOW BINARY LOGS, SHOW VARIABLES LIKE 'x', SELECT COUNT(*) FROM t, SHOW TABLES, SHOW TABLE STATUS, SHOW CREATE TABLE t, DESCRIBE t
Changes: KILL id; SET GLOBAL read_only = 0|1; SET GLOBAL max_allowed_packet = n; SET GLOBAL max_connections = n; PURGE BINARY LOGS TO 'file'; FLUSH LOGS
Replication: STOP SLAVE; START SLAVE; RESET SLAVE; CHANGE MASTER TO MASTER_HOST='server'[, MASTER_LOG_FILE='file', MASTER_LOG_POS=n]

Without -e, statements are read from what is piped in. On a database server, -h isn't needed.

mysql -h SERVER -e 'SHOW PROCESSLIST'
echo SERVER1 SERVER2 | xargs -n 1 mysql -e 'SHOW SLAVE STATUS\\G' -h";

/// A server and the database that it belongs to.
struct Found<'a> {
    component: &'a str,
    database: &'a Database,
    number: usize,
}

impl Found<'_> {
    fn server(&self) -> &Server {
        &self.database.servers[self.number]
    }
}

fn found<'a>(world: &'a dyn World, server: &str) -> Option<Found<'a>> {
    databases(world).find_map(|(component, database)| {
        database.number_of(server).map(|number| Found { component, database, number })
    })
}

/// The database server that a command runs on.
fn here<'a>(call: &Call, world: &'a dyn World) -> Result<Found<'a>, String> {
    let host = call.host.unwrap_or_default();
    found(world, host).ok_or_else(|| format!("{}: no database runs on {host}", call.words[0]))
}

/// The machines that databases run on.
pub fn machines(world: &dyn World) -> Vec<String> {
    databases(world).flat_map(|(_, database)| database.settings.servers().map(str::to_owned)).collect()
}

fn complete_client(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    match typed.before.last().map(String::as_str) {
        Some("-h") => machines(world).into_iter().map(|name| candidate(name, "database server")).collect(),
        Some("-e") => ["SHOW PROCESSLIST", "SHOW MASTER STATUS", "SHOW SLAVE STATUS\\G", "SHOW BINARY LOGS"]
            .iter()
            .map(|statement| candidate(*statement, "statement"))
            .collect(),
        _ => vec![candidate("-h", "flag: the server"), candidate("-e", "flag: statements")],
    }
}

fn service(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments().to_vec();
    let on = match here(call, world) {
        Ok(on) => on,
        Err(error) => return call.fail(error),
    };
    let (component, server, up) = (on.component.to_owned(), on.server().name.to_string(), on.server().is_up());
    match (words.first().map(String::as_str), words.get(1).map(String::as_str)) {
        (Some("mysql" | "mysqld"), Some("status")) => {
            call.say(if up { "mysql start/running, process 2041" } else { "mysql start/post-start: recovering" });
            Progress::Done(0)
        }
        (Some("mysql" | "mysqld"), Some("restart")) => {
            match world.operate(call.who, &component, Operation::RestartServer { server }) {
                Ok(_) => {
                    call.say("Stopping MySQL database server: mysqld.");
                    call.say("Starting MySQL database server: mysqld . . . . . . . . . . . . .");
                    call.say("(recovery goes on: `service mysql status`, error.log)");
                    Progress::Done(0)
                }
                Err(error) => call.fail(error),
            }
        }
        (Some(other), _) if !matches!(other, "mysql" | "mysqld") => call.fail(format!("{other}: unrecognized service")),
        _ => call.fail("Usage: service mysql status|restart"),
    }
}

/// The database and its server that a line of an application's configuration means, where it means one.
pub fn endpoint(world: &dyn World, key: &str, value: &str) -> Option<(String, String)> {
    let on = found(world, value)?;
    (on.database.settings.endpoint == key).then(|| (on.component.to_owned(), value.to_owned()))
}
