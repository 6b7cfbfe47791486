import { enforcePolicies } from './compliance/enforce-policies.task.ts'
import { enforcePolicy } from './compliance/enforce-policy.task.ts'
import type { Metrics } from './monitoring/metrics.ts'
import type { Database } from './runtime/db.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { mergeAnew } from './summaries/merge-anew.task.ts'
import { queueRebuild } from './summaries/queue-rebuild.ts'
import { rebuildSummaries } from './summaries/rebuild-summaries.task.ts'
import { sweepRebuilds } from './summaries/sweep-rebuilds.task.ts'

/** Merging, and what platforms' policies demand of the result. */
export function bindSummaryTasks(db: Database, metrics: Metrics, options: BindOptions): readonly BoundTask[] {
  const count = (platform: string, effect: string, records: number) =>
    metrics.policyEffects.inc({ platform, effect }, records)
  const merging = { db, countKeptApart: (id: string, numbers: number) => count(id, 'kept_apart', numbers) }
  return [
    bindTask(rebuildSummaries, merging, options),
    bindTask(mergeAnew, merging, options),
    bindTask(sweepRebuilds, { db }, { ...options, schedule: '* * * * *' }),
    bindTask(enforcePolicies, { db }, { ...options, schedule: '*/10 * * * *' }),
    bindTask(enforcePolicy, { db, queueRebuild, countPolicyEffect: count }, options),
  ]
}
