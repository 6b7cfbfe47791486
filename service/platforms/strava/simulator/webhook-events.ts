import { isOnlyMe } from './activity-fields.ts'
import { type Json, type JsonObject, readText } from './json.ts'

export interface ActivityEvent {
  readonly aspect_type: 'create' | 'update' | 'delete'
  readonly updates: Readonly<Record<string, string>>
}

/**
 * What the application hears of a change, given what the athlete lets it see. Without an activity scope: nothing. With
 * `activity:read` an activity that becomes private looks deleted, and one that becomes public looks new
 * (developers.strava.com/docs/webhooks). `before` is undefined for a new activity, `after` for a deleted one.
 */
export function eventOf(
  scopes: readonly string[],
  { before, after }: { before?: JsonObject | undefined; after?: JsonObject | undefined },
): ActivityEvent | undefined {
  const seesAll = scopes.includes('activity:read_all')
  if (!seesAll && !scopes.includes('activity:read')) return undefined
  const visible = (activity: JsonObject | undefined) => activity !== undefined && (seesAll || !isOnlyMe(activity))
  if (!visible(before) && !visible(after)) return undefined
  if (before === undefined || !visible(before)) return { aspect_type: 'create', updates: {} }
  if (after === undefined || !visible(after)) return { aspect_type: 'delete', updates: {} }
  return {
    aspect_type: 'update',
    updates: { ...titleAndType(before, after), ...(seesAll ? privacy(before, after) : {}) },
  }
}

function titleAndType(before: JsonObject, after: JsonObject): Record<string, string> {
  const changed = (field: string, name: string) =>
    readText(before, field) === readText(after, field) ? {} : { [name]: readText(after, field) ?? '' }
  return { ...changed('name', 'title'), ...changed('type', 'type') }
}

/** A string, not a boolean. */
function privacy(before: JsonObject, after: JsonObject): Record<string, string> {
  return isOnlyMe(before) === isOnlyMe(after) ? {} : { private: String(isOnlyMe(after)) }
}

/** The body of a delivery. `objectId` keeps its digits. */
export function eventBody(options: {
  event: ActivityEvent
  object: { type: 'activity' | 'athlete'; id: Json }
  athleteId: number
  subscriptionId: number
  at: Date
}): string {
  const { event, object, athleteId, subscriptionId, at } = options
  return JSON.stringify({
    object_type: object.type,
    object_id: object.id,
    aspect_type: event.aspect_type,
    updates: event.updates,
    owner_id: athleteId,
    subscription_id: subscriptionId,
    event_time: Math.floor(at.getTime() / 1000),
  })
}
