//! `curl`: what answers over HTTP, a file a kind of server.
//!
//! The command line is read here; a [`Server`] says whether an address is its own, and answers.

mod application;
mod cat;
mod elastic;
mod indices;
mod profiles;
mod sendgrid;

use super::arguments::{Flag, Given, Mistake, moot, moot_value, switch, valued};
use super::{Call, Command, Options, Place, Progress, Runs, Stream, Typed, World, candidate, nearest};
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
    /// What it is, for the manual.
    pub about: &'static str,
    /// Lines that change something or look further, with what they do.
    pub more: fn(&dyn World) -> Vec<(String, &'static str)>,
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
    usage: "curl [-iIvf] [-X METHOD] [-d BODY] [-o FILE] [-w FORMAT] ADDRESS",
    summary: "asks what answers over HTTP",
    options: Options::Read(FLAGS),
    page,
    place: Place::Bastion,
    takes: Span::from_millis(400),
    exists: |world| SERVERS.iter().any(|server| !(server.addresses)(world).is_empty()),
    runs: Runs::Command(run),
    complete,
    ..Command::PLAIN
}];

const FLAGS: &[Flag] = &[
    valued('X', "request", "METHOD", "GET, POST, PUT or DELETE"),
    valued('d', "data", "BODY", "what is sent along; then it is a POST"),
    valued(' ', "data-binary", "BODY", "the same"),
    switch('i', "include", "with the heads of the answer"),
    switch('I', "head", "only the heads"),
    switch('v', "verbose", "with the heads of both"),
    switch('f', "fail", "no page where the server answers with an error; ends with 22"),
    valued('o', "output", "FILE", "keeps the answer under a name"),
    valued('w', "write-out", "FORMAT", "afterwards: %{http_code}"),
    moot('s', "silent"),
    moot('S', "show-error"),
    moot('k', "insecure"),
    moot('L', "location"),
    moot_value('H', "header", "LINE"),
    moot_value('u', "user", "NAME"),
    moot_value('A', "user-agent", "NAME"),
    moot_value('m', "max-time", "SECONDS"),
    moot_value(' ', "connect-timeout", "SECONDS"),
];

/// What the servers that are here answer, as examples with an address of this level's.
fn page(world: &dyn World) -> Vec<String> {
    let mut lines = vec!["An address with a question mark belongs between quotes.".to_owned()];
    for server in SERVERS {
        let addresses = (server.addresses)(world);
        if addresses.is_empty() {
            continue;
        }
        // Of those that differ in their host only, one.
        let path = |address: &str| {
            address
                .split_once("://")
                .map_or(address, |(_, rest)| rest)
                .split_once('/')
                .map_or(String::new(), |(_, path)| path.to_owned())
        };
        let mut known: Vec<String> = vec![];
        lines.push(String::new());
        lines.push(format!("{}:", server.about));
        for (address, about) in &addresses {
            if !known.contains(&path(address)) {
                known.push(path(address));
                let word = if address.contains('?') { format!("'{address}'") } else { address.clone() };
                lines.push(format!("  curl {word:<52} {about}"));
            }
        }
        let more = (server.more)(world).into_iter().map(|(line, about)| format!("  {line:<57} {about}"));
        lines.extend(more);
    }
    lines
}

/// Reads the words of a command.
fn read(words: &[String]) -> Result<(Asked, Given), String> {
    let given = Given::read(words, FLAGS).map_err(|mistake| {
        let wrong = match mistake {
            Mistake::NoValue(_) => "requires parameter",
            _ => "is unknown",
        };
        let word = mistake.word();
        format!("curl: option {word}: {wrong}\ncurl: try 'curl --help' or 'man curl' for more information")
    })?;
    let mut asked = Asked::default();
    let body = given.value("data").or(given.value("data-binary"));
    body.unwrap_or_default().clone_into(&mut asked.body);
    let usual = match (given.has("head"), body.is_some()) {
        (true, _) => "HEAD",
        (_, true) => "POST",
        _ => "GET",
    };
    asked.method = given.value("request").unwrap_or(usual).to_uppercase();
    // What has no page of its own to show but its heads is asked for as a page.
    if asked.method == "HEAD" {
        "GET".clone_into(&mut asked.method);
    }
    let Some(address) = given.operands.first() else {
        return Err("curl: try 'curl --help' or 'man curl' for more information".to_owned());
    };
    if let Some(other) = given.operands.get(1) {
        return Err(format!("curl: one address at a time here: {other}"));
    }
    let address = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    host.split(':').next().unwrap_or_default().clone_into(&mut asked.host);
    path.trim_end_matches('/').clone_into(&mut asked.path);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    asked.query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Ok((asked, given))
}

fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let (asked, given) = match read(call.arguments()) {
        Ok(read) => read,
        Err(error) => {
            call.complain_all(error.lines());
            return Progress::Done(2);
        }
    };
    if let Some(server) = SERVERS.iter().find(|server| (server.is)(&asked.host, world)) {
        let before = call.printed.lines.len();
        let progress = (server.answer)(call, world, &asked);
        let page = call.printed.lines.split_off(before);
        return show(call, progress, page, &asked, &given);
    }
    let known: Vec<String> = SERVERS.iter().flat_map(|server| (server.addresses)(world)).map(|(one, _)| one).collect();
    let hosts = known.iter().map(|address| address.split([':', '/']).next().unwrap_or_default());
    let hint = nearest(&asked.host, hosts).map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    call.complain(format!("curl: (6) Could not resolve host: {}{hint}", asked.host));
    Progress::Done(6)
}

/// The status of a page that a server has answered with.
fn status(page: &[(Stream, String)]) -> (u16, &'static str) {
    let text = page.iter().map(|(_, line)| line.as_str()).collect::<String>();
    let said = text.rsplit_once("\"status\":").map(|(_, rest)| rest.trim_start().get(..3).unwrap_or_default());
    match (said, text.as_str()) {
        (Some("404"), _) | (_, "404 page not found") => (404, "Not Found"),
        (Some("400"), _) => (400, "Bad Request"),
        _ if text.starts_with("No handler found") => (400, "Bad Request"),
        _ if text == "Internal Server Error" => (500, "Internal Server Error"),
        _ if text.starts_with("{\"errors\"") => (404, "Not Found"),
        _ => (200, "OK"),
    }
}

/// Prints of an answer what was asked for.
fn show(call: &mut Call, progress: Progress, page: Vec<(Stream, String)>, asked: &Asked, given: &Given) -> Progress {
    // Who has no connection has no answer.
    if page.iter().any(|(_, line)| line.starts_with("curl: (")) {
        call.printed.lines.extend(page);
        return progress;
    }
    let (code, word) = status(&page);
    let length: usize = page.iter().map(|(_, line)| line.len() + 1).sum();
    let heads = [format!("HTTP/1.1 {code} {word}"), format!("Content-Length: {length}"), String::new()];
    if given.has("verbose") {
        call.complain(format!("> {} /{} HTTP/1.1", asked.method, asked.path));
        call.complain(format!("> Host: {}", asked.host));
        call.complain(">");
        call.complain_all(heads.iter().map(|line| format!("< {line}").trim_end().to_owned()));
    }
    if given.has("fail") && code >= 400 {
        call.complain(format!("curl: (22) The requested URL returned error: {code} {word}"));
        return Progress::Done(22);
    }
    if given.has("include") || given.has("head") {
        call.say_all(heads);
    }
    let page = if given.has("head") { vec![] } else { page };
    match given.value("output") {
        None => call.printed.lines.extend(page),
        Some("/dev/null") => {}
        Some(file) => {
            let lines = page.into_iter().map(|(_, line)| line).collect();
            call.files.insert(file.to_owned(), lines);
        }
    }
    if let Some(format) = given.value("write-out") {
        let text = format.replace("%{http_code}", &code.to_string()).replace("%{response_code}", &code.to_string());
        call.say_all(text.trim_end_matches("\\n").split("\\n").map(str::to_owned).collect::<Vec<_>>());
    }
    progress
}

fn complete(_typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let all = SERVERS.iter().flat_map(|server| (server.addresses)(world));
    all.map(|(address, about)| candidate(address, about)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).unwrap().0
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

    #[test]
    fn an_option_that_is_unknown_or_lacks_its_value_is_refused_as_curl_does() {
        let wrong =
            |line: &str| read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).err().unwrap_or_default();
        assert!(wrong("--compresed es").starts_with("curl: option --compresed: is unknown\n"));
        assert!(wrong("-Z es").starts_with("curl: option -Z: is unknown\n"));
        assert!(wrong("es -X").starts_with("curl: option -X: requires parameter\n"));
        let page = |text: &str| vec![(Stream::Output, text.to_owned())];
        assert_eq!(status(&page("{\"error\":{},\"status\":404}")), (404, "Not Found"));
        assert_eq!(status(&page("ok")), (200, "OK"));
    }
}
