import type { Purpose } from './seal.ts'
import type { Vault } from './vault.ts'

export interface VaultOperation {
  readonly operation: 'seal' | 'open'
  readonly purpose: Purpose
  readonly outcome: 'success' | 'failure'
  readonly times: number
}

/** The vault, with every sealing and opening counted, those that failed included. A pair of tokens counts once. */
export function countVault(vault: Vault, count: (done: VaultOperation) => void): Vault {
  const counted = async <Result>(
    what: Pick<VaultOperation, 'operation' | 'purpose'>,
    run: () => Promise<Result>,
    times = 1,
  ): Promise<Result> => {
    try {
      const result = await run()
      count({ ...what, outcome: 'success', times })
      return result
    } catch (error) {
      count({ ...what, outcome: 'failure', times })
      throw error
    }
  }
  const sealing = (purpose: Purpose) => ({ operation: 'seal', purpose }) as const
  const opening = (purpose: Purpose) => ({ operation: 'open', purpose }) as const
  return {
    ...vault,
    storeTokens: (tx, owner, pair) => counted(sealing('token'), () => vault.storeTokens(tx, owner, pair)),
    replaceTokens: (tx, owner, change) => counted(sealing('token'), () => vault.replaceTokens(tx, owner, change)),
    findTokens: (owner, read) => counted(opening('token'), () => vault.findTokens(owner, read)),
    takeTokens: (tx, owner) => counted(opening('token'), () => vault.takeTokens(tx, owner)),
    sealInbox: (platform, bytes) => counted(sealing('inbox'), () => vault.sealInbox(platform, bytes)),
    sealDeliveries: (all) => counted(sealing('inbox'), () => vault.sealDeliveries(all), all.length),
    openInbox: (platform, box) => counted(opening('inbox'), () => vault.openInbox(platform, box)),
    sealExport: (owner, bytes) => counted(sealing('export'), () => vault.sealExport(owner, bytes)),
    openExport: (owner, box) => counted(opening('export'), () => vault.openExport(owner, box)),
    sealOAuthSecret: (attempt, secret) => counted(sealing('oauth_state'), () => vault.sealOAuthSecret(attempt, secret)),
    openOAuthSecret: (attempt, box) => counted(opening('oauth_state'), () => vault.openOAuthSecret(attempt, box)),
    sealForRevocation: (id, pair) => counted(sealing('revocation'), () => vault.sealForRevocation(id, pair)),
    openForRevocation: (id, box) => counted(opening('revocation'), () => vault.openForRevocation(id, box)),
  }
}
