//! Parquet files: a column a field, with `_` for `-` in its name, and null for `-` in a record.

use std::fmt::Display;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use signals::flow::{Column, Format};

use super::text;

/// Records in a row group: what is held in memory.
const GROUP: usize = 50_000;

/// The values of one column in a row group, and which rows have one.
struct Values {
    kind: Column,
    texts: Vec<ByteArray>,
    numbers: Vec<i64>,
    has: Vec<i16>,
}

/// Writes all whole lines. A line that does not fit the format is left out, so that it cannot
/// hold the others up: only a damaged file has one.
pub(super) fn write(
    format: &Format,
    lines: &mut impl BufRead,
    to: impl Write + Send,
) -> io::Result<()> {
    let schema = parse_message_type(&schema(format)).map_err(other)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(Default::default()))
        .set_created_by("ginnel".into())
        .build();
    let file = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties));
    let mut file = file.map_err(other)?;
    let (mut columns, mut rows) = (columns(format), 0);
    let mut buffer = String::new();
    while let Some(line) = text::line(lines, &mut buffer)? {
        if !add(&mut columns, line) {
            tracing::warn!(line, "a record that does not fit its format is left out");
            continue;
        }
        rows += 1;
        if rows == GROUP {
            put(&mut columns, file.next_row_group().map_err(other)?)?;
            rows = 0;
        }
    }
    if rows > 0 {
        put(&mut columns, file.next_row_group().map_err(other)?)?;
    }
    file.finish().map_err(other)?;
    Ok(())
}

fn other(error: impl Display) -> io::Error {
    io::Error::other(format!("Parquet: {error}"))
}

fn schema(format: &Format) -> String {
    let mut schema = String::from("message flow_log {\n");
    for field in format.fields() {
        let name = field.name().replace('-', "_");
        let column = match field.column() {
            Column::Int32 => format!("optional int32 {name} (INT_32);\n"),
            Column::Int64 => format!("optional int64 {name} (INT_64);\n"),
            Column::Text => format!("optional binary {name} (UTF8);\n"),
        };
        schema.push_str(&column);
    }
    schema.push('}');
    schema
}

fn columns(format: &Format) -> Vec<Values> {
    let fields = format.fields().iter();
    let column = |kind| Values {
        kind,
        texts: Vec::new(),
        numbers: Vec::new(),
        has: Vec::new(),
    };
    fields.map(|field| column(field.column())).collect()
}

/// Adds a record to the columns, if it fits them.
fn add(columns: &mut [Values], line: &str) -> bool {
    let values: Vec<&str> = line.split_ascii_whitespace().collect();
    let fits = |(column, value): (&Values, &&str)| {
        column.kind == Column::Text || *value == "-" || value.parse::<u64>().is_ok()
    };
    if values.len() != columns.len() || !columns.iter().zip(&values).all(fits) {
        return false;
    }
    for (column, value) in columns.iter_mut().zip(values) {
        column.has.push(i16::from(value != "-"));
        match column.kind {
            _ if value == "-" => {}
            Column::Text => column.texts.push(value.into()),
            // A count beyond what Parquet holds is the greatest that it does.
            Column::Int32 | Column::Int64 => {
                let number = value.parse::<u64>().unwrap_or(u64::MAX);
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                column.numbers.push(number);
            }
        }
    }
    true
}

/// Writes the columns as one row group, and empties them.
fn put<W: Write + Send>(
    columns: &mut [Values],
    mut group: SerializedRowGroupWriter<'_, W>,
) -> io::Result<()> {
    for column in columns {
        let mut writer = group.next_column().map_err(other)?;
        let writer_ref = writer.as_mut().ok_or_else(|| other("a column too many"))?;
        let has = Some(column.has.as_slice());
        let written = match writer_ref.untyped() {
            ColumnWriter::Int32ColumnWriter(to) => {
                let numbers = column.numbers.iter();
                let numbers = numbers.map(|number| i32::try_from(*number).unwrap_or(i32::MAX));
                to.write_batch(&numbers.collect::<Vec<_>>(), has, None)
            }
            ColumnWriter::Int64ColumnWriter(to) => to.write_batch(&column.numbers, has, None),
            ColumnWriter::ByteArrayColumnWriter(to) => to.write_batch(&column.texts, has, None),
            _ => return Err(other("a column of another type")),
        };
        written.map_err(other)?;
        if let Some(writer) = writer {
            writer.close().map_err(other)?;
        }
        column.texts.clear();
        column.numbers.clear();
        column.has.clear();
    }
    group.close().map_err(other)?;
    Ok(())
}
