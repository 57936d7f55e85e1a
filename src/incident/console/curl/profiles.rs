//! The profiles of a Go process over HTTP (`net/http/pprof`): where its goroutines wait.

use super::{Asked, Server};
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::service::Service;
use crate::sim::random::{hash_name, join};

pub const SERVER: Server =
    Server { about: "a process in Go with a debug port", more: |_| vec![], addresses, is, answer };

fn port_of(service: &Service) -> Option<u16> {
    service.go().and_then(|go| go.debug_port)
}

/// The services with profiles, and the instances of each: (service, number, machine).
fn all(world: &dyn World) -> impl Iterator<Item = (&Service, usize, &str)> {
    let with = services(world).filter(|(_, service)| port_of(service).is_some());
    with.flat_map(|(_, service)| service.live().map(move |(number, instance)| (service, number, &*instance.name)))
}

fn addresses(world: &dyn World) -> Vec<(String, &'static str)> {
    let port = |service: &Service| port_of(service).unwrap_or_default();
    let address = |service, host: &str| format!("{host}:{}/debug/pprof/goroutine?debug=1", port(service));
    all(world).map(|(service, _, host)| (address(service, host), "where its goroutines wait")).collect()
}

fn is(host: &str, world: &dyn World) -> bool {
    all(world).any(|(_, _, name)| name == host)
}

fn answer(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Progress {
    let Some((service, number, _)) = all(world).find(|(_, _, name)| *name == asked.host) else {
        return call.fail(format!("curl: (6) Could not resolve host: {}", asked.host));
    };
    if !service.instances[number].has_process() {
        let port = port_of(service).unwrap_or_default();
        call.complain(format!("curl: (7) Failed to connect to {} port {port}: Connection refused", asked.host));
        return Progress::Done(7);
    }
    let lines = match asked.path.as_str() {
        "debug/pprof/goroutine" if asked.parameter("debug").is_some() => goroutines(service, number, world),
        "debug/pprof/goroutine" => vec!["Binary output can mess up your terminal: add ?debug=1".to_owned()],
        "debug/pprof" => vec![
            "/debug/pprof/".to_owned(),
            String::new(),
            "profiles:".to_owned(),
            format!("{:>8} goroutine", service.goroutines_of(number)),
            format!("{:>8} heap", 31),
            format!("{:>8} threadcreate", 7),
            String::new(),
            "/debug/pprof/goroutine?debug=1 says where they wait".to_owned(),
        ],
        _ => vec!["404 page not found".to_owned()],
    };
    call.say_all(lines);
    Progress::Done(0)
}

/// Where goroutines wait, the most first, as the profile prints it.
fn goroutines(service: &Service, number: usize, world: &dyn World) -> Vec<String> {
    let total = service.goroutines_of(number);
    let text = |number| world.system().text(number).to_owned();
    let mut places: Vec<(u64, String, String)> =
        service.stranded_of(number).map(|(at, waits, count)| (count, text(at), text(waits))).collect();
    let stranded: u64 = places.iter().map(|(count, ..)| count).sum();
    let own = total.saturating_sub(stranded);
    places.push((own * 2 / 3, "net/http.(*conn).serve".to_owned(), "IO wait".to_owned()));
    places.push((own - own * 2 / 3, "database/sql.(*DB).connectionOpener".to_owned(), "chan receive".to_owned()));
    places.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let mut lines = vec![format!("goroutine profile: total {total}")];
    for (count, at, waits) in places.into_iter().filter(|(count, ..)| *count > 0) {
        let address = 0x0040_0000 + (join(hash_name(&at), 1) & 0x000f_ffff);
        lines.push(format!("{count} @ {:#x} {:#x} {address:#x}    [{waits}]", address - 0x9d2, address - 0x311));
        lines.push(format!("#\t{address:#x}\t{at}+{:#x}", address & 0xff));
        lines.push(String::new());
    }
    lines
}
