import type { ReadWebhookItem, WebhookItem } from '../webhook-contract.ts'
import { findList } from './lists.ts'

const none = (reason: string): WebhookItem => ({ kind: 'none', reason })

/** One item of a delivery: data, an address where data waits, or news about the account. `userAccessToken` is never looked at. */
export const readGarminItem: ReadWebhookItem = (list, item) => {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return none('not_an_object')
  const fields = item as Readonly<Record<string, unknown>>
  const platformUserId = fields['userId']
  if (typeof platformUserId !== 'string' || platformUserId === '' || platformUserId.length > 200)
    return none('no_user_id')
  if (list === 'deregistrations') return { kind: 'deauthorized', platformUserId }
  if (list === 'userPermissionsChange') return { kind: 'permissions', platformUserId }
  const dataType = findList(list)
  if (dataType === undefined) return none('unknown_list')
  const url = fields['callbackURL']
  if (url === undefined || url === null)
    return dataType === 'activityFiles' ? none('no_callback') : { kind: 'data', platformUserId, dataType }
  if (typeof url !== 'string' || url.length > 4096) return none('no_callback')
  const callback = { kind: 'callback', platformUserId, dataType, url } as const
  return dataType === 'activityFiles' ? { ...callback, file: factsOf(fields) } : callback
}

const FILE_FACTS = [
  'summaryId',
  'activityId',
  'fileType',
  'startTimeInSeconds',
  'activityName',
  'activityType',
  'deviceName',
  'manual',
]

/** What a ping says of a file and the file may not. */
function factsOf(fields: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    FILE_FACTS.flatMap((name) => {
      const value = typeof fields[name] === 'bigint' ? String(fields[name]) : fields[name]
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : []
    }),
  )
}
