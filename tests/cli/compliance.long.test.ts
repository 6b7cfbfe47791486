import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { A, plantBoth } from '../permissions/planted-people.ts'
import { runTributary } from '../support/command-line.ts'
import type { TestDatabase } from '../support/database.ts'
import { erasureOf, runErasure } from '../support/erasure-scene.ts'
import { environment, type TestService, testWithFew as test } from '../support/service.ts'

/** As an operator calls it: with the settings of the service, in a process of its own. */
async function tributary(db: TestDatabase, service: TestService, ...args: string[]): Promise<string> {
  const { audit, backup } = service.config
  const env = {
    ...environment(db, { simulators: 'http://localhost:9', headsDirectory: '/nowhere' }),
    AUDIT_SIGNING_KEY: audit.signingKey!.reveal(),
    AUDIT_HEADS_STORE: audit.headsStore,
    BACKUP_KEY: backup.key!.reveal(),
    BACKUP_STORE: backup.store,
    ERASURE_GRACE_HOURS: '0',
  }
  return (await runTributary({ env }, ...args)).text
}

describe('the commands of compliance', () => {
  test('delete a person, print the report and check its signature', async ({ service, db }) => {
    await plantBoth(db.admin)
    expect(await tributary(db, service, 'erasure', 'request', '--user', A, '--reason', 'short')).toMatch(
      /^tributary: --reason must/,
    )
    const asked = await tributary(
      db,
      service,
      'erasure',
      'request',
      '--user',
      A,
      '--reason',
      'letter of 1 March, passport seen',
    )
    const first = /^(\S+) requested/.exec(asked)?.[1] ?? ''
    const { rows } = await db.admin.query(
      "select channel, v.actor_id from data_requests r, audit.events e join audit.personal_values v on v.event_id = e.id where kind = 'erasure' and r.user_id = $1 and e.action = 'data_request.received' and channel = 'other'",
      [A],
    )
    expect(rows).toEqual([{ channel: 'other', actor_id: null }])
    expect(await tributary(db, service, 'erasure', 'cancel', 'none')).toMatch(/^tributary: there is no such deletion/)
    expect(await tributary(db, service, 'erasure', 'cancel', first)).toBe(`${first} is cancelled\n`)
    expect(await tributary(db, service, 'erasure', 'cancel', first)).toMatch(/cancelled: it cannot be taken back/)
    const again = await tributary(
      db,
      service,
      'erasure',
      'request',
      '--user',
      A,
      '--reason',
      'another letter, of 2 March',
    )
    const id = /^(\S+) requested/.exec(again)?.[1] ?? ''
    expect(await tributary(db, service, 'erasure', 'report', id)).toMatch(/^tributary: the deletion is requested/)
    await runErasure(erasureOf(service), id)
    const printed = await tributary(db, service, 'erasure', 'report', id)
    const directory = await mkdtemp(join(tmpdir(), 'tributary-report-'))
    const file = join(directory, 'report.json')
    await writeFile(file, printed)
    expect(await tributary(db, service, 'erasure', 'verify', file)).toMatch(/^signed with /)
    await writeFile(file, (await readFile(file, 'utf8')).replace('deletion-report', 'deletion-rapport'))
    expect(await tributary(db, service, 'erasure', 'verify', file)).toMatch(/^tributary: .* was altered/)
    await rm(directory, { recursive: true })
    expect(await tributary(db, service, 'erasure', 'list')).toContain(`${id} complete, operator`)
    expect(await tributary(db, service, 'erasure', 'replay')).toMatch(/^0 people/)
  })

  test('hold data and release it', async ({ service, db }) => {
    await plantBoth(db.admin)
    const placed = await tributary(db, service, 'hold', 'place', '--user', A, '--reason', 'court order 12')
    const id = placed.split(' ')[0] ?? ''
    expect(await tributary(db, service, 'hold', 'list')).toContain(`${id} ${A}, since`)
    expect(await tributary(db, service, 'hold', 'place', '--user', A, '--reason', 'court order 12')).toMatch(
      /hold\/exists|such a hold already/,
    )
    expect(await tributary(db, service, 'hold', 'release', id, '--reason', 'the case is closed')).toBe(
      `${id} is released\n`,
    )
  })

  test('enter a breach, note a notice and print the register', async ({ service, db }) => {
    await plantBoth(db.admin)
    const directory = await mkdtemp(join(tmpdir(), 'tributary-breach-'))
    const file = join(directory, 'breach.json')
    const breach = {
      description: '=cmd, "a disk" was lost',
      awareAt: new Date(Date.now() - 60_000).toISOString(),
      risk: 'high',
    }
    await writeFile(file, JSON.stringify(breach))
    expect(await tributary(db, service, 'breach', 'report', file)).toMatch(/^tributary: .*scope/)
    await writeFile(file, JSON.stringify({ ...breach, scope: { tables: ['activities'] } }))
    const id = (await tributary(db, service, 'breach', 'report', file)).split(' ')[0] ?? ''
    expect(await tributary(db, service, 'breach', 'list')).toMatch(new RegExp(`${id} known since .*, 2 people`))
    expect(
      await tributary(db, service, 'breach', 'notice', id, '--rule', 'gdpr_authority', '--reference', 'DPC 1'),
    ).toBe('gdpr_authority noted\n')
    const csv = await tributary(db, service, 'breach', 'register', '--format', 'csv')
    expect(csv.split('\r\n').find((line) => line.includes(`${id},`) && line.includes('gdpr_authority'))).toMatch(
      /,"'=cmd, ""a disk"" was lost",high,2,0,.*,DPC 1,$/,
    )
    expect(await tributary(db, service, 'breach', 'register')).toContain('"rule": "gdpr_authority"'.replace(': ', ':'))
    const change = join(directory, 'change.json')
    await writeFile(change, '{"risk": "none"}')
    expect(await tributary(db, service, 'breach', 'update', id, change)).toMatch(
      /^tributary: .*: risk: .*breaches\.md\n$/,
    )
    await writeFile(change, '{"risk": "unlikely", "measures": "the disk was found"}')
    expect(await tributary(db, service, 'breach', 'update', id, change)).toMatch(/ is changed; its clocks follow/)
    expect(await tributary(db, service, 'breach', 'list')).toMatch(new RegExp(`${id} known since .*, risk unlikely`))
    expect(await tributary(db, service, 'breach', 'report', '/nowhere.json')).toBe(
      'tributary: cannot read "/nowhere.json"; give a file that is there\n',
    )
    await writeFile(file, 'Somebody took a copy of your activities.')
    expect(await tributary(db, service, 'breach', 'notify', id, '--subject', 'Your data', '--text', file)).toMatch(
      /^tributary: .*NOTICE_WEBHOOK_URL/,
    )
    await rm(directory, { recursive: true })
  })

  test('list who read in an emergency', async ({ service, db }) => {
    expect(await tributary(db, service, 'emergency', 'list')).toBe('nobody asked\n')
    expect(await tributary(db, service, 'emergency', 'approve')).toMatch(/^tributary: give emergency list; asking/)
    await plantBoth(db.admin)
    const lines = (await tributary(db, service, 'emergency', 'list')).trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines.filter((line) => line.includes(` about ${A}, `) && line.includes('approved by'))).toHaveLength(2)
  })

  test('review the audit trail, and leave a line that it was reviewed', async ({ service, db }) => {
    const insider = { kind: 'operator', id: A } as const
    await service.db.transaction(async (tx) => {
      for (let n = 0; n < 20; n += 1)
        await service.audit(tx, { action: 'request.refused', actor: insider, subjectUserId: null, outcome: 'refused' })
      await service.audit(tx, {
        action: 'emergency.read',
        actor: insider,
        subjectUserId: A,
        outcome: 'success',
        reason: 'unconscious',
      })
    })
    const review = JSON.parse(
      await tributary(db, service, 'audit', 'review', '--days', '1', '--conclude', 'one refusal to look into'),
    ) as { events: number; insiders: unknown; findings: string[] }
    expect(review.events).toBe(21)
    expect(review.insiders).toEqual([{ actor: `operator ${A}`, events: 21, people: 1, refused: 20 }])
    expect(review.findings).toEqual([
      'no head has ever been signed: AUDIT_SIGNING_KEY and AUDIT_HEADS_STORE',
      'request.refused was refused 20 times to operators',
      'break-glass was used: 1 steps, each to be justified',
    ])
    const { rows } = await db.admin.query(
      "select v.reason, v.details from audit.events e join audit.personal_values v on v.event_id = e.id where action = 'audit.reviewed'",
    )
    expect(rows).toEqual([{ reason: 'one refusal to look into', details: '{"days":1,"findings":3}' }])
  })
})
