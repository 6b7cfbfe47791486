import { createHmac } from 'node:crypto'
import { createServer as createTcpServer } from 'node:net'
import { describe, expect } from 'vitest'
import { notifyBreach, reportBreach } from '../../service/compliance/breach/breaches.ts'
import { notifyPerson } from '../../service/compliance/breach/notify-person.task.ts'
import { createSmtpChannel } from '../../service/compliance/breach/smtp-channel.ts'
import { createWebhookChannel } from '../../service/compliance/breach/webhook-channel.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { A, B } from '../permissions/planted-people.ts'
import { breachOf, NOTICE, OPERATOR, people, SECRET, services } from '../support/breach-scene.ts'
import type { TestDatabase } from '../support/database.ts'
import { app, listen, serveSmtp } from '../support/notice-receivers.ts'
import { testWithFew as test } from '../support/service.ts'

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

describe('a channel refuses', () => {
  const mail = { id: 'n-1', breachId: A, userId: A, ...NOTICE }

  test('a mail server that does not speak TLS', async () => {
    const mails: string[] = []
    const server = createTcpServer((socket) => serveSmtp(socket, mails))
    const contacts = await app([{ status: 200, body: { email: 'ada@example.com' } }])
    const channel = createSmtpChannel({
      url: new Secret(`smtp://127.0.0.1:${await listen(server)}`),
      from: 'privacy@example.com',
      contacts: { url: contacts.url, secret: SECRET },
      plain: false,
    })
    await expect(channel.send(mail)).rejects.toThrow('breach/channel_failed')
    expect(mails).toEqual([])
    contacts.close()
    server.close()
  })

  test.for([400, 302, 500])('an app that answers %i', async (status) => {
    const taken = await app([{ status }])
    const channel = createWebhookChannel({ url: taken.url, secret: SECRET })
    await expect(channel.send(mail)).rejects.toThrow('breach/channel_failed')
    taken.close()
  })
})

async function applyingOpen({ admin }: TestDatabase, breachId: string): Promise<string[]> {
  const { rows } = await admin.query<{ rule: string }>(
    'select rule_id as rule from breach_clocks where breach_id = $1 and applies and met_at is null',
    [breachId],
  )
  return rows.map(({ rule }) => rule)
}
