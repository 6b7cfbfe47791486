import { AppError } from '../runtime/errors.ts'
import { endConnectionRow, hasConnections, lockUser } from './queries.ts'
import { revokeAtPlatform } from './revoke-at-platform.ts'
import type { ConnectionKey, ConnectionServices } from './services.ts'

export interface Disconnected {
  readonly platform: string
  readonly status: 'disconnected'
  /** Whether the platform said that the tokens are revoked there. */
  readonly platformConfirmed: boolean
}

type DisconnectServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'cancelRuns'>

/**
 * Ends a connection at the person's wish. Here it has ended whatever the platform answers: the tokens are deleted first, and with the
 * last connection the person's key. Throws platform/unknown, connection/not_found.
 */
export async function disconnectPlatform(services: DisconnectServices, key: ConnectionKey): Promise<Disconnected> {
  const { db, vault, platforms, cancelRuns } = services
  if (!platforms.has(key.platform)) throw new AppError('platform/unknown')
  const tokens = await db.transaction(async (tx) => {
    await lockUser(tx, key.userId)
    if (!(await endConnectionRow(tx, key, null))) throw new AppError('connection/not_found', { platform: key.platform })
    const taken = await vault.takeTokens(tx, key)
    await cancelRuns(tx, key)
    if (!(await hasConnections(tx, key.userId))) await vault.destroyUserKey(tx, key.userId)
    return taken
  })
  const platformConfirmed = tokens !== undefined && (await revokeAtPlatform(platforms, key.platform, tokens))
  return { platform: key.platform, status: 'disconnected', platformConfirmed }
}
