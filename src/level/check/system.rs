//! Checks of the system: its names, what refers to what, and values that no system could have.

use super::Checker;
use crate::level::compile::build_error;
use crate::level::condition::Condition;
use crate::level::document::Place;
use crate::level::problem::Severity;
use crate::level::schema::{Event, Sections, callable_names, queue_names};
use crate::sim::Step;
use crate::sim::component::{Settings, cache, clients, job, load_balancer, schedule, service};
use crate::sim::quantity::Span;

/// More requests a second than this are beyond what a level may ask of a machine; `stands_for` helps.
const FASTEST: f64 = 20_000.0;
/// More instances than this are beyond what a level may have.
const MOST_INSTANCES: u32 = 2_000;
/// More components than this have no place on a screen.
const MOST_COMPONENTS: usize = 60;

impl Checker<'_> {
    pub(super) fn system(&mut self, sections: &Sections, root: &Place) {
        let place = root.field("system");
        if sections.system.len() > MOST_COMPONENTS {
            self.error(&place, format!("a system has at most {MOST_COMPONENTS} components"), "");
        }
        let names = sections.system.iter().enumerate();
        let names: Vec<_> = names.map(|(at, one)| (one.name(), place.item(at).field("name"))).collect();
        self.unique("components", names);
        for (at, component) in sections.system.iter().enumerate() {
            let place = place.item(at);
            self.plain_name("a component", component.name(), &place.field("name"));
            match component {
                Settings::Clients(clients) => self.clients(clients, sections, &place),
                Settings::Broker(broker) => {
                    for (at, queue) in broker.queues.iter().enumerate() {
                        self.plain_name("a queue", &queue.name, &place.field("queues").item(at).field("name"));
                    }
                    for (path, message) in broker.problems() {
                        self.error(&place.along(&path), message, "");
                    }
                }
                Settings::Service(service) => self.service(service, sections, &place),
                Settings::Schedule(schedule) => self.schedule(schedule, sections, &place),
                Settings::SearchCluster(cluster) => {
                    if let Some(like) = &cluster.like {
                        let clusters = sections.system.iter().filter(|one| matches!(one, Settings::SearchCluster(_)));
                        self.known("search cluster", like, &place.field("like"), clusters.map(Settings::name));
                    }
                    for (path, message) in cluster.problems() {
                        self.error(&place.along(&path), message, "");
                    }
                }
                Settings::Nodes(_) | Settings::Gateway(_) => {}
                Settings::Hosts(hosts) => self.hosts(hosts, sections, &place),
                Settings::LoadBalancer(balancer) => self.balancer(balancer, sections, &place),
                Settings::Job(job) => self.job(job, sections, &place),
                Settings::Cache(cache) => self.cache(cache, sections, &place),
                Settings::Database(database) => {
                    for (path, message) in database.problems() {
                        self.error(&place.along(&path), message, "");
                    }
                }
            }
        }
        self.logs(sections, root);
    }

    /// Whether the simulation takes the system: what it alone knows is told here, where nothing else is wrong.
    pub(super) fn built(&mut self, sections: &Sections, root: &Place) {
        if !self.given.is_sound || self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return;
        }
        if let Some((component, problem)) = build_error(sections) {
            let at = sections.system.iter().position(|one| one.name() == component).unwrap_or(0);
            self.error(&root.field("system").item(at), problem, "");
        }
    }

    fn clients(&mut self, clients: &clients::Settings, sections: &Sections, place: &Place) {
        let loads = place.field("load");
        let kinds = clients.load.iter().enumerate();
        let kinds: Vec<_> = kinds.map(|(at, load)| (load.kind.as_str(), loads.item(at).field("kind"))).collect();
        self.unique("kinds of load", kinds);
        let queues = queue_names(sections);
        for (at, load) in clients.load.iter().enumerate() {
            let place = loads.item(at);
            self.plain_name("a kind of load", &load.kind, &place.field("kind"));
            match (&load.call, &load.publish) {
                (Some(to), None) => self.callable(to, sections, &place.field("call")),
                (None, Some(to)) => self.known("queue", to, &place.field("publish"), queues.iter().map(String::as_str)),
                (None, None) => {
                    self.error(
                        &place,
                        "this load goes nowhere",
                        "add call: \"component\" or publish: \"broker/queue\"",
                    );
                }
                (Some(_), Some(_)) => {
                    self.error(&place.field("publish"), "a load calls or publishes", "keep one of the two");
                }
            }
            let highest = load.rate.highest();
            if highest > FASTEST {
                let help = "lower load and capacity together, or let one request stand for ten: stands_for: 10";
                self.error(&place.field("rate"), format!("{highest}/s is more than {FASTEST}/s"), help);
            }
            if load.patience <= Span::ZERO {
                self.error(
                    &place.field("patience"),
                    "nobody has so little patience",
                    "write for example patience: \"10s\"",
                );
            }
            if let Some(follow) = &load.follow {
                let kinds = clients.load.iter().map(|load| load.kind.as_str());
                self.known("kind of load", &follow.kind, &place.field("follow").field("kind"), kinds);
            }
            if load.keys == 0 || load.keys > 1_000_000 {
                self.error(&place.field("keys"), "there are from 1 to 1000000 things to ask for", "");
            }
            if load.stands_for == 0 {
                self.error(&place.field("stands_for"), "a request stands for one or more", "write stands_for: 1");
            }
        }
    }

    fn schedule(&mut self, schedule: &schedule::Settings, sections: &Sections, place: &Place) {
        let queues = queue_names(sections);
        for (at, batch) in schedule.publishes.iter().enumerate() {
            let place = place.field("publishes").item(at).field("to");
            self.known("queue", &batch.to, &place, queues.iter().map(String::as_str));
        }
        for (path, message) in schedule.problems() {
            self.error(&place.along(&path), message, "");
        }
    }

    fn service(&mut self, service: &service::Settings, sections: &Sections, place: &Place) {
        let versions = place.field("versions");
        let names = service.versions.iter().enumerate();
        let names: Vec<_> =
            names.map(|(at, version)| (version.name.as_str(), versions.item(at).field("name"))).collect();
        self.unique("versions", names);
        let known = service.versions.iter().map(|version| version.name.as_str());
        self.known("version", &service.runs, &place.field("runs"), known);
        if service.workers == 0 {
            self.error(&place.field("workers"), "an instance needs at least one worker", "write workers: 1");
        }
        let queues = queue_names(sections);
        for (at, consumes) in service.consumes.iter().enumerate() {
            let place = place.field("consumes").item(at).field("queue");
            self.known("queue", &consumes.queue, &place, queues.iter().map(String::as_str));
        }
        if let Some(daemon) = &service.daemon {
            let place = place.field("daemon").field("queue");
            self.known("queue", &daemon.queue, &place, queues.iter().map(String::as_str));
        }
        match &service.runs_on {
            service::RunsOn::Kubernetes(kubernetes) => self.kubernetes(kubernetes, service, sections, place),
            service::RunsOn::Beanstalk(_) => {}
            service::RunsOn::Hosts(hosts) => {
                self.machines(&hosts.machines(&service.name), &place.field("runs_on"));
            }
        }
        self.config(service, place);
        for (at, version) in service.versions.iter().enumerate() {
            let place = versions.item(at);
            self.plain_name("a version", &version.name, &place.field("name"));
            self.steps(&version.steps, sections, &place.field("steps"));
            let files = place.field("files");
            for (at, file) in version.files.iter().enumerate() {
                self.steps(&file.steps, sections, &files.item(at).field("steps"));
            }
        }
    }

    fn balancer(&mut self, balancer: &load_balancer::Settings, sections: &Sections, place: &Place) {
        let services = sections.system.iter().filter(|one| matches!(one, Settings::Service(_))).map(Settings::name);
        self.known("service", &balancer.to, &place.field("to"), services);
        let Some(check) = balancer.effective_check() else { return };
        let place = place.field("check");
        if check.every < Span::from_seconds(1) {
            self.error(&place.field("every"), "a balancer looks once a second at most", "write every: \"30s\"");
        }
        if check.timeout <= Span::ZERO || check.timeout >= check.every {
            let help = "write a timeout shorter than `every`";
            self.error(&place.field("timeout"), "a check has ended when the next one begins", help);
        }
        if check.fall == 0 || check.rise == 0 {
            self.error(&place, "a backend changes its state after one check at least", "write fall: 2, rise: 10");
        }
    }

    fn cache(&mut self, cache: &cache::Settings, sections: &Sections, place: &Place) {
        let routes = place.field("routes");
        let paths = cache.routes.iter().enumerate();
        let paths: Vec<_> = paths.map(|(at, route)| (route.path.as_str(), routes.item(at).field("path"))).collect();
        self.unique("paths", paths);
        if cache.routes.is_empty() || cache.routes.len() > 100 {
            self.error(&routes, "a cache has from 1 to 100 routes", "write routes: [(path: \"page\", to: \"app\")]");
        }
        if cache.instances == 0 || cache.instances > 100 {
            self.error(&place.field("instances"), "from 1 to 100 machines can be had", "");
        }
        for (at, route) in cache.routes.iter().enumerate() {
            let place = routes.item(at);
            self.plain_name("a path", &route.path, &place.field("path"));
            self.callable(&route.to, sections, &place.field("to"));
            if route.ttl < Span::ZERO {
                self.error(&place.field("ttl"), "an answer is kept for no time or longer", "write ttl: \"120s\"");
            }
        }
        if let Some(probe) = &cache.probe {
            let place = place.field("probe");
            if probe.every <= Span::ZERO || probe.timeout <= Span::ZERO {
                self.error(&place, "a probe takes some time", "write every: \"5s\", timeout: \"2s\"");
            }
            if probe.window == 0 || probe.window > 64 || probe.threshold > probe.window {
                self.error(&place.field("window"), "a window has from 1 to 64 answers, at least the threshold", "");
            }
        }
    }

    fn kubernetes(
        &mut self,
        kubernetes: &service::Kubernetes,
        service: &service::Settings,
        sections: &Sections,
        place: &Place,
    ) {
        let runs_on = place.field("runs_on");
        if kubernetes.replicas > MOST_INSTANCES {
            self.error(&runs_on.field("replicas"), format!("at most {MOST_INSTANCES} pods can be had"), "");
        }
        if let Some(pool) = &kubernetes.pool {
            let pools = sections.system.iter().filter_map(|component| match component {
                Settings::Nodes(nodes) => Some(nodes.name.as_str()),
                _ => None,
            });
            self.known("node pool", pool, &runs_on.field("pool"), pools);
        }
        let Some(limit) = kubernetes.memory.limit else { return };
        let memory = runs_on.field("memory");
        if kubernetes.memory.request > limit {
            let message = format!("more is asked for ({}) than is allowed ({limit})", kubernetes.memory.request);
            self.error(&memory.field("request"), message, "a request is at most the limit");
        }
        if service.memory.idle.high >= limit {
            let message =
                format!("a process that takes {} with nothing to do dies at its start", service.memory.idle.high);
            self.warn(&memory.field("limit"), message, format!("the limit is {limit}; is that meant?"));
        }
    }

    /// Complains about calls to what can't be called.
    fn callable(&mut self, to: &str, sections: &Sections, place: &Place) {
        let known = callable_names(sections);
        self.known("component to call", to, place, known.iter().map(String::as_str));
    }

    fn steps(&mut self, steps: &[Step], sections: &Sections, place: &Place) {
        for (at, step) in steps.iter().enumerate() {
            let place = place.item(at);
            match step {
                Step::Call { to, .. } => self.callable(to, sections, &place.field("to")),
                Step::Search { on, .. } => {
                    let clusters = sections.system.iter().filter(|one| matches!(one, Settings::SearchCluster(_)));
                    self.known("search cluster", on, &place.field("on"), clusters.map(Settings::name));
                }
                Step::Send { via } => {
                    let gateways = sections.system.iter().filter(|one| matches!(one, Settings::Gateway(_)));
                    self.known("gateway", via, &place.field("via"), gateways.map(Settings::name));
                }
                Step::Index { into: on, .. } | Step::Reindex { to: on, .. } | Step::Alias { on } => {
                    let clusters = sections.system.iter().filter(|one| matches!(one, Settings::SearchCluster(_)));
                    self.known("search cluster", on, &place, clusters.map(Settings::name));
                }
                Step::Publish { to, .. } => {
                    let queues = queue_names(sections);
                    self.known("queue", to, &place.field("to"), queues.iter().map(String::as_str));
                }
                Step::When { tag, not_tag, then, otherwise } => {
                    self.tag_test(tag.as_deref(), not_tag.as_deref(), sections, &place);
                    self.steps(then, sections, &place.field("then"));
                    self.steps(otherwise, sections, &place.field("otherwise"));
                }
                Step::Repeat { r#do, .. } => self.steps(r#do, sections, &place.field("do")),
                Step::Query { on, .. } => self.database(on, None, sections, &place),
                Step::Write { on, table, .. } => self.database(on, Some(table), sections, &place),
                Step::Spawn(steps) | Step::Transaction(steps) => self.steps(steps, sections, &place),
                Step::ForEach { of, r#do } if of.is_empty() || r#do.is_empty() => {
                    self.error(&place, "nothing is done", "ForEach(of: [\"one\", \"two\"], do: [Run(\"… {item}\")])");
                }
                // What `{item}` makes of its steps is looked at when the system is built.
                Step::Require { that, .. } if !that.contains("{item}") => self.required(that, &place.field("that")),
                _ => {}
            }
        }
    }

    /// Complains about a statement to what is no database, or about a table that it doesn't have.
    fn database(&mut self, on: &str, table: Option<&str>, sections: &Sections, place: &Place) {
        let databases = || {
            sections.system.iter().filter_map(|component| match component {
                Settings::Database(database) => Some(database),
                _ => None,
            })
        };
        self.known("database", on, &place.field("on"), databases().map(|database| database.name.as_str()));
        if let (Some(table), Some(database)) = (table, databases().find(|database| database.name == on)) {
            let tables = database.tables.iter().map(|known| known.name.as_str());
            self.known("table", table, &place.field("table"), tables);
        }
    }

    fn job(&mut self, job: &job::Settings, sections: &Sections, place: &Place) {
        if job.by.trim().is_empty() {
            self.error(&place.field("by"), "it is not said whose job this is", "by: \"Ada\"");
        }
        if job.at.is_none() && job.every.is_none() && job.command.is_none() {
            let help = "add at: \"5m\", every: \"1h\", or command: \"what somebody types\"";
            self.error(place, "this job never begins", help);
        }
        if job.every.is_some_and(|every| every <= Span::ZERO) {
            self.error(&place.field("every"), "a job comes again after some time", "every: \"30m\"");
        }
        if job.queued && job.at.is_none() {
            let help = "add at: \"5m\"";
            self.error(&place.field("queued"), "a job in at(1)'s queue waits for a time", help);
        }
        self.steps(&job.steps, sections, &place.field("steps"));
    }

    /// Complains about a condition that a job could not look at.
    fn required(&mut self, that: &str, place: &Place) {
        let names = self.names.clone();
        if names.metrics().is_empty() {
            return;
        }
        if let Err(faults) = Condition::holding(that, &names) {
            for fault in faults {
                self.error(place, fault.message, fault.help);
            }
        }
    }

    fn tag_test(&mut self, tag: Option<&str>, not_tag: Option<&str>, sections: &Sections, place: &Place) {
        let (name, field) = match (tag, not_tag) {
            (Some(tag), None) => (tag, "tag"),
            (None, Some(tag)) => (tag, "not_tag"),
            (None, None) => return self.error(place, "it is not said which tag is looked for", "add tag: \"…\""),
            (Some(_), Some(_)) => {
                return self.error(&place.field("not_tag"), "a `When` looks for one thing", "keep `tag` or `not_tag`");
            }
        };
        let known = carried_tags(sections);
        if !known.iter().any(|known| known == name) && self.given.strictness != super::Strictness::Changed {
            let near = crate::level::document::nearest(name, known.iter().map(String::as_str));
            let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
            self.warn(&place.field(field), format!("nothing in this level carries the tag `{name}`"), help);
        }
    }

    fn logs(&mut self, sections: &Sections, root: &Place) {
        let place = root.field("monitoring");
        let services = || sections.system.iter().filter(|one| matches!(one, Settings::Service(_))).map(Settings::name);
        for (at, shipping) in sections.monitoring.ships.iter().enumerate() {
            let place = place.field("ships").item(at);
            self.mentioned("service", &shipping.from, &place.field("from"), services());
            if shipping.delay < Span::ZERO || shipping.delay > Span::from_seconds(3600) {
                self.error(&place.field("delay"), "a log line takes from no time to an hour", "delay: \"10s\"");
            }
        }
        for (at, check) in sections.monitoring.checks.iter().enumerate() {
            let place = place.field("checks").item(at);
            if check.name.trim().is_empty() {
                self.error(&place.field("name"), "a check needs a name", "name: \"disk web1\"");
            }
            if check.probes.is_empty() {
                self.error(
                    &place.field("probes"),
                    "this check looks at nothing",
                    "probes: [(name: \"/\", warn: \"…\")]",
                );
            }
        }
        let names = sections.monitoring.alerts.iter().enumerate();
        let alerts = place.field("alerts");
        let names: Vec<_> = names.map(|(at, alert)| (alert.name.as_str(), alerts.item(at).field("name"))).collect();
        self.unique("alerts", names);
    }
}

/// Every tag that a request, a message or an event can carry.
pub(super) fn carried_tags(sections: &Sections) -> Vec<String> {
    fn of_steps(steps: &[Step], into: &mut Vec<String>) {
        for step in steps {
            match step {
                Step::Publish { tags, .. } | Step::Answer { tags } => into.extend(tags.iter().cloned()),
                Step::Index { adds, .. } => into.extend(adds.iter().map(|adds| adds.tag.clone())),
                Step::When { then, otherwise, .. } => [then, otherwise].iter().for_each(|steps| of_steps(steps, into)),
                Step::Spawn(steps) => of_steps(steps, into),
                Step::Repeat { r#do, .. } | Step::ForEach { r#do, .. } | Step::Transaction(r#do) => {
                    of_steps(r#do, into);
                }
                _ => {}
            }
        }
    }
    let mut tags = vec![];
    for component in &sections.system {
        match component {
            Settings::Clients(clients) => {
                let all = clients.load.iter().flat_map(|load| &load.tags);
                tags.extend(all.map(|tagged| tagged.tag.clone()));
            }
            Settings::Service(service) => {
                service.versions.iter().for_each(|version| of_steps(&version.does(), &mut tags));
            }
            Settings::SearchCluster(cluster) => {
                cluster
                    .families
                    .iter()
                    .for_each(|family| tags.extend(family.tags.iter().map(|share| share.tag.clone())));
            }
            Settings::Schedule(schedule) => {
                schedule.publishes.iter().for_each(|batch| tags.extend(batch.tags.iter().cloned()));
            }
            Settings::Broker(_)
            | Settings::Cache(_)
            | Settings::Database(_)
            | Settings::Nodes(_)
            | Settings::Hosts(_)
            | Settings::Gateway(_)
            | Settings::LoadBalancer(_) => {}
            Settings::Job(job) => of_steps(&job.steps, &mut tags),
        }
    }
    for event in &sections.events {
        if let Event::Publish(publication) = event {
            tags.extend(publication.tags.iter().cloned());
        }
    }
    tags.sort();
    tags.dedup();
    tags
}
