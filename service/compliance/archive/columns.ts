/** How a column of a table is kept in a Parquet file. */
export type Kind =
  | 'text'
  /** Microseconds since 1970. */
  | 'instant'
  | 'day'
  | 'integer'
  | 'boolean'
  /** A double, for whoever reads the file; with it the exact text, where the double does not say the same. */
  | 'number'
  /** As text, so that it is written again as it was. */
  | 'json'

export type ArchivedTable = 'raw_fitness_data' | 'samples'
export type Columns = Readonly<Record<string, Kind>>

/** Every column of the tables that are archived, in their order; a test holds them to the schema. */
export const COLUMNS: Readonly<Record<ArchivedTable, Columns>> = {
  raw_fitness_data: {
    id: 'text',
    user_id: 'text',
    platform: 'text',
    data_type: 'text',
    raw_data: 'json',
    metadata: 'json',
    received_at: 'instant',
    processed_at: 'instant',
    created_at: 'instant',
  },
  samples: {
    user_id: 'text',
    kind: 'text',
    started_at: 'instant',
    ended_at: 'instant',
    platform: 'text',
    source: 'text',
    variant: 'text',
    value: 'number',
    local_day: 'day',
    start_offset_seconds: 'integer',
    manual: 'boolean',
    source_id: 'text',
    raw_id: 'text',
    raw_created_at: 'instant',
    observed_at: 'instant',
  },
}

/** Rows of a month of the table that is called `t`; the first day is the parameter. */
export function inMonth(table: ArchivedTable, parameter: string): string {
  const column = table === 'samples' ? 't.started_at' : 't.created_at'
  const month = `${parameter}::date::timestamptz`
  return `${column} >= ${month} and ${column} < ${month} + interval '1 month'`
}

/** A row as Postgres hands it over and takes it: every value as text, so that nothing is rounded on the way. */
export type TextRow = Readonly<Record<string, string | null>>

const AS_TEXT: Readonly<Record<Kind, (column: string) => string>> = {
  text: (column) => `t.${column}::text`,
  instant: (column) => `(extract(epoch from t.${column}) * 1000000)::bigint::text`,
  day: (column) => `(t.${column} - date '1970-01-01')::text`,
  integer: (column) => `t.${column}::text`,
  boolean: (column) => `t.${column}::text`,
  number: (column) => `t.${column}::text`,
  json: (column) => `t.${column}::text`,
}

const FROM_TEXT: Readonly<Record<Kind, (text: string) => string>> = {
  text: (text) => text,
  instant: (text) => `timestamptz 'epoch' + ${text}::bigint * interval '1 microsecond'`,
  day: (text) => `date '1970-01-01' + ${text}::integer`,
  integer: (text) => `${text}::integer`,
  boolean: (text) => `${text}::boolean`,
  number: (text) => `${text}::numeric`,
  json: (text) => `${text}::jsonb`,
}

/** Of a table that is called `t`. */
export function selectList(columns: Columns): string {
  return Object.entries(columns)
    .map(([column, kind]) => `${AS_TEXT[kind](column)} as ${column}`)
    .join(', ')
}

/** The other way round, of a JSON object that is called `r`. */
export function restoreList(columns: Columns): string {
  return Object.entries(columns)
    .map(([column, kind]) =>
      column === 'id' || column.endsWith('_id') ? idOf(column) : FROM_TEXT[kind](`(r ->> '${column}')`),
    )
    .join(', ')
}

/** A platform's own id is text, ours are UUIDs. */
function idOf(column: string): string {
  return column === 'source_id' ? `r ->> 'source_id'` : `(r ->> '${column}')::uuid`
}
