//! `logs`: the log search, over what has been shipped from the services; a little late, and only what is shipped.

use super::arguments::{self, Flag, Given, switch, valued};
use super::world::services;
use super::{Call, Command, Options, Place, Progress, Runs, Typed, World, candidate, nearest, table};
use crate::incident::view::Candidate;
use crate::sim::component::service::Service;
use crate::sim::id::{ComponentId, Unit};
use crate::sim::log::{Record, Severity};
use crate::sim::quantity::{Span, Time};
use std::collections::BTreeMap;

pub const COMMANDS: &[Command] = &[Command {
    name: "logs",
    options: Options::Read(FLAGS),
    aliases: &["kibana"],
    usage: "logs search ['TEXT'] [--service NAME] [--since 10m] [--count-by FIELD] [--top N]",
    summary: "searches the logs of all services that ship them",
    manual: "TEXT is a part of a line, or /a pattern/; several words must all be there. Without it, every line.\n--service NAME      only this service\n--since 10m         only the last ten minutes\n--until 5m          only until five minutes ago\n--level error       only lines as loud as that\n--count-by FIELD    how often each id, pod, service, level, minute or message occurs, the most frequent first\n--top N             so many lines or groups (20 by default)\n\nLines arrive some seconds after they were written. What a process had not written when it was killed never arrives.\n\nlogs search 'timeout' --since 15m --count-by minute\nlogs search --count-by id --top 5",
    place: Place::Bastion,
    takes: Span::from_millis(800),
    exists: |world| !world.shipped().is_empty(),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

const FLAGS: &[Flag] = &[
    valued('s', "service", "NAME", "only this service"),
    valued(' ', "since", "TIME", "only the last 10m"),
    valued(' ', "until", "TIME", "only until 5m ago"),
    valued('l', "level", "LEVEL", "only lines as loud as that: warn, error"),
    valued(' ', "count-by", "FIELD", "how often: id, pod, service, level, minute, message"),
    valued(' ', "top", "N", "so many lines or groups"),
    valued('n', "lines", "N", "so many lines or groups"),
    switch('f', "follow", "goes on printing"),
];

const FIELDS: [(&str, &str); 6] = [
    ("id", "the unit of work that a line is about"),
    ("pod", "who wrote it"),
    ("service", "whose line it is"),
    ("level", "how loud it is"),
    ("minute", "when it was written"),
    ("message", "the line without its id"),
];

/// What is looked for.
struct Query {
    needles: Vec<String>,
    pattern: Option<regex::Regex>,
    services: Vec<(String, Span)>,
    from: Time,
    until: Time,
    level: Option<String>,
    top: usize,
}

impl Query {
    /// Whether a text holds every word that is looked for.
    fn says(&self, text: &str) -> bool {
        self.needles.is_empty() || {
            let lower = text.to_lowercase();
            self.needles.iter().all(|needle| lower.contains(needle))
        }
    }
}

/// What is known of all lines of one template.
#[derive(Clone, Copy)]
enum Verdict {
    /// Each says what is looked for.
    Each,
    /// None does.
    None,
    /// It depends on what stands in it.
    Depends,
}

impl Verdict {
    fn of(query: &Query, template: &str) -> Self {
        // What is put into a template is digits, `a` to `f`, dashes and dots; only the client has a name.
        let is_value = |c: char| c.is_ascii_hexdigit() || c == '-' || c == '.';
        let lower = template.to_lowercase();
        let may_say = |needle: &String| needle.split(is_value).all(|part| lower.contains(part));
        if query.pattern.is_some() || template.contains("{client}") {
            Self::Depends
        } else if query.says(template) {
            Self::Each
        } else if query.needles.iter().all(may_say) {
            Self::Depends
        } else {
            Self::None
        }
    }
}

/// A line that was found.
struct Found<'a> {
    record: &'a Record,
    service: &'a Service,
}

impl Found<'_> {
    /// Who wrote the line.
    fn pod(&self) -> &str {
        self.service.instances.get(self.record.instance as usize).map_or("unknown", |instance| &instance.name)
    }
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let words = call.arguments().to_vec();
    let of_service: Vec<String>;
    let rest = match words.split_first() {
        Some((verb, rest)) if verb == "search" => rest,
        Some((verb, _)) if verb.starts_with('-') => {
            return call.fail("usage: logs search 'TEXT' [--service NAME] [--since 10m] [--count-by id] [--top 10]");
        }
        // `logs timeout` can only mean one thing, and so can `logs SERVICE`.
        Some((name, rest)) if world.shipped().iter().any(|(service, _)| service == name) => {
            of_service = [vec!["--service".to_owned(), name.clone()], rest.to_vec()].concat();
            of_service.as_slice()
        }
        Some(_) => words.as_slice(),
        None => {
            return call.fail("usage: logs search 'TEXT' [--service NAME] [--since 10m] [--count-by id] [--top 10]");
        }
    };
    let given = match Given::read(rest, FLAGS) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("logs")),
    };
    let query = match query(&given, world) {
        Ok(query) => query,
        Err(error) => return call.fail(error),
    };
    match given.value("count-by") {
        Some(field) if FIELDS.iter().all(|(name, _)| *name != field) => {
            let near = nearest(field, FIELDS.iter().map(|(name, _)| *name));
            let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            call.fail(format!("logs: there is no field {field}{hint}: {}", names.join(", ")))
        }
        Some(field) => count(call, &query, field, world),
        None => show(call, &query, given.has("follow"), world),
    }
}

fn query(given: &Given, world: &dyn World) -> Result<Query, String> {
    let now = world.now();
    let ago = |flag: &str| -> Result<Option<Time>, String> {
        let Some(text) = given.value(flag) else { return Ok(None) };
        let span: Span = text.parse().map_err(|error| format!("logs: --{flag}: {error}"))?;
        Ok(Some(now - span))
    };
    let mut services = world.shipped();
    if let Some(name) = given.value("service") {
        if services.iter().all(|(one, _)| one != name) {
            let near = nearest(name, services.iter().map(|(one, _)| one.as_str()));
            let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            return Err(format!("logs: no service `{name}` ships its logs{hint}"));
        }
        services.retain(|(one, _)| one == name);
    }
    let words = given.operands.join(" ");
    let pattern = match words.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(pattern) => {
            let built = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
            Some(built.map_err(|_| format!("logs: /{pattern}/ is no pattern"))?)
        }
        None => None,
    };
    let needles =
        if pattern.is_some() { vec![] } else { given.operands.iter().map(|word| word.to_lowercase()).collect() };
    let top = given.value("top").or(given.value("lines")).unwrap_or("20");
    Ok(Query {
        needles,
        pattern,
        services,
        from: ago("since")?.unwrap_or(Time::from_micros(i64::MIN / 2)),
        until: ago("until")?.unwrap_or(now),
        level: given.value("level").map(str::to_uppercase),
        top: top
            .parse::<usize>()
            .ok()
            .filter(|top| *top > 0)
            .ok_or_else(|| format!("logs: --top {top} is no number"))?,
    })
}

/// Calls `each` with every line that fits, service by service, oldest first.
fn search<'a>(query: &Query, world: &'a dyn World, mut each: impl FnMut(Found<'a>)) {
    let system = world.system();
    let mut verdicts: BTreeMap<u16, Verdict> = BTreeMap::new();
    for (name, delay) in &query.services {
        let Some((index, service)) = services(world).find(|(_, service)| service.settings.name == *name) else {
            continue;
        };
        // What was written within the delay hasn't arrived.
        let until = query.until.min(world.now() - *delay);
        for record in system.log(ComponentId(index as u8)).since(query.from).take_while(|record| record.at <= until) {
            // What a dying process says on its standard error is not in the log that is shipped.
            if record.severity == Severity::Fatal {
                continue;
            }
            if query.level.as_ref().is_some_and(|level| !record.severity.word().starts_with(level.as_str())) {
                continue;
            }
            let verdict =
                *verdicts.entry(record.template).or_insert_with(|| Verdict::of(query, system.template(record)));
            let fits = match (verdict, &query.pattern) {
                (Verdict::Each, _) => true,
                (Verdict::None, _) => false,
                (Verdict::Depends, Some(pattern)) => pattern.is_match(&system.line(record)),
                (Verdict::Depends, None) => query.says(&system.line(record)),
            };
            if fits {
                each(Found { record, service });
            }
        }
    }
}

fn show(call: &mut Call, query: &Query, follows: bool, world: &dyn World) -> Progress {
    let printed: Option<i64> = call.kept.first().and_then(|text| text.parse().ok());
    let mut all: Vec<Found> = vec![];
    let mut count = 0_u64;
    search(query, world, |found| {
        if printed.is_some_and(|printed| found.record.at.micros() <= printed) {
            return;
        }
        count += 1;
        all.push(found);
        // Only the newest of each service are shown: the rest needn't be kept.
        if all.len() > query.top.max(1000) * 20 {
            all.sort_by_key(|found| found.record.at);
            let skipped = all.len() - query.top;
            all.drain(..skipped);
        }
    });
    all.sort_by_key(|found| found.record.at);
    let skipped = all.len().saturating_sub(query.top);
    let last = all.last().map_or(printed.unwrap_or(i64::MIN / 2), |found| found.record.at.micros());
    for found in &all[skipped..] {
        let (stamp, severity) = (world.clock().iso(found.record.at), found.record.severity.word());
        call.say(format!("{stamp} {} {severity} {}", found.pod(), world.system().line(found.record)));
    }
    if follows {
        *call.kept = vec![last.to_string()];
        return Progress::Again(Span::from_seconds(2));
    }
    let shown = count.min(query.top as u64);
    call.complain(format!("{count} lines, the last {shown} shown"));
    Progress::Done(u8::from(count == 0))
}

fn count(call: &mut Call, query: &Query, field: &str, world: &dyn World) -> Progress {
    if field == "id" {
        return count_ids(call, query, world);
    }
    let mut groups: BTreeMap<String, (u64, Time)> = BTreeMap::new();
    let mut total = 0_u64;
    search(query, world, |found| {
        let key = match field {
            "pod" => found.pod().to_owned(),
            "service" => found.service.settings.name.clone(),
            "level" => found.record.severity.word().to_owned(),
            "minute" => world.clock().short(found.record.at),
            _ => world.system().template(found.record).to_owned(),
        };
        let group = groups.entry(key).or_insert((0, found.record.at));
        group.0 += 1;
        group.1 = group.1.max(found.record.at);
        total += 1;
    });
    let several = groups.len();
    let mut rows: Vec<(String, (u64, Time))> = groups.into_iter().collect();
    if field == "minute" {
        let skipped = rows.len().saturating_sub(query.top);
        rows.drain(..skipped);
    } else {
        rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        rows.truncate(query.top);
    }
    tell_groups(call, field, rows, [total, several as u64], world)
}

/// As many ids as there were requests: counted by number, and only those that are shown are written out.
fn count_ids(call: &mut Call, query: &Query, world: &dyn World) -> Progress {
    let mut found_ids: Vec<(u64, Time)> = vec![];
    search(query, world, |found| found_ids.push((found.record.unit.number(), found.record.at)));
    found_ids.sort_unstable();
    let groups = found_ids.chunk_by(|a, b| a.0 == b.0);
    let mut rows: Vec<(u64, u64, Time)> =
        groups.map(|group| (group[0].0, group.len() as u64, group[group.len() - 1].1)).collect();
    let several = rows.len() as u64;
    rows.sort_by_key(|(number, count, _)| (std::cmp::Reverse(*count), *number));
    rows.truncate(query.top);
    let rows = rows.into_iter().map(|(number, count, last)| (Unit::label_of(number), (count, last))).collect();
    tell_groups(call, "id", rows, [found_ids.len() as u64, several], world)
}

fn tell_groups(
    call: &mut Call,
    field: &str,
    rows: Vec<(String, (u64, Time))>,
    [total, several]: [u64; 2],
    world: &dyn World,
) -> Progress {
    let cells = |(key, (count, last)): (String, (u64, Time))| vec![count.to_string(), key, world.clock().seconds(last)];
    let cells: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = ["COUNT".to_owned(), field.to_uppercase(), "LAST SEEN".to_owned()];
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    call.say_all(table::plain(&heads, &cells));
    call.complain(format!("{total} lines, {several} different values of {field}"));
    Progress::Done(u8::from(total == 0))
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let services = || world.shipped().into_iter().map(|(name, _)| candidate(name, "service"));
    match typed.before.last().map(String::as_str) {
        Some("--service" | "-s") => services().collect(),
        Some("--count-by") => FIELDS.iter().map(|(name, about)| candidate(*name, *about)).collect(),
        Some("--level" | "-l") => ["error", "warn", "info", "debug"].map(|level| candidate(level, "level")).to_vec(),
        Some("--since") => ["5m", "15m", "1h"].map(|span| candidate(span, "")).to_vec(),
        _ if typed.before.len() == 1 => vec![candidate("search", "looks for text in all shipped logs")],
        _ => {
            let value = |flag: &str, values: Vec<Candidate>| {
                values.into_iter().map(|c| candidate(format!("{flag}={}", c.word), c.about)).collect()
            };
            match typed.partial.split_once('=').map(|(flag, _)| flag) {
                Some("--service") => value("--service", services().collect()),
                Some("--count-by") => value("--count-by", FIELDS.map(|(name, about)| candidate(name, about)).to_vec()),
                _ => arguments::candidates(FLAGS),
            }
        }
    }
}
