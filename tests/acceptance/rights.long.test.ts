import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askForDeletion, CANCEL, DELETE, REPORT, untilErased, untilHeld } from '../support/asking-for-deletion.ts'
import { copyEveryTable, findCanaries } from '../support/canaries.ts'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, until } from '../support/graphql-client.ts'
import { app } from '../support/notice-receivers.ts'
import { codeOf, field, type OwnProduct, startOwnProduct } from '../support/own-product.ts'
import { unzip } from '../support/zip.ts'

const ADA = '7c3e9a52-1b4d-4f6a-8c2e-5d9b0a7f3e61'
const BELA = '5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26'
const CLEO = '2d8b6f04-9a1c-4e57-b3d2-6c0e9f7a4b18'
const OLGA = '5d6a1f0e-0000-4000-8000-0000000000f1'
const SECRET = 'n'.repeat(32)
const NEWEST = '{ data_requests(order_by: { received_at: desc }, limit: 1) { kind status } }'
const EXPORT = 'mutation { exportMyData { exportId } }'
const TABLES = 'app_users connections raw_fitness_data activities data_exports ops.export_chunks sync_runs vault.tokens'
const GONE = [...TABLES.split(' '), 'vault.user_keys']

const directory = mkdtempSync(join(tmpdir(), 'tributary-rights-'))
let notices: Awaited<ReturnType<typeof app>>
let product: OwnProduct
let ada: Person
let bela: Person
let olga: Person
beforeAll(async () => {
  notices = await app([{ status: 200, body: { receipt: 'msg-1' } }])
  product = await startOwnProduct({
    ERASURE_GRACE_HOURS: '0',
    NOTICE_WEBHOOK_URL: notices.url,
    NOTICE_WEBHOOK_SECRET: SECRET,
    STRAVA_SIMULATOR_ACTIVITIES: join(import.meta.dirname, '../fixtures/strava-odd-activities.json'),
  })
  ada = await product.signIn(ADA)
  bela = await product.signIn(BELA)
  olga = await product.signIn(OLGA, 'operator')
  await connectStrava(ada)
  await historyImported(ada)
}, 120_000)
afterAll(async () => {
  await product?.stop()
  notices?.close()
  rmSync(directory, { recursive: true })
})

const rowsOf = async (table: string, userId: string) =>
  (await product.admin.query(`select from ${table} where user_id = $1`, [userId])).rowCount

const leasesOf = async (userId: string) =>
  (await product.admin.query('select from vault.tokens where user_id = $1 and lease_expires_at > now()', [userId]))
    .rowCount

const download = (exportId: string, token: string) =>
  fetch(`${product.url}/exports/${exportId}`, { headers: { authorization: `Bearer ${token}` } })

const untilReady = (person: Person) =>
  until('the copy', () => field<{ id: string; status: string }[]>(person, '{ data_exports { id status } }'), {
    good: ([copy]) => copy?.status === 'ready',
  })

describe('a request', () => {
  const RECORD = `mutation ($receivedAt: timestamptz) {
    recordDataRequest(kind: "access", userId: "${ADA}", channel: "letter", receivedAt: $receivedAt) { id } }`
  const EXTEND = 'mutation ($id: uuid!, $reason: String!) { extendDataRequest(id: $id, reason: $reason) { dueAt } }'
  const ANSWER = `mutation ($id: uuid!, $status: String!, $reason: String) {
    answerDataRequest(id: $id, status: $status, reason: $reason) { status } }`

  test('has the deadline of the calendar, which the person sees', async () => {
    const { id } = await field<{ id: string }>(olga, RECORD, { receivedAt: '2026-01-31T12:00:00Z' })
    // 28 February 2026 is a Saturday: the Monday behind it.
    const mine = `{ data_requests(where: { id: { _eq: "${id}" } }) { due_day status } }`
    expect(await field(ada, mine)).toEqual([{ due_day: '2026-03-02', status: 'received' }])
    expect(await field(bela, mine)).toEqual([])
    expect(codeOf(await olga.ask(EXTEND, { id, reason: 'there are many devices' }))).toBe('privacy/extension_too_late')
    expect(codeOf(await olga.ask(RECORD, { receivedAt: '2100-01-01T00:00:00Z' }))).toBe('privacy/received_in_future')
  })

  test('is extended once and with a reason, and refused with one only', async () => {
    const { id } = await field<{ id: string }>(olga, RECORD)
    expect(codeOf(await olga.ask(EXTEND, { id, reason: 'short' }))).toBe('request/malformed')
    expect(codeOf(await ada.ask(EXTEND, { id, reason: 'there are many devices' }))).toBe('validation-failed')
    expect(codeOf(await olga.ask(EXTEND, { id, reason: 'there are many devices' }))).toMatch(/^no error/)
    expect(codeOf(await olga.ask(EXTEND, { id, reason: 'there are many devices' }))).toBe('privacy/extended_before')
    expect(codeOf(await olga.ask(ANSWER, { id, status: 'refused' }))).toBe('privacy/reason_missing')
    expect(codeOf(await olga.ask(ANSWER, { id, status: 'completed' }))).toMatch(/^no error/)
    expect(codeOf(await olga.ask(ANSWER, { id, status: 'completed' }))).toBe('privacy/request_answered')
  })
})

describe('a copy of everything', () => {
  test('is theirs alone, rests sealed, is fetched once, and has the data with what the law wants told', async () => {
    await connectStrava(bela, 'approve')
    const { exportId } = await field<{ exportId: string }>(ada, EXPORT)
    await untilReady(ada)
    const { rows } = await product.admin.query<{ bytes: Buffer }>('select bytes_sealed as bytes from ops.export_chunks')
    expect(rows.filter(({ bytes }) => bytes.includes('PK\u0003\u0004') || bytes.includes('manifest'))).toEqual([])
    expect((await download(exportId, bela.token)).status).toBe(404)
    expect((await download(exportId, 'a.b.c')).status).toBe(401)
    const files = await unzip(Buffer.from(await (await download(exportId, ada.token)).arrayBuffer()))
    await until('its end', () => rowsOf('ops.export_chunks', ADA), { good: (pieces) => pieces === 0 })
    expect((await download(exportId, ada.token)).status).toBe(404)
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as Record<string, unknown>
    for (const told of 'purposes sources recipients transfers automatedDecisions rights files notInside'.split(' '))
      expect(manifest[told]).toBeTruthy()
    expect(files.get('data/public.activities.ndjson')!.toString().trimEnd().split('\n')).toHaveLength(6)
    expect([...files.keys()].filter((name) => name.endsWith('.tcx')).length).toBeGreaterThan(3)
    for (const [name, bytes] of files) expect([name, findCanaries({ bela: BELA }, bytes)]).toEqual([name, []])
  })

  test('goes into an installation that does not know the person, and not into one that does', async () => {
    const file = join(directory, 'copy.zip')
    expect((await product.tributary('copy', 'write', '--user', ADA, '--file', file)).code).toBe(0)
    const { code, text } = await product.tributary('copy', 'import', file)
    expect([code, text]).toEqual([1, expect.stringContaining('known here already')])
  })
})

describe('a breach', () => {
  const REPORT_BREACH = `mutation ($awareAt: timestamptz!, $unreadable: Boolean, $keysExposed: Boolean) {
    reportBreach(description: "A copy of a disk was taken", awareAt: $awareAt, risk: "high", unreadable: $unreadable,
      keysExposed: $keysExposed, scope: { userIds: ["${ADA}"] }) { breachId people } }`
  const NOTICE = `mutation ($id: uuid!, $lateReason: String) {
    recordBreachNotice(breachId: $id, rule: "gdpr_authority", reference: "DPC 1", lateReason: $lateReason) { late } }`
  const NOTIFY = `mutation ($id: uuid!, $text: String!) {
    notifyBreach(breachId: $id, subject: "Your data", text: $text) { queued } }`
  const CLOCKS = `query ($id: uuid!) { breach_clocks(where: { breach_id: { _eq: $id }, applies: { _eq: true } }, order_by: { rule_id: asc }) {
    rule_id due_at } }`

  test('starts the clocks, for 72 hours from becoming aware; what is late needs a reason', async () => {
    const awareAt = new Date(Date.now() - 73 * 3_600_000)
    expect(codeOf(await ada.ask(REPORT_BREACH, { awareAt }))).toBe('validation-failed')
    expect(codeOf(await olga.ask(REPORT_BREACH, { awareAt: new Date(Date.now() + 3_600_000) }))).toBe(
      'breach/aware_in_future',
    )
    expect(codeOf(await olga.ask(REPORT_BREACH, { awareAt, unreadable: true, keysExposed: true }))).toBe(
      'breach/contradiction',
    )
    const { breachId: id, people } = await field<{ breachId: string; people: number }>(olga, REPORT_BREACH, { awareAt })
    expect(people).toBe(1)
    const clocks = await field<{ rule_id: string; due_at: string }[]>(olga, CLOCKS, { id })
    expect(clocks.map(({ rule_id: rule }) => rule)).toEqual([
      'ftc_ftc_yearly',
      'ftc_people',
      'gdpr_authority',
      'gdpr_people',
      'hipaa_hhs_yearly',
      'hipaa_people',
      'strava_contract',
    ])
    const dueAt = clocks.find(({ rule_id: rule }) => rule === 'gdpr_authority')!.due_at
    expect(new Date(dueAt).getTime() - awareAt.getTime()).toBe(72 * 3_600_000)
    expect(codeOf(await olga.ask(NOTICE, { id }))).toBe('breach/late_reason_missing')
    expect(await field(olga, NOTICE, { id, lateReason: 'the extent was not known' })).toEqual({ late: true })
    expect(codeOf(await olga.ask(NOTICE, { id, lateReason: 'the same once more' }))).toBe('breach/told_already')
  })

  test('is told to whom it affects and to nobody else, signed and with a receipt', async () => {
    const { breachId: id } = await field<{ breachId: string }>(olga, REPORT_BREACH, { awareAt: new Date() })
    const told = `{ breach_notifications(where: { breach_id: { _eq: "${id}" } }) { user_id status } }`
    expect(await field(olga, NOTIFY, { id, text: 'Somebody took a copy.' })).toEqual({ queued: 1 })
    await until('the notice', () => field<{ status: string }[]>(ada, told), {
      good: ([notice]) => notice?.status === 'sent',
    })
    expect(await field(bela, told)).toEqual([])
    const [{ headers, text }] = notices.posted as [(typeof notices.posted)[number]]
    expect(notices.posted).toHaveLength(1)
    expect(JSON.parse(text)).toMatchObject({ type: 'breach.notice', userId: ADA, text: 'Somebody took a copy.' })
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${mac}`)
    const receipts = `{ breach_notifications(where: { breach_id: { _eq: "${id}" } }) { receipt } }`
    expect(await field(olga, receipts)).toEqual([{ receipt: 'msg-1' }])
    const open = await field<{ rule_id: string }[]>(
      olga,
      `{ breach_clocks(where: { breach_id: { _eq: "${id}" }, rule_id: { _eq: "gdpr_people" }, met_at: { _is_null: true } }) { rule_id } }`,
    )
    expect(open).toEqual([])
  })
})

describe('a deletion', () => {
  test('needs the words, waits for a legal hold and can be taken back till then, and leaves nothing but a signed report', async () => {
    expect(codeOf(await ada.ask(DELETE, { confirm: 'yes' }))).toBe('erasure/not_confirmed')
    const hold = `mutation { placeLegalHold(userId: "${ADA}", reason: "court order 12") { holdId } }`
    expect(codeOf(await ada.ask(hold))).toBe('validation-failed')
    const { holdId } = await field<{ holdId: string }>(olga, hold)
    const first = await untilHeld(ada)
    expect(codeOf(await bela.ask(CANCEL, { id: first }))).toBe('erasure/not_found')
    expect(await field(ada, CANCEL, { id: first })).toEqual({ status: 'cancelled' })
    expect(await field(ada, NEWEST)).toEqual([{ kind: 'erasure', status: 'cancelled' }])
    const id = await untilHeld(ada)
    expect(await field(ada, NEWEST)).toEqual([{ kind: 'erasure', status: 'received' }])
    await expect(product.admin.query('delete from app_users where user_id = $1', [ADA])).rejects.toMatchObject({
      code: 'TB021',
    })
    expect(await rowsOf('activities', ADA)).toBe(6)
    await field(
      olga,
      'mutation ($id: uuid!) { releaseLegalHold(holdId: $id, reason: "the case is closed") { holdId } }',
      { id: holdId },
    )
    const { report } = await untilErased(ada, id)
    expect(JSON.parse(report)).toMatchObject({
      rescan: { found: 0 },
      platforms: [{ platform: 'strava', answer: 'confirmed' }],
    })
    expect(codeOf(await bela.ask(REPORT, { id }))).toBe('erasure/not_found')
    const file = join(directory, 'report.json')
    const printed = (await product.tributary('erasure', 'report', id)).text
    writeFileSync(file, printed)
    expect((await product.tributary('erasure', 'verify', file)).code).toBe(0)
    writeFileSync(file, printed.replace('confirmed', 'confirmEd'))
    expect((await product.tributary('erasure', 'verify', file)).code).toBe(1)
  })

  test('is for good: no table names the person, their sign-in opens nothing, and the trail is whole', async () => {
    await product.admin.query('vacuum')
    const found: string[] = []
    for await (const { name, bytes } of copyEveryTable(product.admin))
      if (findCanaries({ ada: ADA }, bytes).length > 0) found.push(name)
    expect(found).toEqual([])
    expect(codeOf(await ada.ask('mutation { connectPlatform(platform: "strava") { authorizationUrl } }'))).toBe(
      'erasure/person_erased',
    )
    await expect(product.admin.query('insert into app_users (user_id) values ($1)', [ADA])).rejects.toMatchObject({
      code: 'TB020',
    })
    expect((await product.tributary('audit', 'verify')).text).toMatch(/^the audit trail is whole/)
  })

  test('wins against an import and a copy that are under way', async () => {
    await historyImported(bela)
    await product.admin.query(
      `
      insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
      select user_id, id, kind, 'u', array(select generate_series(1, 50000)), array(select random()::numeric from generate_series(1, 50000)), raw_id, raw_created_at, observed_at
      from activities, unnest(array['altitude_m', 'distance_m', 'power_w', 'speed_m_per_s']) as kind where user_id = $1`,
      [BELA],
    )
    await product.simulate('POST', '/faults', {
      next: [{ match: '/athlete/activities', latency_ms: 1500, count: 100 }],
    })
    await field(bela, 'mutation { importHistory(platform: "strava", years: 20) { syncRunId } }')
    const { exportId } = await field<{ exportId: string }>(bela, EXPORT)
    await until('a piece of the copy', () => rowsOf('ops.export_chunks', BELA), {
      good: (pieces) => (pieces ?? 0) > 0,
      everyMs: 20,
    })
    await untilErased(bela, await askForDeletion(bela))
    for (const table of GONE) expect([table, await rowsOf(table, BELA)]).toEqual([table, 0])
    expect((await download(exportId, bela.token)).status).toBe(404)
    const { rows } = await product.admin.query(
      "select task_identifier, last_error from graphile_worker.jobs where task_identifier in ('export_data', 'import_history', 'normalize_raw_data')",
    )
    expect(rows).toEqual([])
    expect((await product.admin.query('select from dead_letters')).rowCount).toBe(0)
  })

  test('wins against a refresh of another process, whose answer comes afterwards', async () => {
    const cleo = await product.signIn(CLEO)
    await connectStrava(cleo, 'approve')
    await historyImported(cleo)
    await product.admin.query(
      `update vault.tokens set access_expires_at = now() - interval '1 second', updated_at = now() - interval '1 hour' where user_id = $1`,
      [CLEO],
    )
    const answersAfterMs = 6000
    await product.simulate('POST', '/faults', {
      next: [{ match: '/oauth/token', latency_ms: answersAfterMs, count: 1 }],
    })
    const askedAt = performance.now()
    const refreshed = cleo.ask('mutation { refreshConnection(platform: "strava") { status } }')
    await until('the question to the platform', () => leasesOf(CLEO), { good: (rows) => rows === 1, everyMs: 20 })
    const id = await askForDeletion(cleo)
    await until('its begin', () => rowsOf('connections', CLEO), { good: (rows) => rows === 0, everyMs: 20 })
    expect(performance.now() - askedAt).toBeLessThan(answersAfterMs)
    expect(codeOf(await refreshed)).toMatch(/^(connection\/not_found|vault\/unreadable|erasure\/person_erased)$/)
    await untilErased(cleo, id)
    for (const table of GONE) expect([table, await rowsOf(table, CLEO)]).toEqual([table, 0])
  })
})
