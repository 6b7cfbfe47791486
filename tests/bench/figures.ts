/** One line of the table: durations with their percentiles, or a fact alone. */
export interface Row {
  readonly what: string
  readonly durationsMs?: readonly number[]
  /** What the numbers are to be held against. */
  readonly note?: string
}

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

export interface Outcome {
  readonly rows: readonly Row[]
  /** What is promised of it, for the page. */
  readonly targets?: readonly Target[]
  /** Why `--quick` fails: bounds so loose that only something broken misses them. */
  readonly alarms: readonly string[]
}

/** The smallest duration that this share of all does not exceed; NaN of none. */
export function percentile(durationsMs: readonly number[], share: number): number {
  const sorted = durationsMs.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN
}

export function median(durationsMs: readonly number[]): number {
  return percentile(durationsMs, 0.5)
}

/** Beyond the bound, or not a number at all. */
export function alarmAbove(what: string, value: number, bound: number): string[] {
  return value <= bound ? [] : [`${what}: ${value.toFixed(1)} is beyond ${bound}`]
}

export function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length))
  for (const { what, durationsMs, note = '' } of rows) {
    const columns = durationsMs === undefined ? [] : describeDurations(durationsMs)
    process.stdout.write(`${[what.padEnd(width), ...columns, note].join('   ').trimEnd()}\n`)
  }
}

/** What goes on meanwhile; apart from the table, which can be kept. */
export function printProgress(text: string): void {
  process.stderr.write(`… ${text}\n`)
}

function describeDurations(durationsMs: readonly number[]): string[] {
  const figure = (share: number) => `${describeMs(percentile(durationsMs, share)).padStart(6)} ms`
  return [
    `p50 ${figure(0.5)}`,
    `p95 ${figure(0.95)}`,
    `p99 ${figure(0.99)}`,
    `n=${String(durationsMs.length).padEnd(5)}`,
  ]
}

function describeMs(durationMs: number): string {
  return durationMs.toFixed(durationMs < 100 ? 1 : 0)
}
