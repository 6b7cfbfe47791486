import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, type Target } from './figures.ts'
import { plotTargets } from './plot.ts'
import { type Entry, isMet } from './targets.ts'

const DOCS = join(import.meta.dirname, '../../docs')
const RECORD = join(DOCS, 'benchmarks.json')

/** Writes docs/benchmarks.{json,md,svg}: what was measured anew takes the place of what was there of the same bench. */
export function writePage(measured: readonly Entry[]): void {
  const entries = replaceEntries(readRecord(), measured)
  writeFileSync(RECORD, `${JSON.stringify(entries, null, 2)}\n`)
  writeFileSync(join(DOCS, 'benchmarks.md'), describePage(entries))
  writeFileSync(join(DOCS, 'benchmarks.svg'), plotTargets(entries))
}

export function readRecord(): readonly Entry[] {
  return JSON.parse(readFileSync(RECORD, 'utf8')) as readonly Entry[]
}

export function replaceEntries(old: readonly Entry[], measured: readonly Entry[]): readonly Entry[] {
  const names = [...new Set([...old, ...measured].map(({ bench }) => bench))]
  return names.flatMap((name) => [...old, ...measured].findLast(({ bench }) => bench === name) ?? [])
}

export function describePage(entries: readonly Entry[]): string {
  const rows = entries.flatMap((entry) => entry.targets.map((target) => describeTarget(target, entry)))
  const missed = entries.flatMap(({ targets }) => targets).filter((target) => !isMet(target))
  return `# Benchmarks

Written by \`npm run bench -- --write\`; do not edit. Baselines are measured in the same run, in turns with what is held against them, so
that what else a machine does meets both. A ratio says more than a time: times are of the machine below.

**${rows.length - missed.length} of ${rows.length} targets are met.**${missed.length === 0 ? '' : ` Missed: ${missed.map(({ what }) => what).join('; ')}.`}

![Each target against its bar](benchmarks.svg)

| Target | Against | Measured | Bar | Met | Spread of the runs | Measured by |
|---|---|--:|--:|---|---|---|
${rows.join('\n')}

## Machine, date and noise

${entries.map(describeEntry).join('\n')}

Spread: the lowest and the highest run; the table shows the median. A load before the start well above 0 means that somebody else was at
work. \`quick\` is the size of CI (\`--quick\`), which says less: short runs, small tables.

\`npm run bench -- --only jobs,upkeep --repeat 3 --write\` measures some of them three times and leaves the others as they are.
`
}

function describeTarget(target: Target, { bench, size }: Entry): string {
  const { what, baseline = '–', unit, better, bar, values } = target
  const figure = (value: number) =>
    unit === '×' ? `${value.toFixed(2)} ×` : `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`
  const spread =
    values.length === 1
      ? 'one run'
      : `${figure(Math.min(...values))} to ${figure(Math.max(...values))}, n=${values.length}`
  const sign = better === 'higher' ? '≥' : '≤'
  return `| ${what} | ${baseline} | ${figure(median(values))} | ${sign} ${bar}${unit === '×' ? '' : ` ${unit}`} | ${isMet(target) ? 'yes' : '**no**'} | ${spread} | \`${bench}\`, ${size} |`
}

function describeEntry({ bench, date, machine, load, size }: Entry): string {
  return `- \`${bench}\` (${size}): ${date}, ${machine}, load before ${load.toFixed(1)}`
}
