import { DAYS_PER_YEAR, HABITS, KEPT_DAYS } from './habits.ts'
import type { Measured } from './measure.ts'

export const TIERS = [1_000, 10_000, 50_000, 1_000_000] as const
/**
 * What is rented, in dollars a month, as small European and American hosters list it, rounded up: a virtual core with 2 GB of memory; a GB
 * of replicated block storage; a GB of an object store. Put in your own.
 */
export const PRICES = { virtualCore: 12, diskGigabyte: 0.1, objectGigabyte: 0.03 } as const
/** A disk is full at this share: what is free is paid for too. */
const FULL_SHARE = 0.8
/** Rows that come and go leave gaps until vacuum and the next ones fill them. */
const CHURN = 1.5
/** Cores are planned to be busy for this share at the peak. */
const BUSY_SHARE = 0.6
/** The smallest that is rented: one machine of two cores for everything. */
const FEWEST_CORES = 2
const DAY_SECONDS = 86_400
const GIGABYTE = 1e9
/** ARCHIVE_DAYS=samples=182 takes whole months: some wait for up to a month more. */
const ONLINE_DAYS = 182 + 31

/** How a year of samples is kept. */
export type Way = 'as it comes' | 'closed months reindexed' | 'archived after half a year'
export const WAYS: readonly Way[] = ['as it comes', 'closed months reindexed', 'archived after half a year']

export interface Tier {
  readonly people: number
  readonly coreSecondsPerDay: number
  readonly coresAtPeak: number
  readonly diskGigabytes: number
  readonly dollarsPerMonth: number
  readonly dollarsPerThousand: number
}

/** Of one person and day, all processes together. */
export function coreSecondsOfDay({ cpuSecondsPerDay, cpuSecondsPerSync, cpuSecondsPerScreen }: Measured): number {
  const { syncsPerDay, screensPerDay } = HABITS
  return sum(cpuSecondsPerDay) + syncsPerDay * sum(cpuSecondsPerSync) + screensPerDay * sum(cpuSecondsPerScreen)
}

/** One year of data kept. */
export function extrapolate(measured: Measured, people: number, way: Way = 'as it comes'): Tier {
  const coreSecondsPerDay = coreSecondsOfDay(measured) * people
  const coresAtPeak = (coreSecondsPerDay / DAY_SECONDS) * HABITS.peakToMean + sum(measured.idleCores)
  const rented = Math.max(FEWEST_CORES, Math.ceil(coresAtPeak / BUSY_SHARE))
  const { disk, archive } = yearOfPerson(measured, way)
  const diskGigabytes = (disk * people) / GIGABYTE
  const archiveGigabytes = (archive * people) / GIGABYTE
  const { virtualCore, diskGigabyte, objectGigabyte } = PRICES
  // What is on the disk is in the object store once more, as its backup.
  const storage = (diskGigabytes / FULL_SHARE) * diskGigabyte + (diskGigabytes + archiveGigabytes) * objectGigabyte
  const dollarsPerMonth = rented * virtualCore + storage
  return {
    people,
    coreSecondsPerDay,
    coresAtPeak,
    diskGigabytes,
    dollarsPerMonth,
    dollarsPerThousand: (dollarsPerMonth / people) * 1000,
  }
}

/** Bytes of one person after a year. */
export function yearOfPerson(measured: Measured, way: Way): { disk: number; archive: number } {
  const tables = Object.entries(measured.rowsPerDay).filter(([name]) => name !== 'samples')
  const others = tables.reduce((total, [name, { bytes }]) => {
    const kept = KEPT_DAYS[name]
    return total + Math.max(0, bytes) * (kept === undefined ? DAYS_PER_YEAR : kept * CHURN)
  }, 0)
  const rows = measured.rowsPerDay['samples']?.rows ?? 0
  const { asItComes, reindexed, archived } = measured.sampleBytes
  // This month and the last are open, and as they come.
  const year = (closed: number) => rows * (61 * asItComes + (DAYS_PER_YEAR - 61) * closed)
  if (way === 'as it comes') return { disk: others + year(asItComes), archive: 0 }
  if (way === 'closed months reindexed') return { disk: others + year(reindexed), archive: 0 }
  return { disk: others + rows * ONLINE_DAYS * asItComes, archive: rows * (DAYS_PER_YEAR - ONLINE_DAYS) * archived }
}

const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((total, value) => total + value, 0)
