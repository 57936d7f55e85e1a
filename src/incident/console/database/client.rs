//! `mysql`: reads statements and hands them on.

use super::{found, show};
use crate::incident::console::arguments::{Flag, Given, Mistake, moot, moot_value, switch, valued};
use crate::incident::console::world::databases;
use crate::incident::console::{Call, Progress, World, nearest};
use crate::sim::operation::{Applied, Operation};
use crate::sim::sql::Sql;

pub const FLAGS: &[Flag] = &[
    valued('h', "host", "SERVER", "which server"),
    valued('e', "execute", "STATEMENT", "what to say to it"),
    switch('N', "skip-column-names", "without the heads"),
    switch('t', "table", "in a box"),
    switch('B', "batch", "with tabs between the fields"),
    switch('s', "silent", "the same"),
    switch('E', "vertical", "a field a line, as \\G does"),
    moot_value('u', "user", "NAME"),
    moot_value('P', "port", "PORT"),
    moot_value('D', "database", "NAME"),
    moot('A', "no-auto-rehash"),
    moot(' ', "password"),
];

/// The options; a password may follow its letter at once.
fn options(words: &[String]) -> Result<Given, String> {
    let words: Vec<String> = words.iter().filter(|word| !word.starts_with("-p")).cloned().collect();
    Given::read(&words, FLAGS).map_err(|mistake| match mistake {
        Mistake::NoValue(flag) => format!("mysql: option '{flag}' requires an argument"),
        mistake => format!("mysql: unknown option '{}'", mistake.word()),
    })
}

/// How rows are printed.
#[derive(Clone, Copy)]
enum Style {
    Plain,
    Boxed,
    Tabs,
    Vertical,
}

pub fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let options = match options(call.arguments()) {
        Ok(options) => options,
        Err(error) => return call.fail(error),
    };
    let local = call.host.filter(|host| found(world, host).is_some());
    let Some(server) = options.value("host").or(local).map(str::to_owned) else {
        call.complain(
            "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)",
        );
        return call.fail("no server runs here: mysql -h SERVER -e \"…\"");
    };
    let names = super::machines(world);
    if !names.contains(&server) {
        let near = nearest(&server, names.iter().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return call.fail(format!("ERROR 2005 (HY000): Unknown MySQL server host '{server}' (1){hint}"));
    }
    let mut texts: Vec<String> = options.values("execute").map(str::to_owned).collect();
    let style = match (options.has("vertical"), options.has("table"), options.has("batch") || options.has("silent")) {
        (true, ..) => Style::Vertical,
        (_, true, _) => Style::Boxed,
        (.., true) => Style::Tabs,
        _ => Style::Plain,
    };
    if texts.is_empty() {
        texts.extend(call.input.map(|lines| lines.join("\n")));
    }
    if texts.is_empty() {
        return call.fail("mysql: give it a statement: mysql -h SERVER -e \"SHOW PROCESSLIST\"");
    }
    for text in texts {
        for (statement, is_vertical) in statements(&text) {
            let style = if is_vertical { Style::Vertical } else { style };
            if let Err(error) = one(call, &server, &statement, (style, options.has("skip-column-names")), world) {
                return call.fail(error);
            }
        }
    }
    Progress::Done(0)
}

/// The statements of a text, and whether each ends in `\G`.
fn statements(text: &str) -> Vec<(String, bool)> {
    let mut all = vec![];
    let mut open = String::new();
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"' | '`', None) => quote = Some(c),
            _ => {}
        }
        let vertical = c == '\\' && matches!(characters.peek(), Some('G' | 'g'));
        if quote.is_none() && (c == ';' || vertical) {
            let is_vertical = vertical && characters.next() == Some('G');
            all.push((std::mem::take(&mut open).trim().to_owned(), is_vertical));
        } else {
            open.push(c);
        }
    }
    all.push((open.trim().to_owned(), false));
    all.retain(|(statement, _)| !statement.is_empty());
    all
}

/// The words of a statement: names and numbers, texts without their quotes, and signs.
fn words(statement: &str) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    let mut open = String::new();
    let mut quote = None;
    for c in statement.chars() {
        match quote {
            Some(q) if c == q => {
                all.push(std::mem::take(&mut open));
                quote = None;
            }
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if c.is_whitespace() || matches!(c, '=' | ',') => {
                all.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
                if !c.is_whitespace() {
                    all.push(c.to_string());
                }
            }
            None if c == '`' => {}
            _ => open.push(c),
        }
    }
    all.extend((!open.is_empty()).then_some(open));
    all
}

fn one(
    call: &mut Call,
    server: &str,
    statement: &str,
    (style, no_heads): (Style, bool),
    world: &mut dyn World,
) -> Result<(), String> {
    let words = words(statement);
    let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    if matches!(upper.first(), Some(&("SHOW" | "SELECT" | "USE" | "DESCRIBE" | "DESC"))) {
        if let Some(on) = found(world, server).filter(|on| !on.server().is_up()) {
            return Err(format!("ERROR 2003 (HY000): Can't connect to MySQL server on '{}' (111)", on.server().name));
        }
        if let Some(error) = show::missing(world, server, &upper, &words) {
            return Err(error);
        }
        let Some(table) = show::answer(world, server, &upper, &words) else { return Err(syntax(statement)) };
        let lines = match style {
            Style::Plain => table.horizontal(no_heads),
            Style::Boxed => table.boxed(no_heads),
            Style::Tabs => table.tabs(no_heads),
            Style::Vertical => table.vertical(),
        };
        call.say_all(lines);
        return Ok(());
    }
    let sql = change(&upper, &words).ok_or_else(|| syntax(statement))?;
    let Some(component) = databases(world).find(|(_, one)| one.number_of(server).is_some()).map(|(name, _)| name)
    else {
        return Err(format!("ERROR 2005 (HY000): Unknown MySQL server host '{server}' (1)"));
    };
    let component = component.to_owned();
    let is_purge = matches!(sql, Sql::Purge(_));
    let done = world.operate(call.who, &component, Operation::Sql { server: server.to_owned(), sql })?;
    if let (true, Applied::Count(0)) = (is_purge, &done) {
        call.complain(
            "Warning (Code 1867): file was not purged because it was being read by a slave, or there is none before it",
        );
    }
    Ok(())
}

fn syntax(statement: &str) -> String {
    let near: String = statement.chars().take(60).collect();
    format!("ERROR 1064 (42000): You have an error in your SQL syntax near '{near}' (man mysql lists what can be said)")
}

/// The number at the end of a log file's name.
fn number_of(file: &str) -> Option<u32> {
    file.rsplit(['.', '/']).next()?.parse().ok()
}

fn change(upper: &[&str], words: &[String]) -> Option<Sql> {
    Some(match upper {
        ["KILL", id] | ["KILL", "CONNECTION" | "QUERY", id] => Sql::Kill(id.parse().ok()?),
        ["SET", "GLOBAL", name, "=", value] => match *name {
            "READ_ONLY" => Sql::ReadOnly(matches!(*value, "1" | "ON" | "TRUE")),
            "MAX_ALLOWED_PACKET" => Sql::MaxAllowedPacket(value.parse().ok()?),
            "MAX_CONNECTIONS" => Sql::MaxConnections(value.parse().ok()?),
            _ => return None,
        },
        ["PURGE", "BINARY" | "MASTER", "LOGS", "TO", _] => Sql::Purge(number_of(&words[4])?),
        ["FLUSH", "LOGS"] => Sql::FlushLogs,
        ["RESET", "MASTER"] => Sql::ResetMaster,
        ["STOP", "SLAVE", ..] => Sql::StopSlave,
        ["START", "SLAVE", ..] => Sql::StartSlave,
        ["RESET", "SLAVE", ..] => Sql::ResetSlave,
        ["CHANGE", "MASTER", "TO", ..] => {
            let value = |name: &str| {
                let at = upper.iter().position(|word| *word == name)?;
                (upper.get(at + 1) == Some(&"=")).then(|| words.get(at + 2).cloned()).flatten()
            };
            let file = match value("MASTER_LOG_FILE") {
                Some(file) => Some(number_of(&file)?),
                None => None,
            };
            let position = value("MASTER_LOG_POS").and_then(|position| position.parse().ok());
            Sql::ChangeMaster { host: value("MASTER_HOST"), file, position }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: &str) -> Option<Sql> {
        let words = words(statement);
        let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
        change(&upper.iter().map(String::as_str).collect::<Vec<_>>(), &words)
    }

    #[test]
    fn statements_are_told_apart_and_read() {
        let all = statements("STOP SLAVE; SHOW SLAVE STATUS\\G  kill 7 ;");
        let expected = [("STOP SLAVE", false), ("SHOW SLAVE STATUS", true), ("kill 7", false)];
        assert_eq!(all, expected.map(|(text, vertical)| (text.to_owned(), vertical)));
        assert_eq!(read("kill 7"), Some(Sql::Kill(7)));
        assert_eq!(read("set global read_only=0"), Some(Sql::ReadOnly(false)));
        assert_eq!(read("PURGE BINARY LOGS TO 'mysql-bin.039700'"), Some(Sql::Purge(39_700)));
        let change = "CHANGE MASTER TO MASTER_HOST='db3', MASTER_LOG_FILE='mysql-bin.000001', MASTER_LOG_POS=106";
        let expected = Sql::ChangeMaster { host: Some("db3".into()), file: Some(1), position: Some(106) };
        assert_eq!(read(change), Some(expected));
        assert_eq!(read("DROP TABLE users"), None);
    }
}
