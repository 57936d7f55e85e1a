//! `curl`: what answers over HTTP, a file a kind of server.
//!
//! The command line is read here; a [`Server`] says whether an address is its own, and answers.

mod application;
mod cat;
mod elastic;
mod indices;
mod profiles;
mod sendgrid;

use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::quantity::Span;

/// What is asked of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `PUT`, `POST`, `DELETE`.
    pub method: String,
    /// The host without its port.
    pub host: String,
    /// The path without the slash before it: `_cat/indices`.
    pub path: String,
    /// What stands behind the question mark.
    pub query: Vec<(String, String)>,
    /// What is sent along.
    pub body: String,
}

impl Asked {
    /// The value of a parameter; empty where it has none.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parts of the path.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

/// A kind of server.
pub struct Server {
    /// The addresses that it answers at, each with a few words.
    pub addresses: fn(&dyn World) -> Vec<(String, &'static str)>,
    /// Whether a host is one of its own.
    pub is: fn(&str, &dyn World) -> bool,
    /// Answers.
    pub answer: fn(&mut Call, &mut dyn World, &Asked) -> Progress,
}

const SERVERS: &[Server] = &[elastic::SERVER, profiles::SERVER, application::SERVER, sendgrid::SERVER];

pub const COMMANDS: &[Command] = &[Command {
    name: "curl",
    aliases: &[],
    usage: "curl [-X METHOD] [-d BODY] ADDRESS",
    summary: "asks what answers over HTTP: the search cluster, the mail provider, the profiles of a Go process",
    manual: MANUAL,
    place: Place::Bastion,
    takes: Span::from_millis(400),
    exists: |world| SERVERS.iter().any(|server| !(server.addresses)(world).is_empty()),
    runs: Runs::Command(run),
    complete,
}];

const MANUAL: &str = "An address with a question mark belongs between quotes.

The search cluster:
curl 'es:9200/_cat/thread_pool/search?v'     threads at work, queries that wait, rejected since the start
curl 'es:9200/_cat/tasks?v'                  what the threads work on
curl -XPOST 'es:9200/_tasks/_cancel?actions=*search'
curl es:9200/_cluster/health
curl 'es:9200/_cat/indices?v'                the indices that it holds
curl 'es:9200/_cat/aliases?v'                which index readers get
curl 'es:9200/INDEX/_search?q=FIELD:*&size=3' documents that have a field
curl -XDELETE es:9200/INDEX                  deletes an index for good
curl -XPOST es:9200/_aliases -d ALIAS=INDEX  moves an alias, at one moment (short for the two actions)

The mail provider:
curl 'https://api.sendgrid.com/v3/stats?start_date=2017-01-11'

A process in Go with a debug port:
curl 'HOST:6060/debug/pprof/goroutine?debug=1'    where goroutines wait, and how many at each place";

/// Options that change nothing of what is printed here.
const QUIET: [&str; 16] = [
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-k",
    "--insecure",
    "-L",
    "--location",
    "-f",
    "--fail",
    "-v",
    "--verbose",
    "-i",
    "-I",
    "--head",
    "-G",
];

/// Reads the words of a command.
fn read(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut address = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" | "--request" => asked.method = words.next().cloned().unwrap_or_default(),
            "-d" | "--data" | "--data-binary" => asked.body = words.next().cloned().unwrap_or_default(),
            "-H" | "--header" | "-u" | "--user" | "-o" | "-m" | "--max-time" => drop(words.next()),
            _ if word.starts_with("-X") => word[2..].clone_into(&mut asked.method),
            "-w" | "--write-out" | "-A" | "--user-agent" | "--connect-timeout" | "--retry" => drop(words.next()),
            _ if QUIET.contains(&word.as_str()) => {}
            // `-sS`, `-sk`: each letter by itself.
            _ if word.len() > 2
                && !word.starts_with("--")
                && word.starts_with('-')
                && word[1..].chars().all(|letter| QUIET.contains(&format!("-{letter}").as_str())) => {}
            _ if word.starts_with("--request=") || word.starts_with("--data=") => {
                return Err(format!("curl: option {word}: a value stands behind a space here"));
            }
            _ if word.starts_with('-') => {
                return Err(format!(
                    "curl: option {word}: is unknown (it takes -X -d -H -u -o -m -w {})",
                    QUIET.join(" ")
                ));
            }
            _ => address = Some(word.clone()),
        }
    }
    let Some(address) = address else {
        return Err("curl: try 'curl --help' or 'man curl' for more information".to_owned());
    };
    let address = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    host.split(':').next().unwrap_or_default().clone_into(&mut asked.host);
    path.trim_end_matches('/').clone_into(&mut asked.path);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    asked.query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if asked.method.is_empty() {
        if asked.body.is_empty() { "GET" } else { "POST" }.clone_into(&mut asked.method);
    }
    Ok(asked)
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let asked = match read(call.arguments()) {
        Ok(asked) => asked,
        Err(error) => return call.fail(error),
    };
    if let Some(server) = SERVERS.iter().find(|server| (server.is)(&asked.host, world)) {
        return (server.answer)(call, world, &asked);
    }
    let known: Vec<String> = SERVERS.iter().flat_map(|server| (server.addresses)(world)).map(|(one, _)| one).collect();
    let hosts = known.iter().map(|address| address.split([':', '/']).next().unwrap_or_default());
    let hint = nearest(&asked.host, hosts).map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    call.complain(format!("curl: (6) Could not resolve host: {}{hint}", asked.host));
    Progress::Done(6)
}

fn complete(_typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let all = SERVERS.iter().flat_map(|server| (server.addresses)(world));
    all.map(|(address, about)| candidate(address, about)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_address_is_read_with_and_without_its_scheme_and_port() {
        let plain = asked("-s http://es:9200/_cat/tasks/?v&h=node");
        assert_eq!((plain.method.as_str(), plain.host.as_str(), plain.path.as_str()), ("GET", "es", "_cat/tasks"));
        assert_eq!((plain.parameter("v"), plain.parameter("h"), plain.parameter("x")), (Some(""), Some("node"), None));
        assert_eq!(asked("-XPUT es/_settings -d {}").method, "PUT");
        assert_eq!(asked("es/_x -d {}").method, "POST");
        assert!(read(&["-s".to_owned()]).is_err());
    }
}
