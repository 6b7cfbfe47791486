import { AppError, type ErrorCode } from '../runtime/errors.ts'
import { type SyncServices, syncNow } from './start-sync.ts'

export const MOST_AT_ONCE = 1_000

export interface BatchResult {
  readonly started: number
  readonly rejected: readonly { readonly userId: string; readonly reason: ErrorCode }[]
}

/** Queues a look for what is new for each of these people; one who cannot be synced does not stop the others. Throws platform/*. */
export async function batchSync(
  services: SyncServices,
  { userIds, platform }: { userIds: readonly string[]; platform: string },
): Promise<BatchResult> {
  const rejected: { userId: string; reason: ErrorCode }[] = []
  const people = new Set(userIds)
  for (const userId of people) {
    try {
      await syncNow(services, { userId, platform, askedBy: 'operator' })
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('connection/')) throw error
      rejected.push({ userId, reason: error.code })
    }
  }
  return { started: people.size - rejected.length, rejected }
}
