import { randomBytes } from 'node:crypto'
import { badRequest } from './refusals.ts'
import type { Change, Grant, State, StateStore } from './state.ts'

const CODE_LIFETIME_MS = 600_000
/** While an access token has more than this left, a refresh gives the same one back. */
const RENEWABLE_SECONDS = 3600

export interface TokenAnswer {
  readonly token_type: 'Bearer'
  readonly access_token: string
  readonly expires_at: number
  readonly expires_in: number
  readonly refresh_token: string
}

export interface Grants {
  /** The athlete that the next authorization gets when it names none. */
  readonly nextAthleteId: number
  issueCode(consent: { athleteId: number; scopes: readonly string[] }): string
  /** Works once and for ten minutes. Throws a Refusal. */
  exchangeCode(code: string): { athleteId: number; tokens: TokenAnswer }
  /** Throws a Refusal. */
  refresh(refreshToken: string): TokenAnswer
  /** Undefined when the token is unknown, expired or revoked. */
  findByAccessToken(token: string): Grant | undefined
  /** By an access or a refresh token. */
  findByAnyToken(token: string): Grant | undefined
  findByAthlete(athleteId: number): Grant | undefined
  revoke(grant: Grant): void
}

interface Settings extends StateStore {
  readonly now: () => Date
  readonly tokenSeconds: number
}

/** Codes and tokens of the one application. An athlete has one grant; authorizing again renews it. */
export function openGrants(settings: Settings): Grants {
  const { state, change, now } = settings
  const seconds = () => Math.floor(now().getTime() / 1000)
  const tokens = tokensOf(settings)
  const owners = ownersOf(state)
  const keep = (grant: Grant, facts: Change['facts'] = {}): TokenAnswer => {
    owners.add(grant)
    change({ facts, grant })
    return tokens.answer(grant)
  }
  return {
    get nextAthleteId() {
      return state.nextAthleteId
    },
    issueCode({ athleteId, scopes }) {
      const code = randomBytes(20).toString('hex')
      const live = state.codes.filter((known) => known.expiresAtMs > now().getTime())
      const codes = [...live, { code, athleteId, scopes: [...scopes], expiresAtMs: now().getTime() + CODE_LIFETIME_MS }]
      change({ facts: { codes, nextAthleteId: Math.max(state.nextAthleteId, athleteId + 1) } })
      return code
    },
    exchangeCode(code) {
      const found = state.codes.find((known) => known.code === code && known.expiresAtMs > now().getTime())
      if (found === undefined) throw badRequest('Application', 'code')
      const { athleteId, scopes } = found
      const codes = state.codes.filter((known) => known !== found)
      const answer = keep(tokens.grantTo(athleteId, scopes), { codes, latestAthleteId: athleteId })
      return { athleteId, tokens: answer }
    },
    refresh(refreshToken) {
      const grant = owners.find(refreshToken)
      if (grant?.refreshToken !== refreshToken) throw badRequest('RefreshToken', 'refresh_token')
      return keep(tokens.renewed(grant))
    },
    findByAccessToken: (token) => {
      const grant = owners.find(token)
      const isLive = grant?.accessTokens.some((known) => known.token === token && known.expiresAtSeconds > seconds())
      return isLive === true ? grant : undefined
    },
    findByAnyToken: (token) => owners.find(token),
    findByAthlete: (athleteId) => state.grants.get(athleteId),
    revoke: ({ athleteId }) => change({ revoked: { athleteId } }),
  }
}

/** Whose token it is, without a look at everybody's. Tokens of yesterday stay in the index, but belong to nobody. */
function ownersOf(state: State) {
  const athletes = new Map<string, number>()
  const tokensIn = ({ refreshToken, accessTokens }: Grant) => [refreshToken, ...accessTokens.map(({ token }) => token)]
  const add = (grant: Grant): void => {
    for (const token of tokensIn(grant)) athletes.set(token, grant.athleteId)
  }
  for (const grant of state.grants.values()) add(grant)
  return {
    add,
    find(token: string): Grant | undefined {
      const grant = state.grants.get(athletes.get(token) ?? Number.NaN)
      return grant !== undefined && tokensIn(grant).includes(token) ? grant : undefined
    },
  }
}

function tokensOf({ state, now, tokenSeconds }: Settings) {
  const seconds = () => Math.floor(now().getTime() / 1000)
  const newToken = () => ({ token: randomBytes(20).toString('hex'), expiresAtSeconds: seconds() + tokenSeconds })
  const renewed = (grant: Grant): Grant => {
    const expiresAt = grant.accessTokens.at(-1)?.expiresAtSeconds ?? 0
    if (expiresAt - seconds() > RENEWABLE_SECONDS) return grant
    const live = grant.accessTokens.filter((token) => token.expiresAtSeconds > seconds())
    return { ...grant, accessTokens: [...live, newToken()], refreshToken: newToken().token }
  }
  return {
    renewed,
    answer(grant: Grant): TokenAnswer {
      const { token, expiresAtSeconds } = grant.accessTokens.at(-1) ?? newToken()
      const times = { expires_at: expiresAtSeconds, expires_in: expiresAtSeconds - seconds() }
      return { token_type: 'Bearer', access_token: token, ...times, refresh_token: grant.refreshToken }
    },
    grantTo(athleteId: number, scopes: string[]): Grant {
      const known = state.grants.get(athleteId)
      return known === undefined
        ? { athleteId, scopes, refreshToken: newToken().token, accessTokens: [newToken()] }
        : { ...renewed(known), scopes }
    },
  }
}
