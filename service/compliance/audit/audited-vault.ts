import type { AuditEvent, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database, Tx } from '../../runtime/db.ts'
import type { Origins } from '../../runtime/origin.ts'
import type { TokenOwner } from '../../vault/tokens.ts'
import type { Vault } from '../../vault/vault.ts'

export interface AuditedVaultOptions {
  readonly db: Database
  readonly vault: Vault
  readonly audit: RecordAudit
  readonly origins: Origins
}

/**
 * The vault, with a line in the audit trail for everything that touches a person's tokens or key. Changes are told of in their own
 * transaction; a refresh is told of by `connections`, which knows why. An opening is told of before the tokens are handed out: who cannot write the trail gets no token.
 */
export function auditVault({ db, vault, audit, origins }: AuditedVaultOptions): Vault {
  const tell = (tx: Tx, { userId, platform }: Partial<TokenOwner>, event: Pick<AuditEvent, 'action' | 'outcome'>) =>
    audit(tx, {
      ...event,
      actor: origins.current().actor,
      subjectUserId: userId ?? null,
      ...(platform === undefined ? {} : { platform }),
    })
  return {
    ...vault,
    async storeTokens(tx, owner, pair) {
      await vault.storeTokens(tx, owner, pair)
      await tell(tx, owner, { action: 'token.stored', outcome: 'success' })
    },
    async findTokens(owner, read) {
      try {
        const tokens = await vault.findTokens(owner, read)
        if (tokens !== undefined)
          await db.transaction((tx) => tell(tx, owner, { action: 'token.opened', outcome: 'success' }))
        return tokens
      } catch (error) {
        await db.transaction((tx) => tell(tx, owner, { action: 'token.opened', outcome: 'failure' }))
        throw error
      }
    },
    async takeTokens(tx, owner) {
      const taken = await vault.takeTokens(tx, owner)
      await tell(tx, owner, { action: 'token.destroyed', outcome: 'success' })
      return taken
    },
    async destroyUserKey(tx, userId) {
      await vault.destroyUserKey(tx, userId)
      await tell(tx, { userId }, { action: 'key.destroyed', outcome: 'success' })
    },
  }
}
