import { timingSafeEqual } from 'node:crypto'
import type { onRequestHookHandler } from 'fastify'
import type { TakeRequest } from '../access/rate-limit.ts'
import type { Platforms } from '../platforms/contract.ts'
import { digestOf } from '../runtime/constant-time.ts'
import { AppError } from '../runtime/errors.ts'
import { networkOf } from '../runtime/network-of.ts'
import type { Secret } from '../runtime/secret.ts'

export interface GateServices {
  readonly platforms: Platforms
  readonly takeRequest: TakeRequest
}

type Params = Readonly<Record<string, string | undefined>>

/**
 * Before the body is read: a wrong secret is an address that does not exist, and who tries many is told to wait. Whoever knows the
 * secret is never refused for its rate: Strava gives an event up after three attempts. Throws request/not_found, request/too_many.
 */
export function webhookGate({ platforms, takeRequest }: GateServices): onRequestHookHandler {
  const entrances = new Map<string, Entrance>()
  for (const [name, { webhook }] of platforms) if (webhook !== undefined) entrances.set(name, entranceOf(webhook))
  return (request, _reply, done) => {
    const { platform = '', secret } = request.params as Params
    // Undefined at a relay's address: its key is checked there.
    if (secret === undefined || opensWith(entrances.get(platform), secret)) done()
    else refuse(takeRequest, request.sourceAddress).catch(done)
  }
}

async function refuse(takeRequest: TakeRequest, sourceAddress: string): Promise<never> {
  const { allowed, resetSeconds } = await takeRequest('webhook-source', networkOf(sourceAddress))
  // No header tells what is left: the answer has to be that of any unknown address.
  if (!allowed) throw new AppError('request/too_many', { problem: `try again in ${resetSeconds} s` })
  throw new AppError('request/not_found')
}

/** What opens a platform's address, as digests: the present secret and, during a rotation, the one before it. */
export interface Entrance {
  readonly present: Buffer
  readonly previous: Buffer
}

const NO_SECRET = digestOf('')

export function entranceOf(webhook: { pathSecret: Secret; previousPathSecret?: Secret | undefined }): Entrance {
  const { pathSecret, previousPathSecret } = webhook
  return {
    present: digestOf(pathSecret.reveal()),
    previous: previousPathSecret === undefined ? NO_SECRET : digestOf(previousPathSecret.reveal()),
  }
}

/** Takes as long for a platform that does not exist. */
export function opensWith(entrance: Entrance | undefined, secret: string): boolean {
  const given = digestOf(secret)
  const present = timingSafeEqual(given, entrance?.present ?? NO_SECRET)
  const previous = timingSafeEqual(given, entrance?.previous ?? NO_SECRET)
  return entrance !== undefined && secret !== '' && (present || previous)
}
