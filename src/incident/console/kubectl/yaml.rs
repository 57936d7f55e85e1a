//! A JSON value as YAML, as kubectl writes it: keys in order, lists at the depth of their key.

use serde_json::Value;

/// The lines of a value.
pub fn lines(value: &Value) -> Vec<String> {
    let mut out = vec![];
    block(value, 0, &mut out);
    out
}

/// A value that has lines of its own.
fn block(value: &Value, depth: usize, out: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = scalar_text(key);
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        out.push(format!("{indent}{key}:"));
                        block(value, depth + 1, out);
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        out.push(format!("{indent}{key}:"));
                        block(value, depth, out);
                    }
                    _ => out.push(format!("{indent}{key}: {}", scalar(value))),
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = vec![];
                block(item, 0, &mut inner);
                for (index, line) in inner.into_iter().enumerate() {
                    out.push(format!("{indent}{}{line}", if index == 0 { "- " } else { "  " }));
                }
            }
        }
        _ => out.push(format!("{indent}{}", scalar(value))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        other => other.to_string(),
    }
}

/// A text, in quotes where it would be read as something else.
fn scalar_text(text: &str) -> String {
    let is_other = text.is_empty()
        || text.parse::<f64>().is_ok()
        || ["true", "false", "null", "yes", "no", "on", "off", "~"].contains(&text.to_lowercase().as_str());
    let is_stamp = text.len() > 9 && text.as_bytes()[4] == b'-' && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    let opens = text.starts_with(|c: char| ",[]{}#&*!|>'\"%@` ".contains(c)) || text.ends_with([' ', ':']);
    let opens = opens || ["-", "?", ":"].iter().any(|mark| text == *mark || text.starts_with(&format!("{mark} ")));
    if is_other || is_stamp || text.contains(|c: char| c.is_control()) {
        return Value::from(text).to_string();
    }
    if opens || text.contains(": ") || text.contains(" #") {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_kubectl_writes_it() {
        let value = serde_json::json!({
            "spec": {"containers": [{"name": "web", "args": ["-v", "a: b"]}, {"name": "x"}], "empty": {}, "none": []},
            "at": "2020-08-11T16:41:12Z", "revision": "4", "n": 4, "ready": true, "image": "registry/web:v2",
        });
        let expected = [
            "at: \"2020-08-11T16:41:12Z\"",
            "image: registry/web:v2",
            "n: 4",
            "ready: true",
            "revision: \"4\"",
            "spec:",
            "  containers:",
            "  - args:",
            "    - -v",
            "    - 'a: b'",
            "    name: web",
            "  - name: x",
            "  empty: {}",
            "  none: []",
        ];
        assert_eq!(lines(&value), expected);
    }
}
