import { setTimeout as sleep } from 'node:timers/promises'
import { Presets, SingleBar } from 'cli-progress'
import { countWorkers } from '../failures/queue-queries.ts'
import { findRunView, type RunView } from '../ingestion/run-views.ts'
import type { RunKey } from '../ingestion/runs.ts'
import type { Database } from '../runtime/db.ts'

const LOOK_EVERY_MS = 300
/** Longer than a worker that died is thought alive. */
const NOBODY_AFTER_MS = 16_000

export interface WatchOptions {
  readonly asJson: boolean
  /** After so long without any page: perhaps nobody works. */
  readonly nobodyAfterMs?: number
  readonly stream?: NodeJS.WriteStream
}

/** Follows a run to its end with a bar where a person looks on, or JSON lines; on standard error. Throws Error when nobody works on it. */
export async function watchRun(
  db: Database,
  key: RunKey,
  { asJson, nobodyAfterMs = NOBODY_AFTER_MS, stream = process.stderr }: WatchOptions,
): Promise<RunView> {
  const bar = stream.isTTY && !asJson ? startBar(stream) : undefined
  const startedMs = performance.now()
  try {
    for (let shown = ''; ; await sleep(LOOK_EVERY_MS)) {
      const run = await findRunView(db, key)
      if (run === undefined) throw new Error('the run is gone, with its person: nothing is left to do')
      const [percent, state] = [Math.floor(run.progress * 100), describeWait(run)]
      bar?.update(percent, { records: run.records, state })
      const line = JSON.stringify({
        status: run.status,
        percent,
        pages: run.pages,
        records: run.records,
        waiting_until: run.waitingUntil,
      })
      if (asJson && line !== shown) stream.write(`${line}\n`)
      shown = line
      if (run.status !== 'running') return run
      if (run.pages === 0 && performance.now() - startedMs > nobodyAfterMs && (await countWorkers(db)) === 0)
        throw new Error('nobody works on it: start a worker, then see npm run tributary -- jobs')
    }
  } finally {
    bar?.stop()
  }
}

function describeWait({ waitingUntil }: RunView): string {
  return waitingUntil === null ? '' : `| waits until ${waitingUntil.toISOString().slice(11, 19)} UTC`
}

function startBar(stream: NodeJS.WriteStream): SingleBar {
  const format = '{bar} {percentage}% | {records} records {state}'
  const bar = new SingleBar(
    { format, barsize: 24, hideCursor: true, clearOnComplete: true, stream },
    Presets.shades_classic,
  )
  bar.start(100, 0, { records: 0, state: '' })
  return bar
}
