import { Presets, SingleBar } from 'cli-progress'
import type { ImportProgress } from '../ingestion/import-file.ts'

export interface ProgressDisplay {
  readonly update: (progress: ImportProgress) => void
  readonly end: () => void
  readonly summary: () => { seconds: number; recordsPerSecond: number }
}

interface Figures {
  readonly records: number
  readonly percent: number
  readonly megabytesPerSecond: number
  readonly secondsLeft: number
}

const LINE_EVERY_MS = 5_000

/** A bar where a person looks on, plain or JSON lines where the output goes elsewhere; all on standard error but the result. */
export function showProgress({ asJson, size }: { asJson: boolean; size: number }): ProgressDisplay {
  const startedMs = performance.now()
  let records = 0
  const isWatched = process.stderr.isTTY && !asJson
  const show = isWatched ? createBar() : createLines(asJson)
  const secondsSince = () => (performance.now() - startedMs) / 1000
  return {
    update(progress) {
      records = progress.records
      const seconds = secondsSince()
      show.update({
        records,
        percent: Math.floor(progress.share * 100),
        megabytesPerSecond: Math.round((size * progress.share) / seconds / 100_000) / 10,
        secondsLeft: progress.share === 0 ? 0 : Math.round((seconds / progress.share) * (1 - progress.share)),
      })
    },
    end: () => show.end(),
    summary() {
      const seconds = secondsSince()
      return {
        seconds: Math.round(seconds * 10) / 10,
        recordsPerSecond: Math.round(records / Math.max(seconds, 0.001)),
      }
    },
  }
}

function createBar() {
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {records} records | {speed} MB/s | {left} s left',
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  )
  bar.start(100, 0, { records: 0, speed: 0, left: '?' })
  return {
    update: ({ records, percent, megabytesPerSecond, secondsLeft }: Figures) =>
      bar.update(percent, { records, speed: megabytesPerSecond, left: secondsLeft }),
    end: () => bar.stop(),
  }
}

function createLines(asJson: boolean) {
  let nextAtMs = 0
  return {
    update(figures: Figures) {
      if (performance.now() < nextAtMs) return
      nextAtMs = performance.now() + LINE_EVERY_MS
      const { records, percent, megabytesPerSecond, secondsLeft } = figures
      const line = `${percent}% | ${records} records | ${megabytesPerSecond} MB/s | ${secondsLeft} s left`
      process.stderr.write(`${asJson ? JSON.stringify(figures) : line}\n`)
    },
    end: () => undefined,
  }
}
