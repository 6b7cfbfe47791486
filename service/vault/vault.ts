import type { Db, Tx } from '../runtime/db.ts'
import type { Secret } from '../runtime/secret.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createKeyCache } from './key-cache.ts'
import { createMasterKey } from './master-key.ts'
import { createOAuthSecrets, type OAuthSecrets } from './oauth-secrets.ts'
import { createRevocations, type Revocations } from './revocations.ts'
import { createTokens, type Tokens } from './tokens.ts'
import { createUserKeys } from './user-keys.ts'

export interface Vault extends Tokens, OAuthSecrets, Inbox, Revocations {
  /** Makes everything sealed for this person unreadable: at once here, within five minutes in other processes. */
  destroyUserKey(tx: Tx, userId: string): Promise<void>
}

export interface VaultOptions {
  readonly db: Db
  /** 32 random bytes in base64. */
  readonly masterKey: Secret
  /** Authenticated with every box: what one environment sealed does not open in another. */
  readonly environment: string
}

/** Throws a plain Error when the master key is none. */
export function createVault({ db, masterKey: secret, environment }: VaultOptions): Vault {
  const masterKey = createMasterKey(secret)
  const cache = createKeyCache({ maxKeys: 1000, maxAgeMs: 5 * 60_000, nowMs: () => performance.now() })
  const userKeys = createUserKeys({ masterKey, environment, cache })
  return {
    ...createTokens({ db, userKeys, environment }),
    ...createOAuthSecrets({ masterKey, environment }),
    ...createInbox({ masterKey, environment }),
    ...createRevocations({ masterKey, environment }),
    destroyUserKey: (tx, userId) => userKeys.destroy(tx, userId),
  }
}
