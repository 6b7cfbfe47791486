import { equalInConstantTime } from '../../runtime/constant-time.ts'
import { AppError } from '../../runtime/errors.ts'
import type { BatchWebhook } from '../webhook-contract.ts'
import { readGarminItem } from './read-item.ts'
import type { GarminApplication, GarminSettings } from './settings.ts'

const BODY_LIMIT_BYTES = 104_857_600 // 100 MiB: what details of activities may come to

/** Garmin signs nothing: the path is secret, a header names our application, and owners and addresses are checked item by item. */
export function garminWebhook(application: GarminApplication, settings: GarminSettings): BatchWebhook {
  return {
    bodyLimitBytes: BODY_LIMIT_BYTES,
    pathSecret: application.webhookSecret,
    previousPathSecret: application.previousWebhookSecret,
    verifyHeaders: (headers) => {
      const named = headers['garmin-client-id']
      if (named === undefined && settings.headerOptional) return
      // Twice or not at all is as wrong as another application's.
      if (typeof named !== 'string' || !equalInConstantTime(named, application.clientId))
        throw new AppError('webhook/not_verified', { platform: 'garmin', header: 'garmin-client-id' })
    },
    readItem: readGarminItem,
    isCallbackAllowed: (url) => isCallbackAllowed(url, settings.callbackUrls),
  }
}

/** Host, port and scheme exactly, the path below the one allowed, no user and no fragment: the token is sent to nobody else. */
export function isCallbackAllowed(text: string, allowed: readonly string[]): boolean {
  // A parser forgives backslashes, control characters and spaces, and the client behind it may understand them otherwise.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  return allowed
    .map((prefix) => new URL(prefix))
    .some((prefix) => url.origin === prefix.origin && url.pathname.startsWith(`${prefix.pathname}/`))
}
