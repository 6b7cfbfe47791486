import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { tellRecords } from '../../tests/support/tell-records.ts'
import { readPayload } from '../normalization/read-payload.ts'
import { discoverPlatforms } from './discover.ts'

const Cases = z.array(
  z.strictObject({
    name: z.string(),
    kind: z.string(),
    metadata: z.record(z.string(), z.unknown()).default({}),
    payload: z.string(),
    becomes: z.array(z.string()),
  }),
)
const NOW = new Date('2026-12-01T00:00:00Z')

const platforms = [...(await discoverPlatforms()).values()].flatMap((platform) => {
  const file = join(import.meta.dirname, platform.id, 'fixtures/varied.yaml')
  if (!existsSync(file)) return []
  const cases = Cases.parse(parse(readFileSync(file, 'utf8'))).map((each) => [each.name, each] as const)
  return [[platform.id, { ...platform, cases }] as const]
})

describe.each(platforms)('a payload of %s', (_id, { cases, normalize }) => {
  test.each(cases)('is read, or refused by item: %s', (_name, { kind, payload: text, metadata, becomes }) => {
    expect(tellRecords(readPayload(normalize[kind], { text, metadata }, NOW))).toEqual(becomes)
  })

  test.each(Object.keys(normalize))(
    'of kind %s is refused when it is ten thousand brackets, or 50 MB of a text',
    (kind) => {
      for (const text of [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, `[{"id":1,"name":"${'x'.repeat(5e7)}"}]`]) {
        const told = tellRecords(readPayload(normalize[kind], { text, metadata: {} }, NOW))
        expect(told.join().length).toBeLessThan(1000)
        expect(told).toEqual([expect.stringMatching(/^refused 0: /)])
      }
    },
  )

  test('has a case here, of every kind but files', () => {
    const told = new Set(cases.map(([, { kind }]) => kind))
    expect(Object.keys(normalize).filter((kind) => !told.has(kind))).toEqual([])
  })
})
