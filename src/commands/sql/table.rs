//! Rows as a table for people: as wide as the terminal, numbers to the right, nothing where a value is
//! null but a dim sign.

use arrow::array::{Array, Decimal128Array};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use registre_query_api::Answer;
use std::fmt::Write as _;

/// Columns of a terminal that does not say.
const USUAL: usize = 120;

/// The narrowest a column is cut to.
const NARROW: usize = 8;

/// What stands for a null.
const NULL: &str = "∅";

/// The width of the terminal.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(USUAL, |(columns, _rows)| usize::from(columns.0))
}

struct Column {
    name: String,
    right: bool,
    width: usize,
}

/// The first rows, and how many there are, or that there are more.
pub fn drawn(answer: &Answer, width: usize, most: usize) -> String {
    let Some(schema) = &answer.schema else {
        return String::new();
    };
    let mut columns: Vec<Column> = schema
        .fields()
        .iter()
        .map(|field| Column {
            name: field.name().clone(),
            right: field.data_type().is_numeric(),
            width: length(field.name()),
        })
        .collect();
    let rows = cells(answer, most);
    for row in &rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            column.width = column.width.max(length(cell));
        }
    }
    fit(&mut columns, width);
    let mut text = String::new();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    line(&mut text, &columns, &names);
    let rule = columns.iter().map(|column| "─".repeat(column.width + 2));
    text.push_str(&rule.collect::<Vec<_>>().join("┼"));
    text.push('\n');
    for row in &rows {
        line(&mut text, &columns, row);
    }
    let total: usize = answer
        .batches
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .sum();
    let _infallible = if answer.more || total > rows.len() {
        writeln!(
            text,
            "({} premières lignes ; il y en a d'autres : LIMIT, ou --format csv pour toutes)",
            rows.len()
        )
    } else {
        writeln!(text, "({total} ligne{})", if total > 1 { "s" } else { "" })
    };
    text
}

/// One row under the other: for rows that are too wide.
pub fn records(answer: &Answer, most: usize) -> String {
    let Some(schema) = &answer.schema else {
        return String::new();
    };
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    let widest = names.iter().map(|name| length(name)).max().unwrap_or(0);
    let mut text = String::new();
    for (number, row) in cells(answer, most).iter().enumerate() {
        let _infallible = writeln!(text, "─── {} ───", number + 1);
        for (name, cell) in names.iter().zip(row) {
            let pad = " ".repeat(widest - length(name));
            let _infallible = writeln!(text, "{name}{pad} │ {cell}");
        }
    }
    if answer.more {
        text.push_str("(il y en a d'autres)\n");
    }
    text
}

fn cells(answer: &Answer, most: usize) -> Vec<Vec<String>> {
    let options = FormatOptions::new()
        .with_null(NULL)
        .with_display_error(true);
    let mut rows = Vec::new();
    for batch in &answer.batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|array| {
                (
                    array,
                    ArrayFormatter::try_new(array.as_ref(), &options).ok(),
                )
            })
            .collect();
        for row in 0..batch.num_rows() {
            if rows.len() == most {
                return rows;
            }
            let cells = columns.iter().map(|(array, formatter)| {
                if matches!(array.data_type(), DataType::Null) {
                    return NULL.to_owned();
                }
                // Arrow would show 38 digits at most, and some have 39.
                if let Some(huge) = array.as_any().downcast_ref::<Decimal128Array>()
                    && huge.scale() == 0
                    && huge.is_valid(row)
                {
                    return huge.value(row).to_string();
                }
                let shown = formatter
                    .as_ref()
                    .map(|formatter| formatter.value(row).to_string());
                plain(&shown.unwrap_or_else(|| "?".to_owned()))
            });
            rows.push(cells.collect());
        }
    }
    rows
}

/// What a register holds may have been made to talk to a terminal: only what is seen is shown.
fn plain(text: &str) -> String {
    let seen = |c: char| match c {
        '\n' => '⏎',
        '\t' => ' ',
        c if c.is_control() => '�',
        c => c,
    };
    text.chars().map(seen).collect()
}

/// Narrows the widest columns until a line fits, or none can be narrower.
fn fit(columns: &mut [Column], width: usize) {
    loop {
        let all: usize = columns.iter().map(|column| column.width + 3).sum();
        let over = all.saturating_sub(width.saturating_add(1));
        let widest = columns.iter_mut().max_by_key(|column| column.width);
        match widest {
            Some(widest) if over > 0 && widest.width > NARROW => {
                // By half of the excess: others may be as wide.
                let less = over.div_ceil(2).min(widest.width - NARROW);
                widest.width -= less.max(1);
            }
            _ => return,
        }
    }
}

fn line(text: &mut String, columns: &[Column], cells: &[String]) {
    let cells = columns.iter().zip(cells).map(|(column, cell)| {
        let cut = cut(cell, column.width);
        let pad = " ".repeat(column.width.saturating_sub(length(&cut)));
        if column.right {
            format!(" {pad}{cut} ")
        } else {
            format!(" {cut}{pad} ")
        }
    });
    let whole = cells.collect::<Vec<_>>().join("│");
    text.push_str(whole.trim_end());
    text.push('\n');
}

fn cut(cell: &str, width: usize) -> String {
    if length(cell) <= width {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    fn answer(texts: Vec<Option<&str>>) -> Answer {
        let numbers = Int64Array::from_iter_values(1..=i64::try_from(texts.len()).unwrap());
        let batch = RecordBatch::try_from_iter([
            ("nombre", Arc::new(numbers) as Arc<dyn Array>),
            ("texte", Arc::new(StringArray::from(texts))),
        ])
        .unwrap();
        Answer {
            schema: Some(batch.schema()),
            batches: vec![batch],
            more: false,
        }
    }

    #[test]
    fn numbers_are_to_the_right_and_long_texts_are_cut() {
        let long = "é".repeat(200);
        let drawn = drawn(
            &answer(vec![Some("a\u{1b}[2J\nb"), None, Some(&long)]),
            40,
            10,
        );
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], " nombre │ texte");
        assert_eq!(lines[2], "      1 │ a�[2J⏎b");
        assert_eq!(lines[3], "      2 │ ∅");
        assert!(
            lines[4].ends_with("é…") && length(lines[4]) <= 40,
            "{}",
            lines[4]
        );
        assert_eq!(lines[5], "(3 lignes)");
    }

    #[test]
    fn what_is_not_shown_is_said() {
        let drawn = drawn(&answer(vec![Some("a"), Some("b")]), 80, 1);
        assert!(
            drawn.contains("(1 premières lignes ; il y en a d'autres"),
            "{drawn}"
        );
        assert!(records(&answer(vec![Some("a")]), 5).contains("texte  │ a"));
    }
}
