// What each panel asks for, as it is shown on the page and sent.

export const CONNECTION = `subscription Connection($platform: String!) {
  connections(where: { platform: { _eq: $platform } }) {
    status
    status_reason
    missing_scopes
    connected_at
    last_webhook_at
  }
}`

export const SYNC_RUNS = `subscription SyncRuns($platform: String!) {
  sync_runs(
    where: { platform: { _eq: $platform } }
    order_by: { started_at: desc }
    limit: 5
  ) {
    id
    kind
    status
    progress
    pages_fetched
    records_fetched
    reached
    waiting_until
    error_code
    started_at
    finished_at
  }
}`

export const DAILY_SUMMARIES = `subscription DailySummaries($since: date!) {
  daily_summaries(
    where: { local_day: { _gte: $since } }
    order_by: { local_day: asc }
  ) {
    local_day
    activity_count
    distance_m
    moving_time_s
    heart_rate_mean_bpm
    steps
    sleep_asleep_s
    resting_heart_rate_bpm
  }
}`

export const LATEST_ACTIVITIES = `subscription LatestActivities {
  activities(
    order_by: [{ local_day: desc }, { started_at: desc_nulls_last }, { id: asc }]
    limit: 10
  ) {
    id
    name
    platform
    sport
    local_day
    distance_m
    moving_time_s
    heart_rate_mean_bpm
    device_name
    source_url
  }
}`

export const CONNECT = `mutation Connect($platform: String!, $redirectUri: String) {
  connectPlatform(platform: $platform, redirectUri: $redirectUri) {
    authorizationUrl
    expiresAt
  }
}`

export const COMPLETE = `mutation Complete($handle: String!) {
  completeConnection(handle: $handle) {
    status
    missingScopes
  }
}`

export const DISCONNECT = `mutation Disconnect($platform: String!) {
  disconnectPlatform(platform: $platform) {
    status
    platformConfirmed
  }
}`

export const CONSENT_TEXTS = `query ConsentTexts($platform: String!) {
  current_consent_texts(where: { platform: { _eq: $platform } }, order_by: [{ purpose: asc }, { locale: asc }]) {
    purpose
    locale
    version
    body
    required
  }
}`

export const CONSENT = `subscription Consent($platform: String!) {
  consent_states(where: { platform: { _eq: $platform } }) {
    purpose
    status
  }
}`

export const UPDATE_CONSENTS = `mutation UpdateConsents($consents: [ConsentInput!]!) {
  updateConsents(consents: $consents) {
    consents {
      platform
      purpose
      status
      version
    }
  }
}`
