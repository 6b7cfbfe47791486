import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytesOfDay, coreSecondsOfDay, extrapolate } from './describe-load.ts'

// A made-up measurement with round numbers, so that the arithmetic can be done by hand.
const MEASURED = {
  options: { people: 1, syncs: 4, screens: 1 },
  idleCores: { service: 0.01, worker: 0.01 },
  cpuSecondsPerDay: { worker: 0.1, postgres: 0.1 },
  cpuSecondsPerSync: { worker: 0.01 },
  cpuSecondsPerScreen: { postgres: 0.002 },
  screenMs: [10],
  rowsPerDay: { samples: { rows: 100, bytes: 40_000 }, workers: { rows: 0, bytes: -10_000 } },
  residentBytes: {},
}

describe('the load model', () => {
  test('adds a day, four syncs and five screens', () => {
    expect(coreSecondsOfDay(MEASURED)).toBeCloseTo(0.2 + 0.04 + 0.01)
    expect(bytesOfDay(MEASURED)).toBe(40_000)
  })

  test('plans the peak, a year of data and its price', () => {
    // 10,000 × 0.25 s = 2,500 s a day; ÷ 86,400 × 4 = 0.1157 cores, and 0.02 idle; two cores are the least: $24.
    // 10,000 × 40 kB × 365 = 146 GB, at $0.15: $21.90.
    const tier = extrapolate(MEASURED, 10_000)
    expect(tier.coresAtPeak).toBeCloseTo(0.1357, 3)
    expect(tier.gigabytesPerYear).toBeCloseTo(146)
    expect(tier.dollarsPerMonth).toBeCloseTo(45.9)
    expect(tier.dollarsPerThousand).toBeCloseTo(4.59)
  })
})

test('npm run load-model refuses a number of people that is none, with one line', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--people', 'many'], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 2, stderr: '--people many: needs a whole number above 0\n' })
})
