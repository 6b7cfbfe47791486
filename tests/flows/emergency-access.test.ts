import { expect } from 'vitest'
import { restrictionsIn } from '../../service/access/allowed-platforms.ts'
import { actionRoutes } from '../../service/api/actions.ts'
import { createServer } from '../../service/api/server.ts'
import { loadConfig } from '../../service/config.ts'
import { bindActions } from '../../service/wire-actions.ts'
import { wire } from '../../service/wiring.ts'
import { A, B, plant } from '../permissions/planted-people.ts'
import { test as base } from '../support/database.ts'
import { environment } from '../support/service.ts'
import { startStandIn } from '../support/stand-in.ts'

const OLGA = { role: 'operator', userId: '5d6a1f0e-0000-4000-8000-0000000000f1' }
const OTTO = { role: 'auditor', userId: '5d6a1f0e-0000-4000-8000-0000000000f2' }
const ADMIN_SECRET = 'an admin secret of a test'
const REASON = 'found unconscious, next of kin asked'

interface Caller {
  readonly role: string
  readonly userId: string
}
interface Answer {
  readonly data?: Record<string, unknown>
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
}
type Ask = (caller: Caller, query: string, variables?: object) => Promise<Answer>

/** The engine's stand-in, which calls the real action routes by HTTP. */
const test = base.extend<{ ask: Ask }>({
  ask: async ({ db }, use) => {
    const config = await loadConfig(
      environment(db, { simulators: 'http://localhost:9', headsDirectory: '/nowhere/heads' }),
    )
    const wiring = wire(config, 'service')
    const { log, metrics, refusals, takeRequest, verifyToken } = wiring
    const app = createServer({ listener: 'internal', log, metrics, refusals })
    const actions = bindActions(wiring)
    app.register(actionRoutes, {
      actionSecret: config.hasura.actionSecret,
      actions,
      verifyToken,
      takeRequest,
      findRestriction: restrictionsIn(wiring.db),
      isErased: async () => false,
    })
    const SERVICE_INTERNAL_URL = await app.listen({ port: 0 })
    const engine = await startStandIn(db, {
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      SERVICE_INTERNAL_URL,
      HASURA_ACTION_SECRET: config.hasura.actionSecret.reveal(),
      HASURA_EVENT_SECRET: 'unused',
    })
    await use(async ({ role, userId }, query, variables = {}) => {
      const response = await fetch(`${engine.url}/v1/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-hasura-admin-secret': ADMIN_SECRET,
          'x-hasura-role': role,
          'x-hasura-user-id': userId,
        },
        body: JSON.stringify({ query, variables }),
      })
      return (await response.json()) as Answer
    })
    await engine.close()
    await app.close()
    await refusals.stop()
    await wiring.db.close()
  },
})

const REQUEST = `mutation ($userId: uuid!, $reason: String!) {
  requestEmergencyAccess(userId: $userId, reason: $reason, minutes: 5) { id } }`
const APPROVE = 'mutation ($id: uuid!) { approveEmergencyAccess(id: $id) { id expiresAt } }'
const READ = 'mutation ($id: uuid!) { readAsEmergency(id: $id, dataset: "activities") { rows } }'
const LOG = `{ access_log(where: { action: { _like: "emergency.%" } }, order_by: { occurred_at: asc }) {
  user_id action actor_kind by_myself outcome reason } }`

const codeOf = ({ data, errors }: Answer) => errors?.[0]?.extensions.code ?? `no error: ${JSON.stringify(data)}`

test('break-glass over HTTP: asked for, approved by another, read, and listed to that person alone', async ({
  db,
  ask,
}) => {
  await plant(db.admin, A)
  await plant(db.admin, B)
  await db.admin.query('truncate emergency_accesses')
  expect(codeOf(await ask({ role: 'user', userId: B }, REQUEST, { userId: A, reason: REASON }))).toBe(
    'validation-failed',
  )
  const asked = await ask(OLGA, REQUEST, { userId: A, reason: REASON })
  const { id } = asked.data!['requestEmergencyAccess'] as { id: string }
  expect(codeOf(await ask(OLGA, READ, { id }))).toBe('emergency/no_access')
  expect(codeOf(await ask(OLGA, APPROVE, { id }))).toBe('emergency/not_approvable')
  expect(await ask(OTTO, APPROVE, { id })).toMatchObject({ data: { approveEmergencyAccess: { id } } })
  expect(codeOf(await ask(OTTO, READ, { id }))).toBe('emergency/no_access')
  const read = await ask(OLGA, READ, { id })
  const { rows } = read.data!['readAsEmergency'] as { rows: { user_id: string }[] }
  const { rows: planted } = await db.admin.query('select user_id from activities where user_id = $1', [A])
  expect(planted.length).toBeGreaterThan(0)
  expect(rows.map((row) => row.user_id)).toEqual(planted.map((row) => row.user_id))
  const line = { user_id: A, by_myself: false, outcome: 'success', reason: REASON }
  expect(await ask({ role: 'user', userId: A }, LOG)).toEqual({
    data: {
      access_log: [
        { ...line, action: 'emergency.requested', actor_kind: 'operator' },
        { ...line, action: 'emergency.approved', actor_kind: 'auditor' },
        { ...line, action: 'emergency.read', actor_kind: 'operator' },
      ],
    },
  })
  expect(await ask({ role: 'user', userId: B }, LOG)).toEqual({ data: { access_log: [] } })
})
