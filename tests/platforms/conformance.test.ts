import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CoverageKind, Platform } from '../../service/platforms/contract.ts'
import { discoverPlatforms } from '../../service/platforms/discover.ts'
import { METRIC_KINDS } from '../../service/platforms/metric-kinds.ts'
import type { Records } from '../../service/platforms/records.ts'
import { parseJson } from '../../service/runtime/json.ts'

/** The same questions to every folder: a platform that answers them fits in everywhere. */
const FOLDER = join(import.meta.dirname, '../../service/platforms')
const platforms = [...(await discoverPlatforms()).values()]
const Fixture = z.object({ dataType: z.string(), metadata: z.record(z.string(), z.unknown()), payload: z.unknown() })

interface Case {
  readonly name: string
  readonly dataType: string
  readonly normalize: () => Records
  readonly expected: unknown
}

/** Fixtures in the common form; a folder may hold others, for tests of its own. */
function casesOf({ id, normalize }: Platform): Case[] {
  const folder = join(FOLDER, id, 'fixtures')
  const names = globSync('*.json', { cwd: folder }).filter((name) =>
    existsSync(join(folder, name.replace('.json', '.expected.json'))),
  )
  return names.flatMap((name) => {
    const read = (file: string) => parseJson(readFileSync(join(folder, file), 'utf8'))
    const { data } = Fixture.safeParse(read(name))
    const reader = data === undefined ? undefined : normalize[data.dataType]
    if (data === undefined || reader === undefined) return []
    const expected = read(name.replace('.json', '.expected.json'))
    return [{ name, dataType: data.dataType, normalize: () => reader(data.payload, data.metadata), expected }]
  })
}

const COVERAGE: Readonly<Record<CoverageKind, keyof Records>> = {
  activities: 'activities',
  activity_streams: 'activityStreams',
  activity_laps: 'activityLaps',
  activity_zones: 'activityZones',
  daily_metrics: 'dailyMetrics',
  sleep_sessions: 'sleepSessions',
  samples: 'samples',
}

test('every folder is a platform, and they are all asked', () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(platforms.map(({ id }) => id)).toEqual(folders.map(({ name }) => name).toSorted())
})

describe.each(platforms.map((platform) => [platform.id, platform] as const))('the folder %s', (id, platform) => {
  const cases = casesOf(platform)

  test('says in its README where its facts are from, and has fixtures', () => {
    expect(readFileSync(join(FOLDER, id, 'README.md'), 'utf8')).toMatch(/20\d\d-\d\d-\d\d/)
    expect(cases.length).toBeGreaterThan(0)
  })

  test('is off, and no error, where nothing is configured', () => {
    const settings = platform.env.safeParse({})
    expect(settings.success).toBe(true)
    expect(platform.connect?.(settings.data)).toBeUndefined()
    const { attribution, retentionDays } = platform.policy(settings.data)
    expect(attribution).not.toBe('')
    expect(retentionDays === null || retentionDays > 0).toBe(true)
  })

  test.each(cases.map((each) => [each.name, each] as const))(
    '%s becomes what is expected, twice',
    (_name, { normalize, expected }) => {
      expect(JSON.parse(JSON.stringify(normalize()))).toEqual(expected)
      expect(JSON.parse(JSON.stringify(normalize()))).toEqual(expected)
    },
  )

  test('yields what it declares to cover, and nothing else', () => {
    const yielded = Object.entries(COVERAGE).filter(([, list]) =>
      cases.some(({ normalize }) => (normalize()[list]?.length ?? 0) > 0),
    )
    expect(yielded.map(([kind]) => kind).toSorted()).toEqual([...platform.coverage].toSorted())
  })

  test('yields times that are times, ends that are not before starts, and kinds with a unit', () => {
    for (const { normalize } of cases) {
      const { samples = [], sleepSessions = [], activities = [], dailyMetrics = [] } = normalize()
      for (const { startedAt, endedAt } of [...samples, ...sleepSessions]) {
        expect(startedAt.getTime()).not.toBeNaN()
        expect(endedAt.getTime()).toBeGreaterThanOrEqual(startedAt.getTime())
      }
      for (const { startedAt, endedAt } of activities)
        expect(endedAt === null || startedAt === null || endedAt >= startedAt).toBe(true)
      for (const { kind } of [...samples, ...dailyMetrics]) expect(METRIC_KINDS).toHaveProperty(kind)
      for (const { localDay } of dailyMetrics) expect(localDay).toMatch(/^\d{4}-\d\d-\d\d$/)
      // An activity whose offset nobody knows has no day of its own.
      for (const { localDay, startOffsetSeconds } of activities)
        expect(localDay ?? startOffsetSeconds).toSatisfy(
          (known) => known === null || /^\d{4}-\d\d-\d\d$/.test(String(known)),
        )
    }
  })

  test('refuses what is not its payload by item or by payload, and never falls over', () => {
    for (const [dataType, normalize] of Object.entries(platform.normalize))
      for (const payload of [null, 1, 'x', [], [null], {}, { a: { b: [] } }]) {
        const outcome = attempt(() => normalize(payload, {}))
        expect(outcome, `${dataType} of ${JSON.stringify(payload)}`).not.toBe('fell over')
      }
  })
})

function attempt(work: () => Records): Records | 'refused' | 'fell over' {
  try {
    return work()
  } catch (error) {
    return error instanceof Error && 'spec' in error ? 'refused' : 'fell over'
  }
}
