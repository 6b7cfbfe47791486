import { createHmac } from 'node:crypto'
import { createServer as createHttpServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { describe, expect } from 'vitest'
import { BreachScope } from '../../service/compliance/breach/affected.ts'
import {
  notifyBreach,
  recordBreachNotice,
  reportBreach,
  updateBreach,
} from '../../service/compliance/breach/breaches.ts'
import { notifyPerson } from '../../service/compliance/breach/notify-person.task.ts'
import { readRegister } from '../../service/compliance/breach/queries.ts'
import type { BreachServices, Channel } from '../../service/compliance/breach/services.ts'
import { createSmtpChannel } from '../../service/compliance/breach/smtp-channel.ts'
import { createWebhookChannel } from '../../service/compliance/breach/webhook-channel.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { wireBreach } from '../../service/wire-breach.ts'
import { A, B, plantBoth } from '../permissions/planted-people.ts'
import type { TestDatabase } from '../support/database.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

const OPERATOR = { kind: 'operator', id: '5d6a1f0e-0000-4000-8000-0000000000f1' } as const
const SECRET = new Secret('s'.repeat(32))
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
const NOTICE = { subject: 'Your data', text: 'Somebody took a copy of your activities. Ask privacy@example.com.' }

function breachOf(change: object = {}, scope: object = {}) {
  return {
    description: 'A copy of a disk was taken',
    awareAt: hoursAgo(1),
    risk: 'high' as const,
    unreadable: false,
    keysExposed: false,
    consequences: null,
    measures: null,
    scope: BreachScope.parse(scope),
    ...change,
  }
}

function services(service: TestService, channel?: Channel): BreachServices {
  return { ...wireBreach(service), channel }
}

async function affected({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(
    'select user_id as id from breach_notifications where breach_id = $1 order by 1',
    [breachId],
  )
  return rows.map(({ id }) => id)
}

async function applying({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ rule: string }>(
    'select rule_id as rule from breach_clocks where breach_id = $1 and applies order by 1',
    [breachId],
  )
  return rows.map(({ rule }) => rule)
}

/** Person B alone has a Garmin ride of May; both are at Strava and have rows of March. */
async function people(db: TestDatabase): Promise<void> {
  await plantBoth(db.admin)
  await db.admin.query('delete from breaches')
  await db.admin.query(
    `update activities set platform = 'garmin', started_at = '2026-05-01 06:00Z' where user_id = $1 and source_id like '%3'`,
    [B],
  )
}

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

interface Posted {
  readonly headers: Record<string, unknown>
  readonly text: string
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Answers with each status once, then with the last. */
async function app(answers: readonly { status: number; body?: object }[]) {
  const posted: Posted[] = []
  const server = createHttpServer((request, response) => {
    void readText(request).then((text) => {
      const answer = answers[Math.min(posted.length, answers.length - 1)]!
      posted.push({ headers: request.headers, text })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body ?? {}))
    })
  })
  return { url: `http://127.0.0.1:${await listen(server)}/notices`, posted, close: () => server.close() }
}

describe('telling people', () => {
  test('goes on after failures, tells everybody once, keeps receipts and stops the clocks', async ({ service, db }) => {
    await people(db)
    const taken = await app([{ status: 503 }, { status: 200, body: { receipt: 'msg-1' } }])
    const own = services(service, createWebhookChannel({ url: taken.url, secret: SECRET }))
    const { breachId } = await reportBreach(own, breachOf({}, { userIds: [A, B] }), OPERATOR)
    expect(await notifyBreach(own, { breachId, ...NOTICE }, OPERATOR)).toEqual({ breachId, queued: 2 })
    const tell = (userId: string) => notifyPerson.run({ userId, breachId }, own)
    await expect(tell(A)).rejects.toThrow('breach/channel_failed')
    await tell(B)
    expect(await applyingOpen(db, breachId)).toContain('gdpr_people')
    await tell(A)
    await tell(A) // the job again
    taken.close()
    expect(taken.posted).toHaveLength(3)
    const { headers, text } = taken.posted[2]!
    const mac = createHmac('sha256', SECRET.reveal())
      .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${mac}`)
    expect(JSON.parse(text)).toMatchObject({ type: 'breach.notice', userId: A, ...NOTICE, id: headers['webhook-id'] })
    const { rows } = await db.admin.query(
      'select user_id, status, attempts, receipt from breach_notifications where breach_id = $1 order by 1',
      [breachId],
    )
    expect(rows).toEqual([
      { user_id: A, status: 'sent', attempts: 2, receipt: 'msg-1' },
      { user_id: B, status: 'sent', attempts: 1, receipt: 'msg-1' },
    ])
    expect(await applyingOpen(db, breachId)).not.toContain('gdpr_people')
    expect((await notifyBreach(own, { breachId, ...NOTICE }, OPERATOR)).queued).toBe(0)
    await expect(notifyBreach(own, { breachId, ...NOTICE, subject: 'Other words' }, OPERATOR)).rejects.toThrow(
      'breach/not_found',
    )
    await expect(notifyBreach(services(service), { breachId, ...NOTICE }, OPERATOR)).rejects.toThrow(
      'breach/no_channel',
    )
  })

  test('reaches a mail server, at the address that the app knows', async ({ service, db }) => {
    await people(db)
    const mails: string[] = []
    const server = createTcpServer((socket) => serveSmtp(socket, mails))
    const port = await listen(server)
    const contacts = await app([
      { status: 200, body: { email: 'ada@example.com' } },
      { status: 200, body: {} },
      { status: 200, body: { email: 'nobody@example.com' } },
    ])
    const channel = createSmtpChannel({
      url: new Secret(`smtp://127.0.0.1:${port}`),
      from: 'Privacy <privacy@example.com>',
      contacts: { url: contacts.url, secret: SECRET },
      plain: true,
    })
    const own = services(service, channel)
    const { breachId } = await reportBreach(own, breachOf({}, { userIds: [A, B] }), OPERATOR)
    await notifyBreach(own, { breachId, ...NOTICE }, OPERATOR)
    await notifyPerson.run({ userId: A, breachId }, own)
    expect(mails).toHaveLength(1)
    expect(mails[0]).toMatch(/To: ada@example.com/)
    expect(mails[0]).toContain('Subject: Your data')
    expect(mails[0]).toContain('Somebody took a copy')
    await expect(notifyPerson.run({ userId: B, breachId }, own)).rejects.toThrow('breach/no_address')
    expect((await notifyBreach(own, { breachId, ...NOTICE }, OPERATOR)).queued).toBe(1)
    await expect(notifyPerson.run({ userId: B, breachId }, own)).rejects.toThrow('breach/refused_for_good')
    const { rows } = await db.admin.query(
      'select status, channel, error_code, receipt from breach_notifications where breach_id = $1 order by user_id',
      [breachId],
    )
    expect(rows).toEqual([
      {
        status: 'sent',
        channel: 'smtp',
        error_code: null,
        receipt: expect.stringMatching(/@example\.com> 250 taken as 7/),
      },
      { status: 'failed', channel: 'smtp', error_code: 'breach/refused_for_good', receipt: null },
    ])
    contacts.close()
    server.close()
    expect(new AppError('breach/no_address').spec.retry).toBe(false)
  })
})

async function applyingOpen({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ rule: string }>(
    'select rule_id as rule from breach_clocks where breach_id = $1 and applies and met_at is null',
    [breachId],
  )
  return rows.map(({ rule }) => rule)
}

/** As little of SMTP as a client needs; `nobody@` is unknown to it. */
function serveSmtp(socket: Socket, mails: string[]): void {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let data: string | undefined
  let waiting = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    waiting += bytes.toString()
    for (let end = waiting.indexOf('\r\n'); end >= 0; end = waiting.indexOf('\r\n')) {
      const line = waiting.slice(0, end)
      waiting = waiting.slice(end + 2)
      if (data !== undefined && line !== '.') data += `${line}\n`
      else if (data !== undefined) {
        mails.push(data)
        data = undefined
        say('250 taken as 7')
      } else if (/^EHLO/i.test(line)) say('250 mail.test')
      else if (/^RCPT TO:<nobody/i.test(line)) say('550 no such user')
      else if (/^DATA/i.test(line)) {
        data = ''
        say('354 go on')
      } else if (/^QUIT/i.test(line)) {
        say('221 bye')
        socket.end()
      } else say('250 ok')
    }
  })
  say('220 mail.test ESMTP')
}
