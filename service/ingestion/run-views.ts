import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import type { RunKey, RunResult } from './runs.ts'

/** A run as an operator sees it. */
export interface RunView {
  readonly status: string
  readonly progress: number
  readonly pages: number
  readonly records: number
  readonly waitingUntil: Date | null
  readonly errorCode: string | null
  readonly results: readonly RunResult[]
}

export async function findRunView(db: Db, { userId, runId }: RunKey): Promise<RunView | undefined> {
  const { rows } = await db.query<RunView>(sql`
    select r.status, r.progress::float8 as progress, r.pages_fetched as pages, r.records_fetched as records,
      r.waiting_until as "waitingUntil", r.error_code as "errorCode", r.results
    from public.sync_runs r where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid`)
  return rows[0]
}

export interface ReportView {
  readonly platform: string
  readonly status: string
  readonly reason: string | null
  readonly listed: number
  readonly missing: number
  readonly changed: number
  readonly deleted: number
  readonly repaired: number
  readonly causes: Readonly<Record<string, number>>
}

export async function findReportView(db: Db, { userId, runId }: RunKey): Promise<ReportView | undefined> {
  const { rows } = await db.query<ReportView>(sql`
    select r.platform, r.status, r.reason, r.listed, r.missing, r.changed, r.deleted, r.repaired, r.causes
    from public.reconciliation_reports r where r.user_id = ${userId}::uuid and r.id = ${runId}::uuid`)
  return rows[0]
}
