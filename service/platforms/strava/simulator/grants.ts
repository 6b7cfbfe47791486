import { randomBytes } from 'node:crypto'
import { badRequest } from './refusals.ts'
import type { Grant, StateStore } from './state.ts'

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
  const { state, save, now } = settings
  const seconds = () => Math.floor(now().getTime() / 1000)
  const tokens = tokensOf(settings)
  return {
    get nextAthleteId() {
      return state.nextAthleteId
    },
    issueCode({ athleteId, scopes }) {
      const code = randomBytes(20).toString('hex')
      const live = state.codes.filter((known) => known.expiresAtMs > now().getTime())
      state.codes = [...live, { code, athleteId, scopes: [...scopes], expiresAtMs: now().getTime() + CODE_LIFETIME_MS }]
      state.nextAthleteId = Math.max(state.nextAthleteId, athleteId + 1)
      save()
      return code
    },
    exchangeCode(code) {
      const found = state.codes.find((known) => known.code === code && known.expiresAtMs > now().getTime())
      if (found === undefined) throw badRequest('Application', 'code')
      state.codes = state.codes.filter((known) => known !== found)
      state.latestAthleteId = found.athleteId
      const answer = tokens.answer(tokens.grantTo(found.athleteId, found.scopes))
      save()
      return { athleteId: found.athleteId, tokens: answer }
    },
    refresh(refreshToken) {
      const grant = state.grants.find((known) => known.refreshToken === refreshToken)
      if (grant === undefined) throw badRequest('RefreshToken', 'refresh_token')
      tokens.renew(grant)
      save()
      return tokens.answer(grant)
    },
    findByAccessToken: (token) =>
      state.grants.find(({ accessTokens }) =>
        accessTokens.some((known) => known.token === token && known.expiresAtSeconds > seconds()),
      ),
    findByAnyToken: (token) =>
      state.grants.find(
        (grant) => grant.refreshToken === token || grant.accessTokens.some((known) => known.token === token),
      ),
    findByAthlete: (athleteId) => state.grants.find((grant) => grant.athleteId === athleteId),
    revoke(grant) {
      state.grants = state.grants.filter((known) => known !== grant)
      save()
    },
  }
}

function tokensOf({ state, now, tokenSeconds }: Settings) {
  const seconds = () => Math.floor(now().getTime() / 1000)
  const newToken = () => ({ token: randomBytes(20).toString('hex'), expiresAtSeconds: seconds() + tokenSeconds })
  const renew = (grant: Grant): void => {
    const expiresAt = grant.accessTokens.at(-1)?.expiresAtSeconds ?? 0
    if (expiresAt - seconds() > RENEWABLE_SECONDS) return
    grant.accessTokens = [...grant.accessTokens.filter((token) => token.expiresAtSeconds > seconds()), newToken()]
    grant.refreshToken = newToken().token
  }
  return {
    renew,
    answer(grant: Grant): TokenAnswer {
      const { token, expiresAtSeconds } = grant.accessTokens.at(-1) ?? newToken()
      const times = { expires_at: expiresAtSeconds, expires_in: expiresAtSeconds - seconds() }
      return { token_type: 'Bearer', access_token: token, ...times, refresh_token: grant.refreshToken }
    },
    grantTo(athleteId: number, scopes: string[]): Grant {
      const known = state.grants.find((grant) => grant.athleteId === athleteId)
      const grant = known ?? { athleteId, scopes, refreshToken: newToken().token, accessTokens: [newToken()] }
      if (known === undefined) state.grants.push(grant)
      else renew(grant)
      grant.scopes = scopes
      return grant
    },
  }
}
