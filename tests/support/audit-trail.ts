import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAudit } from '../../service/compliance/audit/record-audit.ts'
import { sealTrail } from '../../service/compliance/audit/seal-trail.ts'
import { createHeadSigner } from '../../service/compliance/audit/tree-head.ts'
import { verifyTrail } from '../../service/compliance/audit/verify-trail.ts'
import type { AuditEvent } from '../../service/runtime/audit-event.ts'
import { type Database, openDatabase } from '../../service/runtime/db.ts'
import { openDirectoryStore } from '../../service/runtime/directory-store.ts'
import { createOrigins, type Origins } from '../../service/runtime/origin.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { test as base, type TestDatabase } from './database.ts'

export const ADA = '5d6a1f0e-0000-4000-8000-000000000001'
export const OPERATOR = '5d6a1f0e-0000-4000-8000-0000000000f1'

export interface Trail {
  readonly db: Database
  readonly origins: Origins
  readonly headsDirectory: string
  /** In a transaction of its own. */
  readonly write: (event?: Partial<AuditEvent>) => Promise<void>
  readonly seal: () => Promise<number>
  /** What is wrong, and where. */
  readonly verify: () => Promise<readonly string[]>
  /** As a superuser who has switched the triggers off. */
  readonly tamper: (...statements: string[]) => Promise<void>
}

/** A trail of a database of the test's own, with heads in a directory of the test's own. */
export const test = base.extend<{ trail: Trail }>({ trail: ({ db }, use) => lendTrail(db, use) })

async function lendTrail(test: TestDatabase, use: (trail: Trail) => Promise<void>): Promise<void> {
  const headsDirectory = await mkdtemp(join(tmpdir(), 'tributary-heads-'))
  const db = openDatabase({
    url: new Secret(test.serviceUrl),
    maxConnections: 10,
    applicationName: 'test',
    onIdleError: () => {},
  })
  const origins = createOrigins()
  const audit = createAudit({ origins, count: () => {} })
  const signer = createHeadSigner(new Secret(randomBytes(32).toString('base64')))
  const heads = openDirectoryStore(headsDirectory)
  await use({
    db,
    origins,
    headsDirectory,
    write: (event = {}) => db.transaction((tx) => audit(tx, { ...OPENED, ...event })),
    seal: async () => (await sealTrail({ db, signer, heads })).sealed,
    verify: async () => (await verifyTrail({ db, heads, trustedKeys: [signer.publicKey] })).findings,
    async tamper(...statements) {
      const client = await test.admin.connect()
      try {
        await client.query("set session_replication_role = 'replica'")
        for (const statement of statements) await client.query(statement)
      } finally {
        client.release(true)
      }
    },
  })
  await db.close()
  await rm(headsDirectory, { recursive: true })
}

const OPENED: AuditEvent = {
  action: 'token.opened',
  actor: { kind: 'system', id: null },
  subjectUserId: ADA,
  outcome: 'success',
  platform: 'strava',
}
