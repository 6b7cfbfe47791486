import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseJson } from '../../runtime/json.ts'
import platform from './platform.ts'

const FOLDER = join(import.meta.dirname, 'fixtures')
const Fixture = z.object({
  dataType: z.enum([
    'activity_list',
    'activity',
    'activity_deletion',
    'activity_streams',
    'activity_laps',
    'activity_zones',
    'athlete',
    'athlete_zones',
  ]),
  metadata: z.record(z.string(), z.unknown()),
  payload: z.unknown(),
})
const read = (name: string) => parseJson(readFileSync(join(FOLDER, name), 'utf8'))
const names = globSync('*.json', { cwd: FOLDER })
  .filter((name) => !name.endsWith('.expected.json'))
  .sort()

describe('a fixture', () => {
  test('is there', () => expect(names.length).toBeGreaterThan(15))

  test.each(names)('%s becomes what was expected by hand, every time', (name) => {
    const { dataType, metadata, payload } = Fixture.parse(read(name))
    const normalize = platform.normalize[dataType]
    const records = JSON.parse(JSON.stringify(normalize(payload, metadata))) as unknown
    expect(records).toEqual(read(name.replace('.json', '.expected.json')))
    expect(JSON.parse(JSON.stringify(normalize(payload, metadata)))).toEqual(records)
  })
})
