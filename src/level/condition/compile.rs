//! From a condition's tree to what is evaluated: names become metrics, functions get what they need, units are compared.
//! Tells everything that is wrong, each at its place.

use super::evaluate::{Fact, Follow, Node};
use super::functions::{FUNCTIONS, Gathering, Role, Told, WORDS};
use super::syntax::{Argument, Arithmetic, Expression, Form};
use super::{Fault, Metric, Shape, Unit};
use crate::level::document::nearest;
use std::ops::Range;

/// What a condition can speak of.
pub trait Names {
    /// The metric of this name; a space in a name is written `_`.
    fn metric(&self, name: &str) -> Option<Metric>;
    /// All names of a sort, for telling the nearest.
    fn all(&self, sort: Sort) -> Vec<String>;
    /// Whether names may be missing, as in a level from which something was left out: what they name is absent then.
    fn is_lenient(&self) -> bool {
        false
    }
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Something measured.
    Metric,
    /// A component, or a queue as `broker/queue`.
    Place,
    /// A tag that a request can carry.
    Tag,
    /// An alert.
    Alert,
    /// Somebody who speaks in the level.
    Person,
    /// Something that happens in the level.
    Event,
}

impl Sort {
    const fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Place => "component or queue",
            Self::Tag => "tag",
            Self::Alert => "alert",
            Self::Person => "person",
            Self::Event => "event",
        }
    }
}

/// A compiled part with what is known of its value.
struct Part {
    node: Node,
    unit: Unit,
    is_truth: bool,
}

impl Part {
    const fn number(node: Node, unit: Unit) -> Self {
        Self { node, unit, is_truth: false }
    }

    const fn truth(node: Node) -> Self {
        Self { node, unit: Unit::Plain, is_truth: true }
    }
}

struct Compiler<'n> {
    names: &'n dyn Names,
    faults: Vec<Fault>,
    slots: usize,
}

pub(super) type Compiled = (Node, usize, Unit, bool);

/// Compiles an expression: what is evaluated, how many slots of state it needs, its unit, and whether it is a truth.
pub(super) fn compile(expression: &Expression, names: &dyn Names) -> Result<Compiled, Vec<Fault>> {
    let mut compiler = Compiler { names, faults: vec![], slots: 0 };
    match compiler.part(expression) {
        Some(part) if compiler.faults.is_empty() => Ok((part.node, compiler.slots, part.unit, part.is_truth)),
        _ => Err(compiler.faults),
    }
}

/// The unit of a compiled number.
pub(super) fn unit_of(node: &Node) -> Unit {
    match node {
        Node::Constant(_, unit) => *unit,
        Node::Value(metric) | Node::Of(_, metric) | Node::OverWindow(_, metric, _) | Node::Last(metric) => metric.unit,
        Node::Rate(..) => Unit::PerSecond,
        Node::Quantile(..) | Node::Time | Node::Followed { follow: Follow::First, .. } => Unit::Seconds,
        Node::Over { number, .. } | Node::Negative(number) | Node::Untouched(number) | Node::Scraped(number) => {
            unit_of(number)
        }
        Node::Calculate(operation, left, right) => combined(*operation, unit_of(left), unit_of(right)),
        _ => Unit::Plain,
    }
}

impl Compiler<'_> {
    fn fault(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(span.clone(), message, help));
    }

    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    fn part(&mut self, expression: &Expression) -> Option<Part> {
        let span = &expression.span;
        Some(match &expression.form {
            Form::Number(value, unit) => Part::number(Node::Constant(*value, *unit), *unit),
            Form::Text(_) => {
                self.fault(span, "a text can't be compared", "texts are arguments: seen(\"…\")");
                return None;
            }
            Form::Name { name, labels, window } => return self.name(span, name, labels, window.is_some()),
            Form::Call { function, arguments, member } => {
                return self.call(span, function, arguments, member.as_deref());
            }
            Form::Negative(inner) => {
                let inner = self.number(inner)?;
                Part::number(Node::Negative(Box::new(inner.node)), inner.unit)
            }
            Form::Not(inner) => Part::truth(Node::Not(Box::new(self.truth(inner)?))),
            Form::And(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                Part::truth(Node::And(Box::new(left?), Box::new(right?)))
            }
            Form::Or(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                Part::truth(Node::Or(Box::new(left?), Box::new(right?)))
            }
            Form::Compare(comparison, left, right) => {
                let sides = (self.number(left), self.number(right));
                let (one, two) = (sides.0?, sides.1?);
                self.compare_units(span, &one, &two);
                Part::truth(Node::Compare(*comparison, Box::new(one.node), Box::new(two.node)))
            }
            Form::Calculate(operation, left, right) => {
                let sides = (self.number(left), self.number(right));
                let (one, two) = (sides.0?, sides.1?);
                if matches!(operation, Arithmetic::Plus | Arithmetic::Minus) {
                    self.compare_units(span, &one, &two);
                }
                let unit = combined(*operation, one.unit, two.unit);
                Part::number(Node::Calculate(*operation, Box::new(one.node), Box::new(two.node)), unit)
            }
            Form::For(inner, length) => {
                let condition = Box::new(self.truth(inner)?);
                let (seconds, slot) = (length.seconds(), self.slot());
                Part::truth(Node::For { condition, seconds, slot })
            }
        })
    }

    fn number(&mut self, expression: &Expression) -> Option<Part> {
        let part = self.part(expression)?;
        if part.is_truth {
            self.fault(&expression.span, "this holds or doesn't; a number belongs here", "");
            return None;
        }
        Some(part)
    }

    fn truth(&mut self, expression: &Expression) -> Option<Node> {
        let part = self.part(expression)?;
        if !part.is_truth {
            let message = "this is a number, not something that holds or doesn't";
            self.fault(&expression.span, message, "compare it: `… > 0`");
            return None;
        }
        Some(part.node)
    }

    fn compare_units(&mut self, span: &Range<usize>, one: &Part, two: &Part) {
        let (left, right) = (one.unit, two.unit);
        let is_zero = |part: &Part| part.node.constant() == Some(0.0);
        let is_bare = |part: &Part| part.node.constant().is_some() && part.unit == Unit::Plain && !is_zero(part);
        let bare = if is_bare(one) { right } else { left };
        if (is_bare(one) || is_bare(two)) && matches!(bare, Unit::Seconds | Unit::Bytes) {
            let (what, example) = if bare == Unit::Seconds { ("a time", "30s") } else { ("an amount", "500Mi") };
            self.fault(
                span,
                format!("{what} is compared with a number without a unit"),
                format!("write for example {example}"),
            );
        } else if left != right
            && ![left, right].iter().any(|unit| matches!(unit, Unit::Plain | Unit::Mixed))
            && !is_zero(one)
            && !is_zero(two)
        {
            self.fault(span, format!("{} can't be compared with {}", in_words(left), in_words(right)), "");
        }
    }

    fn name(&mut self, span: &Range<usize>, name: &str, labels: &[(String, String)], windowed: bool) -> Option<Part> {
        if !labels.is_empty() {
            self.fault(span, "this metric has no labels", "each kind has a metric of its own: `clients.kind.requests`");
            return None;
        }
        if !windowed && let Some(part) = word(name) {
            return Some(part);
        }
        let Some(metric) = self.metric(span, name) else { return self.absent() };
        match (metric.shape, windowed) {
            (Shape::Counter | Shape::Gauge, false) => Some(Part::number(Node::Value(metric), metric.unit)),
            (Shape::Latency, _) => {
                self.fault(span, format!("`{name}` are lengths of time, not one number"), format!("p95({name}[2m])"));
                None
            }
            (Shape::Family, _) => {
                let help = format!("sum({name}), count({name}), median({name}), …");
                self.fault(span, format!("`{name}` is a number for each instance"), help);
                None
            }
            (_, true) => {
                let help = "rate(…[5m]), increase(…[5m]), max_over(…[5m])";
                self.fault(span, "a window belongs into a function", help);
                None
            }
        }
    }

    fn metric(&mut self, span: &Range<usize>, name: &str) -> Option<Metric> {
        let found = self.names.metric(name);
        if found.is_none() && !self.names.is_lenient() {
            let (message, help) = self.unknown_metric(name);
            self.fault(span, message, help);
        }
        found
    }

    /// What stands for something that may be missing.
    fn absent(&self) -> Option<Part> {
        self.names.is_lenient().then_some(Part::number(Node::Absent, Unit::Mixed))
    }

    fn unknown_metric(&self, name: &str) -> (String, String) {
        // `a.b/2` and `a.b-1` read as one name: say so where the beginning is a metric.
        for (at, sign) in name.match_indices(['/', '-']) {
            if self.names.metric(&name[..at]).is_some() {
                let help = format!("a sign has spaces around it: `{} {sign} {}`", &name[..at], &name[at + 1..]);
                return (format!("nothing is measured as `{}`", short(name)), help);
            }
        }
        let all = self.names.all(Sort::Metric);
        let words = WORDS.iter().map(|(word, _)| *word);
        let near = nearest(name, all.iter().map(String::as_str).chain(words));
        // A name with the right component and a wrong end: tell what that component tells.
        let component = name.rsplit_once('.').map(|(component, _)| format!("{component}."));
        let siblings = component.map_or_else(Vec::new, |component| {
            all.iter().filter_map(|other| other.strip_prefix(&component)).take(12).collect::<Vec<_>>()
        });
        let help = match (near, siblings.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) => format!("there it has: {}", siblings.join(", ")),
            (None, true) => String::new(),
        };
        (format!("nothing is measured as `{}`", short(name)), help)
    }

    fn call(&mut self, span: &Range<usize>, name: &str, arguments: &[Argument], member: Option<&str>) -> Option<Part> {
        let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
            let names = FUNCTIONS.iter().map(|function| function.name);
            let help = nearest(name, names).map_or(String::new(), |near| format!("did you mean `{near}`?"));
            self.fault(span, format!("there is no function `{}`", short(name)), help);
            return None;
        };
        if member.is_some() && function.role != Role::Message {
            self.fault(span, format!("nothing follows `{}`", function.signature), "");
            return None;
        }
        let signature = function.signature;
        let positional: Vec<&Expression> =
            arguments.iter().filter(|argument| argument.label.is_none()).map(|argument| &argument.value).collect();
        let labelled: Vec<&Argument> = arguments.iter().filter(|argument| argument.label.is_some()).collect();
        let part = match function.role {
            Role::Told(told) => self.told(told, &positional, &labelled),
            Role::Exists => self.exists(&positional, &labelled),
            Role::Message => self.message(span, &positional, &labelled, member)?,
            role => self.with_one(role, span, &positional, &labelled)?,
        };
        if part.is_none() {
            self.fault(span, format!("`{name}` is given something else than it needs"), format!("write {signature}"));
        }
        part
    }

    /// Functions with one argument, which may have `after`. The outer `None`: the fault is told already.
    #[expect(clippy::option_option, reason = "told already, or to be told by the caller")]
    fn with_one(
        &mut self,
        role: Role,
        span: &Range<usize>,
        positional: &[&Expression],
        labelled: &[&Argument],
    ) -> Option<Option<Part>> {
        let [argument] = positional else { return Some(None) };
        let takes_after = matches!(role, Role::Always | Role::Ever | Role::CountOver | Role::First | Role::Over(_));
        let after = match labelled {
            [] => 0,
            [Argument { label: Some(label), value: Expression { form: Form::Number(at, Unit::Seconds), .. } }]
                if label == "after" && takes_after =>
            {
                *at as i64
            }
            _ => return Some(None),
        };
        let follow = match role {
            Role::Always => Some(Follow::Always),
            Role::Ever => Some(Follow::Ever),
            Role::CountOver => Some(Follow::Share),
            Role::First => Some(Follow::First),
            _ => None,
        };
        if let Some(follow) = follow {
            let condition = Box::new(self.truth(argument)?);
            let node = Node::Followed { follow, condition, after, slot: self.slot() };
            return Some(Some(match follow {
                Follow::Always | Follow::Ever => Part::truth(node),
                Follow::Share => Part::number(node, Unit::Plain),
                Follow::First => Part::number(node, Unit::Seconds),
            }));
        }
        match role {
            Role::Untouched => {
                let inner = self.part(argument)?;
                Some(Some(Part { node: Node::Untouched(Box::new(inner.node)), ..inner }))
            }
            Role::Scraped => {
                let inner = self.part(argument)?;
                Some(Some(Part { node: Node::Scraped(Box::new(inner.node)), ..inner }))
            }
            Role::Over(gathering) => self.over(gathering, argument, after).map(Some),
            _ => self.of_a_metric(role, span, argument),
        }
    }

    fn over(&mut self, gathering: Gathering, argument: &Expression, after: i64) -> Option<Part> {
        if let Form::Name { name, window: Some(window), .. } = &argument.form {
            let Some(metric) = self.metric(&argument.span, name) else { return self.absent() };
            if matches!(metric.shape, Shape::Counter | Shape::Gauge) {
                let seconds = window.seconds().max(1);
                return Some(Part::number(Node::OverWindow(gathering, metric, seconds), metric.unit));
            }
        }
        let inner = self.number(argument)?;
        let slot = self.slot();
        Some(Part::number(Node::Over { gathering, number: Box::new(inner.node), after, slot }, inner.unit))
    }

    #[expect(clippy::option_option, reason = "told already, or to be told by the caller")]
    fn of_a_metric(&mut self, role: Role, span: &Range<usize>, argument: &Expression) -> Option<Option<Part>> {
        let Form::Name { name, labels, window } = &argument.form else { return Some(None) };
        if !labels.is_empty() {
            return Some(None);
        }
        let Some(metric) = self.metric(&argument.span, name) else { return self.absent().map(Some) };
        let seconds = window.map(|window| window.seconds().max(1));
        let part = match (role, metric.shape, seconds) {
            (Role::Rate, Shape::Counter, Some(seconds)) => Part::number(Node::Rate(metric, seconds), Unit::PerSecond),
            (Role::Increase, Shape::Counter, Some(seconds)) => {
                Part::number(Node::Increase(metric, seconds), metric.unit)
            }
            (Role::Quantile(percent), Shape::Latency, seconds) => {
                Part::number(Node::Quantile(metric, seconds, percent), Unit::Seconds)
            }
            (Role::Of(gathering), Shape::Family, None) => {
                let unit = if gathering == Gathering::Count { Unit::Plain } else { metric.unit };
                Part::number(Node::Of(gathering, metric), unit)
            }
            (Role::Last, Shape::Counter | Shape::Gauge | Shape::Family, None) => {
                Part::number(Node::Last(metric), metric.unit)
            }
            (Role::Rate | Role::Increase, Shape::Counter, None) => {
                self.fault(span, "over what time?", format!("write {name}[5m]"));
                return None;
            }
            (_, shape, _) => {
                let help = match shape {
                    Shape::Counter => format!("it only grows: rate({name}[5m]), increase({name}[5m])"),
                    Shape::Gauge => format!("it goes up and down: {name}, max_over({name}[5m])"),
                    Shape::Latency => format!("they are lengths of time: p95({name}[2m])"),
                    Shape::Family => format!("it is a number for each instance: sum({name}), count({name})"),
                };
                self.fault(&argument.span, format!("this function makes no sense of `{name}`"), help);
                return None;
            }
        };
        Some(Some(part))
    }

    fn told(&mut self, told: Told, positional: &[&Expression], labelled: &[&Argument]) -> Option<Part> {
        let texts: Vec<String> = positional.iter().map_while(|argument| text_of(argument)).collect();
        let wanted = if matches!(told, Told::Said | Told::Replied) { 1..=2 } else { 1..=1 };
        if texts.len() != positional.len() || !wanted.contains(&texts.len()) || !labelled.is_empty() {
            return None;
        }
        let sorts: &[Sort] = match told {
            Told::Asked | Told::Said | Told::Replied => &[Sort::Person],
            Told::Fired | Told::Acknowledged => &[Sort::Alert],
            Told::Paged => &[Sort::Person, Sort::Alert],
            Told::Seen | Told::Ran => &[],
        };
        self.expect_known(&positional[0].span, &texts[0], sorts);
        Some(Part::truth(Node::Fact(Fact::Told(told, texts))))
    }

    fn exists(&mut self, positional: &[&Expression], labelled: &[&Argument]) -> Option<Part> {
        let [place] = positional else { return None };
        let name = match &place.form {
            Form::Name { name, window: None, .. } | Form::Text(name) => name.clone(),
            _ => return None,
        };
        let tag = match labelled {
            [] => None,
            [Argument { label: Some(label), value }] if label == "tag" => {
                let tag = text_of(value)?;
                self.expect_known(&value.span, &tag, &[Sort::Tag]);
                Some(tag)
            }
            _ => return None,
        };
        let component = name.strip_suffix("/*").unwrap_or(&name);
        self.expect_known(&place.span, component, &[Sort::Place]);
        Some(Part::truth(Node::Fact(Fact::Exists { place: name, tag })))
    }

    #[expect(clippy::option_option, reason = "told already, or to be told by the caller")]
    fn message(
        &mut self,
        span: &Range<usize>,
        positional: &[&Expression],
        labelled: &[&Argument],
        member: Option<&str>,
    ) -> Option<Option<Part>> {
        let ([argument], []) = (positional, labelled) else { return Some(None) };
        let Some(event) = text_of(argument) else { return Some(None) };
        if member != Some("deliveries") {
            self.fault(span, "what of the message?", "write message(\"…\").deliveries");
            return None;
        }
        self.expect_known(&argument.span, &event, &[Sort::Event]);
        // Brokers count the deliveries of the messages that events send.
        let metric = self.names.metric(&format!("message.{}.deliveries", event.replace(' ', "_")));
        let node = metric.map_or(Node::Absent, Node::Value);
        Some(Some(Part::number(node, Unit::Plain)))
    }

    /// Complains unless one of `sorts` has this name. A person is known by the name before the comma, too.
    fn expect_known(&mut self, span: &Range<usize>, name: &str, sorts: &[Sort]) {
        let all: Vec<String> = sorts.iter().flat_map(|sort| self.names.all(*sort)).collect();
        let short_of = |full: &str| full.split(',').next().unwrap_or_default().trim().to_owned();
        if sorts.is_empty()
            || self.names.is_lenient()
            || all.iter().any(|known| known == name || short_of(known) == name)
        {
            return;
        }
        let what = sorts.iter().map(|sort| sort.word()).collect::<Vec<_>>().join(" or ");
        let near = nearest(name, all.iter().map(String::as_str));
        let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        self.fault(span, format!("there is no {what} called `{}`", short(name)), help);
    }
}

/// What a word stands for by itself.
fn word(name: &str) -> Option<Part> {
    Some(match name {
        "time" => Part::number(Node::Time, Unit::Seconds),
        "budget.used" => Part::number(Node::Fact(Fact::BudgetUsed), Unit::Plain),
        "declared" => Part::truth(Node::Fact(Fact::Declared)),
        "mitigated" => Part::truth(Node::Fact(Fact::Mitigated)),
        "resolved" => Part::truth(Node::Fact(Fact::Resolved)),
        "lost" => Part::truth(Node::Fact(Fact::Lost)),
        _ => return None,
    })
}

fn text_of(expression: &Expression) -> Option<String> {
    match &expression.form {
        Form::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn combined(operation: Arithmetic, left: Unit, right: Unit) -> Unit {
    match (operation, left, right) {
        (Arithmetic::By, left, right) if left == right => Unit::Plain,
        (Arithmetic::Times, Unit::Plain, unit) | (_, unit, Unit::Plain) => unit,
        (Arithmetic::Plus | Arithmetic::Minus, left, right) if left == right => left,
        (Arithmetic::Plus | Arithmetic::Minus, Unit::Plain, unit) => unit,
        _ => Unit::Mixed,
    }
}

const fn in_words(unit: Unit) -> &'static str {
    match unit {
        Unit::Plain | Unit::Mixed => "a number",
        Unit::Seconds => "a time",
        Unit::Bytes => "an amount of bytes",
        Unit::PerSecond => "a rate",
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}
