//! Checks of what is told and played: the head, the clock, events, people, questions, documents.

use super::Checker;
use crate::level::document::Place;
use crate::level::schema::{Event, FORMAT, Offer, Question, Saying, Sections, queue_names};
use crate::sim::component::Settings;
use crate::sim::quantity::{Span, Time};

/// No level lasts longer, in simulated time; a proof may take twice as long.
pub(super) const LONGEST: Span = Span::from_seconds(24 * 3600);

impl Checker<'_> {
    pub(super) fn story(&mut self, sections: &Sections, root: &Place) {
        self.head(sections, root);
        self.clock(sections, root);
        self.events(sections, root);
        self.team(sections, root);
        for (at, question) in sections.diagnosis.iter().enumerate() {
            self.question(question, &root.field("diagnosis").item(at));
        }
        let documents = root.field("documents");
        let names = sections.documents.iter().enumerate();
        let names: Vec<_> = names.map(|(at, paper)| (paper.name.as_str(), documents.item(at).field("name"))).collect();
        self.unique("documents", names);
        for (at, hint) in sections.hints.iter().enumerate() {
            if hint.price > 100 {
                let place = root.field("hints").item(at).field("price");
                self.error(&place, "a hint costs at most 100 points", "what it costs is taken off a score of 100");
            }
        }
    }

    fn head(&mut self, sections: &Sections, root: &Place) {
        if sections.format != FORMAT {
            let message = format!("this is format {}; this program reads format {FORMAT}", sections.format);
            self.error(&root.field("format"), message, format!("write format: {FORMAT}"));
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let id = &sections.id;
        if id.is_empty() || id.len() > 60 || !id.chars().all(fits) || id.starts_with('-') {
            let help = "small letters, digits and hyphens: \"forty-two\"";
            self.error(&root.field("id"), format!("`{id}` can't be a level's id"), help);
        }
        if sections.title.trim().is_empty() {
            self.error(&root.field("title"), "a level needs a title", "one that doesn't give the cause away");
        }
        if sections.system.is_empty() {
            self.error(&root.field("system"), "a system without components", "begin with Clients(…) and a Service(…)");
        }
    }

    fn clock(&mut self, sections: &Sections, root: &Place) {
        let clock = &sections.clock;
        let place = root.field("clock");
        if !(Span::from_seconds(60)..=LONGEST).contains(&clock.limit) {
            let message = format!("a level lasts from a minute to a day, not {}", clock.limit);
            self.error(&place.field("limit"), message, "write for example limit: \"75m\"");
        }
        if !(Span::ZERO..=LONGEST).contains(&clock.warm_up) {
            let message = format!("a warm-up lasts at most a day, not {}", clock.warm_up);
            self.error(&place.field("warm_up"), message, "write for example warm_up: \"10m\"");
        }
        for (name, speed) in [("speed", Some(clock.speed)), ("slowed", clock.slowed)] {
            if speed.is_some_and(|speed| !(1..=3600).contains(&speed)) {
                self.error(&place.field(name), format!("`{name}` is from 1 to 3600 simulated seconds a second"), "");
            }
        }
        let scrape = sections.monitoring.scrape;
        if scrape < Span::from_seconds(1) || scrape > Span::from_seconds(3600) {
            let message = format!("a scrape comes every second to every hour, not every {scrape}");
            self.error(&root.field("monitoring").field("scrape"), message, "write for example scrape: \"15s\"");
        }
        if sections.goal.hold < Span::ZERO || sections.goal.hold > clock.limit {
            let message = format!("the goal can't hold for {} in a level of {}", sections.goal.hold, clock.limit);
            self.error(&root.field("goal").field("hold"), message, "write for example hold: \"3m\"");
        }
    }

    /// Complains about a moment before the warm-up or after the end.
    pub(super) fn moment(&mut self, time: Option<Time>, sections: &Sections, place: &Place) {
        let Some(time) = time else { return };
        let clock = &sections.clock;
        if time < Time::ZERO - clock.warm_up {
            let help = format!("the warm-up begins at -{}", clock.warm_up);
            self.error(place, format!("{time} lies before the warm-up"), help);
        } else if time > Time::ZERO + clock.limit {
            self.error(place, format!("{time} lies after the end"), format!("the level ends after {}", clock.limit));
        }
    }

    fn events(&mut self, sections: &Sections, root: &Place) {
        let events = root.field("events");
        let names: Vec<_> = sections
            .events
            .iter()
            .enumerate()
            .map(|(at, event)| (event.name(), events.item(at).field("name")))
            .collect();
        self.unique("events", names);
        let queues = queue_names(sections);
        for (at, event) in sections.events.iter().enumerate() {
            let place = events.item(at);
            if event.name().trim().is_empty() {
                self.error(&place.field("name"), "an event needs a name", "what proofs can leave out: \"the line\"");
            }
            self.moment(event.at(), sections, &place.field("at"));
            match (event.at().is_some(), event.when().is_some()) {
                (false, false) => {
                    self.error(&place, "it is not said when this happens", "add at: \"1m30s\" or when: \"…\"");
                }
                (true, true) => self.error(
                    &place.field("when"),
                    "an event happens at a time or when something holds",
                    "keep one of the two",
                ),
                _ => {}
            }
            match event {
                Event::Publish(publication) => {
                    self.known("queue", &publication.to, &place.field("to"), queues.iter().map(String::as_str));
                    if !(1..=1_000_000).contains(&publication.count) {
                        self.error(&place.field("count"), "from 1 to 1000000 messages can be sent at one time", "");
                    }
                }
                Event::Type(typing) => {
                    if typing.lines.is_empty() {
                        self.error(&place.field("lines"), "nothing is typed", "lines: [\"kubectl get pods\"]");
                    }
                }
            }
        }
    }

    fn team(&mut self, sections: &Sections, root: &Place) {
        for (at, saying) in sections.team.iter().enumerate() {
            let place = root.field("team").item(at);
            self.saying(saying, sections, &place);
            for (number, offer) in saying.offers.iter().enumerate() {
                self.offer(offer, sections, &place.field("offers").item(number));
            }
        }
    }

    fn saying(&mut self, saying: &Saying, sections: &Sections, place: &Place) {
        if saying.name().is_empty() {
            self.error(&place.field("who"), "it is not said who speaks", "who: \"Ada, payments\"");
        }
        self.moment(saying.at, sections, &place.field("at"));
        match (saying.at, &saying.when) {
            (None, None) => self.error(place, "it is not said when this is said", "add at: \"2m\" or when: \"…\""),
            (Some(_), Some(_)) => {
                self.error(
                    &place.field("when"),
                    "somebody speaks at a time or when something holds",
                    "keep one of the two",
                );
            }
            _ => {}
        }
        if saying.after < Span::ZERO || saying.after > sections.clock.limit {
            self.error(&place.field("after"), format!("nobody waits for {} before speaking", saying.after), "");
        }
        if saying.says.is_empty() && saying.does.is_empty() && saying.brings.is_empty() {
            self.error(place, "nothing is said or done", "add says: \"…\"");
        }
        self.brings(&saying.brings, sections, &place.field("brings"));
    }

    fn offer(&mut self, offer: &Offer, sections: &Sections, place: &Place) {
        if offer.reply.trim().is_empty() {
            self.error(&place.field("reply"), "a reply needs words", "reply: \"go\"");
        }
        self.brings(&offer.brings, sections, &place.field("brings"));
    }

    /// Complains about versions that nobody could deploy.
    fn brings(&mut self, versions: &[String], sections: &Sections, place: &Place) {
        let mut known = vec![];
        for component in &sections.system {
            if let Settings::Service(service) = component {
                for version in &service.versions {
                    known.push(version.name.clone());
                    known.push(format!("{}@{}", service.name, version.name));
                }
            }
        }
        for (at, version) in versions.iter().enumerate() {
            self.mentioned("version", version, &place.item(at), known.iter().map(String::as_str));
            if known.iter().filter(|other| *other == version).count() > 1 {
                self.error(
                    &place.item(at),
                    format!("several services have a version `{version}`"),
                    "write service@version",
                );
            }
        }
    }

    fn question(&mut self, question: &Question, place: &Place) {
        let causes = place.field("causes");
        let ids = question.causes.iter().enumerate();
        let ids: Vec<_> = ids.map(|(at, cause)| (cause.id.as_str(), causes.item(at).field("id"))).collect();
        self.unique("causes", ids);
        if question.causes.len() < 2 {
            self.error(&causes, "a question needs at least two possible causes", "several of them plausible");
        }
        if question.answer.is_empty() {
            self.error(&place.field("answer"), "no cause is the true one", "answer: [\"…\"]");
        }
        let known = || question.causes.iter().map(|cause| cause.id.as_str());
        for (at, id) in question.answer.iter().enumerate() {
            self.known("cause", id, &place.field("answer").item(at), known());
        }
        for (at, evidence) in question.evidence.iter().enumerate() {
            if let Some(id) = &evidence.speaks_for {
                self.mentioned("cause", id, &place.field("evidence").item(at).field("speaks_for"), known());
            }
        }
    }
}
