//! The formats in which the broker's tools print rows.

use super::lists::Row;
use crate::incident::console::table;
use serde_json::Value;

/// A value as a cell: text as it is.
pub fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The cells of rows in the order of these columns.
fn cells(heads: &[&str], rows: &[Row]) -> Vec<Vec<String>> {
    let of = |row: &Row| heads.iter().map(|head| row.get(*head).map_or(String::new(), cell)).collect();
    rows.iter().map(of).collect()
}

/// A row with these columns only, in their order, as JSON.
fn object(heads: &[&str], row: &Row) -> String {
    let pairs = heads.iter().map(|head| {
        let value = row.get(*head).unwrap_or(&Value::Null);
        format!("{}:{value}", Value::from(*head))
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// Tabs between the cells.
pub fn tabs(heads: &[&str], rows: &[Row], with_heads: bool) -> Vec<String> {
    let first = with_heads.then(|| heads.join("\t"));
    first.into_iter().chain(cells(heads, rows).into_iter().map(|row| row.join("\t"))).collect()
}

/// As `rabbitmqctl --formatter csv`: text in quotes, numbers without.
pub fn csv(heads: &[&str], rows: &[Row], with_heads: bool) -> Vec<String> {
    let quoted = |value: &Value| match value {
        Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        other => other.to_string(),
    };
    let line = |row: &Row| heads.iter().map(|head| row.get(*head).map_or(String::new(), quoted)).collect::<Vec<_>>();
    let first = with_heads.then(|| heads.iter().map(|head| format!("\"{head}\"")).collect::<Vec<_>>().join(","));
    first.into_iter().chain(rows.iter().map(|row| line(row).join(","))).collect()
}

/// As `rabbitmqctl --formatter json`: an object a line.
pub fn json_lines(heads: &[&str], rows: &[Row]) -> Vec<String> {
    let begin = |index: usize| if index == 0 { "" } else { "," };
    let lines = rows.iter().enumerate().map(|(index, row)| format!("{}{}", begin(index), object(heads, row)));
    std::iter::once("[".to_owned()).chain(lines).chain(["]".to_owned()]).collect()
}

/// As `rabbitmqctl --formatter pretty_table`: a box of lines.
pub fn pretty(heads: &[&str], rows: &[Row]) -> Vec<String> {
    let rows = cells(heads, rows);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let rule = |left: &str, middle: &str, right: &str| {
        let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}", bars.join(middle))
    };
    let line = |cells: &[String]| {
        let padded: Vec<String> = widths.iter().zip(cells).map(|(width, cell)| format!(" {cell:<width$} ")).collect();
        format!("│{}│", padded.join("│"))
    };
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut lines = vec![rule("┌", "┬", "┐"), line(&heads)];
    for row in &rows {
        lines.push(rule("├", "┼", "┤"));
        lines.push(line(row));
    }
    lines.push(rule("└", "┴", "┘"));
    lines
}

/// The formats of `rabbitmqadmin -f`.
pub const FORMATS: [&str; 7] = ["table", "long", "raw_json", "pretty_json", "kvp", "tsv", "bash"];

/// Rows as `rabbitmqadmin` prints them in one of [`FORMATS`].
pub fn managed(format: &str, heads: &[&str], rows: &[Row]) -> Vec<String> {
    let objects = || rows.iter().map(|row| object(heads, row)).collect::<Vec<_>>().join(",");
    match format {
        "raw_json" => vec![format!("[{}]", objects())],
        "pretty_json" => {
            let value: Value = serde_json::from_str(&format!("[{}]", objects())).unwrap_or_default();
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        }
        _ if rows.is_empty() => vec!["No items".to_owned()],
        "tsv" => tabs(heads, rows, true),
        "kvp" => {
            let pair = |(head, cell): (&&str, &String)| format!("{head}=\"{cell}\"");
            let line = |row: &Vec<String>| heads.iter().zip(row).map(pair).collect::<Vec<_>>().join(" ");
            cells(heads, rows).iter().map(line).collect()
        }
        "bash" => vec![cells(heads, rows).iter().filter_map(|row| row.first().cloned()).collect::<Vec<_>>().join(" ")],
        "long" => long(heads, &cells(heads, rows)),
        _ => table::boxed(heads, &cells(heads, rows)),
    }
}

/// A block a row, its heads to the right.
fn long(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or_default() + 2;
    let rule = "-".repeat(80);
    let mut lines = vec![];
    for row in rows {
        lines.extend([rule.clone(), String::new()]);
        lines.extend(heads.iter().zip(row).map(|(head, cell)| format!("{head:>width$}: {cell}")));
        lines.push(String::new());
    }
    lines.push(rule);
    lines
}
