import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseJson } from '../../runtime/json.ts'
import platform from './platform.ts'

const FOLDER = join(import.meta.dirname, 'fixtures')
const Fixture = z.object({
  dataType: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  payload: z.unknown(),
})
const read = (name: string) => parseJson(readFileSync(join(FOLDER, name), 'utf8'))
const names = globSync('*.json', { cwd: FOLDER })
  .filter((name) => !name.endsWith('.expected.json'))
  .sort()
const normalizers: Readonly<Record<string, (payload: unknown, metadata: Record<string, unknown>) => unknown>> =
  platform.normalize

describe('a fixture', () => {
  test('is there for every kind of payload but files, which are read by a test of their own', () => {
    const kinds = new Set(names.map((name) => Fixture.parse(read(name)).dataType))
    const known = Object.keys(platform.normalize)
    expect(known.filter((kind) => !kinds.has(kind))).toEqual(['manuallyUpdatedActivities', 'activityFiles'])
  })

  test.each(names)('%s becomes what was expected by hand, every time', (name) => {
    const { dataType, metadata, payload } = Fixture.parse(read(name))
    const normalize = normalizers[dataType]!
    const records = JSON.parse(JSON.stringify(normalize(payload, metadata))) as unknown
    expect(records).toEqual(read(name.replace('.json', '.expected.json')))
    expect(JSON.parse(JSON.stringify(normalize(payload, metadata)))).toEqual(records)
  })
})
