import { cpus } from 'node:os'
import { percentile } from '../bench/figures.ts'
import { KEPT_DAYS } from './habits.ts'
import type { Cpu, Measured } from './measure.ts'
import { extrapolate, TIERS, WAYS } from './prices.ts'

const MEGABYTE = 1e6

/** The measured part of docs/operations/scale-and-cost.md. */
export function describeLoad(measured: Measured, date: string): string {
  const { options, peak, sampleBytes } = measured
  const ms = (share: number) => `${percentile(peak.screenMs, share).toFixed(0)} ms`
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
  return [
    `Measured on ${date} with \`npm run load-model -- --people ${options.people}\` on ${machine}.`,
    '',
    ...describeCpu(measured),
    '',
    `First screen through GraphQL at the peak of ${peak.people.toLocaleString('en')} people (${peak.screensPerSecond.toFixed(1)} screens and ${peak.syncsPerSecond.toFixed(1)} syncs a second for ${peak.seconds} s, ninety days of each of them in the tables): **p50 ${ms(0.5)}**, p95 ${ms(0.95)}, p99 ${ms(0.99)} (n=${peak.screenMs.length}).`,
    '',
    ...describeGrowth(measured),
    '',
    `A sample takes ${sampleBytes.asItComes.toFixed(0)} bytes as it comes, ${sampleBytes.reindexed.toFixed(0)} after \`reindex\`, ${sampleBytes.archived.toFixed(1)} in a sealed Parquet file.`,
    '',
    ...describeTiers(measured),
    '',
  ].join('\n')
}

function describeCpu(measured: Measured): readonly string[] {
  const names = Object.keys(measured.idleCores).toSorted()
  const row = (what: string, cpu: Cpu, unit = 1000) =>
    `| ${what} | ${names.map((name) => ((cpu[name] ?? 0) * unit).toFixed(1)).join(' | ')} | ${(sum(cpu) * unit).toFixed(1)} |`
  return [
    `| CPU | ${names.join(' | ')} | all |`,
    `|---|${names.map(() => '--:|').join('')}--:|`,
    row('a day of one person, ms', measured.cpuSecondsPerDay),
    row('a watch that syncs, ms', measured.cpuSecondsPerSync),
    row('a first screen, ms', measured.cpuSecondsPerScreen),
    row('idle, thousandths of a core', measured.idleCores),
    `| memory, MB | ${names.map((name) => ((measured.residentBytes[name] ?? 0) / MEGABYTE).toFixed(0)).join(' | ')} | ${(sum(measured.residentBytes) / MEGABYTE).toFixed(0)} |`,
  ]
}

function describeGrowth({ rowsPerDay }: Measured): readonly string[] {
  const growing = Object.entries(rowsPerDay)
    .filter(([, { bytes }]) => bytes > 500)
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
  const days = (name: string) => (KEPT_DAYS[name] === undefined ? 'stays' : `${KEPT_DAYS[name]} days`)
  return [
    '| Table | rows a day and person | bytes a day and person | of them indexes | is there for |',
    '|---|--:|--:|--:|---|',
    ...growing.map(
      ([name, { rows, bytes, indexBytes }]) =>
        `| \`${name}\` | ${rows.toFixed(1)} | ${bytes.toFixed(0)} | ${indexBytes.toFixed(0)} | ${days(name)} |`,
    ),
  ]
}

function describeTiers(measured: Measured): readonly string[] {
  const cells = (people: number) => {
    const { coreSecondsPerDay, coresAtPeak } = extrapolate(measured, people)
    const ways = WAYS.map((way) => extrapolate(measured, people, way))
    return [
      people.toLocaleString('en'),
      Math.round(coreSecondsPerDay).toLocaleString('en'),
      coresAtPeak.toFixed(2),
      ...ways.map(
        ({ diskGigabytes, dollarsPerThousand }) => `${diskGigabytes.toFixed(0)} GB, $${dollarsPerThousand.toFixed(2)}`,
      ),
    ]
  }
  return [
    `| People | core-seconds a day | cores at the peak | ${WAYS.join(' | ')} |`,
    `|--:|--:|--:|${WAYS.map(() => '--:|').join('')}`,
    ...TIERS.map((people) => `| ${cells(people).join(' | ')} |`),
    '',
    'Disk after a year, and dollars a month for each 1,000 people.',
  ]
}

const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((total, value) => total + value, 0)
