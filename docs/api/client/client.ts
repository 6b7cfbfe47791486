import { GraphQLClient } from 'graphql-request'
import { createClient } from 'graphql-ws'
import { graphql } from './generated/gql.ts'
import type { ChangedDaysSubscription, DaysQuery } from './generated/graphql.ts'

/** The last days, newest first; what was not measured is null, never 0. */
const Days = graphql(`
  query Days($since: date!) {
    daily_summaries(where: { local_day: { _gte: $since } }, order_by: { local_day: desc }) {
      local_day
      steps
      activity_count
      distance_m
      sleep_asleep_s
      resting_heart_rate_bpm
    }
  }
`)

const ChangedDays = graphql(`
  subscription ChangedDays($since: timestamptz!) {
    daily_summaries_stream(batch_size: 100, cursor: [{ initial_value: { updated_at: $since }, ordering: ASC }]) {
      local_day
      steps
      distance_m
      updated_at
    }
  }
`)

const StartConnecting = graphql(`
  mutation StartConnecting($platform: String!, $redirectUri: String) {
    connectPlatform(platform: $platform, redirectUri: $redirectUri) {
      authorizationUrl
      expiresAt
    }
  }
`)

const FinishConnecting = graphql(`
  mutation FinishConnecting($handle: String!) {
    completeConnection(handle: $handle) {
      platform
      status
      missingScopes
    }
  }
`)

export interface ClientOptions {
  /** Ends in /v1/graphql. */
  readonly url: string
  /** A fresh JWT of the signed-in person each time it is asked: tokens are short-lived. */
  readonly getToken: () => Promise<string>
}

/** What an app does with Tributary, typed from `hasura/schema.graphql`: copy it and change the operations. */
export function createTributaryClient({ url, getToken }: ClientOptions) {
  const headers = async () => ({ authorization: `Bearer ${await getToken()}` })
  const http = new GraphQLClient(url)
  const live = createClient({
    url: url.replace(/^http/, 'ws'),
    lazy: true,
    // Asked again at each reconnect, so that an expired token ends nothing.
    connectionParams: async () => ({ headers: await headers() }),
    shouldRetry: () => true,
  })
  return {
    /** @param since the first day, as YYYY-MM-DD */
    async days(since: string): Promise<DaysQuery['daily_summaries']> {
      const { daily_summaries: days } = await http.request(Days.toString(), { since }, await headers())
      return days
    },
    /** Where to send the person's browser; they come back to `redirectUri` with `#handle=…`. */
    async startConnecting(platform: string, redirectUri?: string) {
      const variables = { platform, ...(redirectUri === undefined ? {} : { redirectUri }) }
      const { connectPlatform } = await http.request(StartConnecting.toString(), variables, await headers())
      return connectPlatform
    },
    async finishConnecting(handle: string) {
      const { completeConnection } = await http.request(FinishConnecting.toString(), { handle }, await headers())
      return completeConnection
    },
    /** Every day that changes after `since`, in batches, for as long as it is iterated. */
    changedDays: (since: string) =>
      live.iterate<ChangedDaysSubscription>({ query: ChangedDays.toString(), variables: { since } }),
    close: () => live.dispose(),
  }
}
