import type { Platforms } from '../platforms/contract.ts'
import type { Database } from '../runtime/db.ts'
import { AppError, type ErrorCode } from '../runtime/errors.ts'
import { sql } from '../runtime/sql.ts'
import type { AskedBy } from './runs.ts'
import { startReconciliation } from './start-reconciliation.task.ts'

export interface ReconcileServices {
  readonly db: Database
  readonly platforms: Platforms
  readonly reconcileDays: number
}

export interface Reconciling {
  readonly userId: string
  readonly askedBy: AskedBy
  /** One platform alone; undefined: every connection. */
  readonly platform?: string | undefined
  /** Throws access/* where whoever asks may not act on the platform. */
  readonly checkPlatform?: ((platform: string) => Promise<void>) | undefined
}

export interface Reconciled {
  readonly platform: string
  readonly reportId: string | null
  /** Why there is no report. */
  readonly reason: ErrorCode | null
}

/** Begins a comparison of each of a person's connections; one that cannot be compared does not stop the others. Throws connection/not_found. */
export async function reconcileUser(
  services: ReconcileServices,
  { userId, platform, askedBy, checkPlatform }: Reconciling,
): Promise<readonly Reconciled[]> {
  const { rows } = await services.db.query<{ platform: string }>(sql`
    select platform from public.connections
    where user_id = ${userId}::uuid and status <> 'disconnected' and platform = coalesce(${platform ?? null}::text, platform) order by 1`)
  if (rows.length === 0) throw new AppError('connection/not_found', { ...(platform && { platform }) })
  const reconciled: Reconciled[] = []
  for (const connection of rows) {
    try {
      await checkPlatform?.(connection.platform)
      const asked = { userId, platform: connection.platform, askedBy }
      const { reportId } = await services.db.transaction((tx) => startReconciliation(services, tx, asked))
      reconciled.push({ ...connection, reportId, reason: null })
    } catch (error) {
      if (!(error instanceof AppError) || error.spec.httpStatus >= 500) throw error
      reconciled.push({ ...connection, reportId: null, reason: error.code })
    }
  }
  return reconciled
}
