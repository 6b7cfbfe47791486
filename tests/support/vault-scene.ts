import { randomUUID } from 'node:crypto'
import { lockUser } from '../../service/connections/queries.ts'
import type { AuditEvent, RecordAudit } from '../../service/runtime/audit-event.ts'
import { type Database, openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'
import type { KeySource } from '../../service/vault/key-source.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { rotateKeys } from '../../service/vault/rotate-keys.task.ts'
import type { RotationKind } from '../../service/vault/rotation-queries.ts'
import { startRotation } from '../../service/vault/start-rotation.ts'
import { createVault, type Vault, type VaultOptions } from '../../service/vault/vault.ts'
import { test as databaseTest } from './database.ts'

export const KEY_A = new Secret('gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=')
export const KEY_B = new Secret('kIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=')

/** A process: a pool and a vault of its own. */
export interface VaultProcess {
  readonly db: Database
  readonly vault: Vault
}

export interface VaultScene {
  /** By default with a local key, in environment `test`. */
  open(options?: Partial<VaultOptions>): VaultProcess
  /** Somebody with tokens `access-<n>` and `refresh-<n>` at each of these platforms. */
  person(process: VaultProcess, platforms?: readonly string[]): Promise<string>
  /** Starts a rotation and does it all. */
  rotate(process: VaultProcess, kind: RotationKind): Promise<string>
  readonly audited: AuditEvent[]
  readonly audit: RecordAudit
}

export const test = databaseTest.extend<{ scene: VaultScene }>({
  scene: async ({ db: database }, use) => {
    await database.admin.query(
      `insert into public.platforms (id, display_name) values ('acme', 'Acme'), ('other', 'Other')`,
    )
    const opened: Database[] = []
    const audited: AuditEvent[] = []
    const audit: RecordAudit = async (_tx, event) => void audited.push(event)
    await use({
      audited,
      audit,
      open(options = {}) {
        const db = openDatabase({
          url: new Secret(database.serviceUrl),
          maxConnections: 8,
          applicationName: 'test',
          onIdleError: () => {},
        })
        opened.push(db)
        const environment = options.environment ?? 'test'
        return { db, vault: createVault({ db, source: localKey(environment), environment, ...options }) }
      },
      person: addPerson,
      async rotate({ db, vault }, kind) {
        const { rotationId } = await startRotation({ db, audit }, { kind, actor: { kind: 'system', id: null } })
        await rotateKeys.run({}, { db, keyring: vault.keyring, audit })
        return rotationId
      },
    })
    await Promise.all(opened.map((db) => db.close()))
  },
})

export function localKey(environment: string, key = KEY_A): KeySource {
  return createLocalSource(key, environment)
}

export function pairOf(name: number | string) {
  return {
    accessToken: new Secret(`access-${name}`),
    refreshToken: new Secret(`refresh-${name}`),
    expiresInSeconds: 60,
  }
}

async function addPerson({ db, vault }: VaultProcess, platforms: readonly string[] = ['acme']): Promise<string> {
  const userId = randomUUID()
  await db.transaction(async (tx) => {
    await lockUser(tx, userId)
    for (const platform of platforms) {
      await tx.query(sql`
        insert into public.connections (user_id, platform, status, platform_user_id)
        values (${userId}, ${platform}, 'active', ${randomUUID()})`)
      await vault.storeTokens(tx, { userId, platform }, pairOf(1))
    }
  })
  return userId
}

export async function accessToken(
  { vault }: VaultProcess,
  userId: string,
  platform = 'acme',
): Promise<string | undefined> {
  return (await vault.findTokens({ userId, platform }))?.accessToken.reveal()
}
