import { AppError } from '../runtime/errors.ts'
import { auditConnection, byUser } from './audit.ts'
import { endConnectionRow, hasConnections, lockUser } from './queries.ts'
import { attemptRevocation } from './revoke-at-platform.ts'
import { queueRevocation } from './revoke-tokens.task.ts'
import type { ConnectionKey, ConnectionServices } from './services.ts'

export interface Disconnected {
  readonly platform: string
  readonly status: 'disconnected'
  /** Whether the platform said that the tokens are revoked there. */
  readonly platformConfirmed: boolean
  /** `pending`: it did not, and is asked again for seven days; connections.revocation_status tells how that ends. Null: nothing to revoke. */
  readonly revocationStatus: 'confirmed' | 'pending' | null
}

export type DisconnectServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'cancelRuns' | 'audit'>

/**
 * Ends a connection at the person's wish. Here it has ended whatever the platform answers: the tokens are deleted first, and with the
 * last connection the person's key. What the platform has to be told with is kept apart, sealed for that alone, until it confirms.
 * Throws platform/unknown, connection/not_found.
 */
export async function disconnectPlatform(services: DisconnectServices, key: ConnectionKey): Promise<Disconnected> {
  const { platform } = key
  if (!services.platforms.has(platform)) throw new AppError('platform/unknown')
  const revocationId = await endHere(services, key)
  const { outcome } =
    revocationId === undefined ? { outcome: undefined } : await attemptRevocation(services, revocationId)
  const platformConfirmed = outcome === 'confirmed'
  const revocationStatus = outcome === undefined ? null : platformConfirmed ? 'confirmed' : 'pending'
  return { platform, status: 'disconnected', platformConfirmed, revocationStatus }
}

/** One transaction. Answers the id of what is left to tell the platform; undefined when there were no readable tokens. */
async function endHere(services: DisconnectServices, key: ConnectionKey): Promise<string | undefined> {
  const { db, vault, cancelRuns, audit } = services
  return await db.transaction(async (tx) => {
    await lockUser(tx, key.userId)
    const connectionId = await endConnectionRow(tx, key, null)
    if (connectionId === undefined) throw new AppError('connection/not_found', { platform: key.platform })
    const pair = await vault.takeTokens(tx, key)
    await cancelRuns(tx, key)
    const ended = { action: 'connection.disconnected', actor: byUser(key.userId) }
    await auditConnection({ audit, tx }, key, ended)
    if (!(await hasConnections(tx, key.userId))) await vault.destroyUserKey(tx, key.userId)
    if (pair === undefined) return undefined
    return await queueRevocation(services, tx, { connectionId, platform: key.platform, pair })
  })
}
