import { readFileSync } from 'node:fs'
import { isOnlyMe } from './activity-fields.ts'
import { detailOf } from './detail.ts'
import { isObject, type Json, type JsonObject, parseExactly, readId, readText } from './json.ts'
import { DAY_MS } from './season.ts'
import type { StateStore } from './state.ts'
import { activityIdOf, summaryOf } from './summary.ts'
import { runEndingAt, type Session, sessionsOf } from './training-plan.ts'

/** One activity in an athlete's list; written out only when somebody reads it. */
export interface Entry {
  readonly id: string
  readonly startsAtMs: number
  readonly onlyMe: boolean
  summary(): JsonObject
  detail(): JsonObject
}

export interface Activities {
  /** Newest first. */
  list(athleteId: number): readonly Entry[]
  find(athleteId: number, id: string): Entry | undefined
  /** A run that ends now; not yet in the list. */
  newRun(athleteId: number): JsonObject
  put(athleteId: number, activity: JsonObject): void
  remove(athleteId: number, id: string): void
}

interface Sources extends StateStore {
  readonly now: () => Date
  /** Everybody gets these in place of the generated ones. */
  readonly file: readonly JsonObject[] | undefined
}

export function openActivities({ state, change, now, file }: Sources): Activities {
  const startedAtMs = now().getTime()
  const history = rememberHistory()
  const changesOf = (athleteId: number) => state.changes.get(athleteId) ?? new Map<string, JsonObject | null>()
  const base = (athleteId: number): readonly Entry[] => {
    if (file !== undefined)
      return file
        .map((activity) => asTheyAre({ ...activity, athlete: { id: athleteId, resource_state: 1 } }))
        .sort(newestFirst)
    // The list grows at UTC midnights only, so that whoever pages through it during a day meets one list.
    return history(athleteId, Math.max(startedAtMs, Math.floor(now().getTime() / DAY_MS) * DAY_MS))
  }
  const list = (athleteId: number): readonly Entry[] => {
    const changes = changesOf(athleteId)
    if (changes.size === 0) return base(athleteId)
    const changed = [...changes.values()].filter((activity) => activity !== null)
    return [...base(athleteId).filter(({ id }) => !changes.has(id)), ...changed.map(entryOf)].sort(newestFirst)
  }
  const find = (athleteId: number, id: string): Entry | undefined => {
    const changed = changesOf(athleteId).get(id)
    if (changed === undefined) return base(athleteId).find((entry) => entry.id === id)
    return changed === null ? undefined : entryOf(changed)
  }
  return {
    list,
    find,
    newRun: (athleteId) => {
      const index = 100 + changesOf(athleteId).size
      return summaryOf(runEndingAt({ athleteId, index, endsAtMs: now().getTime() }))
    },
    put: (athleteId, activity) => change({ activity: { athleteId, id: readId(activity), activity } }),
    remove: (athleteId, id) => change({ activity: { athleteId, id, activity: null } }),
  }
}

/** The file's activities, every number as it is written there. Throws an Error of one line. */
export function readActivitiesFile(file: string | undefined): readonly JsonObject[] | undefined {
  if (file === undefined) return undefined
  const parsed = parseFile(file)
  const problem = 'must be a JSON array of activities, each with an id and a start_date'
  if (!Array.isArray(parsed)) throw new Error(`STRAVA_SIMULATOR_ACTIVITIES: ${file} ${problem}`)
  return parsed.map((item: Json, position) => {
    if (isObject(item) && item['id'] !== undefined && !Number.isNaN(Date.parse(readText(item, 'start_date') ?? '')))
      return item
    throw new Error(`STRAVA_SIMULATOR_ACTIVITIES: ${file} ${problem}; item ${position} is none`)
  })
}

function parseFile(file: string): Json {
  try {
    return parseExactly(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Error(`STRAVA_SIMULATOR_ACTIVITIES: cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Ten years and the rest of the first one, from a New Year's Day on, so that a day more does not move the past. */
export function sessionsUntil(athleteId: number, untilMs: number): Session[] {
  const first = Date.UTC(new Date(untilMs).getUTCFullYear() - 10, 0) / DAY_MS
  const last = Math.floor(untilMs / DAY_MS) + 1
  const days = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  return days
    .flatMap((dayNumber) => sessionsOf(athleteId, dayNumber))
    .filter((session) => session.startsAtMs + session.elapsedSeconds * 1000 <= untilMs)
}

/** Keeps the lists of the last athletes asked for: making one takes a tenth of a second. */
function rememberHistory(): (athleteId: number, untilMs: number) => readonly Entry[] {
  const known = new Map<string, readonly Entry[]>()
  return (athleteId, untilMs) => {
    const key = `${athleteId} ${untilMs}`
    const list = known.get(key) ?? sessionsUntil(athleteId, untilMs).map(generated).sort(newestFirst)
    known.set(key, list)
    if (known.size > 50) known.delete(known.keys().next().value ?? key)
    return list
  }
}

function generated(session: Session): Entry {
  const summary = () => summaryOf(session)
  const onlyMe = session.visibility === 'only_me'
  return {
    id: String(activityIdOf(session)),
    startsAtMs: session.startsAtMs,
    onlyMe,
    summary,
    detail: () => detailOf(summary()),
  }
}

function entryOf(activity: JsonObject): Entry {
  return activity['resource_state'] === 2
    ? { ...asTheyAre(activity), detail: () => detailOf(activity) }
    : asTheyAre(activity)
}

function asTheyAre(activity: JsonObject): Entry {
  const startsAtMs = Date.parse(readText(activity, 'start_date') ?? '')
  return {
    id: readId(activity),
    startsAtMs,
    onlyMe: isOnlyMe(activity),
    summary: () => activity,
    detail: () => activity,
  }
}

function newestFirst(one: Entry, other: Entry): number {
  return other.startsAtMs - one.startsAtMs || other.id.localeCompare(one.id)
}
