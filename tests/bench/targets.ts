import { median, type Target } from './figures.ts'

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
