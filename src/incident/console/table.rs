//! Tables as the tools print them: `kubectl`'s columns, `rabbitmqadmin`'s boxes.

/// Columns with three spaces between them, as kubectl prints them; without heads where `heads` is empty.
#[must_use]
pub fn plain(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).chain([heads.len()]).max().unwrap_or_default();
    let width = |column: usize| {
        let head = heads.get(column).map_or(0, |head| head.chars().count());
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head, 3]).max().unwrap_or_default() + 3
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: &[String]| {
        let last = cells.len().saturating_sub(1);
        let mut out = String::new();
        for (column, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if column < last {
                out.extend(std::iter::repeat_n(' ', widths[column] - cell.chars().count()));
            }
        }
        out
    };
    let mut lines = vec![];
    if !heads.is_empty() {
        lines.push(line(&heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>()));
    }
    lines.extend(rows.iter().map(|row| line(row)));
    lines
}

/// A box with borders, as `rabbitmqadmin` prints it: heads in the middle, cells to the left.
#[must_use]
pub fn boxed(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let border = format!("+{}+", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+"));
    let mut lines = vec![border.clone()];
    let cells = heads.iter().zip(&widths).map(|(head, width)| format!("{head:^width$}"));
    lines.push(format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
    lines.push(border.clone());
    for row in rows {
        let cells = widths
            .iter()
            .enumerate()
            .map(|(column, width)| format!("{:<width$}", row.get(column).map_or("", String::as_str)));
        lines.push(format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    lines.push(border);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_stand_under_their_heads() {
        let rows = [row(&["web-6c9f7d9c5b-2xk8p", "0/1"]), row(&["web", "1/1"])];
        let expected = ["NAME                   READY", "web-6c9f7d9c5b-2xk8p   0/1", "web                    1/1"];
        assert_eq!(plain(&["NAME", "READY"], &rows), expected);
        assert_eq!(plain(&[], &rows[1..]), ["web   1/1"]);
    }

    #[test]
    fn a_box_is_drawn_as_rabbitmqadmin_draws_it() {
        let expected = [
            "+------+----------+",
            "| name | messages |",
            "+------+----------+",
            "| a.b  | 9        |",
            "+------+----------+",
        ];
        assert_eq!(boxed(&["name", "messages"], &[row(&["a.b", "9"])]), expected);
    }
}
