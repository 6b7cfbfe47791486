import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
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
/** By activity id: the whole activity as it is now, or null once deleted. */
const Changes = z.record(z.string(), z.custom<JsonObject>().nullable())
const State = z.object({
  nextAthleteId: z.number(),
  /** The one that authorized last. */
  latestAthleteId: z.number().nullable(),
  codes: z.array(Code),
  grants: z.array(Grant),
  nextSubscriptionId: z.number(),
  subscription: Subscription.nullable(),
  /** By athlete id. */
  changes: z.record(z.string(), Changes),
})

export type Code = z.infer<typeof Code>
export type Grant = z.infer<typeof Grant>
export type Subscription = z.infer<typeof Subscription>
export type State = z.infer<typeof State>

export interface StateStore {
  readonly state: State
  /** Call it after every change. */
  readonly save: () => void
}

/** What outlives a restart, in `file` when one is given. Throws an Error of one line when the file is not of ours. */
export function openState(file: string | undefined): StateStore {
  const state = file !== undefined && existsSync(file) ? readState(file) : emptyState()
  return { state, save: () => file !== undefined && writeAtomically(file, JSON.stringify(state)) }
}

function emptyState(): State {
  return {
    nextAthleteId: 1,
    latestAthleteId: null,
    codes: [],
    grants: [],
    nextSubscriptionId: 131_300,
    subscription: null,
    changes: {},
  }
}

function readState(file: string): State {
  try {
    return State.parse(parseExactly(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Error(`STRAVA_SIMULATOR_STATE: ${file} is not a state of this simulator; delete it to start afresh`, {
      cause,
    })
  }
}

function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
