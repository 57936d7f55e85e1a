//! `curl`: what answers HTTP within the system, one site after the other.
//!
//! A site is a function that answers for addresses it knows and lets others pass; the first that answers counts.

use super::world::services;
use super::{Call, Command, Place, Progress, Runs, World, candidate};
use crate::sim::component::service::Service;
use crate::sim::quantity::Span;
use crate::sim::random::{hash_name, join};

/// An address: `http://app-1:6060/debug/pprof/goroutine?debug=1`.
pub struct Address<'a> {
    pub host: &'a str,
    pub port: Option<u16>,
    /// With its slash; `/` where nothing stands there.
    pub path: &'a str,
    /// Behind the question mark.
    pub query: &'a str,
}

/// Answers for an address, or lets it pass.
type Site = fn(&Address, &dyn World) -> Option<Vec<String>>;

const SITES: &[Site] = &[profile];

pub const COMMANDS: &[Command] = &[Command {
    name: "curl",
    aliases: &[],
    usage: "curl [-s] ADDRESS",
    summary: "asks something that answers HTTP: the profiles of a Go process",
    manual: "curl HOST:6060/debug/pprof/                     what profiles there are\ncurl HOST:6060/debug/pprof/goroutine?debug=1    where goroutines wait, and how many at each place",
    place: Place::Anywhere,
    takes: Span::from_millis(200),
    exists: |world| services(world).any(|(_, service)| port_of(service).is_some()),
    runs: Runs::Command(run),
    complete: |_, world| {
        let of = services(world).filter_map(|(_, service)| Some((service, port_of(service)?)));
        let hosts = of.flat_map(|(service, port)| service.live().map(move |(_, of)| (of.name.to_string(), port)));
        hosts
            .map(|(host, port)| candidate(format!("{host}:{port}/debug/pprof/goroutine?debug=1"), "goroutines"))
            .collect()
    },
}];

/// Reads an address as curl does: without a scheme it is HTTP.
fn address(text: &str) -> Address<'_> {
    let text = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let (place, rest) = text.find('/').map_or((text, "/"), |at| text.split_at(at));
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, port.parse().ok()));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Address { host, port, path, query }
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<&String> = call.arguments().iter().filter(|word| !word.starts_with('-')).collect();
    let [text] = words.as_slice() else { return call.fail("usage: curl [-s] ADDRESS") };
    let mut address = address(text);
    if address.host == "localhost" || address.host == "127.0.0.1" {
        address.host = call.host.unwrap_or("localhost");
    }
    match SITES.iter().find_map(|site| site(&address, world)) {
        Some(lines) => {
            call.say_all(lines);
            Progress::Done(0)
        }
        None => {
            let port = address.port.unwrap_or(80);
            let known = services(world).any(|(_, service)| service.live().any(|(_, of)| &*of.name == address.host));
            call.complain(match known {
                true => format!("curl: (7) Failed to connect to {} port {port}: Connection refused", address.host),
                false => format!("curl: (6) Could not resolve host: {}", address.host),
            });
            Progress::Done(if known { 7 } else { 6 })
        }
    }
}

fn port_of(service: &Service) -> Option<u16> {
    service.go().and_then(|go| go.debug_port)
}

/// The profiles of a Go process: `net/http/pprof`.
fn profile(address: &Address, world: &dyn World) -> Option<Vec<String>> {
    let (service, number) = services(world).find_map(|(_, service)| {
        let (number, instance) = service.live().find(|(_, instance)| &*instance.name == address.host)?;
        (instance.has_process() && port_of(service) == address.port.or(port_of(service))).then_some((service, number))
    })?;
    port_of(service)?;
    match address.path.trim_end_matches('/') {
        "/debug/pprof/goroutine" if address.query.contains("debug=1") || address.query.contains("debug=2") => {
            Some(goroutines(service, number, world))
        }
        "/debug/pprof/goroutine" => Some(vec!["Binary output can mess up your terminal: add ?debug=1".to_owned()]),
        "/debug/pprof" => Some(vec![
            "/debug/pprof/".to_owned(),
            String::new(),
            "profiles:".to_owned(),
            format!("{:>8} goroutine", service.goroutines_of(number)),
            format!("{:>8} heap", 31),
            format!("{:>8} threadcreate", 7),
            String::new(),
            "goroutine?debug=1 says where they wait".to_owned(),
        ]),
        _ => Some(vec!["404 page not found".to_owned()]),
    }
}

/// Where goroutines wait, the most first, as the profile prints it.
fn goroutines(service: &Service, number: usize, world: &dyn World) -> Vec<String> {
    let total = service.goroutines_of(number);
    let mut places: Vec<(u64, String, String)> = service
        .stranded_of(number)
        .map(|(at, waits, count)| (count, world.system().text(at).to_owned(), world.system().text(waits).to_owned()))
        .collect();
    let stranded: u64 = places.iter().map(|(count, ..)| count).sum();
    let own = total.saturating_sub(stranded);
    places.push((own * 2 / 3, "net/http.(*conn).serve".to_owned(), "IO wait".to_owned()));
    places.push((own - own * 2 / 3, "database/sql.(*DB).connectionOpener".to_owned(), "chan receive".to_owned()));
    places.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let mut lines = vec![format!("goroutine profile: total {total}")];
    for (count, at, waits) in places.into_iter().filter(|(count, ..)| *count > 0) {
        let address = 0x0040_0000 + (join(hash_name(&at), 1) & 0x000f_ffff);
        lines.push(format!("{count} @ {:#x} {:#x} {:#x}    [{waits}]", address - 0x9d2, address - 0x311, address));
        lines.push(format!("#\t{address:#x}\t{at}+{:#x}", address & 0xff));
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_its_parts() {
        let of = address("http://app-1:6060/debug/pprof/goroutine?debug=1");
        assert_eq!((of.host, of.port, of.path, of.query), ("app-1", Some(6060), "/debug/pprof/goroutine", "debug=1"));
        let of = address("app-1");
        assert_eq!((of.host, of.port, of.path, of.query), ("app-1", None, "/", ""));
    }
}
