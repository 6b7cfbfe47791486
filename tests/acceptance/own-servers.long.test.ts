import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withClient } from '../../database/connect.ts'
import { migrate } from '../../database/migrate.ts'
import { openTemporaryServer } from '../../database/temporary.ts'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { signIn, until } from '../support/graphql-client.ts'
import { Summaries } from '../support/operations.ts'
import { freePorts, startProduct } from '../support/running.ts'
import { startStandIn } from '../support/stand-in.ts'

const ADA = '11111111-1111-4111-8111-111111111111'
const SIX_ACTIVITIES = join(import.meta.dirname, '../fixtures/strava-odd-activities.json')

const secrets = {
  HASURA_GRAPHQL_ADMIN_SECRET: 'own-admin-secret-of-this-test',
  HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: 'k'.repeat(40) }),
  HASURA_ACTION_SECRET: 'a'.repeat(40),
  HASURA_EVENT_SECRET: 'e'.repeat(40),
  SERVICE_DATABASE_PASSWORD: 'own-service-password',
  HASURA_DATABASE_PASSWORD: 'own-hasura-password',
}

test('with DATABASE_URL and HASURA_GRAPHQL_ENDPOINT set, npm start uses those and starts neither', async () => {
  // A server of its own: npm start gives the roles of the whole server new passwords.
  const server = await openTemporaryServer(undefined)
  const passwords = { service: secrets.SERVICE_DATABASE_PASSWORD, hasura: secrets.HASURA_DATABASE_PASSWORD }
  await migrate({ adminUrl: server.adminUrl, passwords })
  const login = { username: 'tributary_hasura', password: passwords.hasura }
  const hasuraUrl = Object.assign(new URL(server.adminUrl), login).href
  const [internalPort] = await freePorts(1)
  const SERVICE_INTERNAL_URL = `http://localhost:${internalPort}`
  const hasura = await startStandIn({ hasuraUrl }, { ...secrets, SERVICE_INTERNAL_URL })
  const product = await startProduct({
    env: {
      ...secrets,
      DATABASE_URL: server.adminUrl,
      HASURA_GRAPHQL_ENDPOINT: hasura.url,
      INTERNAL_PORT: String(internalPort),
      STRAVA_SIMULATOR_ACTIVITIES: SIX_ACTIVITIES,
    },
  })
  try {
    expect(product.output()).toContain('the server of DATABASE_URL')
    expect(product.output()).not.toContain('a local stand-in')
    const ada = await signIn(product, ADA)
    await connectStrava(ada)
    expect(await historyImported(ada)).toMatchObject({ status: 'complete', records_fetched: 6 })
    const { daily_summaries: days } = await until('summaries', () => ada.get(Summaries), {
      good: (answer) => answer.daily_summaries.length === 5,
    })
    expect(days.map((day) => day.local_day)).toEqual([
      '2024-03-31',
      '2024-07-01',
      '2024-07-03',
      '2024-07-04',
      '2024-07-05',
    ])
    await withClient(server.adminUrl, async (client) => {
      const { rows } = await client.query('select count(*)::integer from public.activities')
      expect(rows).toEqual([{ count: 6 }])
    })
  } finally {
    await product.stop()
    await hasura.close()
    await server.close()
  }
}, 60_000)
