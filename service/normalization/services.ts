import type { Platforms } from '../platforms/contract.ts'
import type { Database, Tx } from '../runtime/db.ts'
import type { Turns } from '../runtime/one-at-a-time.ts'
import type { EnsureSamplePartitions } from './sample-partitions.ts'

export interface NormalizationServices {
  readonly db: Database
  readonly platforms: Platforms
  /** Has the summaries of these days rebuilt, in the same transaction or not at all. */
  readonly queueRebuild: (tx: Tx, userId: string, localDays: readonly string[]) => Promise<void>
  readonly ensureSamplePartitions: EnsureSamplePartitions
  /** One large payload at a time. */
  readonly turns: Turns
  readonly countRejected: (platform: string, records: number) => void
}
