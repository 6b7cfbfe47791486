import type { AddressInfo } from 'node:net'
import { describe, expect } from 'vitest'
import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import { normalizeAll, OURA, range, told } from '../support/oura-scene.ts'
import { ADA } from '../support/people.ts'
import { testWithFew as base, connect } from '../support/service.ts'

/** The door for notices, known to the simulated Oura by subscriptions that the service makes itself. */
const test = base.extend<{ subscribed: string }>({
  subscribed: async ({ service }, use) => {
    const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
    app.register(platformWebhook, { ...service.ingestion, takeRequest: service.takeRequest })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const webhook = service.ingestion.platforms.get(OURA)!.webhook!
    const host = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    const callbackUrl = `${host}/webhooks/${OURA}/${webhook.pathSecret.reveal()}`
    await use(
      await webhook.ensureSubscription!({ callbackUrl, send: (request) => service.ingestion.send(request, OURA) }),
    )
    await app.close()
  },
})

describe('a person who connects Oura', () => {
  test('without the other scopes gets the lists that were granted', async ({ db, service }) => {
    await connect(service, { platform: OURA, simulate: 'read_only' })
    await service.work()
    const { rows } = await db.admin.query(
      "select distinct data_type from raw_fitness_data where platform = 'oura' order by 1",
    )
    expect(rows.map((row) => (row as { data_type: string }).data_type)).toEqual([
      'daily_activity',
      'daily_readiness',
      'daily_sleep',
      'sleep',
    ])
    const { rows: connections } = await db.admin.query(
      "select status, granted_scopes from connections where platform = 'oura'",
    )
    expect(connections).toEqual([{ status: 'active', granted_scopes: ['extapi:personal', 'extapi:daily'] }])
  })

  test('ends it at Oura when it is ended here', async ({ db, service }) => {
    await connect(service, { platform: OURA })
    await disconnectPlatform(service.connections, { userId: ADA, platform: OURA })
    await service.work()
    const { rows } = await db.admin.query("select status, revocation_status from connections where platform = 'oura'")
    expect(rows).toEqual([{ status: 'disconnected', revocation_status: 'confirmed' }])
  })
})

describe('a notice of Oura', () => {
  test('brings the document as it is now, a deletion takes it away, and nobody’s is dropped', async ({
    db,
    service,
    subscribed,
  }) => {
    expect(subscribed.split(',')).toHaveLength(25)
    await connect(service, { platform: OURA, query: '&simulate_person=1' })
    await db.admin.query("update sync_runs set status = 'cancelled', finished_at = now() where platform = 'oura'")
    await service.work()
    const [night] = await told(service, 'sleep', range())
    const [workout] = await told(service, 'workout', range())
    const id = String(night!['id'])
    await service.simulateAt(OURA)('PATCH', `/people/1/sleep/${id}`, { total_sleep_duration: 4321 })
    await service.simulateAt(OURA)('POST', `/people/1/workout/${String(workout!['id'])}`)
    await service.simulateAt(OURA)('POST', `/people/2/workout/someones`)
    await service.simulateAt(OURA)('POST', '/settle')
    await service.work()
    await normalizeAll(service, db)
    const count = async () => {
      const { rows } = await db.admin.query(
        `select (select asleep_s from sleep_sessions where source_id = $1) as asleep, (select count(*) from activities)::int as workouts,
          array(select coalesce(outcome, state) from ops.webhook_deliveries where platform = 'oura' order by 1) as outcomes`,
        [id],
      )
      return rows[0] as object
    }
    expect(await count()).toEqual({ asleep: 4321, workouts: 1, outcomes: ['store', 'store', 'unknown_owner'] })
    await service.simulateAt(OURA)('DELETE', `/people/1/workout/${String(workout!['id'])}`)
    await service.simulateAt(OURA)('DELETE', `/people/1/sleep/${id}`)
    await service.simulateAt(OURA)('POST', '/settle')
    await service.work()
    await normalizeAll(service, db)
    expect(await count()).toMatchObject({ asleep: null, workouts: 0 })
  })
})
