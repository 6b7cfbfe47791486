import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { entranceOf, opensWith } from '../../service/api/webhook-gate.ts'
import { discoverPlatforms } from '../../service/platforms/discover.ts'
import type { PlatformWebhook } from '../../service/platforms/webhook-contract.ts'
import { AppError } from '../../service/runtime/errors.ts'

const FOLDER = join(import.meta.dirname, '../../service/platforms')
const Request = z.object({ headers: z.record(z.string(), z.string()).default({}), body: z.string().optional() })
const Query = z.record(z.string(), z.string())
const Declared = z.strictObject({
  environment: z.record(z.string(), z.string()),
  subscription: z.string().optional(),
  now: z.string().default('2026-07-04T08:00:30Z'),
  signed: z.boolean().default(false),
  accepted: Request,
  refused: z.array(Request.extend({ name: z.string(), code: z.string() })).min(1),
  handshake: z.object({ accepted: Query, refused: z.array(Query).min(1) }).optional(),
})
type Declared = z.infer<typeof Declared>

type Found = readonly [
  id: string,
  found: { readonly declared: Declared; readonly webhook: PlatformWebhook } | undefined,
]

/** Every folder whose platform has a webhook declares requests of its own, wrong and right. */
const webhooks = [...(await discoverPlatforms()).values()].flatMap((platform): Found[] => {
  if (platform.connect === undefined) return []
  const file = join(FOLDER, platform.id, 'fixtures/webhook.yaml')
  if (!existsSync(file)) return [[platform.id, undefined]]
  const declared = Declared.parse(parse(readFileSync(file, 'utf8')))
  const { webhook } = platform.connect(platform.env.parse(declared.environment)) ?? {}
  if (webhook === undefined) throw new Error(`${platform.id} is off with the settings in ${file}`)
  return [[platform.id, { declared, webhook }]]
})

test('every platform that is told things declares what it refuses', () => {
  expect(webhooks.filter(([, each]) => each === undefined).map(([id]) => id)).toEqual([])
  expect(webhooks.length).toBeGreaterThan(2)
})

const each = webhooks.flatMap(([id, found]) => (found === undefined ? [] : [[id, found] as const]))

describe.each(each)('a delivery of %s', (_id, { declared, webhook }) => {
  const { accepted, refused, signed } = declared

  test('as the platform sends it is accepted', () => {
    expect(outcome(webhook, declared, accepted)).toBe('accepted')
  })

  test.each(refused.map((request) => [request.name, request] as const))(
    'is refused with %s',
    (_name, { code, ...request }) => {
      expect(outcome(webhook, declared, { body: accepted.body, ...request })).toBe(code)
    },
  )

  test.runIf(signed)('is refused with any other byte in its body', () => {
    const body = Buffer.from(accepted.body ?? '')
    expect(body.length).toBeGreaterThan(10)
    for (const at of body.keys()) {
      const altered = Buffer.from(body)
      altered[at] = altered[at]! ^ 1
      expect(outcome(webhook, declared, { ...accepted, body: altered.toString('latin1') })).toBe('webhook/not_verified')
    }
  })

  test('comes to an address whose last part is the secret, or the one before it, exactly', () => {
    const secret = webhook.pathSecret.reveal()
    expect(secret.length).toBeGreaterThanOrEqual(32)
    const entrance = entranceOf(webhook)
    expect(opensWith(entrance, secret)).toBe(true)
    expect(opensWith(entrance, webhook.previousPathSecret!.reveal())).toBe(true)
    const wrong = ['', 'x', secret.slice(0, -1), `${secret}x`, secret.toUpperCase(), `${secret} `]
    expect(wrong.filter((each) => opensWith(entrance, each))).toEqual([])
    expect(opensWith(undefined, secret)).toBe(false)
  })

  test('is never read to the end without a limit', () => {
    expect(webhook.bodyLimitBytes).toBeLessThanOrEqual(100 * 1024 * 1024)
  })
})

describe.each(each.filter(([, { declared }]) => declared.handshake))(
  'the handshake of %s',
  (_id, { declared, webhook }) => {
    test('is answered to who knows the token, and to nobody else', () => {
      const { handshake } = declared
      const answer = JSON.stringify(webhook.handshake!(handshake!.accepted))
      expect(Object.values(handshake!.accepted).some((value) => answer.includes(value))).toBe(true)
      for (const query of handshake!.refused) expect(() => webhook.handshake!(query)).toThrow(AppError)
    })
  },
)

function outcome(webhook: PlatformWebhook, { subscription, now }: Declared, request: z.infer<typeof Request>): string {
  const { headers, body = '' } = request
  try {
    if ('readItem' in webhook) webhook.verifyHeaders(headers)
    else
      webhook.verify({
        rawBody: Buffer.from(body, 'latin1'),
        headers,
        subscriptionId: subscription,
        now: new Date(now),
      })
    return 'accepted'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
