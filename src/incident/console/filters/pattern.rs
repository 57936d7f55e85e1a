//! Patterns as grep, sed and awk write them, as regular expressions of the `regex` crate.

use super::Stop;
use regex::{Regex, RegexBuilder};

/// Compiles a basic or an extended pattern.
pub fn compile(tool: &str, pattern: &str, extended: bool, ignore_case: bool) -> Result<Regex, Stop> {
    let text = if extended { from_extended(pattern) } else { from_basic(pattern) };
    build(&text, ignore_case).ok_or_else(|| Stop::failed(2, format!("{tool}: Invalid regular expression: {pattern}")))
}

/// Compiles an expression of the `regex` crate, bounded in size.
pub fn build(text: &str, ignore_case: bool) -> Option<Regex> {
    RegexBuilder::new(text).case_insensitive(ignore_case).size_limit(1 << 20).build().ok()
}

/// Basic patterns: `|`, `+`, `?`, brackets and braces are themselves, and mean something with a backslash before them.
fn from_basic(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('|' | '+' | '?' | '(' | ')' | '{' | '}')) => out.push(c),
                Some(c) if c.is_ascii_alphanumeric() || "<>".contains(c) => out.extend(['\\', c]),
                Some(c) => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                None => out.push_str("\\\\"),
            },
            '|' | '+' | '?' | '(' | ')' | '{' | '}' => out.extend(['\\', c]),
            '*' if first => out.push_str("\\*"),
            '[' => class(&mut chars, &mut out),
            _ => out.push(c),
        }
        first = false;
    }
    out
}

/// Extended patterns, in which a brace that counts nothing is itself.
fn from_extended(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c) if c.is_ascii_alphanumeric() || "<>".contains(c) => out.extend(['\\', c]),
                Some(c) => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                None => out.push_str("\\\\"),
            },
            '{' if !chars.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\{"),
            '[' => class(&mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out
}

/// `[…]` as it stands: within it a backslash is itself, and a bracket may come first.
fn class(chars: &mut std::iter::Peekable<std::str::Chars>, out: &mut String) {
    out.push('[');
    if chars.peek() == Some(&'^') {
        out.extend(chars.next());
    }
    if chars.peek() == Some(&']') {
        chars.next();
        out.push_str("\\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return;
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => out.extend(['\\', c]),
            '\\' => match chars.peek() {
                Some(c) if "dwsDWSnt.-]\\/".contains(*c) => {
                    out.push('\\');
                    out.extend(chars.next());
                }
                _ => out.push_str("\\\\"),
            },
            _ => out.push(c),
        }
    }
}
