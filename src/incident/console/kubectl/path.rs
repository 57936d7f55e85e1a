//! `JSONPath` as kubectl writes it: templates of `-o jsonpath`, and the bare paths of `--sort-by` and `custom-columns`.
//!
//! Reads text, follows it through a value. Knows no cluster. A field that isn't there is nothing, as kubectl has it.

use serde_json::Value;
use std::cmp::Ordering;

/// How deep ranges may lie in each other.
const DEEPEST: usize = 8;

/// A template: text, paths and ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Path(Path),
    /// `{range PATH}…{end}`.
    Range(Path, Vec<Piece>),
}

/// A way through a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Whether it begins at the root (`$`) wherever it stands.
    from_root: bool,
    steps: Vec<Step>,
    /// As it was written.
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    /// `*`, `[*]`.
    Every,
    /// `..`: the value and everything in it.
    Deep,
    /// `[1]`, `[-1]`, `[0,2]`.
    At(Vec<i64>),
    /// `[1:3]`, `[:2]`, `[::2]`.
    Slice(Option<i64>, Option<i64>, usize),
    /// `['a','b']`.
    Fields(Vec<String>),
    /// `[?(@.x=="y")]`.
    Where(Box<Test>),
}

#[derive(Clone, Debug, PartialEq)]
struct Test {
    left: Path,
    /// None: it is enough that it is there.
    right: Option<(&'static str, Side)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Side {
    Value(Value),
    Path(Path),
}

/// Reads a template.
///
/// # Errors
/// As kubectl says it, without its `error: `.
pub fn template(text: &str) -> Result<Template, String> {
    let wrong = |what: String| format!("error parsing jsonpath {text}, {what}");
    // A template without a bracket is a path.
    let braced = if text.contains('{') { text.to_owned() } else { format!("{{{text}}}") };
    let mut reader = Reader { text: &braced, at: 0 };
    let pieces = reader.pieces(0).map_err(wrong)?;
    Ok(Template(pieces))
}

/// Reads a path on its own: `.metadata.name`, `{.metadata.name}` or `metadata.name`.
///
/// # Errors
/// As kubectl says it, without its `error: `.
pub fn path(text: &str) -> Result<Path, String> {
    let bare = text.trim().trim_matches('\'').trim_matches('"');
    let bare = bare.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(bare);
    let dotted = if bare.starts_with(['.', '[', '$', '@']) { bare.to_owned() } else { format!(".{bare}") };
    let mut reader = Reader { text: &dotted, at: 0 };
    let path = reader.path().map_err(|what| format!("error parsing path {text}, {what}"))?;
    if reader.at < dotted.len() {
        return Err(format!("error parsing path {text}, unexpected `{}`", reader.rest()));
    }
    Ok(path)
}

impl Template {
    /// The text that comes of a value.
    pub fn fill(&self, root: &Value) -> String {
        let mut out = String::new();
        fill(&self.0, root, root, &mut out);
        out
    }
}

fn fill(pieces: &[Piece], root: &Value, current: &Value, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Path(path) => {
                let found: Vec<String> = path.follow(root, current).into_iter().map(written).collect();
                out.push_str(&found.join(" "));
            }
            Piece::Range(path, inner) => {
                for value in path.follow(root, current) {
                    fill(inner, root, value, out);
                }
            }
        }
    }
}

/// A value as a template prints it: text without quotes, lists and objects as JSON.
pub fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How two values are ordered: what isn't there first, numbers by size, text as text.
pub fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_i64().cmp(&b.as_i64()),
        (Some(a), Some(b)) => written(a).cmp(&written(b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl Path {
    /// What it leads to in a value.
    pub fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        self.follow(value, value)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn follow<'a>(&self, root: &'a Value, current: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![if self.from_root { root } else { current }];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.next(value, root)).collect();
        }
        found
    }
}

impl Step {
    fn next<'a>(&self, value: &'a Value, root: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
            (Self::Fields(names), Value::Object(fields)) => names.iter().filter_map(|name| fields.get(name)).collect(),
            (Self::Every, Value::Object(fields)) => fields.values().collect(),
            (Self::Every, Value::Array(items)) => items.iter().collect(),
            (Self::Deep, _) => deep(value),
            (Self::At(places), Value::Array(items)) => {
                let index = |place: &i64| if *place < 0 { *place + items.len() as i64 } else { *place };
                places.iter().filter_map(|place| items.get(usize::try_from(index(place)).ok()?)).collect()
            }
            (Self::Slice(from, to, by), Value::Array(items)) => {
                let count = items.len() as i64;
                let place = |at: i64| (if at < 0 { at + count } else { at }).clamp(0, count) as usize;
                let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(count)));
                items.iter().take(to).skip(from).step_by(*by).collect()
            }
            (Self::Where(test), Value::Array(items)) => items.iter().filter(|item| test.holds(item, root)).collect(),
            _ => vec![],
        }
    }
}

fn deep(value: &Value) -> Vec<&Value> {
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => vec![],
    };
    std::iter::once(value).chain(inner.into_iter().flat_map(deep)).collect()
}

impl Test {
    fn holds(&self, item: &Value, root: &Value) -> bool {
        let left = self.left.follow(root, item);
        let Some((operator, side)) = &self.right else { return !left.is_empty() };
        let right = match side {
            Side::Value(value) => Some(value),
            Side::Path(path) => path.follow(root, item).first().copied(),
        };
        let (Some(left), Some(right)) = (left.first().copied(), right) else { return false };
        let order = compare(Some(left), Some(right));
        match *operator {
            "==" => order == Ordering::Equal,
            "!=" => order != Ordering::Equal,
            "<=" => order != Ordering::Greater,
            ">=" => order != Ordering::Less,
            "<" => order == Ordering::Less,
            _ => order == Ordering::Greater,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_space(&mut self) {
        while let Some(space) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += space.len_utf8();
        }
    }

    /// Text and actions, up to `{end}` where this lies in a range.
    fn pieces(&mut self, depth: usize) -> Result<Vec<Piece>, String> {
        let mut all = vec![];
        loop {
            let upto = self.rest().find('{').unwrap_or(self.rest().len());
            if upto > 0 {
                all.push(Piece::Text(self.rest()[..upto].to_owned()));
                self.at += upto;
            }
            if !self.take("{") {
                return if depth == 0 { Ok(all) } else { Err("unclosed range: {end} is missing".to_owned()) };
            }
            self.skip_space();
            if self.keyword("end") {
                self.closed()?;
                return if depth > 0 { Ok(all) } else { Err("not in range, nothing to end".to_owned()) };
            }
            if self.keyword("range") {
                if depth >= DEEPEST {
                    return Err(format!("ranges lie more than {DEEPEST} deep in each other"));
                }
                self.skip_space();
                let path = self.path()?;
                self.closed()?;
                all.push(Piece::Range(path, self.pieces(depth + 1)?));
                continue;
            }
            while !self.take("}") {
                self.skip_space();
                match self.peek() {
                    None => return Err("unclosed action: } is missing".to_owned()),
                    Some(quote @ ('"' | '\'')) => all.push(Piece::Text(self.quoted(quote)?)),
                    Some('}') => {}
                    _ => all.push(Piece::Path(self.path()?)),
                }
                self.skip_space();
            }
        }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let ends = self.rest()[word.len().min(self.rest().len())..].chars().next();
        self.rest().starts_with(word) && ends.is_none_or(|c| c == '}' || c.is_whitespace()) && self.take(word)
    }

    fn closed(&mut self) -> Result<(), String> {
        self.skip_space();
        if self.take("}") { Ok(()) } else { Err("unclosed action: } is missing".to_owned()) }
    }

    /// A quoted text with `\n`, `\t` and escaped quotes.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        let mut letters = self.text[self.at..].char_indices();
        while let Some((at, c)) = letters.next() {
            match c {
                '\\' => match letters.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, other)) => out.push(other),
                    None => break,
                },
                _ if c == quote => {
                    self.at += at + 1;
                    return Ok(out);
                }
                _ => out.push(c),
            }
        }
        Err(format!("unterminated quoted string: {quote} is missing"))
    }

    fn path(&mut self) -> Result<Path, String> {
        let start = self.at;
        let from_root = self.take("$");
        let is_current = !from_root && self.take("@");
        let mut steps = vec![];
        loop {
            if self.take("..") {
                steps.push(Step::Deep);
                if self.peek() != Some('[') {
                    steps.push(self.field()?);
                }
            } else if self.take(".") {
                if self.peek().is_some_and(|c| c != '}' && c != '[' && !c.is_whitespace()) {
                    steps.push(self.field()?);
                }
            } else if self.take("[") {
                steps.push(self.brackets()?);
            } else {
                break;
            }
        }
        if self.at == start || (steps.is_empty() && !from_root && !is_current && &self.text[start..self.at] != ".") {
            let what = self.peek().map_or("the end".to_owned(), |c| format!("`{c}`"));
            return Err(format!(
                "unrecognized character in action: {what} (a field begins with a dot: .metadata.name)"
            ));
        }
        Ok(Path { from_root, steps, text: self.text[start..self.at].to_owned() })
    }

    fn field(&mut self) -> Result<Step, String> {
        let mut name = String::new();
        let mut letters = self.rest().char_indices();
        let mut length = 0;
        while let Some((at, c)) = letters.next() {
            match c {
                '\\' => {
                    let Some((next, escaped)) = letters.next() else { break };
                    name.push(escaped);
                    length = next + escaped.len_utf8();
                }
                '.' | '[' | '}' | ']' | ')' | '=' | '!' | '<' | '>' | ',' => break,
                _ if c.is_whitespace() => break,
                _ => {
                    name.push(c);
                    length = at + c.len_utf8();
                }
            }
        }
        self.at += length;
        match name.as_str() {
            "" => Err("a dot without a field".to_owned()),
            "*" => Ok(Step::Every),
            _ => Ok(Step::Field(name)),
        }
    }

    /// What stands in square brackets.
    fn brackets(&mut self) -> Result<Step, String> {
        self.skip_space();
        if self.take("?(") {
            let test = self.test()?;
            self.skip_space();
            if !self.take(")") || !self.take("]") {
                let hint = "a filter is one comparison: [?(@.name==\"x\")]";
                return Err(format!("unterminated filter at `{}`: {hint}", self.rest()));
            }
            return Ok(Step::Where(Box::new(test)));
        }
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            let mut names = vec![self.quoted(quote)?];
            while self.take(",") {
                self.skip_space();
                names.push(self.quoted(quote)?);
            }
            return if self.take("]") {
                Ok(Step::Fields(names))
            } else {
                Err("unterminated array: ] is missing".into())
            };
        }
        let Some(end) = self.rest().find(']') else { return Err("unterminated array: ] is missing".to_owned()) };
        let inner = self.rest()[..end].trim().to_owned();
        self.at += end + 1;
        let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("invalid array index {inner}"));
        if inner == "*" {
            return Ok(Step::Every);
        }
        if inner.contains(':') {
            let parts: Vec<&str> = inner.split(':').collect();
            let part = |index: usize| {
                parts.get(index).filter(|text| !text.trim().is_empty()).map(|text| number(text)).transpose()
            };
            let by = part(2)?.unwrap_or(1);
            return Ok(Step::Slice(part(0)?, part(1)?, usize::try_from(by).unwrap_or(1).max(1)));
        }
        inner.split(',').map(number).collect::<Result<_, _>>().map(Step::At)
    }

    fn test(&mut self) -> Result<Test, String> {
        self.skip_space();
        let left = self.path()?;
        self.skip_space();
        if self.rest().starts_with("=~") || self.rest().starts_with("&&") || self.rest().starts_with("||") {
            let known = "kubectl's filters know == != < <= > >= and nothing else";
            return Err(format!("unrecognized operator {}: {known}", &self.rest()[..2]));
        }
        let Some(operator) = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|operator| self.take(operator)) else {
            return Ok(Test { left, right: None });
        };
        self.skip_space();
        let side = match self.peek() {
            Some(quote @ ('"' | '\'')) => Side::Value(Value::String(self.quoted(quote)?)),
            Some('@' | '$' | '.') => Side::Path(self.path()?),
            _ => {
                let end = self.rest().find([')', ' ']).unwrap_or(self.rest().len());
                let word = self.rest()[..end].to_owned();
                self.at += end;
                match word.parse::<i64>() {
                    Ok(number) => Side::Value(number.into()),
                    Err(_) if word == "true" || word == "false" => Side::Value((word == "true").into()),
                    Err(_) => return Err(format!("unrecognized value {word}: text stands in quotes, \"{word}\"")),
                }
            }
        };
        Ok(Test { left, right: Some((operator, side)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods() -> Value {
        serde_json::json!({"items": [
            {"metadata": {"name": "a", "labels": {"app": "web", "k8s.io/x": "1"}}, "status": {"phase": "Running", "n": 3}},
            {"metadata": {"name": "b", "labels": {"app": "api"}}, "status": {"phase": "Pending", "n": 12, "ready": true}},
        ]})
    }

    #[test]
    fn a_space_of_several_bytes_is_a_space() {
        assert!(template("{range\u{3000}.items[*]}{.metadata.name}{\u{a0}end}").is_ok());
    }

    #[test]
    fn a_template_prints_what_kubectl_prints() {
        let table = [
            ("{.items[*].metadata.name}", "a b"),
            (".items[*].metadata.name", "a b"),
            ("{.items[0].metadata.name}-{.items[-1:].metadata.name}", "a-b"),
            ("{$.items[1]['metadata'].name}", "b"),
            ("{range .items[*]}{.metadata.name}{\"\\t\"}{.status.phase}{\"\\n\"}{end}", "a\tRunning\nb\tPending\n"),
            ("{range .items[*]}{.metadata.name} {end}", "a b "),
            ("{.items[?(@.status.phase==\"Pending\")].metadata.name}", "b"),
            ("{.items[?(@.status.phase != 'Pending')].metadata.name}", "a"),
            ("{.items[?(@.status.n>=4)].metadata.name}", "b"),
            ("{.items[?(@.status.ready==true)].metadata.name}", "b"),
            ("{.items[?(@.status.ready)].metadata.name}", "b"),
            ("{.items[0].metadata.labels.k8s\\.io/x}", "1"),
            ("{.items[0].metadata.labels}", "{\"app\":\"web\",\"k8s.io/x\":\"1\"}"),
            ("{..name}", "a b"),
            ("{.items[0,1].status.n}", "3 12"),
            ("{.items[*].status.nothing}", ""),
            ("{.items[*]['status.phase','kind']}", ""),
            ("{'one'}{\"two\"} three", "onetwo three"),
        ];
        for (text, expected) in table {
            assert_eq!(template(text).unwrap().fill(&pods()), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let table = [
            ("{.items[*", "unterminated array"),
            ("{.items[*].metadata.name", "unclosed action"),
            ("{range .items[*]}{.metadata.name}", "{end} is missing"),
            ("{end}", "nothing to end"),
            ("{items}", "a field begins with a dot"),
            ("{.items[?(@.a=~\"x\")]}", "unrecognized operator =~"),
            ("{.items[?(@.a==x)]}", "text stands in quotes"),
            ("{.items[?(@.a==1 && @.b==2)]}", "one comparison"),
            ("{.items[x]}", "invalid array index x"),
            ("{\"a}", "unterminated quoted string"),
        ];
        for (text, expected) in table {
            let error = template(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(path(".a b").is_err());
        assert_eq!(path("metadata.name"), path(".metadata.name"));
    }
}
