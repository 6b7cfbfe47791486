import { createHash, randomBytes } from 'node:crypto'

export const PERMISSIONS = ['ACTIVITY_EXPORT', 'HEALTH_EXPORT', 'HISTORICAL_DATA_EXPORT'] as const

export interface Grant {
  readonly person: number
  readonly userId: string
  permissions: readonly string[]
  accessToken: string
  refreshToken: string
  /** `<type> <from> <to>` that were asked for: the second time is a 409. */
  readonly asked: Set<string>
}

interface Code {
  readonly person: number
  readonly permissions: readonly string[]
  readonly challenge: string
  readonly redirectUri: string
}

/** Who has authorized the application, in memory: a simulator that restarts begins anew. */
export class Grants {
  readonly #codes = new Map<string, Code>()
  readonly #grants = new Map<string, Grant>()
  #nextPerson = 1

  nextPerson(): number {
    return this.#nextPerson++
  }

  issueCode(code: Code): string {
    const text = randomBytes(16).toString('hex')
    this.#codes.set(text, code)
    return text
  }

  /** Undefined when the code is unknown, used, or the proof of PKCE does not fit. */
  exchange(text: string, { verifier, redirectUri }: { verifier: string; redirectUri: string }): Grant | undefined {
    const code = this.#codes.get(text)
    this.#codes.delete(text)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (code === undefined || code.challenge !== challenge || code.redirectUri !== redirectUri) return undefined
    return this.create(code.person, code.permissions)
  }

  create(person: number, permissions: readonly string[]): Grant {
    const userId = userIdOf(person)
    const grant = { person, userId, permissions, ...newTokens(), asked: new Set<string>() }
    this.#grants.set(userId, grant)
    return grant
  }

  /** A refresh token is spent with its first use. */
  refresh(refreshToken: string): Grant | undefined {
    const grant = [...this.#grants.values()].find((candidate) => candidate.refreshToken === refreshToken)
    return grant && Object.assign(grant, newTokens())
  }

  findByToken(accessToken: string | undefined): Grant | undefined {
    return [...this.#grants.values()].find((grant) => grant.accessToken === accessToken)
  }

  findByPerson(person: number): Grant | undefined {
    return this.#grants.get(userIdOf(person))
  }

  end(grant: Grant): void {
    this.#grants.delete(grant.userId)
  }
}

export function userIdOf(person: number): string {
  return createHash('md5').update(`garmin person ${person}`).digest('hex')
}

function newTokens() {
  return { accessToken: randomBytes(24).toString('hex'), refreshToken: randomBytes(24).toString('hex') }
}
