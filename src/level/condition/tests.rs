//! What conditions mean: precedence, gaps, `for`, names, units, and what is said of those that can't be read.

use super::*;
use std::collections::BTreeMap;

/// Metrics with made-up values: a value a second, from second 0.
#[derive(Default)]
struct Told {
    values: Vec<(&'static str, Shape, Unit, Vec<Option<f64>>)>,
    members: BTreeMap<&'static str, Vec<f64>>,
    facts: Vec<(Fact, f64)>,
    quiet: Option<Box<Told>>,
}

impl Told {
    fn with(mut self, name: &'static str, shape: Shape, unit: Unit, values: &[Option<f64>]) -> Self {
        self.values.push((name, shape, unit, values.to_vec()));
        self
    }
}

impl Names for Told {
    fn metric(&self, name: &str) -> Option<Metric> {
        let index = self.values.iter().position(|(known, ..)| *known == name)?;
        let (_, shape, unit, _) = self.values[index];
        Some(Metric { shape, index: index as u16, unit })
    }

    fn all(&self, sort: Sort) -> Vec<String> {
        let names: &[&str] = match sort {
            Sort::Metric => return self.values.iter().map(|(name, ..)| (*name).to_owned()).collect(),
            Sort::Place => &["rabbit", "rabbit/chat.in"],
            Sort::Tag => &["poison"],
            Sort::Alert => &["queue depth"],
            Sort::Person => &["Rosa, core chat", "Dev"],
            Sort::Event => &["the line"],
        };
        names.iter().map(ToString::to_string).collect()
    }
}

impl Series for Told {
    fn begin(&self) -> i64 {
        0
    }
    fn value(&self, index: u16, second: i64) -> Option<f64> {
        let values = &self.values[usize::from(index)].3;
        let at = usize::try_from(second).ok()?;
        *values.get(at).or(values.last())?
    }
    fn members(&self, index: u16, _: i64, each: &mut dyn FnMut(f64)) {
        let name = self.values[usize::from(index)].0;
        self.members.get(name).into_iter().flatten().for_each(|value| each(*value));
    }
    fn quantile(&self, _: u16, after: i64, until: i64, percent: u8) -> Option<f64> {
        Some((until - after) as f64 * f64::from(percent) / 100.0)
    }
    fn fact(&self, fact: &Fact, _: i64) -> Option<f64> {
        self.facts.iter().find(|(known, _)| known == fact).map(|(_, value)| *value)
    }
    fn scraped(&self) -> Option<&dyn Series> {
        self.quiet.as_deref().map(|quiet| quiet as &dyn Series)
    }
    fn untouched(&self) -> Option<&dyn Series> {
        self.quiet.as_deref().map(|quiet| quiet as &dyn Series)
    }
}

fn world() -> Told {
    let ramp: Vec<Option<f64>> = (0..100).map(|second| Some(f64::from(second) * 2.0)).collect();
    let gap = [Some(5.0), Some(5.0), None, None, Some(7.0), None];
    let mut told = Told::default()
        .with("web.requests", Shape::Counter, Unit::Plain, &ramp)
        .with("web.none", Shape::Counter, Unit::Plain, &[Some(0.0)])
        .with("rabbit.chat.in.ready", Shape::Gauge, Unit::Plain, &[Some(600.0)])
        .with("rabbit.chat.ready", Shape::Gauge, Unit::Plain, &[Some(1.0)])
        .with("chat-consumer.memory", Shape::Gauge, Unit::Bytes, &[Some(1_073_741_824.0)])
        .with("gap", Shape::Gauge, Unit::Plain, &gap)
        .with("a", Shape::Gauge, Unit::Plain, &[Some(2.0)])
        .with("a-b", Shape::Gauge, Unit::Plain, &[Some(100.0)])
        .with("b", Shape::Gauge, Unit::Plain, &[Some(3.0)])
        .with("web.took", Shape::Latency, Unit::Seconds, &[])
        .with("pods.ready", Shape::Family, Unit::Plain, &[])
        .with("pods.memory", Shape::Family, Unit::Bytes, &[])
        .with("nobody", Shape::Family, Unit::Plain, &[]);
    told.members.insert("pods.ready", vec![1.0, 0.0, 1.0, 1.0]);
    told.members.insert("pods.memory", vec![300.0, 280.0, 290.0]);
    told
}

/// The value at `second`, having seen every second until then.
fn at(text: &str, told: &Told, second: i64) -> Option<f64> {
    let condition = Condition::any(text, told).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    let mut state = condition.new_state();
    (0..=second).map(|now| condition.value(&mut state, told, now)).last().flatten()
}

fn value(text: &str) -> Option<f64> {
    at(text, &world(), 60)
}

fn holds(text: &str) -> bool {
    value(text) == Some(1.0)
}

fn faults(text: &str) -> Vec<String> {
    let faults = Condition::holding(text, &world()).err().unwrap_or_default();
    let shown = |fault: &Fault| format!("{}: {}; {}", &text[fault.span.clone()], fault.message, fault.help);
    faults.iter().map(shown).collect()
}

#[test]
fn operators_bind_as_in_other_languages() {
    assert_eq!(value("1 + 2 * 3"), Some(7.0));
    assert_eq!(value("(1 + 2) * 3 - -1"), Some(10.0));
    assert_eq!(value("12 / 3 / 2"), Some(2.0));
    assert!(holds("1 + 1 == 2 and 3 > 2"));
    assert!(holds("1 > 2 or 1 < 2 and 2 <= 2"), "`and` binds tighter than `or`");
    assert!(!holds("(1 > 2 or 1 < 2) and 2 < 2"));
    assert!(holds("not 1 > 2 and 1 != 2"), "`not` binds tighter than `and`");
    assert!(!holds("not (1 < 2 or 1 > 2)"));
    assert!(holds("not not 1 < 2"));
}

#[test]
fn quantities_are_seconds_bytes_shares_and_rates() {
    assert_eq!(value("1h30m"), Some(5400.0));
    assert_eq!(value("1.5Gi"), Some(1.5 * 1_073_741_824.0));
    assert_eq!(value("5%"), Some(0.05));
    assert_eq!(value("60/s"), Some(60.0));
    assert_eq!(value("60/m"), Some(1.0));
    assert_eq!(value("0.98"), Some(0.98));
    assert_eq!(value("1563932kB"), Some(1_563_932.0 * 1024.0));
    assert!(holds("chat-consumer.memory == 1Gi"));
}

#[test]
fn the_longest_name_is_meant_and_signs_have_spaces() {
    assert_eq!(value("a-b"), Some(100.0));
    assert_eq!(value("a - b"), Some(-1.0));
    assert_eq!(value("a -b"), Some(-1.0));
    assert_eq!(value("rabbit.chat.in.ready"), Some(600.0));
    assert_eq!(value("rabbit.chat.ready"), Some(1.0));
    assert_eq!(value("a / b"), Some(2.0 / 3.0));
    assert!(faults("a/b > 0")[0].contains("a sign has spaces around it: `a / b`"));
    assert!(faults("rabbit.chat.ready-1 > 0")[0].contains("`rabbit.chat.ready - 1`"));
}

#[test]
fn rates_are_of_windows_and_shares_of_nothing_are_absent() {
    assert_eq!(value("rate(web.requests[10s])"), Some(2.0));
    assert_eq!(value("increase(web.requests[10s])"), Some(20.0));
    assert_eq!(at("rate(web.requests[5m])", &world(), 30), Some(2.0), "a window that is longer than the past");
    assert_eq!(value("rate(web.none[1m]) / rate(web.none[1m])"), None);
    assert!(!holds("rate(web.none[1m]) / rate(web.none[1m]) > 5%"));
    assert!(!holds("rate(web.none[1m]) / rate(web.none[1m]) <= 5%"));
    assert_eq!(value("p95(web.took[20s])"), Some(19.0));
    assert_eq!(value("p50(web.took)"), Some(30.0));
}

#[test]
fn instances_are_counted_summed_and_put_in_order() {
    assert_eq!(value("count(pods.ready)"), Some(3.0));
    assert_eq!(value("sum(pods.memory)"), Some(870.0));
    assert_eq!(value("median(pods.memory)"), Some(290.0));
    assert_eq!(value("min(pods.memory)"), Some(280.0));
    assert_eq!(value("max(pods.memory)"), Some(300.0));
    assert_eq!(value("avg(pods.memory)"), Some(290.0));
    assert_eq!(value("count(nobody)"), Some(0.0));
    assert_eq!(value("avg(nobody)"), None);
}

#[test]
fn what_has_no_sample_is_absent_and_false() {
    let world = world();
    for (second, expected) in [(1, Some(5.0)), (2, None), (4, Some(7.0)), (5, None)] {
        assert_eq!(at("gap", &world, second), expected);
        assert_eq!(at("gap + 1", &world, second), expected.map(|value| value + 1.0));
        assert_eq!(at("gap > 0", &world, second), Some(f64::from(u8::from(expected.is_some()))));
    }
    assert_eq!(at("last(gap)", &world, 3), Some(5.0));
    assert_eq!(at("last(gap)", &world, 5), Some(7.0));
    assert_eq!(at("max_over(gap)", &world, 5), Some(7.0));
    assert_eq!(at("avg_over(gap[3s])", &world, 5), Some(7.0));
    assert_eq!(at("not gap > 0", &world, 2), Some(1.0));
}

#[test]
fn for_waits_and_begins_anew_after_a_break() {
    let values: Vec<Option<f64>> = [1, 1, 1, 0, 1, 1, 1, 1, 1].iter().map(|value| Some(f64::from(*value))).collect();
    let told = Told::default().with("x", Shape::Gauge, Unit::Plain, &values);
    let held: Vec<Option<f64>> = (0..9).map(|second| at("x > 0 for 3s", &told, second)).collect();
    let expected = [0, 0, 0, 0, 0, 0, 0, 1, 1].map(|value| Some(f64::from(value)));
    assert_eq!(held, expected);
    assert_eq!(at("x > 0 and x > 0 for 3s", &told, 2), Some(0.0), "it belongs to the comparison before it");
    assert_eq!(at("(x > 0 or x == 0) for 8s", &told, 8), Some(1.0));
}

#[test]
fn the_past_is_followed_second_by_second() {
    let values: Vec<Option<f64>> = [0, 0, 1, 0, 1].iter().map(|value| Some(f64::from(*value))).collect();
    let told = Told::default().with("x", Shape::Gauge, Unit::Plain, &values);
    assert_eq!(at("first(x > 0)", &told, 4), Some(2.0));
    assert_eq!(at("first(x > 0, after = 3s)", &told, 4), Some(4.0));
    assert_eq!(at("first(x > 5)", &told, 4), None);
    assert_eq!(at("count_over(x > 0)", &told, 4), Some(0.4));
    assert_eq!(at("always(x >= 0)", &told, 4), Some(1.0));
    assert_eq!(at("always(x == 0)", &told, 4), Some(0.0));
    assert_eq!(at("ever(x > 0)", &told, 1), Some(0.0));
    assert_eq!(at("ever(x > 0)", &told, 3), Some(1.0));
    assert_eq!(at("max_over(x, after = 3s)", &told, 3), Some(0.0));
    assert_eq!(at("avg_over(x)", &told, 3), Some(0.25));
    assert_eq!(at("time", &told, 3), Some(3.0));
}

#[test]
fn both_sides_are_followed_even_where_one_decides() {
    let values: Vec<Option<f64>> = [1, 0, 0].iter().map(|value| Some(f64::from(*value))).collect();
    let told = Told::default().with("x", Shape::Gauge, Unit::Plain, &values);
    assert_eq!(at("x == 0 and ever(x == 1)", &told, 2), Some(1.0));
    assert_eq!(at("x == 1 or ever(x == 1)", &told, 2), Some(1.0));
}

#[test]
fn facts_and_the_untouched_run_come_from_outside() {
    let mut told = world();
    told.quiet = Some(Box::new(Told::default().with("web.requests", Shape::Counter, Unit::Plain, &[Some(50.0)])));
    told.facts.push((Fact::Exists { place: "rabbit/*".into(), tag: Some("poison".into()) }, 1.0));
    told.facts.push((Fact::Told(super::Told::Seen, vec!["137".into()]), 1.0));
    let told = told.with("message.the_line.deliveries", Shape::Counter, Unit::Plain, &[Some(1200.0)]);
    assert_eq!(at("untouched(web.requests) * 2", &told, 60), Some(100.0));
    assert_eq!(at("ever(scraped(web.requests) == 50)", &told, 60), Some(1.0));
    assert_eq!(at("seen(\"137\") or asked(\"Dev\")", &told, 0), Some(1.0));
    assert_eq!(at("asked(\"Rosa\")", &told, 0), None, "nobody has told");
    assert_eq!(at("message(\"the line\").deliveries > 1000", &told, 0), Some(1.0));
    assert_eq!(at("not exists(rabbit/*, tag = \"poison\")", &told, 0), Some(0.0));
}

#[test]
fn everything_wrong_is_told_at_its_place() {
    assert_eq!(
        faults("rabbit.chat.in.redy > 5 and web.took > 3 or pods.raedy == 0"),
        [
            "rabbit.chat.in.redy: nothing is measured as `rabbit.chat.in.redy`; did you mean `rabbit.chat.in.ready`?",
            "web.took: `web.took` are lengths of time, not one number; p95(web.took[2m])",
            "pods.raedy: nothing is measured as `pods.raedy`; did you mean `pods.ready`?",
        ]
    );
    for (text, part) in [
        ("", "the condition is empty"),
        ("a >", "ends too early"),
        ("a = 2", "write `==`"),
        ("(a > 2", "`(` is never closed"),
        ("a > 2 b", "something is missing"),
        ("a && b", "write `and`"),
        ("1 < a < 3", "can't be chained"),
        ("a > 3 for ever", "a length of time belongs here"),
        ("rate(a[5m]) > 1", "it goes up and down"),
        ("rate(web.requests) > 1", "over what time?"),
        ("web.requests[5m] > 1", "a window belongs into a function"),
        ("p95(web.took[2m]) > 30", "write for example 30s"),
        ("p95(web.took[2m]) > 30Mi", "a time can't be compared with an amount of bytes"),
        ("pods.ready > 3", "is a number for each instance"),
        ("web.requests + 1", "a number, not something that holds"),
        ("rat(web.requests[5m]) > 1", "did you mean `rate`?"),
        ("exists(rabit/*, tag = \"poison\")", "there is no component or queue called `rabit`; did you mean `rabbit`?"),
        ("exists(rabbit/*, tag = \"poisson\")", "did you mean `poison`?"),
        ("asked(\"Rose\")", "there is no person called `Rose`"),
        ("fired(\"queue death\")", "did you mean `queue depth`?"),
        ("message(\"the lime\").deliveries > 1", "did you mean `the line`?"),
        ("message(\"the line\") > 1", "what of the message?"),
        ("seen(137)", "write seen(\"text\")"),
        ("always(a > 1, before = 3s)", "write always(condition, after = time)"),
        ("a{x = 1} > 1", "has no labels"),
        ("30parsecs > a", "is not a number or a quantity"),
        ("a > \"x", "this text is never closed"),
        ("a > 2 \u{1b}[31m", "`\u{fffd}` has no meaning here"),
    ] {
        let told = faults(text);
        assert!(told.len() == 1 && told[0].contains(part), "{text}: {told:?}");
    }
}

#[test]
fn hostile_conditions_end_soon() {
    for text in ["(".repeat(1900), "not ".repeat(400), "-".repeat(1900), "a+".repeat(900), "x".repeat(100_000)] {
        assert!(!faults(&text).is_empty());
    }
    assert!(holds(&format!("{}1 < 2{}", "(".repeat(30), ")".repeat(30))));
}

#[test]
fn every_function_of_the_table_is_written_as_its_signature_says() {
    for function in FUNCTIONS {
        assert!(function.signature.starts_with(&format!("{}(", function.name)), "{}", function.name);
        assert_eq!(FUNCTIONS.iter().filter(|other| other.name == function.name).count(), 1, "{}", function.name);
        assert!(!function.meaning.is_empty());
    }
    for (word, _) in WORDS {
        assert!(Condition::any(word, &world()).is_ok(), "{word}");
    }
}

#[test]
fn a_comparison_shows_its_two_sides() {
    let condition = Condition::holding("rabbit.chat.in.ready > 500 for 1m", &world()).unwrap();
    assert_eq!(condition.sides(&world(), 60), Some((Some(600.0), Some(500.0), Unit::Plain)));
    assert_eq!(condition.threshold(), Some(500.0));
    assert!(!condition.compares_a_share());
    assert!(Condition::holding("a / b > 5% for 1m", &world()).unwrap().compares_a_share());
    assert_eq!(condition.limited(), Some(("rabbit.chat.in.ready", false)));
    let condition = Condition::holding("(rabbit.chat.in.ready <= 5) for 1m", &world()).unwrap();
    assert_eq!(condition.limited(), Some(("rabbit.chat.in.ready", true)));
    assert_eq!(condition.metrics().len(), 1);
    assert_eq!(written(94.2, Unit::Seconds), "1m34s");
    assert_eq!(written(0.25, Unit::Seconds), "250ms");
    assert_eq!(written(1_601_466_368.0, Unit::Bytes), "1.49Gi");
    assert_eq!(written(12.0, Unit::PerSecond), "12/s");
    assert_eq!(written(0.0521, Unit::Plain), "0.052");
}
