import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { sealAuditTrail } from '../../service/compliance/audit/seal-audit-trail.task.ts'
import { verifyTrail } from '../../service/compliance/audit/verify-trail.ts'
import { loadConfig } from '../../service/config.ts'
import { runJobs } from '../../service/runtime/job-runner.ts'
import { enqueue } from '../../service/runtime/jobs.ts'
import { backUpVault } from '../../service/vault/backup/back-up-vault.task.ts'
import { listBackups } from '../../service/vault/backup/manifest.ts'
import { verifyBackup } from '../../service/vault/backup/restore-backup.ts'
import { wireAuditSealing } from '../../service/wire-audit.ts'
import { wireBackup } from '../../service/wire-backup.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { type Wiring, wire } from '../../service/wiring.ts'
import { test as base, type TestDatabase } from '../support/database.ts'
import { ADA, insertConnectedPerson } from '../support/people.ts'
import { environment } from '../support/service.ts'

const test = base.extend<{ wiring: Wiring }>({
  wiring: async ({ db }, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-stores-'))
    const config = await loadConfig({
      ...environment(db, { simulators: 'http://localhost:9', headsDirectory: join(directory, 'heads') }),
      BACKUP_STORE: pathToFileURL(join(directory, 'backups')).href,
      BACKUP_KEY: Buffer.alloc(32, 0xb1).toString('base64'),
      BACKUP_SCHEDULE: '30 1 * * 0',
    })
    const wiring = wire(config, 'worker')
    await use(wiring)
    await wiring.db.close()
    await rm(directory, { recursive: true })
  },
})

async function jobsOf({ admin }: TestDatabase, identifier: string): Promise<{ attempts: number; later: boolean }[]> {
  const { rows } = await admin.query<{ attempts: number; later: boolean }>(
    'select attempts, run_at > now() as later from graphile_worker.jobs where task_identifier = $1',
    [identifier],
  )
  return rows
}

test('the worker seals the audit trail and backs the vault up, and the trail tells of the backup', async ({
  db,
  wiring,
}) => {
  await insertConnectedPerson(db.admin, ADA)
  await wiring.db.transaction(async (tx) => {
    const actor = { kind: 'user', id: ADA } as const
    await wiring.audit(tx, { action: 'connection.started', actor, subjectUserId: ADA, outcome: 'success' })
    await enqueue(tx, sealAuditTrail, { payload: {} })
    await enqueue(tx, backUpVault, { payload: {} })
  })
  const tasks = bindTasks(wiring)
  const worker = await runJobs({
    db: wiring.db,
    tasks,
    concurrency: { webhooks: 2, imports: 2, reconciliation: 1, enrichment: 1, general: 2 },
    onPool: async () => {},
  })
  try {
    await expect.poll(() => jobsOf(db, 'back_up_vault'), { timeout: 30_000 }).toEqual([])
    // Done, and due again.
    await expect.poll(() => jobsOf(db, 'seal_audit_trail'), { timeout: 30_000 }).toEqual([{ attempts: 0, later: true }])
  } finally {
    await worker.stop()
  }
  const verified = await verifyTrail({ db: wiring.db, ...wireAuditSealing(wiring.config)! })
  expect(verified.findings).toEqual([])
  expect(verified.events).toBeGreaterThanOrEqual(1)
  expect(verified.heads).toBeGreaterThanOrEqual(1)
  const backup = wireBackup(wiring)!
  const ids = await listBackups(backup.store)
  expect(ids).toHaveLength(1)
  expect((await verifyBackup(backup, ids[0]!)).tables).toContainEqual(
    expect.objectContaining({ name: 'public.connections', rows: 1 }),
  )
  const { rows } = await db.admin.query("select outcome from audit.events where action = 'backup.created'")
  expect(rows).toEqual([{ outcome: 'success' }])
})

test('both have their schedule', async ({ wiring }) => {
  const schedules = new Map(bindTasks(wiring).map(({ identifier, schedule }) => [identifier, schedule]))
  expect(schedules.get('seal_audit_trail')).toBe('* * * * *')
  expect(schedules.get('back_up_vault')).toBe('30 1 * * 0')
})
