import { createHash, randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Notices } from './notices.ts'
import type { OuraSimulatorOptions } from './options.ts'
import { type Document, documentsOf, eachDay, idOf } from './person.ts'

export const SCOPES = ['personal', 'daily', 'workout', 'heartrate', 'session', 'spo2', 'stress', 'heart_health']

export interface Grant {
  readonly person: number
  readonly userId: string
  readonly scopes: readonly string[]
  accessToken: string
  refreshToken: string
}

interface Code {
  readonly person: number
  readonly scopes: readonly string[]
  readonly redirectUri: string
}

/** Everything in memory: a simulator that restarts begins anew. */
export class Simulation {
  readonly options: OuraSimulatorOptions
  readonly notices: Notices
  /** Statuses that the next requests are answered with. */
  readonly faults: number[] = []
  readonly #codes = new Map<string, Code>()
  readonly #grants = new Map<string, Grant>()
  /** What was changed by hand, by list and id; null: deleted. */
  readonly #edits = new Map<string, Document | null>()
  #nextPerson = 1
  #window = 0
  #used = 0

  constructor(options: OuraSimulatorOptions) {
    this.options = options
    this.notices = new Notices(options)
  }

  now(): Date {
    return this.options.now?.() ?? new Date()
  }

  /** Whether this request is within the limit. */
  allow(): boolean {
    const window = Math.floor(this.now().getTime() / 300_000)
    if (window !== this.#window) [this.#window, this.#used] = [window, 0]
    this.#used += 1
    return this.#used <= this.options.requestsPer5Minutes
  }

  nextPerson(): number {
    return this.#nextPerson++
  }

  issueCode(code: Code): string {
    const text = randomBytes(16).toString('hex')
    this.#codes.set(text, code)
    return text
  }

  exchange(text: string, redirectUri: string): Grant | undefined {
    const code = this.#codes.get(text)
    this.#codes.delete(text)
    if (code === undefined || code.redirectUri !== redirectUri) return undefined
    const grant = { person: code.person, userId: userIdOf(code.person), scopes: code.scopes, ...newTokens() }
    this.#grants.set(grant.userId, grant)
    return grant
  }

  /** A refresh token is spent with its first use. */
  refresh(refreshToken: string): Grant | undefined {
    const grant = [...this.#grants.values()].find((candidate) => candidate.refreshToken === refreshToken)
    return grant && Object.assign(grant, newTokens())
  }

  grantOf({ headers }: FastifyRequest): Grant | undefined {
    return this.findByToken(/^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1])
  }

  findByToken(accessToken: string | undefined): Grant | undefined {
    return [...this.#grants.values()].find((grant) => grant.accessToken === accessToken)
  }

  end({ userId }: Grant): void {
    this.#grants.delete(userId)
  }

  edit(list: string, id: string, document: Document | null): void {
    this.#edits.set(`${list} ${id}`, document)
  }

  /** Documents of a list whose day is from `from` until before `to`, as Oura's lists with an open end give them. */
  list({ person }: Pick<Grant, 'person'>, list: string, { from, to }: { from: number; to: number }): Document[] {
    const now = this.now().getTime()
    const earliest = now - this.options.days * 86_400_000
    return eachDay(Math.max(from, earliest), Math.min(to, now)).flatMap((day) =>
      (documentsOf(person, day)[list] ?? []).flatMap((made) => {
        const edited = this.#edits.get(`${list} ${String(made['id'])}`)
        return edited === null ? [] : [edited ?? made]
      }),
    )
  }

  find(grant: Pick<Grant, 'person'>, list: string, id: string): Document | undefined {
    const all = this.list(grant, list, { from: 0, to: this.now().getTime() })
    return all.find((document) => document['id'] === id)
  }
}

export function userIdOf(person: number): string {
  return idOf('oura person', person)
}

function newTokens() {
  const token = () => createHash('sha256').update(randomBytes(24)).digest('hex')
  return { accessToken: token(), refreshToken: token() }
}
