import { SignJWT } from 'jose'
import { connectStrava, historyImported } from '../support/connect-strava.ts'
import { type Person, personWith } from '../support/graphql-client.ts'
import { ActivityCount } from '../support/operations.ts'
import { type RunningProduct, readSettings } from '../support/running.ts'
import { printProgress } from './figures.ts'

const AT_ONCE = 8

export interface Trainee {
  readonly person: Person
  readonly athleteId: number
  /** How many activities they made. */
  trained: number
}

/** Signed in, connected and without a history: the first is the platform's athlete 1, and so on. */
export async function connectTrainees(product: RunningProduct, count: number): Promise<readonly Trainee[]> {
  const begun = performance.now()
  const trainees: Trainee[] = []
  let next = 1
  const connect = async () => {
    for (let athleteId = next++; athleteId <= count; athleteId = next++) {
      const person = await signInHere(product, `88888888-8888-4888-8888-${String(athleteId).padStart(12, '0')}`)
      await connectStrava(person, 'approve', athleteId)
      await historyImported(person)
      trainees.push({ person, athleteId, trained: 0 })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, connect))
  printProgress(`${count} people connected in ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  return trainees
}

/** A run that ends now, which the platform announces by its webhook. */
export async function train({ simulatorUrl }: RunningProduct, trainee: Trainee): Promise<void> {
  trainee.trained += 1
  const response = await fetch(`${simulatorUrl}/strava/simulate/activity`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ athlete_id: trainee.athleteId }),
  })
  if (response.status !== 201) throw new Error(`the simulator answered ${response.status}`)
  await response.body?.cancel()
}

export async function countVisible({ person }: Trainee): Promise<number> {
  const { daily_summaries_aggregate: days } = await person.get(ActivityCount)
  return days.aggregate?.sum?.activity_count ?? 0
}

/** As the identity provider would: the operator's command takes a process for each, and a quarter of an hour is too short. */
export async function signInHere({ graphqlUrl, dataDirectory }: RunningProduct, userId: string): Promise<Person> {
  const jwt = JSON.parse(readSettings(dataDirectory)['HASURA_GRAPHQL_JWT_SECRET'] ?? '{}') as Record<string, string>
  const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': userId }
  const token = await new SignJWT({ [jwt['claims_namespace'] ?? 'https://hasura.io/jwt/claims']: claims })
    .setProtectedHeader({ alg: jwt['type'] ?? 'HS256', typ: 'JWT' })
    .setSubject(userId)
    .setIssuer(jwt['issuer'] ?? '')
    .setAudience(jwt['audience'] ?? '')
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(jwt['key']))
  return personWith(graphqlUrl, { userId, token })
}
