import { median } from './figures.ts'

/** What the product promises, and what one run or several measured of it. */
export interface Target {
  readonly what: string
  /** What it is held against in the same run; absent: a promise in its own unit. */
  readonly baseline?: string
  /** `×`: of the baseline. */
  readonly unit: '×' | 'ms' | 'MB'
  readonly better: 'higher' | 'lower'
  readonly bar: number
  /** One for each run. */
  readonly values: readonly number[]
}

/** Targets of one bench, measured together. */
export interface Entry {
  readonly bench: string
  readonly date: string
  readonly machine: string
  /** Of the machine over a minute, before the start: what others did there. */
  readonly load: number
  readonly size: 'full' | 'quick'
  readonly targets: readonly Target[]
}

export function isMet({ values, bar, better }: Target): boolean {
  return better === 'higher' ? median(values) >= bar : median(values) <= bar
}

/** How much better than its bar: 1 is the bar itself, 2 twice as good, whichever way the target goes. */
export function timesTheBar({ bar, better }: Target, value: number): number {
  return better === 'higher' ? value / bar : bar / value
}

/** Runs of the same bench as one; the last says how the target is worded. */
export function joinRuns(runs: readonly (readonly Target[])[]): readonly Target[] {
  const names = [...new Set(runs.flat().map(({ what }) => what))]
  return names.flatMap((name) => {
    const same = runs.flat().filter(({ what }) => what === name)
    const last = same.at(-1)
    return last === undefined ? [] : [{ ...last, values: same.flatMap(({ values }) => values) }]
  })
}
