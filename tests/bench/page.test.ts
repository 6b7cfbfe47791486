import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Target } from './figures.ts'
import { describePage, readRecord, replaceEntries } from './page.ts'
import { plotTargets } from './plot.ts'
import { type Entry, isMet, joinRuns, timesTheBar } from './targets.ts'

const MACHINE = { date: '2026-01-02', machine: '2 × a processor', load: 0.25, size: 'quick' } as const
// Three runs with a median of 1.5 where 1.2 is promised; and 60 ms where 25 are.
const FAST: Target = { what: 'Intake', baseline: 'bare', unit: '×', better: 'higher', bar: 1.2, values: [1, 2, 1.5] }
const SLOW: Target = { what: 'Intake, p99', unit: 'ms', better: 'lower', bar: 25, values: [60] }
const ENTRY: Entry = { ...MACHINE, bench: 'intake', targets: [FAST, SLOW] }

describe('the page of benchmarks', () => {
  test('says what was measured, against what, how far runs differ, and which bar is missed', () => {
    const page = describePage([ENTRY])
    expect(page).toContain('**1 of 2 targets are met.** Missed: Intake, p99.')
    expect(page).toContain('| Intake | bare | 1.50 × | ≥ 1.2 | yes | 1.00 × to 2.00 ×, n=3 | `intake`, quick |')
    expect(page).toContain('| Intake, p99 | – | 60 ms | ≤ 25 ms | **no** | one run | `intake`, quick |')
    expect(page).toContain('- `intake` (quick): 2026-01-02, 2 × a processor, load before 0.3')
  })

  test('never calls a figure that is none good', () => {
    expect(isMet({ ...FAST, values: [] })).toBe(false)
    expect(isMet({ ...SLOW, values: [Number.NaN] })).toBe(false)
  })

  test('compares with the bar whichever way it goes', () => {
    expect(timesTheBar(FAST, 2.4)).toBeCloseTo(2)
    expect(timesTheBar(SLOW, 50)).toBeCloseTo(0.5)
  })

  test('keeps what was not measured anew, and takes runs of one bench together', () => {
    const other = { ...ENTRY, bench: 'jobs' }
    const newer = { ...ENTRY, date: '2026-02-03' }
    expect(replaceEntries([ENTRY, other], [newer])).toEqual([newer, other])
    expect(joinRuns([[{ ...FAST, values: [1] }], [{ ...FAST, values: [3] }]])).toEqual([{ ...FAST, values: [1, 3] }])
  })

  test('plots each target in the colour of its fate', () => {
    const plot = plotTargets([ENTRY])
    expect(plot.match(/fill="#1a7f37"/g)).toHaveLength(1)
    expect(plot.match(/fill="#b42318"/g)).toHaveLength(1)
  })

  test('is what the record says', () => {
    const docs = join(import.meta.dirname, '../../docs')
    expect(readFileSync(join(docs, 'benchmarks.md'), 'utf8')).toBe(describePage(readRecord()))
    expect(readFileSync(join(docs, 'benchmarks.svg'), 'utf8')).toBe(plotTargets(readRecord()))
  })
})

test.each([
  [['--only', 'intake,nonsense'], /^--only nonsense: one of apple-import, /],
  [['--repeat', '0'], /^--repeat 0: needs a whole number above 0\n$/],
  [['--only', 'soak', '--minutes', '0'], /^--minutes 0: needs a number above 0\n$/],
  [['--only', 'jobs', '--minutes', '60'], /^--minutes: of the soak, which is run by --only soak\n$/],
])('npm run bench refuses %s with one line', (options, message) => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...options], {
    encoding: 'utf8',
  })
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})
