import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeDataDirectory } from '../support/running.ts'
import { planEvents } from './plan.ts'
import { torture } from './torture.ts'

const dataDirectory = makeDataDirectory()
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }))

describe('a minute of failures, in short', () => {
  test('loses nothing, does nothing twice and invents nothing', async () => {
    const report = await torture({ seed: 1, events: 80, eventsPerSecond: 20, kills: 2, athletes: 2, dataDirectory })
    expect(report).toMatchObject({ lost: [], duplicates: [], unexpected: [] })
    expect(report.account.acknowledged.size).toBe(80)
    expect(report.account.faults).toMatchObject({ kill: 2, 'database crash': 1, 'connections half-open': 1 })
    // Some twenty seconds on a machine of one's own; a busy one is given time, for what counts is what is lost.
  }, 420_000)
})

describe('the plan of a run', () => {
  test('is the same for the same seed, and another for another', () => {
    const plan = (seed: number) => JSON.stringify(planEvents({ seed, events: 500, athletes: 3 }))
    expect(plan(7)).toBe(plan(7))
    expect(plan(7)).not.toBe(plan(8))
  })

  test('creates an activity before it changes it, and changes none that is deleted', () => {
    const living = new Set<string>()
    for (const { athlete, activity, does } of planEvents({ seed: 3, events: 2_000, athletes: 4 })) {
      const key = `${athlete}/${activity}`
      expect(living.has(key)).toBe(does !== 'create')
      if (does === 'create') living.add(key)
      if (does === 'delete') living.delete(key)
    }
    expect(living.size).toBeGreaterThan(50)
  })
})

describe('npm run torture', () => {
  test.for([
    ['--kills', '0'],
    ['--events', 'many'],
  ] as const)('refuses %s %s with one line', ([option, value]) => {
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), option, value], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 2, stderr: `${option} ${value}: needs a whole number above 0\n` })
  })
})
