import { describe, expect, test } from 'vitest'
import { AppError } from '../../runtime/errors.ts'
import { Secret } from '../../runtime/secret.ts'
import { stravaWebhook } from './webhook.ts'

const webhook = stravaWebhook(
  {
    clientId: '1',
    clientSecret: new Secret('s'),
    webhookSecret: new Secret('path'),
    verifyToken: new Secret('the-verify-token'),
  },
  { apiUrl: 'http://localhost:1' },
)
const event = {
  object_type: 'activity',
  object_id: 16181809559,
  aspect_type: 'update',
  updates: { title: 'Morning Run', private: 'true' },
  owner_id: 134815,
  subscription_id: 120475,
  event_time: 1516126040,
}
const raw = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
const verify = (body: unknown, subscriptionId: string | undefined = '120475') =>
  webhook.verify({ rawBody: raw(body), subscriptionId })

function refusal(work: () => unknown): { code: string; facts: unknown } {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, facts: error.facts }
    throw error
  }
  return { code: 'accepted', facts: {} }
}

describe('a delivery', () => {
  test.each([
    ['an empty body', '', { field: 'body', problem: 'not_json' }],
    ['half a body', '{"object_type":', { field: 'body', problem: 'not_json' }],
    ['a list', '[]', { field: 'body', problem: 'invalid_type' }],
    ['nothing', 'null', { field: 'body', problem: 'invalid_type' }],
    ['a deep nest', '['.repeat(60_000), { field: 'body', problem: 'not_json' }],
    ['an unknown object', { ...event, object_type: 'segment' }, { field: 'object_type', problem: 'invalid_value' }],
    ['an unknown aspect', { ...event, aspect_type: 'rename' }, { field: 'aspect_type', problem: 'invalid_value' }],
    ['an id that is a text', { ...event, object_id: 'drop table' }, { field: 'object_id', problem: 'invalid_union' }],
    ['a negative id', { ...event, object_id: -1 }, { field: 'object_id', problem: 'custom' }],
    ['an id that is a fraction', { ...event, object_id: 1.5 }, { field: 'object_id', problem: 'invalid_union' }],
    [
      'an id beyond int64',
      JSON.stringify(event).replace('16181809559', '9'.repeat(20)),
      { field: 'object_id', problem: 'custom' },
    ],
    ['no owner', { ...event, owner_id: undefined }, { field: 'owner_id', problem: 'invalid_union' }],
    ['no time', { ...event, event_time: null }, { field: 'event_time', problem: 'invalid_type' }],
    ['updates that are a text', { ...event, updates: 'secret' }, { field: 'updates', problem: 'invalid_type' }],
    [
      'updates within updates',
      { ...event, updates: { title: { secret: 1 } } },
      { field: 'updates', problem: 'invalid_union' },
    ],
  ])('is refused with the place and no value: %s', (_name, body, facts) => {
    expect(refusal(() => verify(body))).toEqual({ code: 'webhook/malformed', facts })
  })

  test('is refused when its bytes are not UTF-8', () => {
    const rawBody = Buffer.concat([Buffer.from('{"updates":{"title":"'), Buffer.from([0xff]), Buffer.from('"}}')])
    expect(refusal(() => webhook.verify({ rawBody, subscriptionId: '120475' }))).toMatchObject({
      code: 'webhook/malformed',
    })
  })

  test('is refused when the subscription is not ours, or ours is not known yet', () => {
    expect(refusal(() => verify(event, '120476'))).toEqual({ code: 'webhook/unknown_subscription', facts: {} })
    expect(refusal(() => webhook.verify({ rawBody: raw(event), subscriptionId: undefined })).code).toBe(
      'webhook/unknown_subscription',
    )
  })

  test('is the same delivery when it comes again, however it is written', () => {
    const { updates, ...rest } = event
    const reordered = `{ "updates": ${JSON.stringify({ private: updates.private, title: updates.title })}, ${JSON.stringify(rest).slice(1)}`
    expect(verify(reordered)).toEqual(verify(event))
    expect(verify(event).dedupeKey).toMatch(/^120475:activity:16181809559:update:1516126040:[0-9a-f]{64}$/)
  })

  test.each([
    ['another update in the same second', { updates: { title: 'Evening Run', private: 'true' } }],
    ['a text in place of a flag', { updates: { title: 'Morning Run', private: true } }],
    ['another object', { object_id: 16181809560 }],
    ['another aspect', { aspect_type: 'create' }],
    ['another kind of object', { object_type: 'athlete' }],
    ['another second', { event_time: 1516126041 }],
    ['no updates', { updates: undefined }],
  ])('is another delivery when it holds %s', (_name, change) => {
    expect(verify({ ...event, ...change }).dedupeKey).not.toBe(verify(event).dedupeKey)
  })

  test('keeps ids apart that JSON.parse would round to one', () => {
    const written = (id: string) => JSON.stringify(event).replace('16181809559', id)
    expect(verify(written('9007199254740993')).dedupeKey).toContain(':9007199254740993:')
    expect(verify(written('9007199254740993')).dedupeKey).not.toBe(verify(written('9007199254740992')).dedupeKey)
  })
})

describe('what a delivery says', () => {
  const change = (kind: string) => [{ platformUserId: '134815', sourceId: '16181809559', kind }]
  const athlete = { ...event, object_type: 'athlete', object_id: 134815 }

  test.each([
    ['a new activity', { ...event, aspect_type: 'create', updates: {} }, change('changed')],
    ['a new activity without updates', { ...event, aspect_type: 'create', updates: null }, change('changed')],
    ['a changed activity', event, change('changed')],
    ['a deleted activity', { ...event, aspect_type: 'delete' }, change('deleted')],
    [
      'a large id',
      JSON.stringify(event).replace('16181809559', '3455410090770304386'),
      [{ ...change('changed')[0], sourceId: '3455410090770304386' }],
    ],
    [
      'a withdrawn consent',
      { ...athlete, updates: { authorized: 'false' } },
      [{ platformUserId: '134815', sourceId: null, kind: 'deauthorized' }],
    ],
    ['a consent', { ...athlete, updates: { authorized: 'true' } }, []],
    [
      'another change of the athlete',
      { ...athlete, updates: { weight: '70' } },
      [{ platformUserId: '134815', sourceId: null, kind: 'changed' }],
    ],
    [
      'an athlete that is gone',
      { ...athlete, aspect_type: 'delete', updates: {} },
      [{ platformUserId: '134815', sourceId: null, kind: 'deauthorized' }],
    ],
    [
      'a withdrawn consent that is no update',
      { ...athlete, aspect_type: 'create', updates: { authorized: 'false' } },
      [],
    ],
    ['an activity that was renamed "authorized"', { ...event, updates: { authorized: 'false' } }, change('changed')],
  ])('is understood: %s', (_name, body, expected) => {
    expect(webhook.read(raw(body))).toEqual(expected)
  })
})

describe('the handshake', () => {
  const query = {
    'hub.mode': 'subscribe',
    'hub.challenge': '15f7d1a91c1f40f8a748fd134752feb3',
    'hub.verify_token': 'the-verify-token',
  }

  test.each([
    ['no token', { 'hub.verify_token': undefined }, 'webhook/wrong_verify_token'],
    ['another token', { 'hub.verify_token': 'the-verify-tokem' }, 'webhook/wrong_verify_token'],
    ['a longer token', { 'hub.verify_token': 'the-verify-token-' }, 'webhook/wrong_verify_token'],
    ['the token twice', { 'hub.verify_token': ['the-verify-token', 'the-verify-token'] }, 'webhook/wrong_verify_token'],
    ['another mode', { 'hub.mode': 'unsubscribe' }, 'webhook/malformed'],
    ['no challenge', { 'hub.challenge': undefined }, 'webhook/malformed'],
    ['an empty challenge', { 'hub.challenge': '' }, 'webhook/malformed'],
    ['a challenge that is too long', { 'hub.challenge': 'c'.repeat(257) }, 'webhook/malformed'],
    ['two challenges', { 'hub.challenge': ['a', 'b'] }, 'webhook/malformed'],
  ])('is refused with %s', (_name, change, code) => {
    expect(refusal(() => webhook.handshake({ ...query, ...change })).code).toBe(code)
  })

  test('echoes the challenge', () => {
    expect(webhook.handshake(query)).toEqual({ 'hub.challenge': '15f7d1a91c1f40f8a748fd134752feb3' })
    expect(webhook.handshake({ ...query, 'hub.challenge': 'c'.repeat(256) })).toEqual({
      'hub.challenge': 'c'.repeat(256),
    })
  })
})
