//! What `SHOW` answers.

use super::{Found, found};
use crate::incident::console::World;
use crate::incident::console::table;
use crate::sim::component::Component;
use crate::sim::component::database::{About, Database, Doing, Fetching, Session, settings};
use crate::sim::pattern;
use crate::sim::quantity::Time;
use crate::sim::sql::RowOp;

/// Rows with heads.
#[derive(Default)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// As columns.
    pub fn horizontal(&self, no_heads: bool) -> Vec<String> {
        if self.rows.is_empty() {
            return vec![];
        }
        table::plain(if no_heads { &[] } else { &self.heads }, &self.rows)
    }

    /// In a box, as `-t` prints it.
    pub fn boxed(&self, no_heads: bool) -> Vec<String> {
        let mut lines = if self.rows.is_empty() { vec![] } else { table::boxed(&self.heads, &self.rows) };
        if no_heads && lines.len() > 2 {
            lines.drain(1..3);
        }
        lines
    }

    /// With tabs between the fields, as `-B` prints it.
    pub fn tabs(&self, no_heads: bool) -> Vec<String> {
        let heads = (!no_heads && !self.rows.is_empty()).then(|| self.heads.join("\t"));
        heads.into_iter().chain(self.rows.iter().map(|row| row.join("\t"))).collect()
    }

    /// As `\G` prints it: a field a line.
    pub fn vertical(&self) -> Vec<String> {
        let width = self.heads.iter().map(|head| head.len()).max().unwrap_or(0);
        let mut lines = vec![];
        for (number, row) in self.rows.iter().enumerate() {
            let stars = "*".repeat(27);
            lines.push(format!("{stars} {}. row {stars}", number + 1));
            for (head, cell) in self.heads.iter().zip(row) {
                // A text of several lines goes on at the left.
                let mut text = cell.split("\\n");
                lines.push(format!("{head:>width$}: {}", text.next().unwrap_or_default()));
                lines.extend(text.map(str::to_owned));
            }
        }
        lines
    }
}

/// Answers a statement that only looks; `None` where it isn't one that is known.
pub fn answer(world: &dyn World, server: &str, upper: &[&str], words: &[String]) -> Option<Table> {
    let on = found(world, server)?;
    Some(match upper {
        ["SHOW", "PROCESSLIST"] => processes(world, &on, false),
        ["SHOW", "FULL", "PROCESSLIST"] => processes(world, &on, true),
        ["SHOW", "MASTER", "STATUS"] => master_status(&on),
        ["SHOW", "BINARY" | "MASTER", "LOGS"] => logs(&on),
        ["SHOW", "SLAVE", "STATUS"] => slave_status(world, &on),
        ["SHOW", "SLAVE", "HOSTS"] => followers(&on),
        ["SHOW", "VARIABLES"] | ["SHOW", "GLOBAL", "VARIABLES"] => variables(&on, "%"),
        ["SHOW", "VARIABLES", "LIKE", _] => variables(&on, &words[3]),
        ["SHOW", "GLOBAL", "VARIABLES", "LIKE", _] => variables(&on, &words[4]),
        ["SHOW", "DATABASES"] => Table { heads: vec!["Database"], rows: vec![vec![SCHEMA.to_owned()]] },
        ["SHOW", "CREATE", "TABLE", _] => {
            let table = table(&on, &words[3])?;
            let rows = vec![vec![table.name.clone(), created(table)]];
            Table { heads: vec!["Table", "Create Table"], rows }
        }
        ["DESCRIBE" | "DESC", _] => described(table(&on, &words[1])?),
        ["SHOW", "COLUMNS", "FROM", _] => described(table(&on, &words[3])?),
        ["SHOW", "TABLE", "STATUS"] => table_status(&on, "%"),
        ["SHOW", "TABLE", "STATUS", "LIKE", _] => table_status(&on, &words[4]),
        ["SHOW", "TABLES"] => Table {
            heads: vec!["Tables_in_production"],
            rows: on.database.settings.tables.iter().map(|table| vec![table.name.clone()]).collect(),
        },
        ["SELECT", "COUNT(*)", "FROM", _] => {
            let table = table(&on, &words[3])?;
            Table { heads: vec!["count(*)"], rows: vec![vec![table.rows.to_string()]] }
        }
        ["USE", _] => Table::default(),
        _ => return None,
    })
}

/// The one schema that there is.
pub const SCHEMA: &str = "production";

fn table<'a>(on: &Found<'a>, name: &str) -> Option<&'a settings::Table> {
    let name = name.trim_start_matches(SCHEMA).trim_start_matches('.');
    on.database.settings.tables.iter().find(|table| table.name == name)
}

/// The table that a statement names and that isn't there.
pub fn missing(world: &dyn World, server: &str, upper: &[&str], words: &[String]) -> Option<String> {
    let place = match upper {
        ["SHOW", "CREATE", "TABLE", _] | ["SHOW", "COLUMNS", "FROM", _] | ["SELECT", "COUNT(*)", "FROM", _] => 3,
        ["DESCRIBE" | "DESC", _] => 1,
        _ => return None,
    };
    let on = found(world, server)?;
    let name = &words[place];
    table(&on, name).is_none().then(|| format!("ERROR 1146 (42S02): Table '{SCHEMA}.{name}' doesn't exist"))
}

/// What holds the rest of a row, by the size that a row has as a rule.
fn column_type(table: &settings::Table) -> &'static str {
    match table.row.0 {
        0..=255 => "varchar(255)",
        256..=65_535 => "text",
        _ => "mediumtext",
    }
}

fn created(table: &settings::Table) -> String {
    let null = if table.row.0 <= 255 { " DEFAULT NULL" } else { "" };
    let lines = [
        format!("CREATE TABLE `{}` (", table.name),
        "  `id` int(11) NOT NULL AUTO_INCREMENT,".to_owned(),
        format!("  `data` {}{null},", column_type(table)),
        "  PRIMARY KEY (`id`)".to_owned(),
        format!(") ENGINE=InnoDB AUTO_INCREMENT={} DEFAULT CHARSET=utf8", table.rows + 1),
    ];
    lines.join("\\n")
}

fn described(table: &settings::Table) -> Table {
    let row = |cells: [&str; 6]| cells.map(str::to_owned).to_vec();
    Table {
        heads: vec!["Field", "Type", "Null", "Key", "Default", "Extra"],
        rows: vec![
            row(["id", "int(11)", "NO", "PRI", "NULL", "auto_increment"]),
            row(["data", column_type(table), "YES", "", "NULL", ""]),
        ],
    }
}

/// How many rows tables have, and how large they are.
fn table_status(on: &Found, like: &str) -> Table {
    let fits = |name: &str| pattern::fits(&like.replace('%', "*"), name);
    let all = on.database.settings.tables.iter().filter(|table| fits(&table.name));
    let row = |table: &settings::Table| {
        let (rows, length) = (table.rows, table.row.0);
        vec![
            table.name.clone(),
            "InnoDB".to_owned(),
            rows.to_string(),
            length.to_string(),
            rows.saturating_mul(length).to_string(),
            (rows + 1).to_string(),
        ]
    };
    let heads = vec!["Name", "Engine", "Rows", "Avg_row_length", "Data_length", "Auto_increment"];
    Table { heads, rows: all.map(row).collect() }
}

/// The machine at the other end of a session, and who is logged in.
fn client(world: &dyn World, session: &Session) -> (String, String) {
    let (component, instance) = session.client;
    let host = match world.system().components().get(component.index()) {
        Some(Component::Service(service)) => service.instances.get(instance as usize).map(|one| one.name.to_string()),
        Some(Component::Job(job)) => job.settings.on.clone(),
        _ => None,
    };
    (host.unwrap_or_else(|| "localhost".into()), "app".into())
}

fn statement(database: &Database, session: &Session) -> String {
    let table = |number: u16| database.settings.tables.get(usize::from(number)).map_or("?", |table| &table.name);
    match session.about {
        About::Query => "SELECT …".into(),
        About::Commit => "COMMIT".into(),
        About::Write(number, RowOp::Insert) => format!("INSERT INTO `{}` VALUES (…)", table(number)),
        About::Write(number, RowOp::Update) => format!("UPDATE `{}` SET … WHERE `id` = …", table(number)),
        About::Write(number, RowOp::Delete) => format!("DELETE FROM `{}` WHERE `id` = …", table(number)),
    }
}

fn seconds(since: Time, now: Time) -> String {
    now.since(since).seconds().max(0).to_string()
}

fn processes(world: &dyn World, on: &Found, full: bool) -> Table {
    let now = world.now();
    let mut rows = vec![];
    for (number, server) in on.database.servers.iter().enumerate() {
        let follows = server.replica.as_ref().filter(|replica| replica.of == on.number && replica.io == Fetching::Yes);
        if follows.is_some() {
            let host = format!("{}:{}", server.name, 48_000 + number);
            let state = "Has sent all binlog to slave; waiting for binlog to be updated";
            // Four days and some more hours, when the incident begins.
            let time = (412_309 + now.second()).to_string();
            let cells = [&(21 + number).to_string(), "repl", &host, "NULL", "Binlog Dump", &time, state, "NULL"];
            rows.push(cells.map(str::to_owned).to_vec());
        }
    }
    for session in &on.server().sessions {
        let (host, user) = client(world, session);
        let command = match (session.is_killed, session.doing) {
            (true, _) => "Killed",
            (_, Doing::Idle) => "Sleep",
            _ => "Query",
        };
        let state = match (session.doing, session.about) {
            (Doing::Working, About::Query) => "Sending data",
            (Doing::Working, About::Write(..)) => "Updating",
            (Doing::Idle, _) => "",
            _ => "NULL",
        };
        let mut info = if session.doing == Doing::Idle { "NULL".into() } else { statement(on.database, session) };
        if !full {
            info = info.chars().take(100).collect();
        }
        let host = format!("{host}:{}", 30_000 + session.id % 20_000);
        let time = seconds(session.since, now);
        let cells = [&session.id.to_string(), user.as_str(), &host, "production", command, &time, state, &info];
        rows.push(cells.map(str::to_owned).to_vec());
    }
    Table { heads: vec!["Id", "User", "Host", "db", "Command", "Time", "State", "Info"], rows }
}

fn master_status(on: &Found) -> Table {
    let (number, position) = on.server().log.place(on.server().log.end());
    let file = on.database.file_name(number);
    Table {
        heads: vec!["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"],
        rows: vec![vec![file, position.to_string(), String::new(), String::new()]],
    }
}

fn logs(on: &Found) -> Table {
    let torn = on.server().log.torn.unwrap_or(0);
    let files = &on.server().log.files;
    let last = files.len().saturating_sub(1);
    let row = |(at, file): (usize, &crate::sim::component::database::server::File)| {
        let size = file.size + 106 + if at == last { torn } else { 0 };
        vec![on.database.file_name(file.number), size.to_string()]
    };
    Table { heads: vec!["Log_name", "File_size"], rows: files.iter().enumerate().map(row).collect() }
}

fn followers(on: &Found) -> Table {
    let follows = on
        .database
        .servers
        .iter()
        .enumerate()
        .filter(|(_, server)| server.replica.as_ref().is_some_and(|replica| replica.of == on.number));
    Table {
        heads: vec!["Server_id", "Host", "Port"],
        rows: follows.map(|(n, server)| vec![(n + 1).to_string(), server.name.to_string(), "3306".into()]).collect(),
    }
}

fn slave_status(world: &dyn World, on: &Found) -> Table {
    let Some(replica) = &on.server().replica else { return Table::default() };
    let source = &on.database.servers[replica.of];
    let (read_file, read_at) = source.log.place(replica.read);
    let (exec_file, exec_at) = source.log.place(replica.exec);
    let (state, io) = match &replica.io {
        Fetching::Yes => ("Waiting for master to send event", "Yes"),
        Fetching::Connecting => ("Connecting to master", "Connecting"),
        Fetching::No | Fetching::Failed(..) => ("", "No"),
    };
    let (number, words) = match &replica.io {
        Fetching::Failed(number, words) => (*number, words.clone()),
        _ => (0, String::new()),
    };
    let behind = on.database.lag(on.number, world.now()).map_or("NULL".to_owned(), |lag| lag.seconds().to_string());
    let sql = if replica.sql == Ok(true) { "Yes" } else { "No" };
    let fields: Vec<(&'static str, String)> = vec![
        ("Slave_IO_State", state.into()),
        ("Master_Host", source.name.to_string()),
        ("Master_User", "repl".into()),
        ("Master_Port", "3306".into()),
        ("Master_Log_File", on.database.file_name(read_file)),
        ("Read_Master_Log_Pos", read_at.to_string()),
        ("Relay_Master_Log_File", on.database.file_name(exec_file)),
        ("Slave_IO_Running", io.into()),
        ("Slave_SQL_Running", sql.into()),
        ("Exec_Master_Log_Pos", exec_at.to_string()),
        ("Seconds_Behind_Master", behind),
        ("Last_IO_Errno", number.to_string()),
        ("Last_IO_Error", words),
        ("Last_SQL_Error", replica.sql.as_ref().err().cloned().unwrap_or_default()),
    ];
    let (heads, row) = fields.into_iter().unzip();
    Table { heads, rows: vec![row] }
}

fn variables(on: &Found, pattern: &str) -> Table {
    let server = on.server();
    let wanted = pattern.trim_matches('%').to_lowercase();
    let whole = !pattern.contains('%');
    let all = [
        ("binlog_format", "ROW".to_owned()),
        // Nothing is purged by itself: MySQL's default up to 5.7.
        ("expire_logs_days", "0".to_owned()),
        ("hostname", server.name.to_string()),
        ("log_bin", "ON".to_owned()),
        ("max_allowed_packet", server.max_allowed_packet.0.to_string()),
        ("max_binlog_size", on.database.settings.binlog.size.0.to_string()),
        ("max_connections", server.max_connections.to_string()),
        ("read_only", if server.is_read_only { "ON" } else { "OFF" }.to_owned()),
        ("version", on.database.settings.version.clone()),
    ];
    let fits = |name: &str| if whole { name == wanted } else { name.contains(&wanted) };
    let rows = all.into_iter().filter(|(name, _)| fits(name)).map(|(name, value)| vec![name.to_owned(), value]);
    Table { heads: vec!["Variable_name", "Value"], rows: rows.collect() }
}
