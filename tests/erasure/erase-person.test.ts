import { describe, expect } from 'vitest'
import { sealTrail } from '../../service/compliance/audit/seal-trail.ts'
import { verifyTrail } from '../../service/compliance/audit/verify-trail.ts'
import { DECISIONS } from '../../service/compliance/erasure/decisions.ts'
import { isReportAuthentic } from '../../service/compliance/erasure/report.ts'
import { cancelErasure, deleteMyData, readOwnReport } from '../../service/compliance/erasure/request-erasure.ts'
import { placeHold, releaseHold } from '../../service/compliance/hold/legal-hold.ts'
import { wireAuditSealing } from '../../service/wire-audit.ts'
import { copyEveryTable, findCanaries } from '../support/canaries.ts'
import type { TestDatabase } from '../support/database.ts'
import { CANARY_PERSON, erasureOf, plantEverywhere, request, runErasure } from '../support/erasure-scene.ts'
import { ADA } from '../support/people.ts'
import { connect, testWithFew as test } from '../support/service.ts'

interface Report {
  readonly stores: readonly { store: string; before: number; after: number; becomes: string }[]
  readonly platforms: readonly { platform: string; answer: string }[]
  readonly keysDestroyed: readonly string[]
  readonly kept: readonly { store: string }[]
  readonly rescan: { found: number }
}

async function sightings(db: TestDatabase, canaries: Record<string, string>): Promise<string[]> {
  await db.admin.query('vacuum')
  const found: string[] = []
  for await (const { name, bytes } of copyEveryTable(db.admin))
    for (const { canary, spelling } of findCanaries(canaries, bytes)) found.push(`${canary} in ${spelling} in ${name}`)
  return found
}

describe('a deletion', () => {
  test('leaves nothing of a person who was in every table, and says so under a signature', async ({ service, db }) => {
    const canaries = await plantEverywhere(service, db)
    await connect(service, { userId: ADA, query: '&athlete=2' })
    const others = await countOf(db, ADA)
    const services = erasureOf(service)
    const { requestId } = await request(services)
    const erasure = await runErasure(services, requestId)
    expect(erasure.status).toBe('complete')

    const report = JSON.parse(erasure.report!) as Report
    const looked = Object.entries(DECISIONS).filter(([, { becomes }]) =>
      ['deleted', 'deleted_with', 'shredded', 'forgotten', 'searched'].includes(becomes),
    )
    const uncounted = [
      'ops.dead_jobs',
      'ops.export_chunks',
      'ops.api_key_digests',
      'ops.webhook_deliveries',
      'ops.webhook_delivery_chunks',
      'hdb_catalog.event_invocation_logs',
      'hdb_catalog.hdb_action_log',
    ]
    const counted = report.stores.filter(({ before }) => before > 0).map(({ store }) => store)
    expect(looked.map(([name]) => name).filter((name) => !counted.includes(name) && !uncounted.includes(name))).toEqual(
      [],
    )
    expect(report.stores.every(({ after }) => after === 0)).toBe(true)
    expect(report.rescan).toEqual({ found: 0 })
    expect(report.platforms.map(({ platform, answer }) => [platform, answer])).toEqual([
      ['garmin', 'confirmed'],
      ['strava', 'confirmed'],
    ])
    expect(report.keysDestroyed).toHaveLength(1)
    expect(
      isReportAuthentic({ report: erasure.report!, signature: erasure.reportSignature!, key: erasure.reportKey! }),
    ).toBe(true)
    expect(
      isReportAuthentic({
        report: erasure.report!.replace('"found": 0', '"found": 1'),
        signature: erasure.reportSignature!,
        key: erasure.reportKey!,
      }),
    ).toBe(false)

    expect(await sightings(db, canaries)).toEqual([])
    expect(await countOf(db, ADA)).toEqual(others)
  })

  test('keeps the audit trail whole', async ({ service, db }) => {
    await plantEverywhere(service, db)
    const sealing = wireAuditSealing(service.config)!
    await sealTrail({ db: service.db, ...sealing })
    const services = erasureOf(service)
    await runErasure(services, (await request(services)).requestId)
    await sealTrail({ db: service.db, ...sealing })
    const { findings, events } = await verifyTrail({ db: service.db, ...sealing })
    expect(findings).toEqual([])
    expect(events).toBeGreaterThan(5)
    const { rows } = await db.admin.query(
      "select action from audit.events where action like 'erasure.%' order by occurred_at",
    )
    expect(rows.map(({ action }) => action)).toEqual(['erasure.requested', 'erasure.begun', 'erasure.completed'])
  })

  test('needs the words, is one however often it is asked for, and can be taken back until it begins', async ({
    service,
    db,
  }) => {
    const services = { ...erasureOf(service), graceHours: 72 }
    await expect(deleteMyData(services, { userId: ADA, confirm: 'yes' })).rejects.toThrow('erasure/not_confirmed')
    const first = await deleteMyData(services, { userId: ADA, confirm: 'DELETE MY DATA' })
    expect(await deleteMyData(services, { userId: ADA, confirm: 'DELETE MY DATA' })).toEqual(first)
    expect((await runErasure({ ...services }, first.requestId)).status).toBe('requested')
    const other = { id: first.requestId, userId: CANARY_PERSON, actor: { kind: 'user', id: CANARY_PERSON } } as const
    await expect(cancelErasure(services, other)).rejects.toThrow('erasure/not_found')
    await cancelErasure(services, { ...other, userId: ADA })
    expect((await runErasure(services, first.requestId)).status).toBe('cancelled')
    expect((await db.admin.query('select from app_users')).rowCount).toBe(1)
    await expect(cancelErasure(services, { ...other, userId: ADA })).rejects.toThrow('erasure/not_found')
    const again = await deleteMyData({ ...services, graceHours: 0 }, { userId: ADA, confirm: 'DELETE MY DATA' })
    expect((await runErasure(services, again.requestId)).status).toBe('complete')
    expect((await readOwnReport(services, { id: again.requestId, userId: ADA })).report).toContain('deletion-report/v1')
    await expect(readOwnReport(services, { id: again.requestId, userId: CANARY_PERSON })).rejects.toThrow(
      'erasure/not_found',
    )
  })

  test('waits for a platform that does not answer, with everything deleted here, and reports the answer', async ({
    service,
    db,
  }) => {
    await connect(service, { userId: ADA })
    const asked: string[] = []
    const services = erasureOf(service, { askPlatform: async (id) => void asked.push(id) })
    const { requestId } = await request(services, ADA)
    expect((await runErasure(services, requestId)).status).toBe('confirming')
    expect((await db.admin.query('select from app_users')).rowCount).toBe(0)
    expect((await db.admin.query('select from vault.tokens')).rowCount).toBe(0)
    await db.admin.query("update vault.pending_revocations set gives_up_at = now() - interval '1 second'")
    await service.simulate('POST', '/faults', { next: [{ match: '/oauth', status: 503, count: 5 }] })
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    const erasure = await runErasure(services, requestId)
    expect(erasure.status).toBe('complete')
    expect((JSON.parse(erasure.report!) as Report).platforms).toMatchObject([
      { platform: 'strava', answer: 'given_up' },
    ])
  })

  test('waits for a legal hold and begins when it is released', async ({ service, db }) => {
    await connect(service, { userId: ADA })
    const services = erasureOf(service)
    const actor = { kind: 'auditor', id: CANARY_PERSON } as const
    const { holdId } = await placeHold(services, { userId: ADA, reason: 'court order 12 of March', actor })
    await expect(placeHold(services, { userId: ADA, reason: 'court order 12 of March', actor })).rejects.toThrow(
      'hold/exists',
    )
    const { requestId } = await request(services, ADA)
    const held = await runErasure(services, requestId)
    expect([held.status, held.held]).toEqual(['requested', true])
    await expect(db.service.query('delete from app_users')).rejects.toMatchObject({ code: 'TB021' })
    await releaseHold(services, { holdId, reason: 'the case is closed', actor })
    await service.work()
    expect((await runErasure(services, requestId)).status).toBe('complete')
    await expect(releaseHold(services, { holdId, reason: 'the case is closed', actor })).rejects.toThrow(
      'hold/not_found',
    )
  })
})

async function countOf(db: TestDatabase, userId: string): Promise<unknown> {
  const { rows } = await db.admin.query(
    'select (select count(*) from connections where user_id = $1) as connections, (select count(*) from vault.tokens where user_id = $1) as tokens, (select count(*) from vault.user_keys where user_id = $1) as keys',
    [userId],
  )
  return rows
}
