import { AppError } from '../runtime/errors.ts'
import { finishRun, type SyncRun } from './runs.ts'
import type { IngestionServices } from './services.ts'

type Services = Pick<IngestionServices, 'db' | 'countSync'>

/** For whoever catches it: what no repetition mends ends the run. The error goes on to the queue. */
export async function failRun(services: Services, run: SyncRun<unknown>, error: unknown): Promise<void> {
  if (!(error instanceof AppError) || error.spec.retry) return
  await finishRun(services.db, run, { status: 'failed', errorCode: error.code })
  countRun(services, run, 'failed')
}

export function countRun({ countSync }: Services, run: SyncRun<unknown>, outcome: 'complete' | 'failed'): void {
  const { platform, kind, startedAt } = run
  countSync({ platform, kind, outcome, seconds: (Date.now() - startedAt.getTime()) / 1000 })
}
