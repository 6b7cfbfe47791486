import { cpus } from 'node:os'
import { percentile } from '../bench/figures.ts'
import type { Cpu, Measured } from './measure.ts'

export const TIERS = [1_000, 10_000, 50_000, 1_000_000] as const
/** How a person uses the product; the page says where these come from. */
export const HABITS = { syncsPerDay: 4, screensPerDay: 5, peakToMean: 4 } as const
/** What is rented, in dollars a month: list prices of small European and American hosters, rounded up. */
export const PRICES = { virtualCore: 12, storageGigabyte: 0.12, backupGigabyte: 0.03 } as const

const DAY_SECONDS = 86_400
const DAYS_PER_YEAR = 365
const GIGABYTE = 1e9
const MEGABYTE = 1e6
/** Cores are planned to be busy for this share at the peak. */
const BUSY_SHARE = 0.6
/** The smallest that is rented: one machine of two cores for everything. */
const FEWEST_CORES = 2

export interface Tier {
  readonly people: number
  readonly coreSecondsPerDay: number
  readonly coresAtPeak: number
  readonly gigabytesPerYear: number
  readonly dollarsPerMonth: number
  readonly dollarsPerThousand: number
}

/** Of one person and day, all processes together. */
export function coreSecondsOfDay({ cpuSecondsPerDay, cpuSecondsPerSync, cpuSecondsPerScreen }: Measured): number {
  const { syncsPerDay, screensPerDay } = HABITS
  return sum(cpuSecondsPerDay) + syncsPerDay * sum(cpuSecondsPerSync) + screensPerDay * sum(cpuSecondsPerScreen)
}

export function bytesOfDay({ rowsPerDay }: Measured): number {
  return Object.values(rowsPerDay).reduce((total, { bytes }) => total + Math.max(0, bytes), 0)
}

/** One year of data kept. */
export function extrapolate(measured: Measured, people: number): Tier {
  const coreSecondsPerDay = coreSecondsOfDay(measured) * people
  const idle = sum(measured.idleCores)
  const coresAtPeak = (coreSecondsPerDay / DAY_SECONDS) * HABITS.peakToMean + idle
  const gigabytesPerYear = (bytesOfDay(measured) * people * DAYS_PER_YEAR) / GIGABYTE
  const rented = Math.max(FEWEST_CORES, Math.ceil(coresAtPeak / BUSY_SHARE))
  const storage = gigabytesPerYear * (PRICES.storageGigabyte + PRICES.backupGigabyte)
  const dollarsPerMonth = rented * PRICES.virtualCore + storage
  return {
    people,
    coreSecondsPerDay,
    coresAtPeak,
    gigabytesPerYear,
    dollarsPerMonth,
    dollarsPerThousand: (dollarsPerMonth / people) * 1000,
  }
}

/** The measured part of docs/operations/scale-and-cost.md. */
export function describeLoad(measured: Measured, date: string): string {
  const { options, screenMs } = measured
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
  return [
    `Measured on ${date} with \`npm run load-model -- --people ${options.people}\` on ${machine}.`,
    '',
    ...describeCpu(measured),
    '',
    `First screen through GraphQL: p50 ${percentile(screenMs, 0.5).toFixed(0)} ms, p99 ${percentile(screenMs, 0.99).toFixed(0)} ms (n=${screenMs.length}, eight at once).`,
    '',
    ...describeGrowth(measured),
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
  return [
    '| Table | rows a day and person | bytes a day and person |',
    '|---|--:|--:|',
    ...growing.map(([name, { rows, bytes }]) => `| \`${name}\` | ${rows.toFixed(1)} | ${bytes.toFixed(0)} |`),
  ]
}

function describeTiers(measured: Measured): readonly string[] {
  return [
    '| People | core-seconds a day | cores at the peak | GB a year | $ a month | $ a month for 1,000 |',
    '|--:|--:|--:|--:|--:|--:|',
    ...TIERS.map((people) => extrapolate(measured, people)).map(
      (tier) =>
        `| ${tier.people.toLocaleString('en')} | ${Math.round(tier.coreSecondsPerDay).toLocaleString('en')} | ${tier.coresAtPeak.toFixed(2)} | ${tier.gigabytesPerYear.toFixed(0)} | ${tier.dollarsPerMonth.toFixed(0)} | ${tier.dollarsPerThousand.toFixed(2)} |`,
    ),
  ]
}

const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((total, value) => total + value, 0)
