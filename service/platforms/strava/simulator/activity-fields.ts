import { decimal, type JsonObject, readNumber, readText } from './json.ts'
import { offsetSeconds } from './places.ts'
import { profileOf } from './sports.ts'

/** An activity with some fields replaced, and the fields that hang on those brought in line unless they are given too. */
export function withFields(activity: JsonObject, fields: JsonObject): JsonObject {
  return {
    ...activity,
    ...privacy(fields),
    ...sport(fields),
    ...start(activity, fields),
    ...speed(activity, fields),
    ...fields,
  }
}

/** Only the owner sees it. */
export function isOnlyMe(activity: JsonObject): boolean {
  return activity['private'] === true || activity['visibility'] === 'only_me'
}

function privacy(fields: JsonObject): JsonObject {
  if (typeof fields['private'] === 'boolean') return { visibility: fields['private'] ? 'only_me' : 'everyone' }
  return typeof fields['visibility'] === 'string' ? { private: fields['visibility'] === 'only_me' } : {}
}

function sport(fields: JsonObject): JsonObject {
  const name = readText(fields, 'sport_type')
  return name === undefined ? {} : { type: profileOf(name)?.type ?? name }
}

function start(activity: JsonObject, fields: JsonObject): JsonObject {
  const instantMs = Date.parse(readText(fields, 'start_date') ?? '')
  if (Number.isNaN(instantMs)) return {}
  const label = readText(fields, 'timezone') ?? readText(activity, 'timezone') ?? ''
  const offset = offsetSeconds(label.replace(/^\(.*\) /, '') || 'UTC', instantMs)
  const local = new Date(instantMs + offset * 1000).toISOString()
  return { start_date_local: `${local.slice(0, 19)}Z`, utc_offset: decimal(offset) }
}

function speed(activity: JsonObject, fields: JsonObject): JsonObject {
  if (fields['distance'] === undefined && fields['moving_time'] === undefined) return {}
  const distance = readNumber(fields, 'distance') ?? readNumber(activity, 'distance') ?? 0
  const seconds = readNumber(fields, 'moving_time') ?? readNumber(activity, 'moving_time') ?? 0
  return { average_speed: decimal(seconds > 0 ? distance / seconds : 0, 3) }
}
