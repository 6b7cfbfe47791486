import type { Tx } from '../runtime/db.ts'
import { createExports, type Exports } from './exports.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createKeyring, type Keyring, type KeyringOptions } from './keyring.ts'
import { createOAuthSecrets, type OAuthSecrets } from './oauth-secrets.ts'
import { queueReseal } from './reseal-tokens.task.ts'
import { createRevocations, type Revocations } from './revocations.ts'
import { createTokens, type Tokens } from './tokens.ts'

export interface Vault extends Tokens, OAuthSecrets, Inbox, Exports, Revocations {
  /** Makes everything sealed for this person unreadable: at once here, in other processes when the transaction commits. */
  destroyUserKey(tx: Tx, userId: string): Promise<void>
  /** What was sealed for this person so far is sealed anew under another key, and the earlier one destroyed. */
  renewUserKey(tx: Tx, userId: string): Promise<void>
  /** For rotation and the operator's commands alone. */
  readonly keyring: Keyring
}

export type VaultOptions = KeyringOptions

export function createVault(options: VaultOptions): Vault {
  const keyring = createKeyring({ ...options, queueReseal })
  const { userKeys, purposeKeys, environment } = keyring
  return {
    ...createTokens({ db: options.db, userKeys, environment }),
    ...createOAuthSecrets({ purposeKeys, environment }),
    ...createInbox({ purposeKeys, environment }),
    ...createExports({ purposeKeys, environment }),
    ...createRevocations({ purposeKeys, environment }),
    destroyUserKey: (tx, userId) => userKeys.destroy(tx, userId),
    renewUserKey: (tx, userId) => userKeys.renew(tx, userId),
    keyring,
  }
}
