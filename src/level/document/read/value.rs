//! One value of the tree as serde sees it: names of variants, fields, lists; `Some` is never written.

use super::error::{ReadError, did_you_mean, short};
use super::{Attempt, Complaint, STAND_INS, join};
use crate::level::document::MOST_COMPLAINTS;
use crate::level::document::tree::{Entry, Kind, Node, Span};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected};
use serde::de::{VariantAccess, Visitor};
use std::collections::BTreeSet;

/// How deep stand-ins may be nested: a type that holds itself has none.
const DEEPEST_HOLE: usize = 24;

pub(super) fn read<'d, T: de::Deserialize<'d>>(root: &'d Node, attempt: &Attempt) -> Result<T, ReadError> {
    let here = Here::new(What::Node(root), String::new(), attempt);
    let place = here.place();
    T::deserialize(here).map_err(|error| place.note(error))
}

/// What is read.
#[derive(Clone, Copy)]
enum What<'d> {
    /// A value.
    Node(&'d Node),
    /// The inside of a group whose name has been read.
    Body(&'d Node),
    /// Whatever is wanted: it stands in for something that was wrong. How deep it is nested, and for what.
    Hole(usize, &'d Node),
}

/// A value on its way to a type.
struct Here<'d, 'a> {
    what: What<'d>,
    path: String,
    attempt: &'a Attempt,
}

/// Where a value stands, to be noted in its errors.
struct Mark {
    span: Span,
    path: String,
    in_hole: bool,
    on_broken: bool,
}

impl Mark {
    fn note(&self, error: ReadError) -> ReadError {
        let is_new = error.path.is_none();
        let mut error = error.at(self.span.clone(), &self.path);
        if is_new {
            error.in_hole = self.in_hole;
            error.on_broken = self.on_broken;
        }
        error
    }
}

impl<'d, 'a> Here<'d, 'a> {
    fn new(what: What<'d>, path: String, attempt: &'a Attempt) -> Self {
        let what = match what {
            What::Node(node) if attempt.repairs.holes.contains_key(&path) => What::Hole(0, node),
            other => other,
        };
        Self { what, path, attempt }
    }

    fn place(&self) -> Mark {
        let (What::Node(node) | What::Body(node) | What::Hole(_, node)) = self.what;
        Mark {
            span: node.head(),
            path: self.path.clone(),
            in_hole: matches!(self.what, What::Hole(..)),
            on_broken: matches!(node.kind, Kind::Broken),
        }
    }

    fn stand_in(&self) -> &'static str {
        STAND_INS[self.attempt.repairs.holes.get(&self.path).copied().unwrap_or(0).min(STAND_INS.len() - 1)]
    }

    fn unfit<V: Visitor<'d>>(&self, visitor: &V) -> ReadError {
        let (What::Node(node) | What::Body(node) | What::Hole(_, node)) = self.what;
        let found = match &node.kind {
            Kind::Word(word) if word == "true" || word == "false" => Unexpected::Bool(word == "true"),
            Kind::Word(word) => Unexpected::Other(word),
            Kind::Group { .. } | Kind::Map(_) => Unexpected::Map,
            Kind::List(_) => Unexpected::Seq,
            Kind::Text(text) => Unexpected::Str(text),
            Kind::Char(c) => Unexpected::Char(*c),
            Kind::Number(number) => Unexpected::Other(number),
            Kind::Broken => Unexpected::Unit,
        };
        ReadError::invalid_type(found, visitor)
    }

    fn items<V: Visitor<'d>>(self, items: Vec<&'d Node>, visitor: V) -> Result<V::Value, ReadError> {
        let count = items.len();
        let mut access = Items { here: &self, left: items.into_iter().enumerate(), read: 0 };
        let value = visitor.visit_seq(&mut access)?;
        if access.read < count && access.left.next().is_some() {
            return Err(ReadError::new(format!("{count} values are too many here"), String::new()));
        }
        Ok(value)
    }

    fn tuple<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(depth, node) => visitor.visit_seq(HoleItems { here: &self, depth, node, left: length, at: 0 }),
            What::Node(Node { kind: Kind::Group { name: None, entries, .. }, .. })
            | What::Body(Node { kind: Kind::Group { entries, .. }, .. }) => {
                if entries.iter().any(|entry| entry.name.is_some()) {
                    return Err(self.unfit(&visitor));
                }
                let items: Vec<&Node> = entries.iter().map(|entry| &entry.value).collect();
                if items.len() != length {
                    return Err(ReadError::invalid_length(items.len(), &visitor));
                }
                self.items(items, visitor)
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn fields<V: Visitor<'d>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        let (node, entries): (&Node, &[Entry]) = match self.what {
            What::Hole(depth, node) => {
                if depth >= DEEPEST_HOLE {
                    return Err(ReadError::new("nothing can stand in here".into(), String::new()));
                }
                return visitor.visit_map(HoleFields { here: &self, depth, node, fields, at: 0 });
            }
            What::Body(node) | What::Node(node) => match &node.kind {
                Kind::Group { entries, .. } => (node, entries),
                Kind::Word(_) => (node, &[]),
                _ => return Err(self.unfit(&visitor)),
            },
        };
        let mut seen = BTreeSet::new();
        let mut known = vec![];
        for entry in entries {
            let Some(name) = &entry.name else { return Err(self.unfit(&visitor)) };
            if !fields.contains(&name.text.as_str()) {
                // After that many nobody looks for the nearest name any more.
                if self.attempt.skipped.borrow().len() > MOST_COMPLAINTS {
                    continue;
                }
                let error = ReadError::unknown_field(&name.text, fields);
                self.skip(&error.at(name.span.clone(), &join(&self.path, &name.text)));
            } else if seen.insert(name.text.as_str()) {
                known.push((name.text.as_str(), What::Node(&entry.value)));
            } else {
                let message = format!("the field `{}` is given twice", name.text);
                let error = ReadError::new(message, "keep one of them".into());
                self.skip(&error.at(name.span.clone(), &join(&self.path, &name.text)));
            }
        }
        let added = self.attempt.repairs.added.get(&self.path).map_or(&[][..], Vec::as_slice);
        known.extend(added.iter().filter(|name| !seen.contains(*name)).map(|name| (*name, What::Hole(0, node))));
        visitor.visit_map(Fields { here: &self, left: known.into_iter(), next: None })
    }

    fn skip(&self, error: &ReadError) {
        let complaint: Complaint = error.complaint();
        let mut skipped = self.attempt.skipped.borrow_mut();
        if skipped.len() <= MOST_COMPLAINTS && !skipped.contains(&complaint) {
            skipped.push(complaint);
        }
    }

    fn number<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let node = match self.what {
            What::Hole(..) => return visitor.visit_u64(1),
            What::Node(node) | What::Body(node) => node,
        };
        let Kind::Number(written) = &node.kind else {
            return match &node.kind {
                Kind::Word(word) if matches!(word.as_str(), "NaN" | "inf") => {
                    let message = format!("`{word}` can't be used as a number");
                    Err(ReadError::new(message, "write a number of digits".into()))
                }
                _ => Err(self.unfit(&visitor)),
            };
        };
        if let Some(number) = whole(written) {
            return match (u64::try_from(number), i64::try_from(number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => Err(ReadError::new(format!("`{}` is too large", short(written)), String::new())),
            };
        }
        let is_decimal = written.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
        match written.parse::<f64>() {
            Ok(number) if is_decimal && number.is_finite() => visitor.visit_f64(number),
            Ok(_) if is_decimal => Err(ReadError::new(format!("`{}` is too large", short(written)), String::new())),
            _ => {
                let message = format!("`{}` is not a number", short(written));
                Err(ReadError::new(message, format!("a quantity stands in quotes: \"{}\"", short(written))))
            }
        }
    }
}

/// The whole number that `written` is, decimal or hexadecimal; `None` where it isn't one.
fn whole(written: &str) -> Option<i128> {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, written.strip_prefix('+').unwrap_or(written)),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hexadecimal) => i128::from_str_radix(hexadecimal, 16).ok()?,
        None if digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() < 36 => digits.parse().ok()?,
        None => return None,
    };
    Some(sign * value)
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.number(visitor)
        }
    )*};
}

impl<'d> Deserializer<'d> for Here<'d, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let node = match self.what {
            What::Hole(..) => return self.deserialize_str(visitor),
            What::Node(node) | What::Body(node) => node,
        };
        match &node.kind {
            Kind::Word(word) if word == "true" || word == "false" => self.deserialize_bool(visitor),
            Kind::Word(word) => visitor.visit_borrowed_str(word),
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::Char(c) => visitor.visit_char(*c),
            Kind::Number(_) => self.number(visitor),
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
            Kind::Group { entries, .. } if entries.iter().all(|entry| entry.name.is_none()) => {
                let items = entries.iter().map(|entry| &entry.value).collect();
                self.items(items, visitor)
            }
            Kind::Group { entries, .. } => {
                let fields: Vec<_> = entries
                    .iter()
                    .filter_map(|entry| Some((entry.name.as_ref()?.text.as_str(), What::Node(&entry.value))))
                    .collect();
                visitor.visit_map(Fields { here: &self, left: fields.into_iter(), next: None })
            }
            Kind::Broken => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(..) => visitor.visit_bool(false),
            What::Node(Node { kind: Kind::Word(word), .. }) if word == "true" => visitor.visit_bool(true),
            What::Node(Node { kind: Kind::Word(word), .. }) if word == "false" => visitor.visit_bool(false),
            _ => Err(self.unfit(&visitor)),
        }
    }

    numbers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
    deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 }

    fn deserialize_char<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(..) => visitor.visit_char(' '),
            What::Node(Node { kind: Kind::Char(c), .. }) => visitor.visit_char(*c),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(..) => visitor.visit_borrowed_str(self.stand_in()),
            What::Node(Node { kind: Kind::Text(text), .. }) => visitor.visit_borrowed_str(text),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(..) => visitor.visit_none(),
            What::Node(Node { kind: Kind::Word(word), .. }) if word == "None" => visitor.visit_none(),
            What::Node(Node { kind: Kind::Group { name: Some(name), entries, .. }, .. }) if name.text == "Some" => {
                let [Entry { name: None, value }] = entries.as_slice() else { return Err(self.unfit(&visitor)) };
                visitor.visit_some(Here::new(What::Node(value), self.path, self.attempt))
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Node(Node { kind: Kind::Group { entries, .. }, .. }) if !entries.is_empty() => {
                Err(self.unfit(&visitor))
            }
            _ => visitor.visit_unit(),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(depth, node) => visitor.visit_seq(HoleItems { here: &self, depth, node, left: 0, at: 0 }),
            What::Node(Node { kind: Kind::List(items), .. }) => {
                let items = items.iter().collect();
                self.items(items, visitor)
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.what {
            What::Hole(depth, node) => visitor.visit_map(HoleFields { here: &self, depth, node, fields: &[], at: 0 }),
            What::Node(Node { kind: Kind::Map(entries), .. }) => {
                let mut known: Vec<(&Node, &Node)> = vec![];
                for (key, value) in entries {
                    if known.iter().any(|(other, _)| other.kind == key.kind) {
                        let error = ReadError::new("this key is given twice".into(), "keep one of them".into());
                        self.skip(&error.at(key.head(), &self.path));
                    } else {
                        known.push((key, value));
                    }
                }
                visitor.visit_map(Pairs { here: &self, left: known.into_iter(), next: None })
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'d>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let What::Node(node) = self.what
            && let Some(found) = node.name()
            && found != name
        {
            if self.path.is_empty() {
                let message = format!("a {} begins with `{name}(`, not with `{}`", name.to_lowercase(), short(found));
                return Err(ReadError::new(message, String::new()));
            }
            let message = format!("no name belongs before these fields, but `{}` stands here", short(found));
            return Err(ReadError::new(message, "write only the brackets: (name: value, …)".into()));
        }
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(Variant { here: self, variants })
    }

    fn deserialize_identifier<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

/// The items of a list that aren't left out.
struct Items<'d, 'h, 'a> {
    here: &'h Here<'d, 'a>,
    left: std::iter::Enumerate<std::vec::IntoIter<&'d Node>>,
    read: usize,
}

impl<'d> SeqAccess<'d> for &mut Items<'d, '_, '_> {
    type Error = ReadError;
    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        for (at, node) in self.left.by_ref() {
            self.read += 1;
            let path = format!("{}[{at}]", self.here.path);
            if !self.here.attempt.repairs.dropped.contains(&path) {
                return element(What::Node(node), path, self.here.attempt, seed).map(Some);
            }
        }
        Ok(None)
    }
}

fn element<'d, T: DeserializeSeed<'d>>(
    what: What<'d>,
    path: String,
    attempt: &Attempt,
    seed: T,
) -> Result<T::Value, ReadError> {
    let here = Here::new(what, path, attempt);
    let place = here.place();
    seed.deserialize(here).map_err(|error| place.note(error))
}

/// The fields of a struct that are known, each once.
struct Fields<'d, 'h, 'a> {
    here: &'h Here<'d, 'a>,
    left: std::vec::IntoIter<(&'d str, What<'d>)>,
    next: Option<(&'d str, What<'d>)>,
}

impl<'d> MapAccess<'d> for Fields<'d, '_, '_> {
    type Error = ReadError;
    fn next_key_seed<K: DeserializeSeed<'d>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.next = self.left.next();
        self.next.map(|(name, _)| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }
    fn next_value_seed<V: DeserializeSeed<'d>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some((name, what)) = self.next.take() else { return Err(ReadError::custom("no value")) };
        element(what, join(&self.here.path, name), self.here.attempt, seed)
    }
}

/// The pairs of a map.
struct Pairs<'d, 'h, 'a> {
    here: &'h Here<'d, 'a>,
    left: std::vec::IntoIter<(&'d Node, &'d Node)>,
    next: Option<(&'d Node, &'d Node)>,
}

impl<'d> MapAccess<'d> for Pairs<'d, '_, '_> {
    type Error = ReadError;
    fn next_key_seed<K: DeserializeSeed<'d>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.next = self.left.next();
        let path = self.here.path.clone();
        self.next.map(|(key, _)| element(What::Node(key), path, self.here.attempt, seed)).transpose()
    }
    fn next_value_seed<V: DeserializeSeed<'d>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some((key, value)) = self.next.take() else { return Err(ReadError::custom("no value")) };
        let path = join(&self.here.path, key.text().unwrap_or("key"));
        element(What::Node(value), path, self.here.attempt, seed)
    }
}

/// All fields of a struct, each with a stand-in.
struct HoleFields<'d, 'h, 'a> {
    here: &'h Here<'d, 'a>,
    depth: usize,
    node: &'d Node,
    fields: &'static [&'static str],
    at: usize,
}

impl<'d> MapAccess<'d> for HoleFields<'d, '_, '_> {
    type Error = ReadError;
    fn next_key_seed<K: DeserializeSeed<'d>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.at += 1;
        let name = self.fields.get(self.at - 1);
        name.map(|name| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }
    fn next_value_seed<V: DeserializeSeed<'d>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let path = join(&self.here.path, self.fields[self.at - 1]);
        element(What::Hole(self.depth + 1, self.node), path, self.here.attempt, seed)
    }
}

/// As many stand-ins as are wanted.
struct HoleItems<'d, 'h, 'a> {
    here: &'h Here<'d, 'a>,
    depth: usize,
    node: &'d Node,
    left: usize,
    at: usize,
}

impl<'d> SeqAccess<'d> for HoleItems<'d, '_, '_> {
    type Error = ReadError;
    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        if self.left == 0 || self.depth >= DEEPEST_HOLE {
            return Ok(None);
        }
        self.left -= 1;
        self.at += 1;
        let path = format!("{}[{}]", self.here.path, self.at - 1);
        element(What::Hole(self.depth + 1, self.node), path, self.here.attempt, seed).map(Some)
    }
}

/// One of several kinds of thing: its name, and what it holds.
struct Variant<'d, 'a> {
    here: Here<'d, 'a>,
    variants: &'static [&'static str],
}

impl<'d, 'a> EnumAccess<'d> for Variant<'d, 'a> {
    type Error = ReadError;
    type Variant = Inside<'d, 'a>;
    fn variant_seed<V: DeserializeSeed<'d>>(self, seed: V) -> Result<(V::Value, Inside<'d, 'a>), ReadError> {
        let name = match self.here.what {
            What::Hole(depth, _) if depth >= DEEPEST_HOLE => None,
            What::Hole(..) => self.variants.first().copied(),
            What::Node(node) | What::Body(node) => node.name(),
        };
        let Some(name) = name else {
            let mut error = ReadError::new("a name belongs here".into(), did_you_mean("", self.variants));
            if let What::Node(Node { kind: Kind::Text(text), .. }) = self.here.what
                && self.variants.contains(&text.as_str())
            {
                error = ReadError::new("a name without quotes belongs here".into(), format!("write {text}"));
            }
            return Err(self.here.place().note(error));
        };
        let place = self.here.place();
        let value = seed.deserialize(BorrowedStrDeserializer::new(name)).map_err(|error| place.note(error))?;
        Ok((value, Inside { here: self.here }))
    }
}

/// What a variant holds.
struct Inside<'d, 'a> {
    here: Here<'d, 'a>,
}

impl<'d> Inside<'d, '_> {
    fn entries(&self) -> &'d [Entry] {
        match self.here.what {
            What::Node(Node { kind: Kind::Group { entries, .. }, .. }) => entries,
            _ => &[],
        }
    }

    fn body(mut self) -> Self {
        if let What::Node(node) = self.here.what {
            self.here.what = What::Body(node);
        }
        self
    }
}

impl<'d> VariantAccess<'d> for Inside<'d, '_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        if self.entries().is_empty() {
            return Ok(());
        }
        let error = ReadError::new("nothing can be set in this one".into(), "take the brackets away".into());
        Err(self.here.place().note(error))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'d>>(self, seed: T) -> Result<T::Value, ReadError> {
        if let What::Hole(depth, node) = self.here.what {
            return element(What::Hole(depth + 1, node), self.here.path, self.here.attempt, seed);
        }
        if let [Entry { name: None, value }] = self.entries() {
            let here = Here { what: What::Node(value), path: self.here.path, attempt: self.here.attempt };
            let place = here.place();
            return seed.deserialize(here).map_err(|error| place.note(error));
        }
        let inside = self.body();
        let place = inside.here.place();
        seed.deserialize(inside.here).map_err(|error| place.note(error))
    }

    fn tuple_variant<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.body().here.tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'d>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.body().here.fields(fields, visitor)
    }
}
