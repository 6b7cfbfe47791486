import { readFile } from 'node:fs/promises'
import type { VaultConfig } from './config-vault.ts'
import type { Database } from './runtime/db.ts'
import { Secret } from './runtime/secret.ts'
import type { KeySource } from './vault/key-source.ts'
import { createKmsSource } from './vault/kms-source.ts'
import { createLocalSource } from './vault/local-source.ts'
import { createPassphraseSource } from './vault/passphrase-source.ts'
import { createTransitSource } from './vault/transit-source.ts'
import { createVault, type Vault } from './vault/vault.ts'

/** The Token Vault as the settings say. Throws a plain Error when a key is none. */
export function wireVault(
  config: VaultConfig,
  { db, bookkeepingDb }: { db: Database; bookkeepingDb: Database },
): Vault {
  const sources = configuredSources(config)
  const { environment, cacheSeconds } = config
  const source = sources[config.keySource]
  if (source === undefined) throw new Error(`VAULT_KEY_SOURCE is ${config.keySource}, and its settings are missing`)
  // Whatever else is set still unwraps: that is how an installation moves from one source to another.
  const openingSources = [
    ...Object.values(sources).filter((other) => other !== undefined && other !== source),
    ...config.openingKeys.map((key) => createLocalSource(key, environment)),
  ]
  return createVault({ db, bookkeepingDb, source, openingSources, environment, cacheSeconds })
}

function configuredSources(config: VaultConfig): Partial<Record<VaultConfig['keySource'], KeySource>> {
  const { environment, masterKey, passphrase, passphraseIterations: iterations, kms } = config
  return {
    ...(masterKey === undefined ? {} : { local: createLocalSource(masterKey, environment) }),
    ...(passphrase === undefined
      ? {}
      : { passphrase: createPassphraseSource({ passphrase, iterations, environment }) }),
    ...(kms.keyId === undefined || kms.region === undefined
      ? {}
      : { 'aws-kms': createKmsSource({ keyId: kms.keyId, region: kms.region, endpoint: kms.endpoint }) }),
    ...transitSource(config.transit),
  }
}

function transitSource({ address, key, mount, namespace, token, tokenFile }: VaultConfig['transit']) {
  if (address === undefined || key === undefined) return {}
  // An agent renews the file in place.
  const readToken = async () =>
    tokenFile === undefined ? (token ?? new Secret('')) : new Secret((await readFile(tokenFile, 'utf8')).trim())
  return { 'vault-transit': createTransitSource({ address, readToken, mount, key, namespace }) }
}
