import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../service/config.ts'
import { leastSettings } from '../support/settings.ts'
import { KEPT_DAYS, perSecondAtPeak } from './habits.ts'
import { coreSecondsOfDay, extrapolate, yearOfPerson } from './prices.ts'

// A made-up measurement with round numbers, so that the arithmetic can be done by hand.
const MEASURED = {
  options: { people: 1, syncs: 4, screens: 1 },
  idleCores: { service: 0.01, worker: 0.01 },
  cpuSecondsPerDay: { worker: 0.1, postgres: 0.1 },
  cpuSecondsPerSync: { worker: 0.01 },
  cpuSecondsPerScreen: { postgres: 0.002 },
  peak: { people: 10_000, screensPerSecond: 1, syncsPerSecond: 1, seconds: 1, screenMs: [10] },
  sampleBytes: { asItComes: 400, reindexed: 300, archived: 10 },
  rowsPerDay: {
    samples: { rows: 100, bytes: 40_000, indexBytes: 20_000 },
    raw_fitness_data: { rows: 1, bytes: 1_000, indexBytes: 100 },
    delivered_items: { rows: 10, bytes: 2_000, indexBytes: 1_000 },
    workers: { rows: 0, bytes: -10_000, indexBytes: 0 },
  },
  residentBytes: {},
}

describe('the load model', () => {
  test('adds a day, four syncs and five screens', () => {
    expect(coreSecondsOfDay(MEASURED)).toBeCloseTo(0.2 + 0.04 + 0.01)
    // 10,000 × 5 ÷ 86,400 × 4
    expect(perSecondAtPeak(10_000, 5)).toBeCloseTo(2.3148, 4)
  })

  test('keeps for a year what stays, and what goes for as long as it is there, with gaps', () => {
    // 365 × 40,000 + 365 × 1,000 + 30 × 2,000 × 1.5
    expect(yearOfPerson(MEASURED, 'as it comes')).toEqual({ disk: 14_600_000 + 365_000 + 90_000, archive: 0 })
    // 100 rows × (61 × 400 + 304 × 300)
    expect(yearOfPerson(MEASURED, 'closed months reindexed')).toEqual({ disk: 11_560_000 + 455_000, archive: 0 })
    // 100 rows × 213 × 400, and 100 rows × 152 × 10
    expect(yearOfPerson(MEASURED, 'archived after half a year')).toEqual({
      disk: 8_520_000 + 455_000,
      archive: 152_000,
    })
  })

  test('plans the peak, a disk that is never full, and its price', () => {
    // 10,000 × 0.25 s = 2,500 s a day; ÷ 86,400 × 4 = 0.1157 cores, and 0.02 idle; two cores are the least: $24.
    // 10,000 × 15.055 MB = 150.55 GB; ÷ 0.8 at $0.10 = $18.82, and its backup at $0.03 = $4.52.
    const tier = extrapolate(MEASURED, 10_000)
    expect(tier.coresAtPeak).toBeCloseTo(0.1357, 3)
    expect(tier.diskGigabytes).toBeCloseTo(150.55)
    expect(tier.dollarsPerMonth).toBeCloseTo(47.33, 1)
    // 89.75 GB ÷ 0.8 at $0.10 = $11.22; with 1.52 GB of archives at $0.03 = $2.74; and $24.
    expect(extrapolate(MEASURED, 10_000, 'archived after half a year').dollarsPerThousand).toBeCloseTo(3.796, 2)
  })

  test('keeps as long as the settings do by default', async () => {
    const { webhookRetentionDays, eventLogRetentionDays } = await loadConfig(leastSettings('postgres://localhost/none'))
    expect(KEPT_DAYS).toMatchObject({
      webhook_deliveries: webhookRetentionDays,
      webhook_delivery_chunks: webhookRetentionDays,
      event_log: eventLogRetentionDays,
      event_invocation_logs: eventLogRetentionDays,
    })
  })
})

test('npm run load-model refuses a number of people that is none, with one line', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--people', 'many'], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 2, stderr: '--people many: needs a whole number above 0\n' })
})
