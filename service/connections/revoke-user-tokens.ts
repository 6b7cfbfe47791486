import type { AuditActor, RecordAudit } from '../runtime/audit-event.ts'
import { type Disconnected, type DisconnectServices, disconnectPlatform } from './disconnect.ts'
import { hasConnections } from './queries.ts'
import type { ConnectionKey } from './services.ts'

export interface RevokeServices extends DisconnectServices {
  readonly audit: RecordAudit
}

/**
 * An operator ends somebody's connection, as the person could: its tokens are unusable at once in all processes, and the platform is told.
 * Copies of the sealed tokens in backups become unreadable too: with the last connection the person's key is destroyed, and with others
 * left it is replaced, and destroyed once they are sealed anew. Throws platform/unknown, connection/not_found.
 */
export async function revokeUserTokens(
  services: RevokeServices,
  key: ConnectionKey,
  actor: AuditActor,
): Promise<Disconnected> {
  const { db, vault, audit } = services
  const outcome = await disconnectPlatform(services, key)
  await db.transaction(async (tx) => {
    if (await hasConnections(tx, key.userId)) await vault.renewUserKey(tx, key.userId)
    await audit(tx, {
      action: 'token.revoked_by_operator',
      actor,
      subjectUserId: key.userId,
      platform: key.platform,
      outcome: 'success',
    })
  })
  return outcome
}
