//! Compiles every condition of a level in its place, and tells what is wrong with each.

use super::system::carried_tags;
use super::{Checker, Strictness};
use crate::level::changed_text;
use crate::level::compile::measured;
use crate::level::condition::{Condition, Fact, Fault, Metric, Names, Sort, Unit};
use crate::level::document::{Document, Place};
use crate::level::schema::queue_names;
use crate::level::schema::{Change, Sections, Statement};
use crate::sim::component::{Settings, clients};

/// The names that conditions of a level can use. Made once a level; compiles conditions typed later, too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelNames {
    metrics: Vec<(String, Metric)>,
    places: Vec<String>,
    tags: Vec<String>,
    alerts: Vec<String>,
    people: Vec<String>,
    events: Vec<String>,
    is_lenient: bool,
}

impl LevelNames {
    /// The names of a level.
    #[must_use]
    pub fn of(sections: &Sections) -> Self {
        let mut places: Vec<String> = sections.system.iter().map(|component| component.name().to_owned()).collect();
        places.extend(queue_names(sections));
        let mut metrics = measured(sections);
        metrics.sort_by(|one, two| one.0.cmp(&two.0));
        Self {
            metrics,
            places,
            tags: carried_tags(sections),
            alerts: {
                let checks = sections.monitoring.checks.iter().map(|check| check.name.clone());
                sections.monitoring.alerts.iter().map(|alert| alert.name.clone()).chain(checks).collect()
            },
            people: sections.team.iter().map(|saying| saying.who.clone()).collect(),
            events: sections.events.iter().map(|event| event.name().to_owned()).collect(),
            is_lenient: false,
        }
    }

    /// The same, for a level from which something was left out.
    #[must_use]
    pub(in crate::level) fn lenient(self) -> Self {
        Self { is_lenient: true, ..self }
    }

    /// These names and those of another level: for looking whether a name exists, not for evaluating.
    fn and(mut self, other: Self) -> Self {
        self.metrics.extend(other.metrics);
        self.metrics.sort_by(|one, two| one.0.cmp(&two.0));
        self.metrics.dedup_by(|one, two| one.0 == two.0);
        for (mine, others) in [
            (&mut self.places, other.places),
            (&mut self.tags, other.tags),
            (&mut self.alerts, other.alerts),
            (&mut self.people, other.people),
            (&mut self.events, other.events),
        ] {
            mine.extend(others);
        }
        self
    }

    /// All metrics with their names, in the order of the names.
    #[must_use]
    pub fn metrics(&self) -> &[(String, Metric)] {
        &self.metrics
    }

    /// The name of a metric.
    #[must_use]
    pub fn name_of(&self, metric: Metric) -> Option<&str> {
        self.metrics.iter().find(|(_, known)| *known == metric).map(|(name, _)| name.as_str())
    }
}

impl Names for LevelNames {
    fn metric(&self, name: &str) -> Option<Metric> {
        let at = self.metrics.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(self.metrics[at].1)
    }

    fn all(&self, sort: Sort) -> Vec<String> {
        match sort {
            Sort::Metric => self.metrics.iter().map(|(name, _)| name.clone()).collect(),
            Sort::Place => self.places.clone(),
            Sort::Tag => self.tags.clone(),
            Sort::Alert => self.alerts.clone(),
            Sort::Person => self.people.clone(),
            Sort::Event => self.events.clone(),
        }
    }

    fn is_lenient(&self) -> bool {
        self.is_lenient
    }
}

/// What a condition is for, which decides what it may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Rings on what was scraped.
    Alert,
    /// Looks at the truth while a level is played.
    Play,
    /// Looks at the truth, and at the run in which nobody acts.
    Proof,
}

impl Checker<'_> {
    pub(super) fn conditions(&mut self, sections: &mut Sections, root: &Place) {
        let names = self.names.clone();
        // With a broken system, metrics would be missing that only the breakage has taken away.
        if !names.metrics().is_empty() || sections.system.is_empty() {
            self.of_the_play(sections, &names, root);
            self.of_the_goal(sections, &names, root);
            self.of_the_proofs(sections, &names, root);
        }
    }

    fn of_the_play(&mut self, sections: &mut Sections, names: &LevelNames, root: &Place) {
        let collects = sections.monitoring.collects.clone();
        for (at, alert) in sections.monitoring.alerts.iter_mut().enumerate() {
            let place = root.field("monitoring").field("alerts").item(at).field("when");
            self.holding(&mut alert.when, names, &place, For::Alert);
            for metric in alert.when.metrics() {
                if let Some(name) = names.name_of(metric).filter(|name| !collects.includes(name)) {
                    let message = format!("nobody collects `{name}`, so this alert could never ring");
                    self.error(&place, message, "collect it, or alert on something that is collected");
                }
            }
        }
        for (at, check) in sections.monitoring.checks.iter_mut().enumerate() {
            let place = root.field("monitoring").field("checks").item(at);
            for (number, probe) in check.probes.iter_mut().enumerate() {
                let place = place.field("probes").item(number);
                for (name, condition) in [("warn", &mut probe.warn), ("critical", &mut probe.critical)] {
                    if let Some(condition) = condition {
                        self.holding(condition, names, &place.field(name), For::Play);
                    }
                }
                if let Some(shows) = &mut probe.shows {
                    self.measuring(shows, names, &place.field("shows"), For::Play);
                }
            }
        }
        for (at, pattern) in collects.patterns().iter().enumerate() {
            let hits = |name: &str| crate::level::schema::pattern_matches(pattern, name);
            if !names.metrics().iter().any(|(name, _)| hits(name)) && !names.is_lenient {
                let place = root.field("monitoring").field("collects").item(at);
                self.warn(&place, format!("no metric is called `{pattern}`"), "`web-*.volumes` means all below it");
            }
        }
        for (at, event) in sections.events.iter_mut().enumerate() {
            if let Some(when) = event.when_mut() {
                self.holding(when, names, &root.field("events").item(at).field("when"), For::Play);
            }
        }
        for (at, saying) in sections.team.iter_mut().enumerate() {
            if let Some(when) = &mut saying.when {
                self.holding(when, names, &root.field("team").item(at).field("when"), For::Play);
            }
        }
        for (at, question) in sections.diagnosis.iter_mut().enumerate() {
            if let Some(when) = &mut question.when {
                self.holding(when, names, &root.field("diagnosis").item(at).field("when"), For::Play);
            }
        }
        for (at, hint) in sections.hints.iter_mut().enumerate() {
            if let Some(when) = &mut hint.when {
                self.holding(when, names, &root.field("hints").item(at).field("when"), For::Play);
            }
        }
        for (at, paper) in sections.documents.iter_mut().enumerate() {
            if let Some(when) = &mut paper.when {
                self.holding(when, names, &root.field("documents").item(at).field("when"), For::Play);
            }
        }
    }

    fn of_the_goal(&mut self, sections: &mut Sections, names: &LevelNames, root: &Place) {
        let place = root.field("goal");
        let expected = expected_requests(sections);
        let goal = &mut sections.goal;
        self.holding(&mut goal.mitigated, names, &place.field("mitigated"), For::Play);
        for (name, condition) in [("impact", &mut goal.impact), ("gone", &mut goal.gone)] {
            if let Some(condition) = condition {
                self.holding(condition, names, &place.field(name), For::Play);
            }
        }
        for (at, never) in goal.never.iter_mut().enumerate() {
            self.holding(never, names, &place.field("never").item(at), For::Play);
        }
        if let Some(hurt) = &mut goal.hurt {
            self.measuring(&mut hurt.count, names, &place.field("hurt").field("count"), For::Play);
        }
        let place = place.field("budget");
        self.measuring(&mut goal.budget.bad, names, &place.field("bad"), For::Play);
        let of = &goal.budget.of;
        self.known("clients or load", of, &place.field("of"), expected.iter().map(|(name, _)| name.as_str()));
        let total = expected.iter().find(|(name, _)| name == of).map_or(0.0, |(_, total)| *total);
        goal.budget.allowed = total * goal.budget.share.fraction();
        if goal.budget.share.0 == 0 {
            self.error(
                &place.field("share"),
                "a budget of nothing is lost at once",
                "write for example share: \"10%\"",
            );
        }
    }

    fn of_the_proofs(&mut self, sections: &mut Sections, names: &LevelNames, root: &Place) {
        for (at, statement) in sections.proofs.iter_mut().enumerate() {
            let place = root.field("proofs").item(at);
            // What a change adds can be named, too.
            let changed = self.changed_names(statement.change()).map(|changed| names.clone().and(changed));
            let names = changed.as_ref().unwrap_or(names);
            match statement {
                Statement::Figure(figure) => {
                    let place = place.field("measure");
                    self.measuring(&mut figure.measure, names, &place, For::Proof);
                    self.expected_unit(&figure.measure, figure.expect.unit, &place);
                }
                Statement::Proof(proof) => {
                    for (number, expect) in proof.expect.iter_mut().enumerate() {
                        self.holding(expect, names, &place.field("expect").item(number), For::Proof);
                    }
                }
            }
        }
    }

    /// The names of the level as a proof changes it; `None` where it changes nothing, or can't.
    fn changed_names(&self, but: &Change) -> Option<LevelNames> {
        if but.change.is_empty() || self.given.strictness == Strictness::Changed {
            return None;
        }
        let text = changed_text(self.given.document, but).ok()?;
        Document::parse(&text).read::<Sections>().value.map(|sections| LevelNames::of(&sections))
    }

    fn expected_unit(&mut self, measure: &Condition, expected: Unit, place: &Place) {
        let measured = measure.unit();
        let is_free = |unit: Unit| matches!(unit, Unit::Mixed);
        if measured != expected && !is_free(measured) && !(expected == Unit::Plain && measured == Unit::PerSecond) {
            let words = |unit: Unit| match unit {
                Unit::Seconds => "a time",
                Unit::Bytes => "an amount of bytes",
                Unit::PerSecond => "a rate",
                Unit::Plain | Unit::Mixed => "a plain number",
            };
            let message = format!("{} is measured and {} is expected", words(measured), words(expected));
            self.error(place, message, "write the expectation in the same unit: \"30s\", \"500Mi\", \"3\"");
        }
    }

    fn holding(&mut self, condition: &mut Condition, names: &LevelNames, place: &Place, what_for: For) {
        let compiled = Condition::holding(condition.text(), names);
        self.put(condition, compiled, place, what_for);
    }

    fn measuring(&mut self, condition: &mut Condition, names: &LevelNames, place: &Place, what_for: For) {
        let compiled = Condition::measuring(condition.text(), names);
        self.put(condition, compiled, place, what_for);
    }

    fn put(
        &mut self,
        condition: &mut Condition,
        compiled: Result<Condition, Vec<Fault>>,
        place: &Place,
        what_for: For,
    ) {
        match compiled {
            Ok(compiled) => {
                if compiled.is_for_proofs() && what_for != For::Proof {
                    self.error(place, "`untouched` and `scraped` are for proofs", "nobody who plays knows both");
                }
                let asks = compiled.facts().iter().any(|fact| !matches!(fact, Fact::Exists { .. }));
                if asks && what_for == For::Alert {
                    self.error(place, "an alert rings on what is measured", "people and commands are for the team");
                }
                *condition = compiled;
            }
            Err(faults) => {
                for fault in faults {
                    let span = place.span_within(self.source(), fault.span);
                    self.say(crate::level::problem::Severity::Error, span, place.path(), &fault.message, &fault.help);
                }
            }
        }
    }
}

/// How many requests are expected from now until the time limit: of each clients, of each of their loads, and of each
/// kind of load whoever asks (`*.page`).
fn expected_requests(sections: &Sections) -> Vec<(String, f64)> {
    let mut expected: Vec<(String, f64)> = vec![];
    let end = sections.clock.limit.seconds();
    for component in &sections.system {
        let Settings::Clients(clients) = component else { continue };
        // A straight line between whole seconds is exact enough for a budget.
        let at = |load: &clients::Load, second: i64| {
            load.rate.at(crate::sim::quantity::Time::from_seconds(second)) * f64::from(load.stands_for)
        };
        let own = |load: &clients::Load| (0..end).map(|second| at(load, second)).sum::<f64>();
        let mut all = 0.0;
        for load in &clients.load {
            let led_to = clients.load.iter().filter_map(|other| {
                let follow = other.follow.as_ref().filter(|follow| follow.kind == load.kind)?;
                let again = follow.again.as_ref().map_or(0.0, |again| again.share.fraction());
                Some(own(other) * f64::from(follow.links) * (1.0 + again))
            });
            let total = own(load) + led_to.sum::<f64>();
            all += total;
            expected.push((format!("{}.{}", clients.name, load.kind), total));
            let of_kind = format!("*.{}", load.kind);
            match expected.iter_mut().find(|(name, _)| *name == of_kind) {
                Some((_, sum)) => *sum += total,
                None => expected.push((of_kind, total)),
            }
        }
        expected.push((clients.name.clone(), all));
    }
    expected
}
