import { describe, expect } from 'vitest'
import { recordBreachNotice, reportBreach, updateBreach } from '../../service/compliance/breach/breaches.ts'
import { readRegister } from '../../service/compliance/breach/queries.ts'
import { A, B } from '../permissions/planted-people.ts'
import { affected, applying, breachOf, hoursAgo, OPERATOR, people, SECRET, services } from '../support/breach-scene.ts'
import { testWithFew as test } from '../support/service.ts'

describe('whom a breach affects', () => {
  test.for([
    ['by platform and time of connection', { platforms: ['strava'], from: '2026-01-01T00:00:00Z' }, [A, B]],
    ['nobody, before anybody was connected', { platforms: ['strava'], to: '2026-01-01T00:00:00Z' }, []],
    [
      'by table, platform and time',
      { tables: ['activities'], platforms: ['garmin'], from: '2026-04-01T00:00:00Z', to: '2026-06-01T00:00:00Z' },
      [B],
    ],
    ['nobody, a second before', { tables: ['activities'], platforms: ['garmin'], to: '2026-05-01T05:59:59Z' }, []],
    ['by another table', { tables: ['samples'], from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' }, [A, B]],
    ['by name', { userIds: [A] }, [A]],
    ['by a key nobody has', { keyIds: ['99999999-0000-4000-8000-000000000000'] }, []],
  ] as const)('%s', async ([, scope, expected], { service, db }) => {
    await people(db)
    const { breachId, people: count } = await reportBreach(services(service), breachOf({}, scope), OPERATOR)
    expect(await affected(db, breachId)).toEqual(expected)
    expect(count).toBe(expected.length)
  })

  test('is found by key, and by the version of the master key', async ({ service, db }) => {
    await people(db)
    await service.db.transaction((tx) =>
      service.vault.storeTokens(
        tx,
        { userId: A, platform: 'strava' },
        { accessToken: SECRET, refreshToken: null, expiresInSeconds: null },
      ),
    )
    const { rows } = await db.admin.query<{ key: string; version: number }>(
      'select key_id as key, master_version as version from vault.user_keys',
    )
    for (const scope of [{ keyIds: [rows[0]!.key] }, { masterKeyVersion: rows[0]!.version }]) {
      const { breachId } = await reportBreach(services(service), breachOf({}, scope), OPERATOR)
      expect(await affected(db, breachId)).toEqual([A])
    }
  })

  test('is refused for a table that is none and for a time to come', async ({ service }) => {
    const report = (change: object, scope: object = {}) =>
      reportBreach(services(service), breachOf(change, scope), OPERATOR)
    await expect(report({}, { tables: ['user_keys; drop table'] })).rejects.toThrow('breach/table_unknown')
    await expect(report({ awareAt: hoursAgo(-1) })).rejects.toThrow('breach/aware_in_future')
    await expect(report({ unreadable: true, keysExposed: true })).rejects.toThrow('breach/contradiction')
  })
})

describe('which clocks run', () => {
  test('follows risk, keys, platforms and the number of people, and what is learnt later', async ({ service, db }) => {
    await people(db)
    const own = services(service)
    const { breachId } = await reportBreach(
      own,
      breachOf({ risk: 'some', unreadable: true }, { userIds: [A], platforms: ['garmin'] }),
      OPERATOR,
    )
    expect(await applying(db, breachId)).toEqual(['gdpr_authority'])
    const change = {
      breachId,
      risk: null,
      unreadable: null,
      keysExposed: null,
      consequences: null,
      measures: null,
      close: false,
    }
    await updateBreach(own, { ...change, keysExposed: true, risk: 'high' }, OPERATOR)
    expect(await applying(db, breachId)).toEqual([
      'ftc_ftc_yearly',
      'ftc_people',
      'gdpr_authority',
      'gdpr_people',
      'hipaa_hhs_yearly',
      'hipaa_people',
    ])
    await db.admin.query('update breaches set people = 501')
    await updateBreach(own, change, OPERATOR)
    expect(await applying(db, breachId)).toEqual([
      'ftc_ftc',
      'ftc_media',
      'ftc_people',
      'gdpr_authority',
      'gdpr_people',
      'hipaa_hhs',
      'hipaa_media',
      'hipaa_people',
    ])
    await updateBreach(own, { ...change, close: true }, OPERATOR)
    await expect(updateBreach(own, change, OPERATOR)).rejects.toThrow('breach/not_found')
    const strava = await reportBreach(own, breachOf({ risk: 'unlikely' }, { platforms: ['strava'] }), OPERATOR)
    expect(await applying(db, strava.breachId)).toEqual(['strava_contract'])
  })

  test('demands a reason for what is late, once', async ({ service, db }) => {
    const own = services(service)
    const { breachId } = await reportBreach(
      own,
      breachOf({ awareAt: hoursAgo(73) }, { platforms: ['strava'] }),
      OPERATOR,
    )
    const notice = { breachId, rule: 'gdpr_authority', reference: 'DPC 2026-1', lateReason: null }
    await expect(recordBreachNotice(own, notice, OPERATOR)).rejects.toThrow('breach/late_reason_missing')
    expect(
      await recordBreachNotice(own, { ...notice, lateReason: 'the extent was not known before' }, OPERATOR),
    ).toEqual({ breachId, late: true })
    await expect(recordBreachNotice(own, notice, OPERATOR)).rejects.toThrow('breach/told_already')
    await expect(recordBreachNotice(own, { ...notice, rule: 'none' }, OPERATOR)).rejects.toThrow('breach/not_found')
    const early = { ...notice, rule: 'hipaa_people', lateReason: 'not needed, and not kept' }
    expect(await recordBreachNotice(own, early, OPERATOR)).toEqual({ breachId, late: false })
    const [row] = await readRegister(service.db)
    expect(row?.clocks.filter(({ metAt }) => metAt !== null).map(({ rule, lateReason }) => [rule, lateReason])).toEqual(
      [
        ['gdpr_authority', 'the extent was not known before'],
        ['hipaa_people', null],
      ],
    )
    expect((await db.admin.query("select from audit.events where action = 'breach.notice_given'")).rowCount).toBe(2)
  })
})
