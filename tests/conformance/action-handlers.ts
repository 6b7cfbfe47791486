import type pg from 'pg'
import { startWebhookReceiver, type WebhookReceiver, type WebhookReply } from '../support/webhook-receiver.ts'
import { isObject, type Json } from './case-files.ts'

const EMAIL = /^\w+([.-]?\w+)*@\w+([.-]?\w+)*(\.\w{2,3})+$/
const ADDRESSES = {
  address: { city: 'New York', country: 'USA' },
  addresses: [
    { city: 'Bangalore', country: 'India' },
    { city: 'Melbourne', country: 'Australia' },
  ],
}

/** Handlers that say the same whatever they are asked. */
const FIXED: Readonly<Record<string, unknown>> = {
  '/null-response': null,
  '/omitted-response-field': [{}],
  '/scalar-response': 'some-string',
  '/json-response': { foo: 'bar' },
  '/scalar-array-response': ['foo', 'bar', null],
  '/custom-scalar-array-response': [{ foo: 'bar' }],
  '/get-results': { result_ids: [1, 2, 3, 4] },
  '/get_messages': [
    { user_name: 'foo', content: 'baz' },
    { user_name: 'bar', content: 'foo' },
  ],
}

/** The webhooks that the cases of actions expect, over the database under test. */
export function startActionHandlers(database: pg.Pool): Promise<WebhookReceiver> {
  return startWebhookReceiver(async ({ path, body }) => {
    const payload: unknown = JSON.parse(body)
    const input = isObject(payload) && isObject(payload['input']) ? payload['input'] : {}
    return answer(path, input, database)
  })
}

async function answer(path: string, input: Json, database: pg.Pool): Promise<WebhookReply> {
  if (Object.hasOwn(FIXED, path)) return reply(200, FIXED[path])
  switch (path) {
    case '/mirror-action':
      return reply(200, input['arg'])
    case '/intentional-error':
      return reply(400, input['blob'])
    case '/create-user':
      return isEmail(input['email']) ? reply(200, await createUser(input, database)) : invalidEmail()
    case '/create-users':
      return createUsers(input, database)
    case '/get-user-by-email':
    case '/get-users-by-email':
    case '/get-user-by-email-nested':
    case '/get-users-by-email-nested':
      return isEmail(input['email']) ? reply(200, await findUsers(path, input, database)) : invalidEmail()
    default:
      return { status: 204 }
  }
}

async function createUsers(input: Json, database: pg.Pool): Promise<WebhookReply> {
  const users = Array.isArray(input['users']) ? input['users'].filter(isObject) : []
  const wrong = users.find((user) => !isEmail(user['email']))
  if (wrong !== undefined) return invalidEmail(`Email address is not valid: ${String(wrong['email'])}`)
  const created: unknown[] = []
  for (const user of users) created.push(await createUser(user, database))
  return reply(200, created)
}

async function createUser({ name, email }: Json, database: pg.Pool): Promise<unknown> {
  const { rows } = await database.query('insert into "user" (name, email) values ($1, $2) returning id', [name, email])
  return rows[0]
}

async function findUsers(path: string, { email }: Json, database: pg.Pool): Promise<unknown> {
  const { rows } = await database.query<{ id: number }>('select id from "user" where email = $1 order by id', [email])
  const users = path.endsWith('-nested') ? rows.map(({ id }) => ({ id, ...ADDRESSES, user_id: { id } })) : rows
  return path.startsWith('/get-users') ? users : (users[0] ?? null)
}

function isEmail(value: unknown): boolean {
  return EMAIL.test(String(value))
}

function invalidEmail(message = 'Given email address is not valid'): WebhookReply {
  return reply(400, { message, code: 'invalid-email' })
}

function reply(status: number, body: unknown): WebhookReply {
  const headers = { 'content-type': 'application/json', 'set-cookie': 'abcd' }
  return { status, headers, body: JSON.stringify(body ?? null) }
}
