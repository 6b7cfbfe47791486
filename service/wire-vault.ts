import { readFile } from 'node:fs/promises'
import type { RotateKeysAction } from './api/rotate-keys.action.ts'
import type { Config } from './config.ts'
import { dropBodies } from './ingestion/drop-delivery-bodies.task.ts'
import type { RecordAudit } from './runtime/audit-event.ts'
import type { Database } from './runtime/db.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import type { Listening } from './runtime/listen.ts'
import { describeError, type Log } from './runtime/log.ts'
import { Secret } from './runtime/secret.ts'
import { listenForDestroyedKeys } from './vault/key-listener.ts'
import type { KeySource } from './vault/key-source.ts'
import { createKmsSource } from './vault/kms-source.ts'
import { createLocalSource } from './vault/local-source.ts'
import { createPassphraseSource } from './vault/passphrase-source.ts'
import { resealTokens } from './vault/reseal-tokens.task.ts'
import { rotateDueKeys } from './vault/rotate-due-keys.task.ts'
import { rotateKeys } from './vault/rotate-keys.task.ts'
import type { VaultConfig } from './vault/settings.ts'
import { startRotation } from './vault/start-rotation.ts'
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

interface VaultParts {
  readonly config: Config
  readonly log: Log
  readonly db: Database
  readonly vault: Vault
  readonly audit: RecordAudit
}

/** Keys that any process destroys are forgotten here. */
export function startKeyListener({ config, log, vault }: Pick<VaultParts, 'config' | 'log' | 'vault'>): Listening {
  return listenForDestroyedKeys({
    keyring: vault.keyring,
    url: config.database.url,
    applicationName: 'tributary-key-listener',
    onLost: (error) => log.warn({ operation: 'key_listener', ...describeError(error) }, 'connection lost'),
  })
}

export function rotationAction({ db, audit }: Pick<VaultParts, 'db' | 'audit'>): RotateKeysAction {
  return {
    async startRotation({ kind, operatorId }) {
      const { rotationId } = await startRotation({ db, audit }, { kind, actor: { kind: 'operator', id: operatorId } })
      return rotationId
    },
  }
}

export function bindVaultTasks({ config, db, vault, audit }: VaultParts, options: BindOptions): readonly BoundTask[] {
  const services = { db, keyring: vault.keyring, audit }
  const { masterKeyMaxAgeDays, userKeyMaxAgeDays } = config.vault
  const { webhookRetentionDays } = config
  return [
    bindTask(rotateKeys, services, options),
    bindTask(resealTokens, services, options),
    bindTask(
      rotateDueKeys,
      { db, audit, masterKeyMaxAgeDays, userKeyMaxAgeDays },
      { ...options, schedule: '23 3 * * *' },
    ),
    bindTask(dropBodies, { db, webhookRetentionDays }, { ...options, schedule: '41 * * * *' }),
  ]
}
