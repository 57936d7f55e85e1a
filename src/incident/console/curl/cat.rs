//! Tables as a search cluster's `_cat` prints them.

use super::Asked;

/// Columns as `_cat` prints them: one space between, numbers to the right; heads where `v` is asked for.
pub(super) fn cat(asked: &Asked, heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let wanted: Vec<usize> = match asked.parameter("h") {
        Some(names) => names.split(',').filter_map(|name| heads.iter().position(|head| *head == name)).collect(),
        None => (0..heads.len()).collect(),
    };
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        let head = if asked.parameter("v").is_some() { heads[column].len() } else { 0 };
        cells.chain([head]).max().unwrap_or_default()
    };
    let is_number = |column: usize| rows.iter().all(|row| row[column].chars().all(|c| c.is_ascii_digit()));
    let line = |cells: &dyn Fn(usize) -> String| {
        let cell = |column: &usize| {
            let (text, width) = (cells(*column), width(*column));
            if is_number(*column) { format!("{text:>width$}") } else { format!("{text:<width$}") }
        };
        wanted.iter().map(cell).collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    let mut lines = vec![];
    if asked.parameter("v").is_some() {
        lines.push(line(&|column| heads[column].to_owned()));
    }
    lines.extend(rows.iter().map(|row| line(&|column| row[column].clone())));
    lines
}
