import { describe, expect } from 'vitest'
import { createAudit } from '../../service/compliance/audit/record-audit.ts'
import {
  approveEmergencyAccess,
  type EmergencyServices,
  type Insider,
  readAsEmergency,
  requestEmergencyAccess,
} from '../../service/compliance/emergency/emergency-access.ts'
import { DATASETS } from '../../service/compliance/emergency/queries.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { createOrigins } from '../../service/runtime/origin.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { A, B, plant } from '../permissions/planted-people.ts'
import { test as base, type TestDatabase } from '../support/database.ts'

const OLGA: Insider = { kind: 'operator', id: '5d6a1f0e-0000-4000-8000-0000000000f1' }
const OTTO: Insider = { kind: 'auditor', id: '5d6a1f0e-0000-4000-8000-0000000000f2' }
const WHY = { userId: A, reason: 'found unconscious, next of kin asked', minutes: 5 }

interface Glass extends EmergencyServices {
  readonly alerts: string[]
}

const test = base.extend<{ glass: Glass }>({
  glass: async ({ db: { serviceUrl, admin } }, use) => {
    const db = openDatabase({
      url: new Secret(serviceUrl),
      maxConnections: 5,
      applicationName: 'test',
      onIdleError: () => {},
    })
    await plant(admin, A)
    await plant(admin, B)
    await admin.query('truncate emergency_accesses')
    const alerts: string[] = []
    const audit = createAudit({ origins: createOrigins(), count: () => {} })
    await use({ db, audit, alerts, alert: ({ step }) => void alerts.push(step) })
    await db.close()
  },
})

const read = (glass: Glass, insider: Insider, what: { id: string; dataset?: string }) =>
  readAsEmergency(glass, insider, { dataset: 'activities', limit: 100, offset: 0, ...what })

async function linesOf({ admin }: TestDatabase, userId: string): Promise<string[]> {
  const { rows } = await admin.query<{ line: string }>(
    `select concat_ws(' ', action, actor_kind, outcome, reason) as line from access_log
     where user_id = $1 and action like 'emergency.%' order by occurred_at`,
    [userId],
  )
  return rows.map(({ line }) => line)
}

describe('break-glass', () => {
  test('opens nothing before another person has approved it', async ({ db, glass }) => {
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    await expect(read(glass, OLGA, { id })).rejects.toThrow('emergency/no_access')
    await expect(approveEmergencyAccess(glass, OLGA, id)).rejects.toThrow('emergency/not_approvable')
    await expect(read(glass, OLGA, { id })).rejects.toThrow('emergency/no_access')
    // The table says it too, should the statement ever not.
    await expect(
      db.service.query(
        'update emergency_accesses set approved_by = requested_by, approved_at = now(), expires_at = now()',
      ),
    ).rejects.toThrow('emergency_accesses_check')
    expect(glass.alerts).toEqual(['requested'])
  })

  test('is approved once, within an hour, and one of two approvers at once', async ({ db, glass }) => {
    const third: Insider = { kind: 'operator', id: '5d6a1f0e-0000-4000-8000-0000000000f3' }
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    const both = await Promise.allSettled([OTTO, third].map((insider) => approveEmergencyAccess(glass, insider, id)))
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const late = await requestEmergencyAccess(glass, OLGA, WHY)
    await db.admin.query(`update emergency_accesses set requested_at = now() - interval '1 hour' where id = $1`, [
      late.id,
    ])
    await expect(approveEmergencyAccess(glass, OTTO, late.id)).rejects.toThrow('emergency/not_approvable')
  })

  test('is for who asked, about one person, and ends by itself', async ({ db, glass }) => {
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    const { expiresAt } = await approveEmergencyAccess(glass, OTTO, id)
    const { rows: times } = await db.admin.query<{ min: number }>(
      'select round(extract(epoch from $1::timestamptz - approved_at) / 60)::int as min from emergency_accesses',
      [expiresAt],
    )
    expect(times).toEqual([{ min: 5 }])
    await expect(read(glass, OTTO, { id })).rejects.toThrow('emergency/no_access')
    const { rows } = await read(glass, OLGA, { id })
    const { rows: planted } = await db.admin.query('select id from activities where user_id = $1', [A])
    expect(planted.length).toBeGreaterThan(0)
    const idsIn = (list: unknown) => new Set((list as { id: string }[]).map((row) => row.id))
    expect(idsIn(rows)).toEqual(idsIn(planted))
    expect(JSON.stringify(rows)).not.toContain('canary-of-b')
    await db.admin.query(`update emergency_accesses set expires_at = now() where id = $1`, [id])
    await expect(read(glass, OLGA, { id })).rejects.toThrow('emergency/no_access')
    expect(glass.alerts).toEqual(['requested', 'approved', 'read'])
  })

  test('shows the person every step with its reason', async ({ db, glass }) => {
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    await approveEmergencyAccess(glass, OTTO, id)
    for (const dataset of Object.keys(DATASETS)) await read(glass, OLGA, { id, dataset })
    expect(await linesOf(db, A)).toEqual([
      `emergency.requested operator success ${WHY.reason}`,
      `emergency.approved auditor success ${WHY.reason}`,
      ...Object.keys(DATASETS).map(() => `emergency.read operator success ${WHY.reason}`),
    ])
    expect(await linesOf(db, B)).toEqual([])
  })

  test('hands out no row that it cannot tell of', async ({ db, glass }) => {
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    await approveEmergencyAccess(glass, OTTO, id)
    await db.admin.query('revoke insert on audit.events from tributary_service')
    await expect(read(glass, OLGA, { id })).rejects.toThrow('permission denied')
  })

  test('has nothing of people and things it does not know', async ({ glass }) => {
    await expect(requestEmergencyAccess(glass, OLGA, { ...WHY, userId: OTTO.id })).rejects.toThrow(
      'emergency/person_unknown',
    )
    await expect(requestEmergencyAccess(glass, OLGA, { ...WHY, minutes: 61 })).rejects.toThrow(
      'emergency_accesses_minutes_check',
    )
    const { id } = await requestEmergencyAccess(glass, OLGA, WHY)
    for (const dataset of ['raw_fitness_data', 'vault.tokens', 'constructor', ''])
      await expect(read(glass, OLGA, { id, dataset })).rejects.toThrow('emergency/dataset_unknown')
  })
})
