import { expect, onTestFinished, test } from 'vitest'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { startEmptyEngine } from './empty-engine.ts'

const LONG = '9007199254740993'
const TABLES = 'create table count (id bigint primary key, total numeric, notes jsonb, parts bigint[], label text)'

async function start() {
  const engine = await startEmptyEngine(TABLES)
  await engine.command('track_table', { table: 'count' })
  /** Sends the variables as they are written. */
  const ask = (query: string, variables: string) =>
    engine.send(`{"query":${JSON.stringify(query)},"variables":${variables}}`)
  return { ...engine, ask }
}

test('a long number in the variables keeps every digit, wherever it is stored', async () => {
  const engine = await start()
  const query = 'mutation ($o: count_insert_input!) { insert_count_one(object: $o) { id total notes parts } }'
  const notes = `{"a": [${LONG}], "b": 12345678901234567890.5}`
  const variables = `{"o": {"id": ${LONG}, "total": ${LONG}.125, "notes": ${notes}, "parts": [1, ${LONG}]}}`
  expect(await engine.ask(query, variables)).toBe(
    `{"data":{"insert_count_one":{"id":"${LONG}","total":"${LONG}.125","notes":${notes},"parts":[1,${LONG}]}}}`,
  )
  const { rows } = await engine.database.query('select id::text, parts::text from count')
  expect(rows).toEqual([{ id: LONG, parts: `{1,${LONG}}` }])
})

test.for([
  ['another row', 'query ($i: bigint!) { count_by_pk(id: $i) { id } }', `{"i": ${LONG}}`],
  [
    'another row, by a condition',
    'query ($w: count_bool_exp) { count(where: $w) { id } }',
    `{"w": {"id": {"_eq": ${LONG}}}}`,
  ],
] as const)('a long number in the variables does not find %s', async ([, query, variables]) => {
  const engine = await start()
  await engine.database.query('insert into count values (9007199254740992)')
  expect(await engine.ask(query, variables)).not.toContain('9007199254740992')
})

test.for([
  ['a number that is too long for its column', '{"o": {"id": 92233720368547758080}}', 'parse-failed'],
  ['a long number for a text', `{"o": {"id": 1, "label": ${LONG}}}`, 'parse-failed'],
  ['a long number for an object', `{"o": ${LONG}}`, 'validation-failed'],
] as const)('%s is refused', async ([, variables, code]) => {
  const engine = await start()
  const query = 'mutation ($o: count_insert_input!) { insert_count_one(object: $o) { id } }'
  expect(JSON.parse(await engine.ask(query, variables))).toMatchObject({ errors: [{ extensions: { code } }] })
})

test('a long number goes to the handler of an action and comes back', async () => {
  const engine = await start()
  const handler = await startWebhookReceiver(({ body }) => ({ status: 200, body: `{"id":${LONG},"sent":${body}}` }))
  onTestFinished(() => handler.close())
  const fields = ['bigint', 'jsonb'].map((type, index) => ({ name: ['id', 'sent'][index], type }))
  await engine.command('set_custom_types', { objects: [{ name: 'Echo', fields }] })
  await engine.command('create_action', {
    name: 'echo',
    definition: {
      type: 'query',
      handler: handler.url,
      output_type: 'Echo!',
      arguments: [
        { name: 'n', type: 'bigint' },
        { name: 'i', type: 'ID' },
        { name: 'f', type: 'Float' },
      ],
    },
  })
  const query = 'query ($n: bigint, $i: ID, $f: Float) { echo(n: $n, i: $i, f: $f) { id sent } }'
  const answer = await engine.ask(query, `{"n": ${LONG}, "i": ${LONG}, "f": 1.00000000000000005}`)
  expect(handler.calls[0]!.body).toContain(`"input":{"n":${LONG},"i":"${LONG}","f":1}`)
  expect(answer).toMatch(new RegExp(`^{"data":{"echo":{"id":${LONG},"sent":{.*"n":${LONG}`))
})
