import { randomUUID } from 'node:crypto'
import { auditVault } from '../../service/compliance/audit/audited-vault.ts'
import { createAudit } from '../../service/compliance/audit/record-audit.ts'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import type { ConnectionKey, ConnectionServices } from '../../service/connections/services.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import type { PlatformOAuth } from '../../service/platforms/contract.ts'
import type { AuditEvent, RecordAudit } from '../../service/runtime/audit-event.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { createOrigins } from '../../service/runtime/origin.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { createVault } from '../../service/vault/vault.ts'
import { test as databaseTest, type TestDatabase } from './database.ts'
import { FakePlatform } from './fake-platform.ts'

export const APP = 'https://app.example.com/connected'
export const MASTER_KEY = new Secret('gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=')

export interface TestServices extends ConnectionServices {
  /** `platform reason`, one for each refresh that failed. */
  readonly refreshFailures: string[]
  /** What the audit trail was told, in this process. */
  readonly audited: AuditEvent[]
}

interface Fixtures {
  /** Known to the database as `acme`; a second one, `other`, has the same server. */
  readonly fake: FakePlatform
  /** As one process has them: a pool and a vault of its own. */
  readonly services: TestServices
  /** Another process on the same database. */
  readonly openAnother: (options?: OpenOptions) => TestServices
}

export interface OpenOptions {
  readonly maxConnections?: number
  readonly refreshTiming?: ConnectionServices['refreshTiming']
}

export const test = databaseTest.extend<Fixtures>({
  fake: async ({ db }, use) => {
    const fake = await FakePlatform.start()
    await db.admin.query(`insert into public.platforms (id, display_name) values ('acme', 'Acme'), ('other', 'Other')`)
    await use(fake)
    await fake.close()
  },
  openAnother: async ({ db, fake }, use) => {
    const opened: TestServices[] = []
    await use((options = {}) => {
      const services = openServices(db, fake, options)
      opened.push(services)
      return services
    })
    await Promise.all(opened.map((services) => services.db.close()))
  },
  services: async ({ openAnother }, use) => use(openAnother()),
})

function openServices(
  test: TestDatabase,
  fake: FakePlatform,
  { maxConnections = 10, refreshTiming }: OpenOptions,
): TestServices {
  const db = openDatabase({
    url: new Secret(test.serviceUrl),
    maxConnections,
    applicationName: 'test',
    onIdleError: () => {},
  })
  const refreshFailures: string[] = []
  const audited: AuditEvent[] = []
  const vault = createVault({ db, source: createLocalSource(MASTER_KEY, 'test'), environment: 'test' })
  const origins = createOrigins()
  const record = createAudit({ origins, count: () => {} })
  const audit: RecordAudit = async (tx, event) => {
    audited.push(event)
    await record(tx, event)
  }
  return {
    db,
    vault: auditVault({ db, vault, audit: record, origins }),
    platforms: new Map([
      ['acme', fake.platform],
      ['other', { ...fake.platform, id: 'other' }],
    ]),
    servicePublicUrl: 'https://service.example.com',
    appRedirectUris: [APP, 'https://other.example.com/'],
    async queueHistory(tx, { userId, platform }) {
      const { rows } = await tx.query<{ id: string }>(sql`
        insert into public.sync_runs (user_id, platform, kind, since, until, reached)
        values (${userId}, ${platform}, 'history', 'epoch', now(), now()) returning id`)
      return rows[0]!.id
    },
    async cancelRuns(tx, { userId, platform }) {
      await tx.query(sql`
        update public.sync_runs set status = 'cancelled', finished_at = now()
        where user_id = ${userId} and platform = ${platform} and status = 'running'`)
    },
    countRefresh: () => {},
    countRefreshFailure: (platform, reason) => void refreshFailures.push(`${platform} ${reason}`),
    refreshFailures,
    audit,
    audited,
    ...(refreshTiming === undefined ? {} : { refreshTiming }),
  }
}

export interface Approval {
  readonly platform?: string
  readonly account?: string
  /** What the person left ticked. */
  readonly scope?: string
}

/** Starts, approves at the platform and comes back: the handle that the app finds in the fragment. */
export async function obtainHandle(
  { services, fake }: { services: TestServices; fake: FakePlatform },
  userId: string,
  { platform = 'acme', account = '4711', scope = 'read,activity:read_all' }: Approval = {},
): Promise<string> {
  const { authorizationUrl } = await startConnection(services, { userId, platform })
  const { state, code } = fake.approve(authorizationUrl, { account })
  const { location } = await acceptCallback(services, { platform, state, code, scope, error: undefined })
  return new URLSearchParams(new URL(location).hash.slice(1)).get('handle')!
}

/** A person who is connected. */
export async function connect(
  context: { services: TestServices; fake: FakePlatform },
  approval: Approval & { userId?: string } = {},
) {
  const userId = approval.userId ?? randomUUID()
  const handle = await obtainHandle(context, userId, approval)
  const connection = await completeConnection(context.services, { userId, handle })
  return { userId, platform: connection.platform, connectionId: connection.connectionId }
}

/** Makes every stored token look a minute old. */
export async function expireTokens(db: TestDatabase): Promise<void> {
  await db.admin.query(`update vault.tokens set access_expires_at = now() - interval '1 minute'`)
}

/** The same services for a platform with other ways. */
export function withOAuth(services: TestServices, changes: Partial<PlatformOAuth>): TestServices {
  const acme = services.platforms.get('acme')!
  return { ...services, platforms: new Map([['acme', { ...acme, oauth: { ...acme.oauth!, ...changes } }]]) }
}

/** As if the time had passed that is waited after a refresh that failed. */
export async function endWaits(db: TestDatabase): Promise<void> {
  await db.admin.query(`update vault.tokens set refresh_not_before = now() - interval '1 second'`)
  await db.admin.query(`update ops.token_endpoints set paused_until = now() - interval '1 second'`)
}

export function borrowToken(services: TestServices, key: ConnectionKey): Promise<string> {
  return withAccessToken(services, key, async (token) => token.reveal())
}

export function countRefreshes({ tokenRequests }: FakePlatform): number {
  return tokenRequests.filter((form) => form.get('grant_type') === 'refresh_token').length
}

/** Of the only connection there is. */
export async function findStatus(
  db: TestDatabase,
): Promise<{ status: string; reason: string | null; lease: string | null }> {
  const { rows } = await db.admin.query<{ status: string; reason: string | null; lease: string | null }>(`
    select c.status, c.status_reason as reason, t.lease_holder as lease
    from public.connections c join vault.tokens t using (user_id, platform)`)
  return rows[0]!
}

export const ACTIVE = { status: 'active', reason: null, lease: null }
export const NEEDS_REAUTH = { status: 'needs_reauth', reason: 'connection/reauth_required', lease: null }
