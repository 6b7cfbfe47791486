import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Compressors, parquetMetadata, parquetReadObjects, type SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import type { Columns, Kind, TextRow } from './columns.ts'

/** Every reader of Parquet knows Zstandard, DuckDB included; Node has it. */
const compressors = { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes) }
const decompressors: Compressors = { ZSTD: (bytes) => zstdDecompressSync(bytes) }
const EXACT = '_exact'

type Element = Omit<SchemaElement, 'name' | 'repetition_type'>
const ELEMENTS: Readonly<Record<Kind, Element>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  day: { type: 'INT32', converted_type: 'DATE' },
  integer: { type: 'INT32' },
  boolean: { type: 'BOOLEAN' },
  number: { type: 'DOUBLE' },
}

const TO_VALUE: Readonly<Record<Kind, (text: string) => unknown>> = {
  text: (text) => text,
  json: (text) => text,
  instant: (text) => BigInt(text),
  day: Number,
  integer: Number,
  boolean: (text) => text === 'true',
  number: Number,
}

/** A Parquet file in the making: some rows at a time, each time a row group. */
export interface ParquetFile {
  add(rows: readonly TextRow[]): void
  readonly byteLength: number
  finish(): Buffer
}

export function createParquetFile(columns: Columns): ParquetFile {
  const writer = new ByteWriter()
  const file = new ParquetWriter({ writer, schema: schemaOf(columns), codec: 'ZSTD', compressors, statistics: false })
  return {
    add(rows) {
      void file.write({ columnData: columnData(columns, rows), rowGroupSize: rows.length })
    },
    get byteLength() {
      return writer.offset
    },
    finish() {
      void file.finish()
      return Buffer.from(writer.getBuffer())
    },
  }
}

/** The rows of a whole file, a row group at a time. */
export async function* readParquet(columns: Columns, bytes: Buffer): AsyncGenerator<readonly TextRow[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const metadata = parquetMetadata(file)
  let rowStart = 0
  for (const { num_rows: count } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count)
    const parsers = { timestampFromMicroseconds: String, dateFromDays: String }
    const rows = await parquetReadObjects({ file, metadata, compressors: decompressors, parsers, rowStart, rowEnd })
    yield rows.map((row) => textOf(columns, row))
    rowStart = rowEnd
  }
}

function schemaOf(columns: Columns): SchemaElement[] {
  const elements = Object.entries(columns).flatMap(([name, kind]) => [
    { ...ELEMENTS[kind], name, repetition_type: 'OPTIONAL' as const },
    ...(kind === 'number' ? [{ ...ELEMENTS.text, name: `${name}${EXACT}`, repetition_type: 'OPTIONAL' as const }] : []),
  ])
  return [{ name: 'root', num_children: elements.length }, ...elements]
}

function columnData(columns: Columns, rows: readonly TextRow[]): ColumnSource[] {
  return Object.entries(columns).flatMap(([name, kind]) => [
    { name, data: rows.map((row) => valueOf(kind, row[name] ?? null)), ...(kind === 'instant' ? INSTANTS : {}) },
    ...(kind === 'number' ? [{ name: `${name}${EXACT}`, data: rows.map((row) => exactText(row[name] ?? null)) }] : []),
  ])
}

/** Times of one person's measurements follow each other: their differences are small. */
const INSTANTS = { encoding: 'DELTA_BINARY_PACKED' } as const

function valueOf(kind: Kind, text: string | null): unknown {
  return text === null ? null : TO_VALUE[kind](text)
}

/** Null where the double says the same. */
function exactText(text: string | null): string | null {
  return text === null || String(Number(text)) === text ? null : text
}

function textOf(columns: Columns, row: Readonly<Record<string, unknown>>): TextRow {
  return Object.fromEntries(
    Object.keys(columns).map((name) => {
      const value = row[`${name}${EXACT}`] ?? row[name] ?? null
      return [name, value === null ? null : String(value as string | number | bigint | boolean)]
    }),
  )
}
