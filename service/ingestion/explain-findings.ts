import type { ConfiguredPlatform } from '../platforms/contract.ts'
import {
  type Difference,
  type Finding,
  findFacts,
  findTraces,
  type ReconciliationFacts,
  type Traces,
} from './reconciliation-queries.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'

export interface CauseFacts {
  readonly hasWebhooks: boolean
  readonly traces: Pick<Traces, 'failed' | 'stored'> | undefined
  /** A delivery about it is here, and nobody has acted on it. */
  readonly isWaiting: boolean
  readonly connectedAt: Date
  /** Whether the history was ever read to its end. */
  readonly isImported: boolean
}

/** Why a difference was not noticed before, as far as that can be known. Pure. */
export function explain({ kind, happenedAt }: Pick<Difference, 'kind' | 'happenedAt'>, facts: CauseFacts): string {
  if (facts.isWaiting) return 'delivery_waiting'
  if (facts.traces?.failed === true) return 'delivery_failed'
  if (kind === 'missing' && facts.traces?.stored === true) return 'not_normalized'
  if (kind === 'missing' && !facts.isImported && happenedAt !== null && happenedAt < facts.connectedAt)
    return 'import_incomplete'
  return facts.hasWebhooks ? 'webhook_never_came' : 'not_polled'
}

/** Differences with their causes. A deletion stays a suspicion until the platform itself says that the record is gone. */
export async function explainAll(
  services: IngestionServices,
  { key, differences, since }: { key: ConnectionKey; differences: readonly Difference[]; since: Date },
): Promise<readonly Finding[]> {
  const facts = differences.length === 0 ? undefined : await findFacts(services.db, key)
  if (facts === undefined) return []
  const sourceIds = differences.map(({ sourceId }) => sourceId)
  const traces = new Map(
    (await findTraces(services.db, key, { sourceIds, since })).map((trace) => [trace.sourceId, trace]),
  )
  const platform = services.platforms.get(key.platform)
  const waiting = await readWaiting(services, platform, facts)
  return differences.map(({ confirmed, ...difference }) => ({
    ...difference,
    state: difference.kind === 'deleted' && confirmed !== true ? 'suspected' : 'repaired',
    cause: explain(difference, {
      hasWebhooks: platform?.webhook !== undefined,
      traces: traces.get(difference.sourceId),
      isWaiting: waiting.has(difference.sourceId),
      connectedAt: facts.connectedAt,
      isImported: facts.isImported,
    }),
  }))
}

/** The records that deliveries in the inbox are about. Large deliveries hold the data itself, and are not opened for this. */
async function readWaiting(
  { openInbox }: IngestionServices,
  platform: ConfiguredPlatform | undefined,
  { waiting }: ReconciliationFacts,
): Promise<ReadonlySet<string>> {
  const webhook = platform?.webhook
  const found = new Set<string>()
  if (platform === undefined || webhook === undefined || !('read' in webhook)) return found
  for (const sealed of waiting)
    for (const { sourceId } of webhook.read(await openInbox(platform.id, sealed)))
      if (sourceId !== null) found.add(sourceId)
  return found
}
