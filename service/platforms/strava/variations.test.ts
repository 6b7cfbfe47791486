import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../runtime/json.ts'
import type { Records } from '../records.ts'
import platform from './platform.ts'

type Json = Readonly<Record<string, unknown>>

/** What no field may bring into a message. */
const PLANTED = 'planted 4711'
const VALUES: readonly unknown[] = [
  undefined,
  null,
  PLANTED,
  `\ud800${'x'.repeat(2000)}`,
  -4711,
  0,
  Number.POSITIVE_INFINITY,
  2n ** 63n,
  true,
  [],
  [PLANTED],
  { planted: PLANTED },
]

function fixture(name: string): { dataType: string; metadata: Json; payload: unknown } {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')
  return parseJson(text) as ReturnType<typeof fixture>
}

/** The object with each of the values in that field. */
const variationsOf = (object: Json, field: string): readonly Json[] =>
  VALUES.map((value) => ({ ...object, [field]: value }))

function hasImpossible(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  if (value instanceof Date) return Number.isNaN(value.getTime())
  return typeof value === 'object' && value !== null && Object.values(value).some(hasImpossible)
}

/** Nothing impossible among the records, and no value in a message. */
function isSound({ rejected, ...records }: Records): boolean {
  const told = rejected.some(({ reason }) => /planted|4711|xxx|9223372036854775808/.test(reason))
  return !told && !hasImpossible(records)
}

describe.each(['activity-detail.json', 'activity-list-ordinary.json', 'activity-list-heart-rate.json'])(
  'an activity with one field changed: %s',
  (name) => {
    const { payload } = fixture(name)
    const item = (Array.isArray(payload) ? payload[0] : payload) as Json

    const needed = (field: string) => field === 'id' || (field === 'sport_type' && item['type'] === undefined)

    test.each(Object.keys(item))('is kept whatever is in %s', (field) => {
      for (const varied of variationsOf(item, field)) {
        const records = platform.normalize.activity(varied)
        expect(isSound(records)).toBe(true)
        const kept = (records.activities ?? []).length
        expect(needed(field) ? kept + records.rejected.length : kept).toBe(1)
      }
    })
  },
)

describe('a lap, a profile or a series with one field changed', () => {
  test.each(['activity-laps.json', 'athlete.json', 'activity-streams.json'])('is read or refused: %s', (name) => {
    const { dataType, metadata, payload } = fixture(name)
    const normalize = platform.normalize[dataType as 'athlete']
    const [first] = Array.isArray(payload) ? (payload as Json[]) : [payload as Json]
    const variations = Object.keys(first!).flatMap((field) => variationsOf(first!, field))
    const unsound = variations.filter(
      (varied) => !isSound(normalize(Array.isArray(payload) ? [varied] : varied, metadata)),
    )
    expect(unsound).toEqual([])
  })
})
