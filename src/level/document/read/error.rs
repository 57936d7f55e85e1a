//! A value that doesn't fit its type, said for the author of a level.

use super::{Complaint, nearest};
use crate::level::document::tree::Span;
use serde::de::{Expected, Unexpected};
use std::fmt::{self, Display};

/// Why reading stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadError {
    message: String,
    help: String,
    pub(super) span: Option<Span>,
    pub(super) path: Option<String>,
    /// The field that is missing, if that is what it is.
    pub(super) missing: Option<&'static str>,
    /// It was a stand-in that didn't fit.
    pub(super) in_hole: bool,
    /// The notation was wrong here, which has been said already.
    pub(super) on_broken: bool,
}

impl ReadError {
    pub(super) fn new(message: String, help: String) -> Self {
        Self { message, help, span: None, path: None, missing: None, in_hole: false, on_broken: false }
    }

    /// Notes where it happened, unless a place further inside is known already.
    pub(super) fn at(mut self, span: Span, path: &str) -> Self {
        self.span.get_or_insert(span);
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    pub(super) fn complaint(&self) -> Complaint {
        Complaint {
            path: self.path.clone().unwrap_or_default(),
            ..Complaint::new(self.span.clone().unwrap_or(0..0), self.message.clone(), &self.help)
        }
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string(), String::new())
    }

    fn invalid_type(found: Unexpected, wanted: &dyn Expected) -> Self {
        let wanted = in_plain_words(&wanted.to_string());
        let help = match found {
            Unexpected::Other(word) if wanted.contains("quotes") => format!("write \"{word}\""),
            Unexpected::Float(number) if wanted.contains("quotes") => format!("write \"{number}\""),
            Unexpected::Signed(number) if wanted.contains("quotes") => format!("write \"{number}\""),
            Unexpected::Unsigned(number) if wanted.contains("quotes") => format!("write \"{number}\""),
            _ => String::new(),
        };
        Self::new(format!("{wanted} belongs here, not {}", found_in_plain_words(found)), help)
    }

    fn invalid_value(found: Unexpected, wanted: &dyn Expected) -> Self {
        let wanted = in_plain_words(&wanted.to_string());
        Self::new(format!("{} is out of range: {wanted} belongs here", found_in_plain_words(found)), String::new())
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Self {
        let wanted = in_plain_words(&wanted.to_string());
        let values = if length == 1 { "value" } else { "values" };
        Self::new(format!("{wanted} belongs here, not {length} {values}"), String::new())
    }

    fn unknown_variant(found: &str, wanted: &'static [&'static str]) -> Self {
        let found = short(found);
        Self::new(format!("`{found}` is not known here"), did_you_mean(&found, wanted))
    }

    fn unknown_field(found: &str, wanted: &'static [&'static str]) -> Self {
        let found = short(found);
        Self::new(format!("there is no field `{found}` here"), did_you_mean(&found, wanted))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(format!("the field `{field}` is missing"), format!("add `{field}: …`"));
        error.missing = Some(field);
        error
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is given twice"), "keep one of them".to_owned())
    }
}

/// `did you mean x?` if something is near, and what there is.
pub(super) fn did_you_mean(found: &str, wanted: &[&str]) -> String {
    let all = wanted.iter().take(24).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if wanted.len() > 24 { ", …" } else { "" };
    match (nearest(found, wanted.iter().copied()), wanted.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("possible are {all}{more}"),
        (None, true) => "nothing can be set here".to_owned(),
    }
}

fn in_plain_words(wanted: &str) -> String {
    let plain = match wanted {
        "a string" | "a borrowed string" | "string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list in [ ]",
        "a map" => "a map in { }",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" => "a whole number up to 255",
        "u16" => "a whole number up to 65535",
        "u32" | "u64" | "usize" => "a whole number, not negative,",
        "f32" | "f64" => "a number",
        _ if wanted.starts_with("struct variant ") || wanted.starts_with("struct ") => {
            "a group of fields (name: value, …)"
        }
        _ if wanted.starts_with("a tuple of size ") => {
            return format!("a group of {} values in ( )", wanted.trim_start_matches("a tuple of size "));
        }
        _ if wanted.starts_with("tuple variant ") => {
            let count = wanted.rsplit("with ").next().unwrap_or_default().trim_end_matches(" elements");
            return format!("a group of {count} values in ( )");
        }
        _ if wanted.starts_with("tuple struct ") || wanted.starts_with("newtype ") => "one value",
        _ => return wanted.to_owned(),
    };
    plain.to_owned()
}

fn found_in_plain_words(found: Unexpected) -> String {
    match found {
        Unexpected::Str(text) => format!("the text \"{}\"", short(text)),
        Unexpected::Other(word) => format!("`{}`", short(word)),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Bool(value) => format!("{value}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a group".to_owned(),
        Unexpected::Option | Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}

pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}
