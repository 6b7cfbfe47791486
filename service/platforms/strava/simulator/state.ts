import { z } from 'zod'
import { openJournal } from './journal.ts'
import { type JsonObject, parseExactly } from './json.ts'

const Code = z.object({ code: z.string(), athleteId: z.number(), scopes: z.array(z.string()), expiresAtMs: z.number() })
const AccessToken = z.object({ token: z.string(), expiresAtSeconds: z.number() })
const Grant = z.object({
  athleteId: z.number(),
  scopes: z.array(z.string()),
  refreshToken: z.string(),
  /** The newest last; earlier ones work until they expire. */
  accessTokens: z.array(AccessToken).min(1),
})
const Subscription = z.object({ id: z.number(), callbackUrl: z.string(), createdAt: z.string() })
/** The whole activity as it is now, or null once deleted. */
const Activity = z.custom<JsonObject>((value) => typeof value === 'object').nullable()
const Facts = z.object({
  nextAthleteId: z.number(),
  /** The one that authorized last. */
  latestAthleteId: z.number().nullable(),
  codes: z.array(Code),
  nextSubscriptionId: z.number(),
  subscription: Subscription.nullable(),
})
/** The first line of the file: all there was when the simulator started. */
const Snapshot = Facts.extend({
  grants: z.array(Grant),
  /** By athlete id and activity id. */
  changes: z.record(z.string(), z.record(z.string(), Activity)),
})
/** Each further line, and what it says happened at once. */
const Change = z
  .strictObject({
    facts: Facts.partial(),
    grant: Grant,
    revoked: z.object({ athleteId: z.number() }),
    activity: z.object({ athleteId: z.number(), id: z.string(), activity: Activity }),
  })
  .partial()

export type Grant = z.infer<typeof Grant>
export type Subscription = z.infer<typeof Subscription>
export type Change = z.infer<typeof Change>

export interface State extends Readonly<z.infer<typeof Facts>> {
  /** By athlete id. */
  readonly grants: ReadonlyMap<number, Grant>
  /** What was made, changed or deleted, by athlete id and activity id. */
  readonly changes: ReadonlyMap<number, ReadonlyMap<string, JsonObject | null>>
}

export interface StateStore {
  readonly state: State
  /** Once it returns, the change outlives the end of the process, whatever that is. */
  readonly change: (change: Change) => void
}

/** What outlives a restart, in `file` when one is given. Throws an Error of one line when the file is not of ours. */
export function openState(file: string | undefined): StateStore {
  const state = emptyState()
  if (file === undefined) return { state, change: (change) => apply(change, state) }
  const journal = openJournal(file)
  try {
    replay(journal.lines, state)
  } catch (cause) {
    throw new Error(`STRAVA_SIMULATOR_STATE: ${file} is not a state of this simulator; delete it to start afresh`, {
      cause,
    })
  }
  journal.startWith(JSON.stringify(snapshotOf(state)))
  return {
    state,
    change(change) {
      apply(change, state)
      journal.append(JSON.stringify(change))
    },
  }
}

function emptyState() {
  return {
    nextAthleteId: 1,
    latestAthleteId: null,
    codes: [],
    nextSubscriptionId: 131_300,
    subscription: null,
    grants: new Map<number, Grant>(),
    changes: new Map<number, Map<string, JsonObject | null>>(),
  }
}

function apply({ facts, grant, revoked, activity }: Change, state: ReturnType<typeof emptyState>): void {
  Object.assign(state, facts)
  if (grant !== undefined) state.grants.set(grant.athleteId, grant)
  if (revoked !== undefined) state.grants.delete(revoked.athleteId)
  if (activity === undefined) return
  const changes = state.changes.get(activity.athleteId) ?? new Map<string, JsonObject | null>()
  state.changes.set(activity.athleteId, changes.set(activity.id, activity.activity))
}

function replay([first, ...rest]: readonly string[], state: ReturnType<typeof emptyState>): void {
  if (first === undefined) return
  const { grants, changes, ...facts } = Snapshot.parse(parseExactly(first))
  Object.assign(state, facts)
  for (const grant of grants) state.grants.set(grant.athleteId, grant)
  for (const [athleteId, activities] of Object.entries(changes))
    state.changes.set(Number(athleteId), new Map(Object.entries(activities)))
  for (const line of rest) apply(Change.parse(parseExactly(line)), state)
}

function snapshotOf({ grants, changes, ...facts }: State): z.infer<typeof Snapshot> {
  const activities = [...changes].map(([athleteId, of]) => [athleteId, Object.fromEntries(of)] as const)
  return { ...facts, grants: [...grants.values()], changes: Object.fromEntries(activities) }
}
