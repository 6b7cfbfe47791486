import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { createApiKey } from '../../service/access/api-keys.ts'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { createServer } from '../../service/api/server.ts'
import { uploadRoutes } from '../../service/api/upload.route.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { ADA } from '../support/people.ts'
import { testWithFew as test } from '../support/service.ts'

const FOLDER = join(import.meta.dirname, '../../service/platforms/apple-health/fixtures')
const Fixture = z.object({ dataType: z.string(), metadata: z.record(z.string(), z.unknown()), payload: z.unknown() })
const Expected = z.object({
  samples: z.array(z.unknown()).default([]),
  sleepSessions: z.array(z.unknown()).default([]),
  activities: z.array(z.unknown()).default([]),
  dailyMetrics: z.array(z.unknown()).default([]),
  rejected: z.array(z.unknown()),
})
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as unknown
/** Bodies as apps post them; what an export is cut into is no body. */
const bodies = globSync('*.json', { cwd: FOLDER }).filter((name) => !/^export-|\.expected\.json$/.test(name))

describe('what an app posts with an API key', () => {
  test('is there', () => expect(bodies.length).toBeGreaterThan(8))

  test.for(bodies)(
    '%s is recognized, answered with what is wrong in it, and becomes what was written by hand',
    async (name, { db, service }) => {
      const { dataType, metadata, payload } = Fixture.parse(read(name))
      const { rejected, ...made } = Expected.parse(read(name.replace('.json', '.expected.json')))
      const owner = { kind: 'user', id: ADA } as const
      const { key } = await createApiKey(service.apiKeys, owner, {
        name: 'phone',
        scopes: ['upload:apple-health'],
        days: 1,
      })
      const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
      const verifyToken = createTokenVerifier({
        keys: { type: 'HS256', key: new Secret('k'.repeat(32)) },
        algorithms: ['HS256'],
        issuer: undefined,
        audience: undefined,
        skewSeconds: 0,
        maxLifetimeSeconds: 60,
        claimsNamespace: 'x',
      })
      app.register(uploadRoutes, {
        ...service.uploads,
        verifyToken,
        takeRequest: service.takeRequest,
        isErased: async () => false,
      })
      const { aggregation } = metadata
      const headers = {
        'content-type': 'application/json',
        'x-api-key': key.reveal(),
        ...(typeof aggregation === 'string' && { 'automation-aggregation': aggregation }),
      }
      const response = await app.inject({
        method: 'POST',
        url: '/uploads/apple-health',
        headers,
        payload: JSON.stringify(payload),
      })
      expect({ status: response.statusCode, body: response.json<unknown>() }).toEqual({
        status: 200,
        body: { dataType, rejected },
      })
      await app.close()
      const { rows } = await db.admin.query(
        'select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data',
      )
      for (const raw of rows) await normalizeRaw(service.normalization, raw)
      const stored = await db.admin.query(
        `select (select count(*)::int from samples) as samples, (select count(*)::int from sleep_sessions) as "sleepSessions",
        (select count(*)::int from activities) as activities, (select count(*)::int from daily_metrics where not derived) as "dailyMetrics"`,
      )
      expect(stored.rows[0]).toEqual(
        Object.fromEntries(Object.entries(made).map(([list, records]) => [list, records.length])),
      )
    },
  )
})
