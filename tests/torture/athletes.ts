import { answerConsent } from '../support/connect-strava.ts'
import { type Person, signIn, until } from '../support/graphql-client.ts'
import { Complete, Runs } from '../support/operations.ts'
import type { PlannedEvent } from './plan.ts'
import type { Product } from './product.ts'

/** A person of the product and the athlete at the platform that they connected. */
export interface Athlete {
  readonly userId: string
  readonly athleteId: number
}

/** People with a connection each and an empty history. The platform's own deliveries are switched off: the driver delivers. */
export async function connectAthletes(product: Product, count: number): Promise<Athlete[]> {
  const athletes: Athlete[] = []
  for (let index = 0; index < count; index += 1) {
    const userId = `77777777-7777-4777-8777-${String(index + 1).padStart(12, '0')}`
    const person = await signIn(product, userId)
    const handle = (await answerConsent(person)).get('handle')
    await person.get(Complete, { handle })
    await imported(person)
    // The simulator numbers its athletes in the order in which they consent.
    athletes.push({ userId, athleteId: index + 1 })
  }
  return athletes
}

async function imported(person: Person): Promise<void> {
  await until('the empty history', () => person.get(Runs, { kind: 'history' }), {
    good: ({ sync_runs: [run] }) => run?.status === 'complete',
  })
}

/** What athletes do at the platform, and the event that the platform would send of it. */
export interface Platform {
  /** Does it, and answers the event's body. */
  act(planned: PlannedEvent): Promise<string>
  /** What the platform has in the end. */
  activities(athlete: Athlete): Promise<readonly PlatformActivity[]>
}

export interface PlatformActivity {
  readonly id: number
  readonly name: string
  readonly distance: number
  readonly start_date_local: string
}

export async function openPlatform(product: Product, athletes: readonly Athlete[]): Promise<Platform> {
  const simulate = `${product.simulatorUrl}/strava/simulate`
  const subscriptionId = await findSubscription(product)
  const ids = new Map<string, number>()
  return {
    async act({ event, athlete, activity, does }) {
      const athleteId = athletes[athlete]?.athleteId
      const key = `${athlete}/${activity}`
      const name = `Event ${event}`
      if (does === 'create') {
        const made = await send(`${simulate}/activity`, 'POST', { athlete_id: athleteId, name })
        ids.set(key, (made as { id: number }).id)
      }
      const id = ids.get(key)
      if (does === 'rename') await send(`${simulate}/activity/${id}?athlete_id=${athleteId}`, 'PATCH', { name })
      if (does === 'delete') await send(`${simulate}/activity/${id}?athlete_id=${athleteId}`, 'DELETE')
      return JSON.stringify({
        object_type: 'activity',
        object_id: id,
        aspect_type: does === 'rename' ? 'update' : does,
        updates: does === 'rename' ? { title: name } : {},
        owner_id: athleteId,
        subscription_id: subscriptionId,
        event_time: Math.floor(Date.now() / 1000),
      })
    },
    async activities({ athleteId }) {
      const response = await fetch(`${simulate}/athletes/${athleteId}/activities`)
      return (await response.json()) as PlatformActivity[]
    },
  }
}

async function send(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!response.ok) throw new Error(`the simulator answers ${response.status} to ${method} ${url}`)
  return response.status === 204 ? undefined : await response.json()
}

async function findSubscription({ environment, simulatorUrl }: Product): Promise<number> {
  const { STRAVA_CLIENT_ID: id = '', STRAVA_CLIENT_SECRET: secret = '' } = environment
  const query = new URLSearchParams({ client_id: id, client_secret: secret })
  const look = async () => {
    const response = await fetch(`${simulatorUrl}/strava/api/v3/push_subscriptions?${query}`)
    return (await response.json()) as { id: number }[]
  }
  const [subscription] = await until('the webhook subscription', look, { good: (list) => list.length > 0 })
  if (subscription === undefined) throw new Error('there is no webhook subscription')
  return subscription.id
}
