import type { AddressInfo } from 'node:net'
import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { userIdOf } from '../../service/platforms/garmin/simulator/state.ts'
import type { TestDatabase } from './database.ts'
import { ADA, BELA } from './people.ts'
import { testWithFew as base, connect, type TestService } from './service.ts'

const ADDRESS = `/webhooks/garmin/${'g'.repeat(32)}`
export const HEADERS = { 'content-type': 'application/json', 'garmin-client-id': 'garmin-simulator' }

export interface Door {
  readonly url: string
  /** Answers the status. Of a stream nobody knows the length beforehand. */
  post(body: string | object | ReadableStream, headers?: Record<string, string>): Promise<number>
}

/** The webhook's door, listening, and known to the simulator. */
export const test = base.extend<{ door: Door }>({
  door: async ({ service }, use) => {
    const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
    app.register(platformWebhook, { ...service.ingestion, takeRequest: service.takeRequest })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${ADDRESS}`
    await service.simulateGarmin('POST', '/endpoints', { url })
    await service.simulateGarmin('POST', '/settings', { publicUrl: `${service.simulatorsUrl}/garmin` })
    await use({
      url,
      post: async (body, headers = HEADERS) => {
        const isReady = typeof body === 'string' || body instanceof ReadableStream
        const request = { method: 'POST', headers, body: isReady ? body : JSON.stringify(body), duplex: 'half' }
        return (await fetch(url, request as RequestInit)).status
      },
    })
    await app.close()
  },
})

export const person = { ada: userIdOf(1), bela: userIdOf(2) }

/** History is not granted, so that nothing comes but what a test sends. */
export async function connectBoth(service: TestService): Promise<void> {
  await connect(service, { platform: 'garmin', userId: ADA, simulate: 'read_only', query: '&simulate_person=1' })
  await connect(service, { platform: 'garmin', userId: BELA, simulate: 'read_only', query: '&simulate_person=2' })
}

/** No Hasura here: what its event would ask for. */
export async function normalizeAll({ normalization }: TestService, { admin }: TestDatabase): Promise<void> {
  const { rows } = await admin.query<{ userId: string; createdAt: string; rawId: string }>(
    `select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data where processed_at is null order by created_at`,
  )
  for (const key of rows) await normalizeRaw(normalization, key)
}
