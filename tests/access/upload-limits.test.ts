import { expect } from 'vitest'
import { createApiKey } from '../../service/access/api-keys.ts'
import { createRateLimiter } from '../../service/access/rate-limit.ts'
import { createServer } from '../../service/api/server.ts'
import { uploadRoutes } from '../../service/api/upload.route.ts'
import { ADA, BELA } from '../support/people.ts'
import { testWithFew as test } from '../support/service.ts'

test('uploads count against the limit of their person, by whichever key, before a byte is read, and against nobody else', async ({
  db,
  service,
}) => {
  const limits = { ...service.config.access.limits, uploads: { requests: 2, seconds: 600 } }
  const takeRequest = createRateLimiter({ db: service.db, limits, onStoreDown: () => {} })
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  app.register(uploadRoutes, {
    ...service.uploads,
    verifyToken: undefined,
    takeRequest,
    isErased: async () => false,
  })
  const keyOf = async (id: string) => {
    const wanted = { name: 'phone', scopes: ['upload:apple-health'], days: 1 }
    return (await createApiKey(service.apiKeys, { kind: 'user', id }, wanted)).key.reveal()
  }
  const [phone, watch, belas] = [await keyOf(ADA), await keyOf(ADA), await keyOf(BELA)]
  const post = (key: string, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/uploads/apple-health',
      headers: { 'x-api-key': key, 'content-type': 'application/octet-stream' },
      payload: `<?xml version="1.0"?><HealthData locale="${payload}"></HealthData>`,
    })
  const sent = [await post(phone, 'a'), await post(watch, 'b'), await post(phone, 'c'), await post(belas, 'd')]
  await app.close()
  // The second is counted though it is refused: one file of a person is read at a time.
  expect(sent.map(({ statusCode }) => statusCode)).toEqual([202, 409, 429, 202])
  expect(sent[0]?.headers['ratelimit-policy']).toBe('"uploads";q=2;w=600')
  expect(Number(sent[2]?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await db.admin.query('select from ops.uploads')).rowCount).toBe(3)
})
