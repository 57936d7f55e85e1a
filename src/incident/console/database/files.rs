//! The files of a database server that one can read: its error log, and its binary log.

use super::{found, here};
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::database::server::File;
use crate::sim::quantity::{Bytes, Span, Time};

/// A file that a server has written, as `ls -l` lists it.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub path: String,
    pub size: Bytes,
    pub changed: Time,
    pub mode: &'static str,
    pub owner: &'static str,
}

/// The lines of a file on a machine, where it is one of a database's.
pub fn file(world: &dyn World, host: &str, path: &str) -> Option<Vec<String>> {
    let on = found(world, host)?;
    if !path.ends_with("error.log") && !path.ends_with("mysqld.err") {
        return None;
    }
    let line = |(at, text): &(Time, String)| {
        // The machine keeps UTC.
        format!("{} {text}", world.clock().mysql(*at))
    };
    Some(on.server().said.iter().map(line).collect())
}

/// The files on the volume of a server's binary log.
pub fn written(world: &dyn World, host: &str) -> Vec<Written> {
    let Some(on) = found(world, host) else { return vec![] };
    let settings = &on.database.settings.binlog;
    let volumes = &on.server().volumes;
    let Some(volume) = volumes.iter().find(|volume| volume.name == settings.volume).or(volumes.first()) else {
        return vec![];
    };
    let folder = &volume.at;
    let log = &on.server().log;
    let last = log.files.len().saturating_sub(1);
    let of_server = |name: &str, size: u64, changed: Time| Written {
        path: format!("{folder}/{name}"),
        size: Bytes(size),
        changed,
        mode: "-rw-rw----",
        owner: "mysql adm",
    };
    let mut all = vec![];
    for (at, file) in log.files.iter().enumerate() {
        let torn = log.torn.filter(|_| at == last).unwrap_or(0);
        let changed = begun(&log.files, at + 1).unwrap_or_else(|| world.now());
        all.push(of_server(&on.database.file_name(file.number), file.size + 106 + torn, changed));
    }
    let started = begun(&log.files, 0).unwrap_or_else(|| world.now());
    let index = format!("{}.index", settings.files);
    all.push(of_server(&index, log.files.len() as u64 * 35, started));
    all.push(of_server("error.log", 14_208, started));
    all
}

/// When a file of a log was begun, and the one before it written for the last time; nothing for the one to come. What was
/// logged before anybody looked was logged as fast as the first file since.
fn begun(files: &[File], at: usize) -> Option<Time> {
    let known = files.iter().position(|file| file.begun.is_some())?;
    if at >= known {
        return files.get(at)?.begun;
    }
    let first = files[known].begun?;
    let second = files.get(known + 1).and_then(|file| file.begun);
    let each = second.map_or(Span::from_seconds(60), |second| second.since(first));
    Some(first - each * (known - at) as i64)
}

/// `mysqlbinlog FILE`: what each table has in it. The rows themselves would fill the screen for days.
pub fn mysqlbinlog(call: &mut Call, world: &mut dyn World) -> Progress {
    let Some(path) = call.arguments().iter().find(|word| !word.starts_with('-')).cloned() else {
        return call.fail("Usage: mysqlbinlog FILE");
    };
    let on = match here(call, world) {
        Ok(on) => on,
        Err(error) => return call.fail(error),
    };
    let number = path.rsplit(['.', '/']).next().and_then(|number| number.parse::<u32>().ok());
    let log = &on.server().log;
    let Some(at) = log.files.iter().position(|file| Some(file.number) == number) else {
        return call.fail(format!("mysqlbinlog: File '{path}' not found (Errcode: 2)"));
    };
    let file = &log.files[at];
    // What was logged before anybody looked is like what was logged on a quiet day.
    let own = |file: &File| file.by_table.iter().sum::<u64>();
    let quiet = log.files.iter().filter(|file| own(file) > 0).min_by_key(|file| own(file));
    let by_table: Vec<u64> = match quiet {
        Some(quiet) if file.by_table.is_empty() => {
            quiet.by_table.iter().map(|bytes| bytes * file.size / own(quiet).max(1)).collect()
        }
        _ => file.by_table.clone(),
    };
    let mut lines = vec!["/*!40019 SET @@session.max_insert_delayed_threads=0*/;".to_owned(), "# at 4".to_owned()];
    let mut sums: Vec<(u64, &str)> =
        by_table.iter().zip(&on.database.settings.tables).map(|(bytes, table)| (*bytes, table.name.as_str())).collect();
    sums.sort_unstable();
    let first = begun(&log.files, at).unwrap_or_else(|| world.now());
    let stamp = world.clock().mysql(first);
    let id = on.number + 1;
    for (number, (bytes, table)) in sums.iter().filter(|(bytes, _)| *bytes > 0).enumerate() {
        let (end, mapped) = (233 + number * 181, number + 31);
        lines.push(format!(
            "#{stamp} server id {id}  end_log_pos {end} \tTable_map: `production`.`{table}` mapped to number {mapped}"
        ));
        lines.push(format!("base64 {:>12} bytes of rows of `{table}`", bytes * 4 / 3));
    }
    if at + 1 == log.files.len() && log.torn.is_some() {
        let end = file.size + 106;
        lines.push(format!("# at {end}"));
        lines.push(format!(
            "ERROR: Error in Log_event::read_log_event(): 'read error', data_len: {}, event_type: 24",
            on.server().max_allowed_packet.0 / 80
        ));
        lines.push("ERROR: Could not read entry at offset: the file ends inside an event".to_owned());
    } else {
        lines.push("DELIMITER ;".to_owned());
        lines.push("# End of log file".to_owned());
    }
    call.say_all(lines);
    Progress::Done(0)
}
