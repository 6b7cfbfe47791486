import type { ActivityStreamRecord } from '../platforms/records.ts'
import { BinaryArray } from '../runtime/binary-array.ts'
import type { Tx } from '../runtime/db.ts'
import { letGoOfText } from '../runtime/flat-memory.ts'
import { numbersText, sql } from '../runtime/sql.ts'
import type { RawData } from './queries.ts'
import type { MissingRow } from './store-records.ts'

// A series of a day at one second's grain is a megabyte of text, which is held several times on its way: such go one by one.
const LONG_SERIES = 10_000
/** As text: one of the series, and its time. */
const BYTES_OF_VALUE = 10

/** Answers the source ids whose activity is not here (yet, or no longer). */
export async function storeStreams(
  tx: Tx,
  raw: RawData,
  streams: readonly ActivityStreamRecord[],
): Promise<readonly string[]> {
  const isLong = ({ values }: ActivityStreamRecord) => values.length > LONG_SERIES
  const short = streams.filter((stream) => !isLong(stream))
  const missing: string[] = []
  for (const together of [...(short.length > 0 ? [short] : []), ...streams.filter(isLong).map((stream) => [stream])]) {
    missing.push(...(await storeTogether(tx, raw, together)))
    letGoOfText((together[0]?.values.length ?? 0) * BYTES_OF_VALUE)
  }
  return missing
}

/** The series of a recording share their times, so these are sent once: as JSON, ten series took more to be told than to be kept. */
async function storeTogether(
  tx: Tx,
  raw: RawData,
  streams: readonly ActivityStreamRecord[],
): Promise<readonly string[]> {
  const times = [...new Set(streams.map(({ offsetsS }) => offsetsS))]
  const placeOf = new Map(times.map((offsetsS, index) => [offsetsS, index + 1]))
  const { rows } = await tx.query<MissingRow>(sql`
    select ops.store_activity_streams(${raw.userId}::uuid, ${raw.platform}, ${raw.rawId}::uuid, ${raw.createdAt}::timestamptz,
      ${raw.receivedAt}::timestamptz, ${streams.map(({ sourceId }) => sourceId)}::text[], ${streams.map(({ kind }) => kind)}::text[],
      ${streams.map(({ unit }) => unit)}::text[], ${textsOf(streams.map(({ values }) => values))}::text[],
      ${streams.map(({ offsetsS }) => placeOf.get(offsetsS))}::integer[], ${textsOf(times)}::text[]) as missing`)
  return rows[0]?.missing ?? []
}

function textsOf(series: readonly (readonly (number | null)[])[]): Buffer {
  const values = series.reduce((sum, { length }) => sum + length, 0)
  const texts = new BinaryArray('text', values * BYTES_OF_VALUE)
  for (const numbers of series) texts.addText(numbersText(numbers))
  return texts.toBytes()
}
