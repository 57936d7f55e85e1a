//! The formats of `-o`: tables, names, JSON, YAML, paths and columns of one's own.

use super::path::{self, Path, Template};
use super::select::split_outside;
use super::{object, yaml};
use crate::incident::console::arguments::Given;
use crate::incident::console::table as columns;
use serde_json::Value;

/// What `-o` may be, as kubectl lists it.
const FORMATS: &str = "custom-columns, json, jsonpath, name, wide, yaml";

/// A format.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// The columns of the kind.
    Table,
    /// And some more.
    Wide,
    /// `pod/NAME`.
    Names,
    Json,
    Yaml,
    /// A template.
    Path(Template),
    /// Heads and where each finds its cell.
    Columns(Vec<(String, Path)>),
}

impl Format {
    /// The format that is asked for.
    ///
    /// # Errors
    /// As kubectl says it.
    pub fn read(given: &Given) -> Result<Self, String> {
        let text = given.value("output").unwrap_or_default();
        let (name, rest) = text.split_once('=').map_or((text, None), |(name, rest)| (name, Some(rest)));
        match (name, rest) {
            ("", None) => Ok(Self::Table),
            ("wide", None) => Ok(Self::Wide),
            ("name", None) => Ok(Self::Names),
            ("json", None) => Ok(Self::Json),
            ("yaml", None) => Ok(Self::Yaml),
            ("jsonpath", Some(template)) if !template.is_empty() => {
                path::template(template).map(Self::Path).map_err(|error| format!("error: {error}"))
            }
            ("jsonpath", _) => Err("error: template format specified but no template given: \
                                    -o jsonpath='{.items[*].metadata.name}'"
                .to_owned()),
            ("custom-columns", Some(spec)) if !spec.is_empty() => own_columns(spec).map(Self::Columns),
            ("custom-columns", _) => Err("error: custom-columns format specified but no custom columns given: \
                                          -o custom-columns=NAME:.metadata.name"
                .to_owned()),
            ("go-template" | "go-template-file" | "jsonpath-file" | "custom-columns-file", _) => {
                Err(format!("error: {name} can't be used here: -o jsonpath='…' and -o custom-columns=… can"))
            }
            _ => Err(format!(
                "error: unable to match a printer suitable for the output format \"{text}\", allowed formats are: {FORMATS}"
            )),
        }
    }

    /// Whether it has a line an object.
    pub fn is_table(&self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Names)
    }

    /// Objects in it: one that was asked for by its name stands alone, others in a list.
    pub fn print(&self, mut objects: Vec<Value>, is_one: bool, no_heads: bool) -> Vec<String> {
        if let Self::Columns(columns) = self {
            return in_columns(columns, &objects, no_heads);
        }
        let value = if is_one && objects.len() == 1 { objects.remove(0) } else { object::list(&objects) };
        match self {
            Self::Yaml => yaml::lines(&value),
            Self::Path(template) => {
                let text = template.fill(&value);
                text.lines().map(str::to_owned).collect()
            }
            _ => json(&value),
        }
    }
}

/// JSON as kubectl writes it, four spaces deep.
fn json(value: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let deeper = |line: &str| {
        let inner = line.trim_start_matches(' ');
        format!("{}{inner}", " ".repeat((line.len() - inner.len()) * 2))
    };
    text.lines().map(deeper).collect()
}

/// `NAME:.metadata.name,RESTARTS:.status.containerStatuses[0].restartCount`.
fn own_columns(spec: &str) -> Result<Vec<(String, Path)>, String> {
    let mut columns = vec![];
    for part in split_outside(spec, "[(", "])") {
        let Some((head, text)) = part.split_once(':').filter(|(head, text)| !head.is_empty() && !text.is_empty())
        else {
            return Err(format!("error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"));
        };
        columns.push((head.to_owned(), path::path(text).map_err(|error| format!("error: {error}"))?));
    }
    Ok(columns)
}

fn in_columns(specs: &[(String, Path)], objects: &[Value], no_heads: bool) -> Vec<String> {
    let cell = |object: &Value, path: &Path| {
        let found: Vec<String> = path.find(object).into_iter().map(path::written).collect();
        if found.is_empty() { "<none>".to_owned() } else { found.join(",") }
    };
    let rows: Vec<Vec<String>> =
        objects.iter().map(|object| specs.iter().map(|(_, path)| cell(object, path)).collect()).collect();
    let heads: Vec<&str> = specs.iter().map(|(head, _)| head.as_str()).collect();
    columns::plain(if no_heads { &[] } else { &heads }, &rows)
}
