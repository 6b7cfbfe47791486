import { graphql } from './generated/gql.ts'

/** The operations the tests share; their types are generated from the schema of role user. */

export const Connect = graphql(`
  mutation Connect($platform: String!, $redirectUri: String) {
    connectPlatform(platform: $platform, redirectUri: $redirectUri) {
      authorizationUrl
      expiresAt
    }
  }
`)

export const CurrentConsentTexts = graphql(`
  query CurrentConsentTexts($platform: String!) {
    current_consent_texts(where: { platform: { _eq: $platform } }) {
      purpose
      version
      locale
    }
  }
`)

export const Agree = graphql(`
  mutation Agree($consents: [ConsentInput!]!) {
    updateConsents(consents: $consents) {
      consents {
        platform
        purpose
        status
      }
    }
  }
`)

export const Complete = graphql(`
  mutation Complete($handle: String, $platform: String, $code: String, $state: String) {
    completeConnection(handle: $handle, platform: $platform, code: $code, state: $state) {
      connectionId
      platform
      status
      missingScopes
      syncRunId
    }
  }
`)

export const Disconnect = graphql(`
  mutation Disconnect($platform: String!) {
    disconnectPlatform(platform: $platform) {
      platform
      status
      platformConfirmed
    }
  }
`)

export const Sync = graphql(`
  mutation Sync($platform: String!) {
    syncNow(platform: $platform) {
      syncRunId
      syncRun {
        kind
        status
      }
    }
  }
`)

export const Runs = graphql(`
  query Runs($kind: String!) {
    sync_runs(where: { kind: { _eq: $kind } }, order_by: { started_at: desc }) {
      id
      status
      progress
      pages_fetched
      records_fetched
      error_code
    }
  }
`)

export const Summaries = graphql(`
  query Summaries {
    daily_summaries(order_by: { local_day: asc }) {
      local_day
      activity_count
      distance_m
      moving_time_s
    }
  }
`)

export const Activities = graphql(`
  query Activities {
    activities(order_by: [{ local_day: asc }, { source_id: asc }]) {
      source_id
      source_sport
      sport
      local_day
      started_at
      start_time_hidden
      start_offset_seconds
      distance_m
      moving_time_s
      manual
      has_route
    }
  }
`)

export const ActivityCount = graphql(`
  query ActivityCount {
    daily_summaries_aggregate {
      aggregate {
        sum {
          activity_count
        }
      }
    }
  }
`)
